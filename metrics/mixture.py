"""The density of a mixture of very many Gaussians on the line, in time linear in their number."""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from disbench.metrics.arrays import FloatArray, IntArray
from disbench.metrics.checking import CodesError

_CELLS_PER_DEVIATION = 8
_VARIANCES_PER_OCTAVE = 16
_REACH = 8  # deviations beyond which a Gaussian counts as 0
_MOST_CELLS = 2**19


def log_density(points: FloatArray, mean: FloatArray, deviation: FloatArray) -> FloatArray:
    """Return the log density at (s,) points of the even mixture of (n,) Gaussians, in nats.

    Gaussians are spread over a grid of means and variances, with weights that keep each one's mean
    and variance, and convolved by Fourier transform, an octave of deviations at a time. Against the
    direct sum of n x s terms, entropies agree within 1e-3 nats.

    Raises
    ------
    CodesError
        For deviations so small against the range of means that the grid would not fit in memory,
        about 1 / 65,000: such a posterior is a point.
    """
    octave = np.floor(np.log2(deviation)).astype(int)
    density = np.zeros(len(points))
    for level in np.unique(octave):
        chosen = octave == level
        density += _octave_density(points, mean[chosen], deviation[chosen], float(2.0**level))
    # Where all Gaussians are out of reach, the transform leaves rounding noise around 0.
    logarithm: FloatArray = np.log(np.maximum(density / len(mean), np.finfo(np.float64).tiny))
    return logarithm


def _octave_density(
    points: FloatArray, mean: FloatArray, deviation: FloatArray, least: float
) -> FloatArray:
    """Return the summed density of Gaussians with deviations from `least` to twice that."""
    step = least / _CELLS_PER_DEVIATION
    margin = 2 * least * _REACH
    low = min(mean.min(), points.min()) - margin
    high = max(mean.max(), points.max()) + margin
    if high - low > _MOST_CELLS * step:
        raise CodesError(
            f"a posterior's deviation is {least:.1e} where means range over {high - low:.1e}; the "
            "aggregate posterior needs deviations above 1 / 65,000 of the range"
        )
    n_cells = next_fast_len(int((high - low) / step) + 2, real=True)
    spread = _spread((mean - low) / step, ((deviation / least) ** 2 - 1) / 3, n_cells)
    # Sharing between two cells widens by step^2 / 6 on average, as reading between two does.
    variances = least**2 * (1 + 3 * np.linspace(0, 1, len(spread))) - step**2 / 3
    frequency = 2 * np.pi * rfftfreq(n_cells, step)
    blur = np.exp(-np.outer(variances, frequency**2) / 2)
    density = irfft((rfft(spread, axis=1) * blur).sum(axis=0), n_cells) / step
    cell, share = _split((points - low) / step)
    between: FloatArray = density[cell] * (1 - share) + density[cell + 1] * share
    return between


def _spread(position: FloatArray, width: FloatArray, n_cells: int) -> FloatArray:
    """Return counts on a grid, each shared by its four corners: (variances, n_cells).

    `position` counts in cells; `width` goes from 0 to 1 through the grid's variances.
    """
    cell, right = _split(position)
    row, upper = _split(width * _VARIANCES_PER_OCTAVE)
    n_rows = _VARIANCES_PER_OCTAVE + 2
    counts = np.zeros(n_rows * n_cells)
    for row_step, row_share in ((0, 1 - upper), (1, upper)):
        for cell_step, cell_share in ((0, 1 - right), (1, right)):
            corner = (row + row_step) * n_cells + cell + cell_step
            counts += np.bincount(corner, row_share * cell_share, n_rows * n_cells)
    return counts.reshape(n_rows, n_cells)[:-1]


def _split(place: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the whole and the fractional part of places that are not negative."""
    whole = place.astype(np.intp)
    return whole, place - whole
