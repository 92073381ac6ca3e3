"""A data set as it was published, about to be converted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Original:
    """How many values each factor has, by name, slowest first; and the images in that order.

    ``blocks`` gives them a few at a time: (m, 64, 64, 3) bytes each, one for every combination.
    """

    factors: Mapping[str, int]
    blocks: Callable[[], Iterator[NDArray[np.uint8]]]
