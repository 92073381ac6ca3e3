"""Separated attribute predictability: the gap between the two best single-dimension predictors."""

import numpy as np

from disbench.metrics.arrays import standardised, top_two_gap
from disbench.metrics.line_svm import LineSupport
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def sap_accuracy(
    table: CodeTable,
    *,
    rng: np.random.Generator,
    n_train: int,
    n_test: int,
    classifier: LineSupport,
) -> Score:
    """Return the gap in accuracy between the two best single-dimension classifiers of a factor.

    One classifier a (dimension, factor) learns from `n_train` drawn rows and is judged on `n_test`
    others; the gap is averaged over factors. Between 0 and 1, though perfect codes of many-valued
    factors stay far below 1: lines through one dimension cannot single out the values between the
    extremes. A single dimension has no rival, and its gap is its accuracy.

    Detail: 'accuracy' (d, k), 'gap' (k,).

    Source: Kumar et al. 2018, section 3, with the classifier of Locatello et al. 2019, appendix.
    """
    train, test = table.sample(n_train, rng=rng), table.sample(n_test, rng=rng)
    accuracy = np.empty((table.n_codes, table.n_factors))
    for i, j in np.ndindex(accuracy.shape):
        named = classifier.predictions(train.codes[:, i], train.factors[:, j], test.codes[:, i])
        accuracy[i, j] = np.mean(named == test.factors[:, j])
    gap = top_two_gap(accuracy)
    return Score(float(gap.mean()), n_test, {"accuracy": accuracy, "gap": gap})


def sap_correlation(table: CodeTable, *, rng: np.random.Generator) -> Score:  # noqa: ARG001 - all rows count
    """Return the gap in squared correlation between a factor and its two best dimensions.

    The factor's labels are taken as equally spaced numbers; the gap is averaged over factors.
    Between 0 and 1. A constant dimension has correlation 0, and a single dimension no rival. Every
    row is used once.

    Detail: 'squared_correlation' (d, k), 'gap' (k,).

    Source: Kumar et al. 2018, section 3, the score of continuous factors.
    """
    codes = standardised(table.codes, table.codes)
    factors = standardised(table.factors.astype(np.float64), table.factors.astype(np.float64))
    # Rounding lifts the correlation of a factor with itself above 1.
    squared = ((codes.T @ factors / table.n) ** 2).clip(max=1)
    gap = top_two_gap(squared)
    return Score(float(gap.mean()), table.n, {"squared_correlation": squared, "gap": gap})


_KUMAR = "Kumar et al., Variational inference of disentangled latent concepts, ICLR 2018"

PROTOCOLS = (
    Protocol(
        name="sap/locatello2019",
        version=1,
        title="accuracy gap of linear support vector machines on one dimension each",
        citation=f"{_KUMAR}; Locatello et al., Challenging common assumptions, ICML 2019",
        compute=sap_accuracy,
        arguments={
            "n_train": 10_000,
            "n_test": 5_000,
            "classifier": LineSupport(inverse_penalty=0.01),
        },
        min_rows=15_000,
    ),
    Protocol(
        name="sap/kumar2018",
        version=1,
        title="gap of squared correlations with one dimension each: another metric",
        citation=_KUMAR,
        compute=sap_correlation,
        arguments={},
        draws=False,
    ),
)
