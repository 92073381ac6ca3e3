"""Codes a byte a number: enough to find the nearest one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from disbench.explorer.base64_text import text_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_LEVEL = 255


@dataclass(frozen=True, eq=False)
class QuantisedCodes:
    """Levels (n, latents) of 0 to 255 between the least and greatest code of each dimension.

    ``low`` and ``high`` are (latents,). A dimension that never changes has level 0 everywhere.
    """

    levels: NDArray[np.uint8]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def values(self) -> NDArray[np.float64]:
        """The codes that the levels stand for, (n, latents): at most half a level off."""
        return np.asarray(self.low + self.levels * self._step)

    def payload(self) -> dict[str, object]:
        """The same as JSON-able data; the levels are base64, image by image."""
        levels = text_of(self.levels.tobytes())
        return {"levels": levels, "low": self.low.tolist(), "high": self.high.tolist()}

    @property
    def _step(self) -> NDArray[np.float64]:
        return (self.high - self.low) / MAX_LEVEL


def quantise(codes: NDArray[np.float32]) -> QuantisedCodes:
    """The codes (n, latents), finite, rounded to the nearest level."""
    exact = codes.astype(np.float64)
    low, high = exact.min(axis=0), exact.max(axis=0)
    width = np.where(high > low, high - low, 1.0)  # nothing to divide in a constant dimension
    levels = np.rint((exact - low) / width * MAX_LEVEL)
    return QuantisedCodes(levels.astype(np.uint8), low, high)
