"""InfoMEC: modularity, compactness and explicitness as information, of the active dimensions."""

import numpy as np

from disbench.metrics.arrays import BoolArray, FloatArray, ratio, standardised
from disbench.metrics.estimators import Logistic, estimator_seed
from disbench.metrics.information import entropies
from disbench.metrics.neighbours import neighbour_information
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def infomec(
    table: CodeTable,
    *,
    rng: np.random.Generator,
    n_points: int,
    n_neighbours: int,
    least_range: float,
    classifier: Logistic,
) -> Score:
    """Return InfoM, how far each active dimension tells one factor only.

    On `n_points` drawn rows, a dimension is active if its range exceeds `least_range` of the
    largest one. N (d, k) holds the mutual information of dimension and factor, by `n_neighbours`
    nearest neighbours, over the factor's entropy. InfoM is the mean over active dimensions of
    largest / sum of N's row, rescaled from 1/k .. 1 to 0 .. 1; InfoC the same over N's columns of
    active dimensions. InfoE is the mean over factors of the share of a uniform guess's log-loss
    that a linear classifier of all standardised dimensions saves, on the rows that it learnt from.

    A row or column of zeros counts as even; one active dimension, or one factor, as concentrated.
    Without active dimensions InfoM and InfoC are 0. InfoE may fall below 0.

    Detail: 'information' (d, k), 'active' (d,), and as 0-d arrays 'infoc' and 'infoe'.

    Source: Hsu et al. 2023, section 4, and its reference implementation for the arguments.
    """
    points = table.sample(n_points, rng=rng)
    information = _normalised_information(points, n_neighbours, rng=rng)
    active = _active(points.codes, least_range)
    detail = {
        "information": information,
        "active": active,
        "infoc": np.array(_concentration(information[active].T)),
        "infoe": np.array(_explicitness(points, classifier, rng=rng)),
    }
    return Score(_concentration(information[active]), n_points, detail)


def _normalised_information(
    points: CodeTable, n_neighbours: int, *, rng: np.random.Generator
) -> FloatArray:
    information = np.empty((points.n_codes, points.n_factors))
    for i, j in np.ndindex(information.shape):
        information[i, j] = neighbour_information(
            points.codes[:, i], points.factors[:, j], n_neighbours=n_neighbours, rng=rng
        )
    return ratio(information, entropies(points.factors))


def _active(codes: FloatArray, least_range: float) -> BoolArray:
    width = codes.max(axis=0) - codes.min(axis=0)
    active: BoolArray = width > least_range * width.max()
    return active


def _concentration(information: FloatArray) -> float:
    """Return the mean of largest / sum over rows, rescaled so that even rows have 0."""
    if 0 in information.shape:
        return 0.0
    even = 1 / information.shape[1]
    if even == 1:
        return 1.0
    total = information.sum(axis=1)
    share = np.where(total > 0, ratio(information.max(axis=1), total), even)
    return float((share.mean() - even) / (1 - even))


def _explicitness(points: CodeTable, classifier: Logistic, *, rng: np.random.Generator) -> float:
    codes = standardised(points.codes, points.codes)
    saved = np.empty(points.n_factors)
    for j, labels in enumerate(points.factors.T):
        model = classifier.fit(codes, labels, seed=estimator_seed(rng))
        own = labels[:, None] == model.classes_
        probability = model.predict_proba(codes)[own]
        loss = -np.log(np.maximum(probability, np.finfo(float).tiny)).mean()
        # Balanced classes and no input leave the uniform guess.
        saved[j] = 1 - loss / np.log(len(model.classes_))
    return float(saved.mean())


PROTOCOLS = (
    Protocol(
        name="infomec/hsu2023",
        version=1,
        title="InfoM of active dimensions by nearest neighbours, with InfoC and InfoE",
        citation="Hsu et al., Disentanglement via latent quantization, NeurIPS 2023",
        compute=infomec,
        arguments={
            "n_points": 10_000,
            "n_neighbours": 10,
            "least_range": 0.05,
            # Without a penalty separable values have no optimum: the limit defines the fit.
            "classifier": Logistic(inverse_penalty=float("inf"), balanced=True, max_iterations=100),
        },
        min_rows=10_000,
    ),
)
