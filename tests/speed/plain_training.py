"""The training loop that anybody would write in PyTorch, to compare ours with."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from disbench.models.layers import ConvTranspose, ImageConv, ImageConvTranspose
from disbench.trainer import autocast

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from disbench.models.autoencoder import Autoencoder


@dataclass(frozen=True)
class BareLoop:
    """A VAE trained on images (n, 1, 64, 64) in memory, with nothing kept of the losses."""

    model: Autoencoder
    optimiser: Optimizer
    images: Tensor
    batch_size: int
    precision: str

    def steps(self, n: int) -> None:
        """Take so many steps."""
        for _ in range(n):
            self._step()

    def _step(self) -> None:
        images = self.images[
            torch.randint(len(self.images), (self.batch_size,), device=self.images.device)
        ]
        device = images.device.type
        with autocast(self.precision, device):
            mean, log_variance = self.model.encode(images)
            noise = torch.randn_like(mean)
            logits = self.model.decode(mean + torch.exp(log_variance / 2) * noise)
            error = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
            kl = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum()
            loss = (error + kl) / self.batch_size
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


def with_plain_layers(model: Autoencoder) -> Autoencoder:
    """A copy that computes the same with torch's own convolutions, channels first in memory."""
    plain = deepcopy(model)
    for parent in list(plain.modules()):
        for name, layer in parent.named_children():
            setattr(parent, name, _plain(layer))
    return plain.to(memory_format=torch.contiguous_format)


def _plain(layer: nn.Module) -> nn.Module:
    if not isinstance(layer, ImageConv | ConvTranspose | ImageConvTranspose):
        return layer
    kind = nn.Conv2d if isinstance(layer, ImageConv) else nn.ConvTranspose2d
    inputs, outputs = layer.weight.shape[:2]
    if kind is nn.Conv2d:
        inputs, outputs = outputs, inputs
    plain = kind(inputs, outputs, 4, stride=2, padding=1)
    plain.load_state_dict(layer.state_dict())
    return plain
