"""A single model on the layers of stacked ones: a GPU codes and decodes with the kernels alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.func import functional_call, vmap

from disbench.models.autoencoder import Posterior
from disbench.models.stacked.stacking import stacked

if TYPE_CHECKING:
    from disbench.models.autoencoder import Autoencoder


class Single:
    """A model on a device that encodes and decodes as it does itself, up to rounding.

    torch's own convolutions of images whose channels come last are slow there in float32, unless
    they may round to ten bits.
    """

    def __init__(self, model: Autoencoder, *, device: str) -> None:
        self.latents = model.latents
        self._calls = _Calls(stacked([model], device=device))

    def encode(self, images: Tensor) -> Posterior:
        """The posterior of images (n, channels, 64, 64) of values in [0, 1]."""
        return Posterior(*self._call("encode", images))

    def decode(self, codes: Tensor) -> Tensor:
        """Bernoulli logits (n, channels, 64, 64), in float32, of codes (n, latents)."""
        logits: Tensor = self._call("decode", codes)
        return logits

    def _call(self, name: str, values: Tensor) -> Any:  # noqa: ANN401 - whatever the method gives
        def call(parameters: dict[str, Tensor]) -> Any:  # noqa: ANN401
            return functional_call(self._calls, parameters, (name, values))

        out = vmap(call)(dict(self._calls.named_parameters()))
        return [part[0] for part in out] if isinstance(out, tuple) else out[0]


class _Calls(nn.Module):
    """The methods of a model by name, as calls of one module."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, name: str, values: Tensor) -> Any:  # noqa: ANN401
        return getattr(self.model, name)(values)
