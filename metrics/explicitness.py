"""Explicitness: how well a linear classifier reads each factor's value from the codes."""

import numpy as np
from scipy.stats import rankdata

from disbench.metrics.arrays import FloatArray, IntArray, standardised
from disbench.metrics.estimators import Logistic, estimator_seed
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def explicitness(
    table: CodeTable, *, rng: np.random.Generator, n_train: int, n_test: int, classifier: Logistic
) -> Score:
    """Return the mean area under the one-against-rest ROC curves of linear classifiers.

    The codes are standardised by mean and deviation of the `n_train` drawn rows; a constant
    dimension becomes 0. For each factor a classifier is fitted to them, and the areas of its values
    on `n_test` further rows are averaged; then the factors. Between 0 and 1; chance is 1/2. Values
    that the drawn rows lack, in either part, are left out of the mean.

    Detail: 'area' (k,).

    Source: Ridgeway and Mozer 2018, section 3; points as in Locatello et al. 2019, appendix.
    """
    train, test = table.sample(n_train, rng=rng), table.sample(n_test, rng=rng)
    points, unseen = standardised(train.codes, train.codes), standardised(test.codes, train.codes)
    areas = np.empty(table.n_factors)
    for j in range(table.n_factors):
        model = classifier.fit(points, train.factors[:, j], seed=estimator_seed(rng))
        area = areas_under_curve(model.predict_proba(unseen), test.factors[:, j], model.classes_)
        areas[j] = np.nanmean(area)
    return Score(float(areas.mean()), n_test, {"area": areas})


def areas_under_curve(scores: FloatArray, labels: IntArray, classes: IntArray) -> FloatArray:
    """Return the area under the ROC curve of each column against the rest; ties count half.

    Shapes: (n, m) scores, (n,) labels, (m,) classes -> (m,); NaN for a class that no label has, or
    every label.
    """
    belongs = labels[:, None] == classes
    n_in = belongs.sum(axis=0)
    n_pairs = n_in * (len(labels) - n_in)
    # Mann and Whitney: the rank sum counts the pairs in order, less those among the class itself.
    in_order = (rankdata(scores, axis=0) * belongs).sum(axis=0) - n_in * (n_in + 1) / 2
    areas: FloatArray = np.full(len(classes), np.nan)
    np.divide(in_order, n_pairs, out=areas, where=n_pairs > 0)
    return areas


PROTOCOLS = (
    Protocol(
        name="explicitness/ridgeway2018",
        version=1,
        title="area under the ROC curve of logistic regression on each factor",
        citation="Ridgeway and Mozer, Learning deep disentangled embeddings, NeurIPS 2018; "
        "Locatello et al., Challenging common assumptions, ICML 2019",
        compute=explicitness,
        arguments={
            "n_train": 10_000,
            "n_test": 5_000,
            "classifier": Logistic(inverse_penalty=1.0, balanced=False, max_iterations=1_000),
        },
        min_rows=15_000,
    ),
)
