"""What a Gaussian posterior itself says: which dimensions it uses, and how many nats they cost."""

import numpy as np

from disbench.metrics.arrays import FloatArray
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def active_dimensions(
    table: CodeTable,
    *,
    rng: np.random.Generator,  # noqa: ARG001 - all rows count
    least_variance: float,
) -> Score:
    """Return how many dimensions have a posterior mean whose variance exceeds `least_variance`.

    From 0 to d. Detail: 'variance' (d,), of all rows, dividing by n.

    Source: Burda et al. 2016, section 5.2.
    """
    variance = table.codes.var(axis=0, dtype=np.float64)
    value = float((variance > least_variance).sum())
    return Score(value, table.n, {"variance": variance})


def divergence(table: CodeTable, *, rng: np.random.Generator) -> Score:  # noqa: ARG001 - all rows count
    """Return the mean divergence in nats of the posterior from a standard Gaussian prior.

    The sum over dimensions of (mean^2 + variance - log variance - 1) / 2, averaged over all rows;
    at least 0. Detail: 'kl' (d,), the share of each dimension.

    Source: Kingma and Welling 2014, appendix B.
    """
    kl = mean_kl(table)
    return Score(float(kl.sum()), table.n, {"kl": kl})


def mean_kl(table: CodeTable) -> FloatArray:
    """Return each dimension's mean divergence from the prior in nats: (d,)."""
    log_variance = table.log_variance
    assert log_variance is not None  # noqa: S101 - a protocol that needs it has checked
    squares = np.square(table.codes, dtype=np.float64).mean(axis=0)
    excess = np.exp(log_variance, dtype=np.float64) - log_variance - 1
    kl: FloatArray = (squares + excess.mean(axis=0)) / 2
    return kl


PROTOCOLS = (
    Protocol(
        name="active_dimensions/burda2016",
        version=1,
        title="number of dimensions whose posterior mean has a variance above 0.01",
        citation="Burda et al., Importance weighted autoencoders, ICLR 2016",
        compute=active_dimensions,
        arguments={"least_variance": 0.01},
        high=np.inf,
        higher_is_better=None,
        draws=False,
        uses_factors=False,
        representations=("mean",),
    ),
    Protocol(
        name="kl/gaussian",
        version=1,
        title="divergence of the posterior from a standard Gaussian prior, in nats",
        citation="Kingma and Welling, Auto-encoding variational Bayes, ICLR 2014",
        compute=divergence,
        arguments={},
        high=np.inf,
        higher_is_better=None,
        draws=False,
        uses_factors=False,
        uses_log_variance=True,
        representations=("mean",),
    ),
)
