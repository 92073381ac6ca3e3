"""The mutual information gap of the aggregate posterior, as it was first defined."""

import numpy as np

from disbench.metrics.arrays import FloatArray, IntArray, top_two_gap
from disbench.metrics.mixture import log_density
from disbench.metrics.protocol import Protocol, Score
from disbench.metrics.table import CodeTable


def mig_posterior(
    table: CodeTable,
    *,
    rng: np.random.Generator,
    ignored_factors: tuple[str, ...],
    n_samples: int,
) -> Score:
    """Return the mutual information gap of samples from the posterior.

    The information of a dimension about a factor is the entropy of q(z) less that of q(z given the
    factor), averaged over its values by their share of rows; each entropy is minus the mean log
    density of the aggregate posterior of all rows concerned at up to `n_samples` samples from it.
    Each row has one sample. The gap between the two largest, not below 0, is divided by the log of
    the number of values, and averaged over the factors that are not ignored. Between 0 and 1.

    Detail: 'mutual_information' (d, k) in nats, not clamped, 'gap' (k,).

    Source: Chen et al. 2018, section 4 and appendix C, and its reference implementation.
    """
    table = table.without_factors(ignored_factors)
    posterior = _Posterior(table, n_samples, rng=rng)
    whole = posterior.entropies(np.arange(table.n))
    held = [_held_entropies(posterior, table.rows_by_value(j)) for j in range(table.n_factors)]
    information = whole[:, None] - np.stack(held, axis=1)
    gap = top_two_gap(information.clip(min=0)) / np.log(table.n_values)
    detail = {"mutual_information": information, "gap": gap}
    return Score(float(gap.mean()), min(n_samples, table.n), detail)


class _Posterior:
    """A Gaussian posterior with one sample a row."""

    def __init__(self, table: CodeTable, n_samples: int, *, rng: np.random.Generator) -> None:
        assert table.log_variance is not None  # noqa: S101 - a protocol that needs it has checked
        self._mean = table.codes
        self._deviation = np.exp(table.log_variance / 2)
        noise = rng.standard_normal(table.codes.shape, dtype=np.float32)
        self._samples = self._mean + self._deviation * noise
        self._n_samples = n_samples
        self._rng = rng

    def entropies(self, rows: IntArray) -> FloatArray:
        """Return the entropy in nats of each dimension's aggregate posterior of `rows`: (d,)."""
        n_samples = min(self._n_samples, len(rows))
        drawn = self._rng.choice(rows, n_samples, replace=False, shuffle=False)
        samples, mean, deviation = (
            np.ascontiguousarray(part.T, dtype=np.float64)  # dimensions by rows
            for part in (self._samples[drawn], self._mean[rows], self._deviation[rows])
        )
        dimensions = zip(samples, mean, deviation, strict=True)
        return np.array([-log_density(*dimension).mean() for dimension in dimensions])


def _held_entropies(posterior: _Posterior, groups: list[IntArray]) -> FloatArray:
    """Return the entropies of groups of rows, averaged by their number of rows: (d,)."""
    entropies = np.stack([posterior.entropies(rows) for rows in groups])
    return np.average(entropies, axis=0, weights=[len(rows) for rows in groups])


PROTOCOLS = (
    Protocol(
        name="mig/chen2018",
        version=1,
        title="mutual information gap of posterior samples, shape left out",
        citation="Chen et al., Isolating sources of disentanglement in VAEs, NeurIPS 2018",
        compute=mig_posterior,
        arguments={"ignored_factors": ("shape",), "n_samples": 10_000},
        min_rows=1_000,
        uses_log_variance=True,
        representations=("mean",),
    ),
)
