"""Second images are drawn as the first ones, or share some of their factors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.companions import COMPANIONS
from disbench.dsprites import PackedImages, batch_rows
from disbench.dsprites.correlated import CorrelatedImages
from disbench.errors import DataError
from disbench.seeds import stream_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from disbench.datasets.images import ImageSet

IDENTITY = "a run"
N = 6000


@dataclass(frozen=True, eq=False)
class Grid(PackedImages):
    """As many blank images as these factors span."""

    sizes: tuple[int, ...] = ()

    @property
    def factor_sizes(self) -> tuple[int, ...]:
        """The sizes as given."""
        return self.sizes


def _grid(*sizes: int) -> Grid:
    blank = np.broadcast_to(np.uint8(0), (int(np.prod(sizes)), 512))
    return Grid(blank, "", "blank", sizes)


def _drawn(
    kind: str, images: ImageSet, rows: NDArray[np.int64], *, step: int = 0
) -> NDArray[np.int64]:
    return COMPANIONS[kind](images, rows, IDENTITY, step)


def _shared(images: Grid, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which factors the images at these rows share with their companions: (factors, n)."""
    companions = _drawn("sharing", images, rows)
    pairs = (np.array(np.unravel_index(r, images.factor_sizes)) for r in (rows, companions))
    return np.equal(*pairs)


def test_independent_ones_are_drawn_as_a_batch_from_a_stream_of_their_own() -> None:
    images, rows = _grid(10, 10), np.arange(64)
    expected = batch_rows(stream_key(IDENTITY, "companions"), 7, n_images=100, batch_size=64)
    assert np.array_equal(_drawn("independent", images, rows, step=7), expected)


@pytest.mark.parametrize("kind", COMPANIONS)
def test_every_step_has_its_own(kind: str) -> None:
    images, rows = _grid(10, 10, 10), np.arange(64)
    first, again, second = (_drawn(kind, images, rows, step=step) for step in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, second)
    assert first.dtype == np.int64


def test_as_many_factors_change_as_a_uniform_draw_says() -> None:
    """With so many values a factor that changes hardly ever keeps its own by chance."""
    images = _grid(10_000, 10_000, 10_000, 10_000)
    rows = np.random.default_rng(0).integers(10_000**4, size=N)
    shared = _shared(images, rows)
    changed, counts = np.unique(4 - shared.sum(axis=0), return_counts=True)
    assert changed.tolist() == [1, 2, 3]
    assert counts / N == pytest.approx([1 / 3] * 3, abs=0.025)
    assert shared.mean(axis=1) == pytest.approx([1 / 2] * 4, abs=0.025)


def test_each_set_of_as_many_factors_is_as_likely() -> None:
    images = _grid(10_000, 10_000, 10_000)
    sets, counts = np.unique(_shared(images, np.arange(N)), axis=1, return_counts=True)
    assert sets.shape == (3, 6)  # one of three, or two of three
    assert counts / N == pytest.approx([1 / 6] * 6, abs=0.02)


def test_what_changes_takes_the_value_of_another_draw() -> None:
    images, rows = _grid(7, 5, 3), np.full(N, 104)  # the last value of each
    others = np.array(np.unravel_index(_drawn("independent", images, rows), (7, 5, 3)))
    found = np.array(np.unravel_index(_drawn("sharing", images, rows), (7, 5, 3)))
    assert ((found == others) | (found == np.array([[6], [4], [2]]))).all()
    assert (found == others).any(axis=0).all()
    assert (found == np.array([[6], [4], [2]])).any(axis=0).all()


def test_a_factor_of_one_value_is_not_counted() -> None:
    """Of two that vary, exactly one changes."""
    shared = _shared(_grid(1, 10_000, 1, 10_000), np.arange(N))
    assert shared[[0, 2]].all()
    assert (shared[1] ^ shared[3]).mean() == pytest.approx(1, abs=0.001)
    assert shared[1].mean() == pytest.approx(0.5, abs=0.025)


def test_one_factor_cannot_be_shared_in_part() -> None:
    with pytest.raises(DataError, match="two have to vary"):
        _drawn("sharing", _grid(1, 10), np.arange(4))


def test_factors_that_are_drawn_one_by_one_change_as_ever() -> None:
    """The rows that Ada-GVAEs were trained with before factors could be drawn together."""
    found = _drawn("sharing", _grid(7, 5, 3), np.arange(8), step=2)
    assert found.tolist() == [0, 47, 32, 1, 6, 32, 24, 67]


def _scale_and_place(images: ImageSet, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of images of dSprites: (2, n)."""
    return np.array(np.unravel_index(rows, images.factor_sizes))[[1, 3]]


def test_factors_that_are_drawn_together_depend_on_each_other_in_companions() -> None:
    """Mixed one by one, they would correlate half as much."""
    images = CorrelatedImages(_grid(3, 6, 40, 32, 32))
    rows = images.draw(5, 0, batch_size=100_000)
    companions = _drawn("sharing", images, rows)
    first, second = (np.corrcoef(_scale_and_place(images, r))[0, 1] for r in (rows, companions))
    assert first > 0.7
    assert second == pytest.approx(first, abs=0.01)


def test_factors_that_are_drawn_together_change_together() -> None:
    """As one of four: half of all pairs have both values of the image, half those of the other."""
    images = CorrelatedImages(_grid(3, 6, 40, 32, 32))
    rows = images.draw(5, 0, batch_size=20_000)
    own, other, found = (
        _scale_and_place(images, r)
        for r in (rows, _drawn("independent", images, rows), _drawn("sharing", images, rows))
    )
    kept, changed = (found == own).all(axis=0), (found == other).all(axis=0)
    assert (kept | changed).all()
    differ = (own != other).any(axis=0)
    assert kept[differ].mean() == pytest.approx(1 / 2, abs=0.02)


def test_other_factors_change_as_many_as_a_uniform_draw_says() -> None:
    """Each of the four that count stays half the time, and by chance some that change stay, too."""
    images = CorrelatedImages(_grid(3, 6, 40, 32, 32))
    rows = images.draw(5, 0, batch_size=20_000)
    pairs = (
        np.unravel_index(r, (3, 6, 40, 32, 32)) for r in (rows, _drawn("sharing", images, rows))
    )
    shared = np.equal(*map(np.array, pairs)).mean(axis=1)[[0, 2, 4]]
    assert shared == pytest.approx([1 / 2 + 1 / 2 / size for size in (3, 40, 32)], abs=0.02)


def test_factors_that_are_all_drawn_together_cannot_be_shared_in_part() -> None:
    with pytest.raises(DataError, match="two have to vary"):
        _drawn("sharing", CorrelatedImages(_grid(1, 6, 1, 32, 1)), np.arange(4))
