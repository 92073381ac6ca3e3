"""How the two sides of a layer hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Geometry:
    """A square kernel with its stride and padding, between a large and a small side.

    The large side is (models, batch, stride * h, stride * w, n_large), the small one (models,
    batch, h, w, n_small), and weights are (models, kernel, kernel, n_large, n_small). A kernel is
    as wide as its stride, or twice so with a padding of half a stride: places overlap by one.
    """

    kernel: int
    stride: int
    padding: int

    @property
    def is_known(self) -> bool:
        """Whether the sums can be taken by it: the sides are as they are said to be."""
        overlap = self.kernel - self.stride
        return overlap == 2 * self.padding and overlap in {0, self.stride}

    def large_shape(self, small: Tensor, n_large: int) -> tuple[int, ...]:
        """The shape of the large side of a small one."""
        models, batch, height, width, _ = small.shape
        return (models, batch, self.stride * height, self.stride * width, n_large)

    def small_shape(self, large: Tensor, n_small: int) -> tuple[int, ...]:
        """The shape of the small side of a large one."""
        models, batch, height, width, _ = large.shape
        return (models, batch, height // self.stride, width // self.stride, n_small)


DENSE = Geometry(kernel=1, stride=1, padding=0)
"""A dense layer is a convolution of images of one pixel, which is n_large deep."""


class Sums(Protocol):
    """The three sums behind every layer; each is the gradient of the others.

    All sides and weights are as `Geometry` says, contiguous and of one type; sums are of float32.
    A bias (models, features) is added; with `relu`, what is negative becomes 0, and so does what
    lies where the `gate`, of the shape of what comes out, is not positive.
    """

    def down(
        self,
        large: Tensor,
        weight: Tensor,
        *,
        geometry: Geometry,
        dtype: torch.dtype,
        bias: Tensor | None = None,
        gate: Tensor | None = None,
        relu: bool = False,
    ) -> Tensor:
        """The small side: sums over the kernel and the features of the large side."""
        ...

    def up(
        self,
        small: Tensor,
        weight: Tensor,
        *,
        geometry: Geometry,
        dtype: torch.dtype,
        bias: Tensor | None = None,
        gate: Tensor | None = None,
        relu: bool = False,
    ) -> Tensor:
        """The large side: sums over the places that reach a pixel and the features of the small."""
        ...

    def correlate(
        self, large: Tensor, small: Tensor, *, geometry: Geometry, of_large: bool
    ) -> tuple[Tensor, Tensor]:
        """Sums over places, of products, (models, kernel, kernel, n_large, n_small), and of a side.

        The second are those of the large or of the small side alone, (models, features).
        """
        ...
