"""Which second images a step of training sees, where an objective asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from disbench.errors import DataError
from disbench.seeds import generator, stream_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from disbench.datasets.images import ImageSet

    Rows = NDArray[np.int64]
    Draw = Callable[[ImageSet, Rows, str, int], Rows]


def independent(images: ImageSet, rows: Rows, identity: str, step: int) -> Rows:
    """Rows drawn as those of the batch, and independently of them: (batch_size,)."""
    key = stream_key(identity, "companions")
    return images.draw(key, step, batch_size=len(rows))


def sharing(images: ImageSet, rows: Rows, identity: str, step: int) -> Rows:
    """Rows that share some factors with those of the batch: (batch_size,).

    As many factors change as a uniform draw from 1 to K - 1 says, each set of so many being as
    likely (Locatello et al. 2020, section 5); they take the values of an independent row, which
    can be the same ones. Factors that are drawn together count as one of the K, and change or stay
    together, so that they depend on each other in the companions as in the images. A factor of a
    single value is not counted.

    Raises `DataError` if fewer than two of the K vary: nothing can be shared while another changes.
    """
    sizes = images.factor_sizes
    rng = generator(stream_key(identity, "sharing"), step=step)
    changed = _changed(sizes, images.drawn_together, len(rows), rng)
    others = np.unravel_index(independent(images, rows, identity, step), sizes)
    mixed = np.where(changed, np.array(others), np.array(np.unravel_index(rows, sizes)))
    shared: Rows = np.ravel_multi_index(tuple(mixed), sizes)
    return shared


COMPANIONS: Mapping[str, Draw] = {"independent": independent, "sharing": sharing}


def _changed(
    sizes: tuple[int, ...],
    groups: tuple[tuple[int, ...], ...],
    n: int,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Which factors change in each of n pairs, those of a group as one: (factors, n)."""
    varying = [group for group in groups if any(sizes[factor] > 1 for factor in group)]
    if len(varying) < 2:  # noqa: PLR2004 - one that changes, and one that does not
        raise DataError(f"factors of {sizes} values cannot be shared in part: two have to vary")
    counts = rng.integers(1, len(varying), size=n)
    # The ranks of independent numbers are a uniform permutation: the first so many change.
    ranks = rng.random((len(varying), n)).argsort(axis=0).argsort(axis=0)
    changed = np.zeros((len(sizes), n), np.bool_)
    for group, chosen in zip(varying, ranks < counts, strict=True):
        changed[list(group)] = chosen
    return changed
