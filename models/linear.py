"""Linear maps from images to codes that no gradient has trained: PCA, ICA, a random projection."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from sklearn.decomposition import PCA, FastICA
from sklearn.exceptions import ConvergenceWarning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

MOST_ITERATIONS = 10_000
"""Of FastICA. On 10 components of dSprites three starts took 80, 475 and 3,905 of them, and of six
others three had not come to rest after 10,000."""


class LinearMap(NamedTuple):
    """Codes are images @ `matrix` + `offset`: (pixels, latents) and (latents,).

    `converged` is False where an iteration ended before it had come to rest.
    """

    matrix: NDArray[np.float64]
    offset: NDArray[np.float64]
    converged: bool = True


class Fit(Protocol):
    """Fits a linear map."""

    def __call__(
        self, images: NDArray[np.float32], *, latents: int, rng: np.random.Generator
    ) -> LinearMap:
        """Return the map of (n, pixels) images to codes of so many latents."""
        ...


def principal_components(
    images: NDArray[np.float32], *, latents: int, rng: np.random.Generator
) -> LinearMap:
    """The map to the components of most variance, in descending order of it, not whitened.

    Raises `ValueError` unless `latents` is below the number of images and that of pixels, and for
    images that vary in fewer directions than that. A direction counts if the deviation of its code
    is above what single precision, which pixels and codes have, rounds a code by: 2^-23 of the
    root-mean-square length of the images.

    Source: Hotelling 1933; scikit-learn's `PCA`, with signs as it sets them.
    """
    if not np.ptp(images, axis=0).any():  # which ARPACK has no word for
        raise _too_few(0, latents)
    pca = PCA(
        n_components=latents,
        copy=False,  # what is centred in place is the copy in double precision
        whiten=False,
        svd_solver="arpack",  # exact, and the only exact one that stops at the first components
        tol=0.0,
        iterated_power="auto",
        n_oversamples=10,
        power_iteration_normalizer="auto",
        random_state=_seed(rng),
    ).fit(images.astype(np.float64))
    # Both sides are sqrt(n) times what the docstring says.
    counts = pca.singular_values_ > np.finfo(np.float32).eps * np.linalg.norm(images)
    if not counts.all():
        raise _too_few(counts.sum(), latents)
    return LinearMap(pca.components_.T, -(pca.components_ @ pca.mean_))


def independent_components(
    images: NDArray[np.float32], *, latents: int, rng: np.random.Generator
) -> LinearMap:
    """The map to components of unit variance that are as independent as FastICA gets them.

    It whitens by the first principal components, as scikit-learn's `FastICA` does of the pixels
    themselves, at many times the cost. What has not converged is kept as it is, and says so.

    Source: Hyvarinen & Oja 2000: symmetric orthogonalisation, log-cosh contrast.
    """
    first = principal_components(images, latents=latents, rng=rng)
    ica = FastICA(
        n_components=latents,
        algorithm="parallel",
        whiten="unit-variance",
        fun="logcosh",
        fun_args={"alpha": 1.0},
        max_iter=MOST_ITERATIONS,
        tol=1e-4,
        w_init=rng.standard_normal((latents, latents)),
        whiten_solver="svd",
        random_state=_seed(rng),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the map itself says so
        ica.fit(images @ first.matrix + first.offset)
    matrix = first.matrix @ ica.components_.T
    offset = (first.offset - ica.mean_) @ ica.components_.T
    return LinearMap(matrix, offset, converged=ica.n_iter_ < MOST_ITERATIONS)


def random_projection(
    images: NDArray[np.float32], *, latents: int, rng: np.random.Generator
) -> LinearMap:
    """The map by independent Gaussian entries of mean 0 and variance 1 / `latents`.

    It keeps squared distances on average. Of the images only the number of pixels is looked at.

    Source: Johnson & Lindenstrauss 1984.
    """
    matrix = rng.standard_normal((images.shape[1], latents)) / np.sqrt(latents)
    return LinearMap(matrix, np.zeros(latents))


FITS: Mapping[str, Fit] = {
    "pca": principal_components,
    "ica": independent_components,
    "random_projection": random_projection,
}
"""The fits of the linear baselines, by name."""


def _too_few(directions: int, latents: int) -> ValueError:
    return ValueError(
        f"{latents} components need as many independent directions in which the images vary, not "
        f"{directions}; give the model fewer latents"
    )


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
