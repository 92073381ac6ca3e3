"""Pictures are four arrays of images, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from disbench.errors import DamagedError
from disbench.kept_pictures import pictures_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

PATH = Path("pictures.h5")


def _arrays(*colours: int) -> dict[str, NDArray[Any]]:
    images = np.zeros((2, 64, 64, *colours), np.uint8)
    names = ("originals", "reconstructions", "samples")
    return dict.fromkeys(names, images) | {"traversals": images[None]}


@pytest.mark.parametrize("colours", [(), (3,)])
def test_images_may_be_grey_or_in_colour(colours: tuple[int, ...]) -> None:
    arrays = _arrays(*colours)
    assert pictures_of(arrays, PATH)._asdict() == arrays


@pytest.mark.parametrize("samples", [np.zeros((2, 3), np.uint8), np.zeros((2, 64, 64))])
def test_pictures_of_another_shape_or_type_are_no_pictures(samples: NDArray[Any]) -> None:
    with pytest.raises(DamagedError, match=r"pictures\.h5 .*samples holds no images"):
        pictures_of({**_arrays(), "samples": samples}, PATH)


def test_all_four_have_to_be_there() -> None:
    with pytest.raises(DamagedError, match="it lacks pictures"):
        pictures_of({"samples": _arrays()["samples"]}, PATH)
