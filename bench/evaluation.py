"""How well a model reconstructs, how much its codes say, and pictures of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from disbench.encoding import BATCH_SIZE, on
from disbench.kept_pictures import Pictures
from disbench.models.autoencoder import Posterior
from disbench.models.objectives import reconstruction_error
from disbench.records import Evaluation
from disbench.seeds import generator, stream_key
from disbench.trainer import as_tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from disbench.datasets.images import ImageSet
    from disbench.encoding import Codes
    from disbench.models.autoencoder import Autoencoder

N_RECONSTRUCTED = 10_000
N_PICTURES = 12
N_TRAVERSAL = 9
ACTIVE_VARIANCE = 0.01


def evaluate(
    model: Autoencoder | None, images: ImageSet, codes: Codes, *, identity: str, device: str
) -> Evaluation:
    """The numbers of a model with these codes; draws belong to the run of this identity.

    Without a model nothing is reconstructed.
    """
    n = 0 if model is None else min(N_RECONSTRUCTED, codes.grid.n)
    reconstruction = _reconstruction(model, images, codes, n, identity=identity, device=device)
    kl = codes.kl()
    active = codes.mean.var(axis=0, dtype=np.float64) > ACTIVE_VARIANCE
    return Evaluation(
        reconstruction=reconstruction,
        n_reconstructed=n,
        kl=None if kl is None else float(kl.sum()),
        kl_by_dimension=None if kl is None else tuple(kl.tolist()),
        elbo=None if kl is None or reconstruction is None else -(reconstruction + float(kl.sum())),
        active_dimensions=int(active.sum()),
    )


def picture(
    model: Autoencoder | None, images: ImageSet, codes: Codes, *, identity: str, device: str
) -> Pictures | None:
    """Pictures of a model, None without one.

    Every run of one grid shows the same originals and prior samples.
    """
    if model is None:
        return None
    shown = generator(stream_key(codes.grid.name, "pictures")).choice(codes.grid.n, N_PICTURES)
    rng = generator(stream_key(identity, "pictures"))
    normal = generator(stream_key("prior", "pictures")).standard_normal(
        (N_PICTURES, model.latents), dtype=np.float32
    )
    moved = _decoded(model, _traversal(codes, shown[0]), device)
    return Pictures(
        originals=images.unpack(codes.grid.rows()[shown]) * np.uint8(255 // images.largest),
        reconstructions=_decoded(model, _sampled(codes, shown, rng), device),
        traversals=moved.reshape(model.latents, N_TRAVERSAL, *moved.shape[1:]),
        samples=_decoded(model, normal, device),
    )


def _reconstruction(
    model: Autoencoder | None,
    images: ImageSet,
    codes: Codes,
    n: int,
    *,
    identity: str,
    device: str,
) -> float | None:
    """The mean error over so many images of the grid, None without a model."""
    if model is None:
        return None
    rng = generator(stream_key(identity, "evaluation"))
    chosen = np.sort(rng.choice(codes.grid.n, size=n, replace=False))
    samples = _sampled(codes, chosen, rng)
    return _mean_error(model, images, codes.grid.rows()[chosen], samples, device)


def _sampled(
    codes: Codes, chosen: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """One posterior sample for each chosen image, or its code where there is no posterior."""
    mean = codes.mean[chosen]
    if codes.log_variance is None:
        return mean
    noise = rng.standard_normal(mean.shape, dtype=np.float32)
    posterior = Posterior(*map(torch.from_numpy, (mean, codes.log_variance[chosen])))
    return np.asarray(posterior.sample(torch.from_numpy(noise)))


def _traversal(codes: Codes, start: int) -> NDArray[np.float32]:
    """(latents * 9, latents): the code of one image, a row for each place along each dimension."""
    low, high = np.quantile(codes.mean, [0.01, 0.99], axis=0)
    places = np.linspace(low, high, N_TRAVERSAL)  # (9, latents)
    latents = codes.mean.shape[1]
    moved = np.tile(codes.mean[start], (latents, N_TRAVERSAL, 1))
    dimension = np.arange(latents)
    moved[dimension, :, dimension] = places.T
    return moved.reshape(-1, latents)


@torch.inference_mode()
def _mean_error(
    model: Autoencoder,
    images: ImageSet,
    rows: NDArray[np.int64],
    samples: NDArray[np.float32],
    device: str,
) -> float:
    coder, total = on(device, model), 0.0
    for start in range(0, len(rows), BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        logits = coder.decode(torch.from_numpy(samples[batch]).to(device))
        targets = as_tensor(images, rows[batch], device=device)
        total += reconstruction_error(logits, targets).double().sum().item()
    return total / len(rows)


@torch.inference_mode()
def _decoded(model: Autoencoder, codes: NDArray[np.float32], device: str) -> NDArray[np.uint8]:
    """The decoder's probabilities as levels of 0 to 255, (n, 64, 64), or (n, 64, 64, 3)."""
    logits = on(device, model).decode(torch.from_numpy(codes).to(device))
    pixels = logits[:, 0] if logits.shape[1] == 1 else logits.permute(0, 2, 3, 1)
    levels = torch.sigmoid(pixels) * 255
    return np.asarray(levels.round().byte().cpu())
