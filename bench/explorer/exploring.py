"""A finished run in, all that a page needs to explore it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load

from disbench.encoding import encode_rows
from disbench.errors import ExplorerError
from disbench.explorer.base64_text import text_of
from disbench.explorer.layers import DecoderData, describe
from disbench.explorer.quantised import QuantisedCodes, quantise
from disbench.threads import one_thread
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from disbench.explorer.reference import ReferenceImages
    from disbench.models.autoencoder import Autoencoder
    from disbench.run_folder import RunFolder
    from disbench.runs import Run

PERCENTILES = (0.5, 99.5)
PRIOR_RANGE = (-2.0, 2.0)
"""Of a standard normal, 95 % lies here: a slider of a variational run reaches at least so far."""


@dataclass(frozen=True, eq=False)
class Explorer:
    """A run to explore.

    ``ranges`` (latents, 2) are the least and greatest values of the sliders; ``start`` (latents,)
    is the posterior mean of the image to begin with; ``codes`` are those of the reference images,
    in their order; ``prior`` is whether the run has a prior to sample from.
    """

    label: str
    decoder: DecoderData
    ranges: NDArray[np.float64]
    start: NDArray[np.float32]
    codes: QuantisedCodes
    prior: bool

    @property
    def latents(self) -> int:
        """How many dimensions a code has."""
        return len(self.start)

    def payload(
        self,
        *,
        labels: Sequence[str] | None = None,
        order: Sequence[int] | None = None,
        images: str = "images",
    ) -> dict[str, object]:
        """The explorer as JSON-able data, what explorer.js reads.

        `images` is the name that its reference images have in the page. `labels` are what to call
        the dimensions, z0, z1, ... by default; `order` is that of their sliders, top to bottom.
        Raises `ValueError` unless each dimension has its place in both.
        """
        names = [f"z{d}" for d in range(self.latents)] if labels is None else list(labels)
        places = list(range(self.latents)) if order is None else [int(d) for d in order]
        if len(names) != self.latents or sorted(places) != list(range(self.latents)):
            raise ValueError(
                f"labels {names} and order {places} are not those of {self.latents} dimensions"
            )
        return {
            "label": self.label,
            "latents": self.latents,
            "layers": list(self.decoder.layers),
            "weights": text_of(self.decoder.weights),
            "labels": names,
            "order": places,
            "ranges": self.ranges.tolist(),
            "start": self.start.tolist(),
            "codes": self.codes.payload(),
            "prior": self.prior,
            "images": images,
        }


def explore(run: Run, folder: RunFolder, *, images: ReferenceImages) -> Explorer:
    """The explorer of a finished run, from its weights alone, on one thread of the CPU.

    The images are those of the set that the run was trained on. Raises `ExplorerError` where there
    is none to be had: weights that cannot be read, codes that are not finite, a decoder that no
    page can run.
    """
    model = _trained_model(run, folder, channels=images.images.channels)
    decoder = describe(model.decoder)
    rows = np.arange(images.grid.n)
    with one_thread():
        mean, _ = encode_rows(model, images.images, rows, device="cpu")
    if not np.isfinite(mean).all():
        raise ExplorerError("the encoder gives codes that are not finite")
    return Explorer(
        label=run.label,
        decoder=decoder,
        ranges=slider_ranges(mean, variational=run.is_variational),
        start=mean[images.start],
        codes=quantise(mean),
        prior=run.is_variational,
    )


def slider_ranges(codes: NDArray[np.float32], *, variational: bool) -> NDArray[np.float64]:
    """What a slider spans in each dimension, (latents, 2), of codes (n, latents).

    From the 0.5th to the 99.5th percentile; for a variational run at least from -2 to 2, so that
    a dimension that collapsed to the prior has a slider as long as others.
    """
    low, high = np.percentile(codes.astype(np.float64), PERCENTILES, axis=0)
    if variational:
        low, high = np.minimum(low, PRIOR_RANGE[0]), np.maximum(high, PRIOR_RANGE[1])
    constant = high <= low  # a slider has to have two ends
    return np.stack([low - 0.5 * constant, high + 0.5 * constant], axis=1)


def _trained_model(run: Run, folder: RunFolder, *, channels: int) -> Autoencoder:
    model = initial_model(run, channels=channels)
    try:
        model.load_state_dict(load(folder.read_weights()))
    except (SafetensorError, RuntimeError) as error:  # torch says of shapes RuntimeError
        summary = " ".join(str(error).split())
        raise ExplorerError(f"cannot read the weights of {folder.path.name}: {summary}") from None
    return model
