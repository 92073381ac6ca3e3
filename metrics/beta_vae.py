"""The beta-VAE metric: whether a linear classifier can tell which factor two inputs share."""

import numpy as np

from disbench.metrics.adagrad import AdagradSoftmax
from disbench.metrics.arrays import FloatArray, IntArray, blocks, ratio
from disbench.metrics.estimators import Classifier, Logistic, estimator_seed
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable

# Small enough for the gathered codes to stay in the cache, whatever the number of points.
_POINTS_AT_ONCE = 128


def beta_vae(
    table: CodeTable,
    *,
    rng: np.random.Generator,
    ignored_factors: tuple[str, ...],
    n_train: int,
    n_test: int,
    n_pairs: int,
    classifier: Classifier,
) -> Score:
    """Return the accuracy with which a linear classifier names the shared factor.

    A point is the mean over `n_pairs` pairs of abs(z1 - z2), where the two inputs of each pair
    share the value of one factor, the point's label; the shared value varies from pair to pair.
    `ignored_factors` vary, but are never shared. The codes are not scaled. Between 0 and 1; chance
    is 1 / k, and a classifier that sees nothing gets the largest class's share. It saturates:
    k - 1 factors in the codes suffice for 1.

    Detail: 'factor_accuracy' (k,), the accuracy on the points of each factor.

    Source: Higgins et al. 2017, section 3 (Adagrad at 0.01, four factors without the shape, and a
    table of the best half of 30 scores, [from memory]); sizes as in Locatello et al. 2019.
    """
    table = table.without_factors(ignored_factors)
    labels = rng.integers(table.n_factors, size=n_train + n_test)
    points = pair_differences(table, labels, n_pairs, rng=rng)
    named = classifier.predictions(
        points[:n_train], labels[:n_train], points[n_train:], seed=estimator_seed(rng)
    )
    hits = named == labels[n_train:]
    detail = {"factor_accuracy": _mean_by_label(hits, labels[n_train:], table.n_factors)}
    return Score(float(hits.mean()), n_test, detail)


def pair_differences(
    table: CodeTable, labels: IntArray, n_pairs: int, *, rng: np.random.Generator
) -> FloatArray:
    """Return, for each label j, the mean of abs(z1 - z2) over pairs that share factor j.

    Shapes: (m,) labels below k -> (m, d).
    """
    differences = np.empty((len(labels), table.n_codes), dtype=table.codes.dtype)
    for factor in range(table.n_factors):
        [points] = np.nonzero(labels == factor)
        for start in range(0, len(points), _POINTS_AT_ONCE):
            block = points[start : start + _POINTS_AT_ONCE]
            first = table.sample_rows(len(block) * n_pairs, rng=rng)
            second = table.partners(first, factor, rng=rng)
            differences[block] = _mean_differences(table, first, second, n_pairs)
    return differences


def _mean_differences(
    table: CodeTable, first: IntArray, second: IntArray, n_pairs: int
) -> FloatArray:
    """Return the mean of abs(z1 - z2) over each `n_pairs` pairs of rows: (points, d)."""
    first, second = first.reshape(-1, n_pairs), second.reshape(-1, n_pairs)
    parts = []
    for points in blocks(len(first), n_pairs * table.n_codes):
        pairs = np.abs(table.codes[first[points].ravel()] - table.codes[second[points].ravel()])
        parts.append(pairs.reshape(-1, n_pairs, table.n_codes).mean(axis=1))
    return np.concatenate(parts)


def _mean_by_label(hits: IntArray, labels: IntArray, n_labels: int) -> FloatArray:
    total = np.bincount(labels, weights=hits, minlength=n_labels)
    return ratio(total, np.bincount(labels, minlength=n_labels))


_HIGGINS = "Higgins et al., beta-VAE, ICLR 2017"

PROTOCOLS = (
    Protocol(
        name="beta_vae/locatello2019",
        version=1,
        title="accuracy of logistic regression that names the factor shared by pairs",
        citation=f"{_HIGGINS}; Locatello et al., Challenging common assumptions, ICML 2019",
        compute=beta_vae,
        arguments={
            "ignored_factors": (),
            "n_train": 10_000,
            "n_test": 5_000,
            "n_pairs": 64,
            # The limit lets every fit converge, so that the score is the codes', not the solver's.
            "classifier": Logistic(inverse_penalty=1.0, balanced=False, max_iterations=1_000),
        },
        min_rows=1_000,
        min_factors=2,
        by_rows=True,
    ),
    Protocol(
        name="beta_vae/higgins2017",
        version=1,
        title="the same by a softmax classifier trained with Adagrad, shape never shared",
        citation=f"{_HIGGINS}, section 3 and appendix [from memory: optimiser, sizes, factors]",
        compute=beta_vae,
        arguments={
            "ignored_factors": ("shape",),
            "n_train": 10_000,
            "n_test": 5_000,
            "n_pairs": 64,
            "classifier": AdagradSoftmax(rate=0.01, accumulator=0.1, batch_size=10, n_steps=10_000),
        },
        min_rows=1_000,
        min_factors=2,
        by_rows=True,
    ),
)
