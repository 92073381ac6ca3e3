"""Linear maps are the ones that the textbook says, in the draws that they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.decomposition import PCA

from disbench.models import linear
from disbench.models.linear import (
    FITS,
    Fit,
    independent_components,
    principal_components,
    random_projection,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_PIXELS = 12


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture
def images() -> NDArray[np.float32]:
    """Images whose pixels vary by different amounts around 0.5."""
    spread = np.linspace(0.05, 0.5, N_PIXELS)
    return (0.5 + spread * _rng().uniform(-1, 1, (400, N_PIXELS))).astype(np.float32)


@pytest.fixture
def sources() -> NDArray[np.float64]:
    """Three independent sources of variance 1: two flat, one with heavy tails."""
    flat = _rng().uniform(-(3**0.5), 3**0.5, (20_000, 2))
    return np.hstack([flat, _rng(1).laplace(scale=0.5**0.5, size=(20_000, 1))])


def test_principal_components_are_those_of_the_singular_value_decomposition(
    images: NDArray[np.float32],
) -> None:
    found = principal_components(images, latents=3, rng=_rng())
    centred = images.astype(np.float64) - images.mean(axis=0, dtype=np.float64)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    codes = images @ found.matrix + found.offset
    assert np.abs(codes) == pytest.approx(np.abs(centred @ directions[:3].T), abs=1e-9)
    assert codes.mean(axis=0) == pytest.approx(0, abs=1e-6)
    assert (np.diff(codes.var(axis=0)) < 0).all()


def test_principal_components_have_the_signs_of_scikit_learn(images: NDArray[np.float32]) -> None:
    found = principal_components(images, latents=4, rng=_rng())
    expected = PCA(4, svd_solver="full").fit(images.astype(np.float64))
    codes = images @ found.matrix + found.offset
    assert codes == pytest.approx(expected.transform(images.astype(np.float64)), abs=1e-9)


def test_independent_components_are_the_sources_of_a_mixture(sources: NDArray[np.float64]) -> None:
    """Up to order and sign, which nothing tells."""
    mixture = (sources @ _rng(2).standard_normal((3, N_PIXELS)) + 0.5).astype(np.float32)
    found = independent_components(mixture, latents=3, rng=_rng())
    codes = mixture @ found.matrix + found.offset
    alike = np.abs(np.corrcoef(codes.T, sources.T)[:3, 3:])
    assert sorted(alike.argmax(axis=1)) == [0, 1, 2]
    assert (alike.max(axis=1) > 0.99).all()
    assert codes.std(axis=0) == pytest.approx(1, abs=1e-4)
    assert codes.mean(axis=0) == pytest.approx(0, abs=1e-4)
    assert found.converged


def test_principal_components_do_not_find_the_sources(sources: NDArray[np.float64]) -> None:
    """Or the test above would say nothing of independence."""
    mixture = (sources @ _rng(2).standard_normal((3, N_PIXELS))).astype(np.float32)
    found = principal_components(mixture, latents=3, rng=_rng())
    alike = np.abs(np.corrcoef((mixture @ found.matrix).T, sources.T)[:3, 3:])
    assert alike.max(axis=1).min() < 0.95


def test_iteration_that_is_cut_short_is_kept_and_says_so(
    sources: NDArray[np.float64], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a warning, which would be an error here."""
    monkeypatch.setattr(linear, "MOST_ITERATIONS", 1)
    mixture = (sources @ _rng(2).standard_normal((3, N_PIXELS))).astype(np.float32)
    found = independent_components(mixture, latents=3, rng=_rng())
    assert not found.converged
    assert (mixture @ found.matrix + found.offset).std(axis=0) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("fit", [principal_components, independent_components])
@pytest.mark.parametrize("directions", [0, 1, 3])
def test_images_that_vary_too_little_are_refused(fit: Fit, directions: int) -> None:
    """Mixtures of few images, and their rounding to single precision, which is no direction."""
    mixture = _rng().random((300, directions)) @ _rng(1).random((directions, N_PIXELS)) + 0.5
    message = rf"4 components need .* in which the images vary, not {directions}; give the model"
    with pytest.raises(ValueError, match=message):
        fit(mixture.astype(np.float32), latents=4, rng=_rng())


@pytest.mark.parametrize("fit", [principal_components, independent_components])
def test_few_images_that_come_often_are_refused(fit: Fit) -> None:
    """Of two different images there is one direction, and no overflow beyond it."""
    two = _rng().integers(2, size=(2, 4096)).astype(np.float32)
    with pytest.raises(ValueError, match=r"2 components need .*, not 1;"):
        fit(two[_rng(1).integers(2, size=500)], latents=2, rng=_rng())


@pytest.mark.parametrize("fit", [principal_components, independent_components])
def test_as_many_directions_as_latents_will_do(fit: Fit) -> None:
    """Also where one is ten thousand times as faint as the others."""
    faint = np.array([1, 1, 1e-4])
    mixture = ((_rng().random((300, 3)) * faint) @ _rng(1).random((3, N_PIXELS))).astype(np.float32)
    found = fit(mixture, latents=3, rng=_rng())
    assert np.linalg.matrix_rank(found.matrix) == 3


def test_random_projection_is_gaussian_and_keeps_lengths_on_average() -> None:
    blank = np.zeros((1, 4096), np.float32)
    found = random_projection(blank, latents=10, rng=_rng())
    assert found.matrix.shape == (4096, 10)
    assert not found.offset.any()
    # 40,960 entries: the deviation of their mean is 0.0016, that of their variance 0.0007.
    assert found.matrix.mean() == pytest.approx(0, abs=0.005)
    assert found.matrix.var() == pytest.approx(1 / 10, abs=0.003)
    assert np.square(found.matrix).sum(axis=1).mean() == pytest.approx(1, abs=0.03)
    assert (np.abs(found.matrix) < 0.1**0.5).mean() == pytest.approx(0.683, abs=0.01)


@pytest.mark.parametrize("name", FITS)
def test_fit_depends_on_its_generator_alone(name: str, images: NDArray[np.float32]) -> None:
    one, again = (FITS[name](images, latents=3, rng=_rng(5)) for _ in range(2))
    assert np.array_equal(one.matrix, again.matrix)
    assert np.array_equal(one.offset, again.offset)


def test_projections_differ_between_generators(images: NDArray[np.float32]) -> None:
    one, other = (random_projection(images, latents=3, rng=_rng(seed)) for seed in (0, 1))
    assert not np.allclose(one.matrix, other.matrix)
