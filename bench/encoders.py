"""What makes codes of images: a network, trained or not, a linear map, the pixels, the factors."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, Self, cast

import numpy as np
import torch

from disbench.encoding import Codes, encode
from disbench.models.baselines import BASELINES, N_FITTED
from disbench.pixel_codes import PixelCodes, flat_pixels, in_blocks
from disbench.seeds import generator, stream_key
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from disbench.datasets.grid import Grid
    from disbench.datasets.images import ImageSet
    from disbench.models.autoencoder import Autoencoder
    from disbench.models.baselines import Kind
    from disbench.models.linear import LinearMap
    from disbench.runs import Run

    Weights = Mapping[str, Tensor]


class Encoder(Protocol):
    """What makes the codes of a run."""

    @property
    def model(self) -> Autoencoder | None:
        """The network that also decodes them, None where nothing does."""
        ...

    @property
    def converged(self) -> bool:
        """Whether the iteration by which it was fitted, if there was one, had come to rest."""
        ...

    @classmethod
    def fitted(cls, run: Run, images: ImageSet, *, device: str) -> Self:
        """The encoder of a baseline, which draws from the streams of its run."""
        ...

    @classmethod
    def restored(cls, run: Run, weights: Weights, *, channels: int, device: str) -> Self:
        """The encoder that had these weights."""
        ...

    def weights(self) -> dict[str, Tensor]:
        """All that it takes to restore it, by name."""
        ...

    def encode(self, images: ImageSet, grid: Grid, *, device: str) -> Codes:
        """The codes of every image of a grid, in its order."""
        ...


@dataclass(frozen=True)
class NetworkEncoder:
    """A network with its weights; codes are posterior means, with log-variances if variational."""

    model: Autoencoder
    variational: bool
    converged: bool = True

    @classmethod
    def fitted(cls, run: Run, images: ImageSet, *, device: str) -> Self:  # noqa: ARG003
        """The network of a run with its initial weights."""
        return cls(initial_model(run, channels=images.channels), run.is_variational)

    @classmethod
    def restored(cls, run: Run, weights: Weights, *, channels: int, device: str) -> Self:  # noqa: ARG003
        """The network of a run with these weights."""
        model = initial_model(run, channels=channels)
        model.load_state_dict(dict(weights))
        return cls(model, run.is_variational)

    def weights(self) -> dict[str, Tensor]:
        """The parameters, in the order of their indices, which safetensors asks for."""
        return {name: tensor.contiguous() for name, tensor in self.model.state_dict().items()}

    def encode(self, images: ImageSet, grid: Grid, *, device: str) -> Codes:
        """The posterior of every image."""
        return encode(self.model, images, grid, variational=self.variational, device=device)


@dataclass(frozen=True)
class LinearEncoder:
    """A linear map of the pixels, in single precision."""

    map: LinearMap
    model: None = None

    @property
    def converged(self) -> bool:
        """Whether the map is the one that its fit was after."""
        return self.map.converged

    @classmethod
    def fitted(cls, run: Run, images: ImageSet, *, device: str) -> Self:  # noqa: ARG003
        """The map of a run, fitted to `N_FITTED` images drawn from the training distribution."""
        rows = images.draw(stream_key(run.identity, "fitted images"), 0, batch_size=N_FITTED)
        fits = import_module("disbench.models.linear").FITS  # scikit-learn is slow to load
        rng = generator(stream_key(run.identity, "fit"))
        return cls(fits[run.objective](flat_pixels(images, rows), latents=run.latents, rng=rng))

    @classmethod
    def restored(cls, run: Run, weights: Weights, *, channels: int, device: str) -> Self:  # noqa: ARG003
        """The map that was kept."""
        arrays = {name: tensor.numpy() for name, tensor in weights.items()}
        linear = import_module("disbench.models.linear")
        converged = bool(arrays["converged"])
        return cls(linear.LinearMap(arrays["matrix"], arrays["offset"], converged=converged))

    def weights(self) -> dict[str, Tensor]:
        """The ``matrix``, the ``offset`` and whether the fit has ``converged``."""
        found = self.map._asdict()
        return {name: torch.from_numpy(np.array(part, order="C")) for name, part in found.items()}

    def encode(self, images: ImageSet, grid: Grid, *, device: str) -> Codes:  # noqa: ARG002
        """The image of every image; there is no posterior."""
        matrix, offset = (part.astype(np.float32) for part in self.map[:2])
        codes = np.empty((grid.n, len(offset)), np.float32)
        for place, rows in in_blocks(grid.rows()):
            codes[place] = flat_pixels(images, rows) @ matrix + offset
        return Codes(grid, codes, None)


@dataclass(frozen=True)
class FactorEncoder:
    """The labels of the factors; the images are not looked at."""

    model: None = None
    converged: bool = True

    @classmethod
    def fitted(cls, run: Run, images: ImageSet, *, device: str) -> Self:  # noqa: ARG003
        """There is nothing to fit."""
        return cls()

    @classmethod
    def restored(cls, run: Run, weights: Weights, *, channels: int, device: str) -> Self:  # noqa: ARG003
        """There is nothing to restore."""
        return cls()

    def weights(self) -> dict[str, Tensor]:
        """Nothing."""
        return {}

    def encode(self, images: ImageSet, grid: Grid, *, device: str) -> Codes:  # noqa: ARG002
        """A dimension a factor, (n, factors): how many values of the grid lie below its own."""
        return Codes(grid, grid.labels().astype(np.float32), None)


class PixelEncoder(FactorEncoder):
    """The pixels, each a dimension."""

    def encode(self, images: ImageSet, grid: Grid, *, device: str) -> Codes:  # noqa: ARG002
        """Codes that look like an array to all that asks for rows of it."""
        codes = PixelCodes(images, grid.rows())
        return Codes(grid, cast("NDArray[np.float32]", codes), None)


ENCODERS: Mapping[Kind, type[Encoder]] = {
    "factors": FactorEncoder,
    "pixels": PixelEncoder,
    "linear": LinearEncoder,
    "network": NetworkEncoder,
}


def encoder_of(run: Run) -> type[Encoder]:
    """What a run's codes are made with: a network, unless it is a baseline of another kind."""
    return ENCODERS[BASELINES[run.objective].kind if run.is_baseline else "network"]
