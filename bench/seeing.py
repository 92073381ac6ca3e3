"""What a device sees of a run's images: their codes, how well they are decoded, pictures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from safetensors.torch import load

from disbench.cell_images import images_of
from disbench.encoders import encoder_of
from disbench.evaluation import evaluate, picture
from disbench.provenance import provenance

if TYPE_CHECKING:
    from disbench.cells import Cell
    from disbench.encoders import Encoder
    from disbench.encoding import Codes
    from disbench.kept_pictures import Pictures
    from disbench.records import Evaluation, Provenance
    from disbench.run_folder import RunFolder


class Seen(NamedTuple):
    """All that needs the network and the images: what is left is to score the codes."""

    codes: Codes
    evaluation: Evaluation
    pictures: Pictures | None
    seconds: float
    provenance: Provenance
    """Of the process that saw them: those that score may have no GPU."""


def see(cell: Cell, encoder: Encoder) -> Seen:
    """What the encoder of a run makes of the images that the study evaluates it on."""
    clock = time.perf_counter()
    images, identity, device = images_of(cell), cell.run.identity, cell.device
    codes = encoder.encode(images, images.grid(cell.evaluation.grid), device=device)
    return Seen(
        codes,
        evaluate(encoder.model, images, codes, identity=identity, device=device),
        picture(encoder.model, images, codes, identity=identity, device=device),
        time.perf_counter() - clock,
        provenance(device),
    )


def loaded(cell: Cell, folder: RunFolder) -> Encoder:
    """The encoder of a run that is trained, or fitted, on the device of its cell."""
    weights, run = load(folder.read_weights()), cell.run
    return encoder_of(run).restored(run, weights, channels=cell.channels, device=cell.device)
