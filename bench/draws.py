"""All that a step of training draws, as arrays: a function of the run and the step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from disbench.companions import COMPANIONS
from disbench.seeds import generator, stream_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from disbench.datasets.images import ImageSet
    from disbench.models.objective import Objective
    from disbench.runs import Run


class Drawn(NamedTuple):
    """What one step draws; None for what the objective does not ask for.

    Rows of images are (batch_size,), noise is standard normal, (batch_size, latents), and `own` is
    what the objective draws itself. Of several runs, all have an axis more in front.
    """

    rows: NDArray[np.int64]
    noise: NDArray[np.float32]
    own: NDArray[Any] | None
    companions: NDArray[np.int64] | None
    companion_noise: NDArray[np.float32] | None


@dataclass(frozen=True)
class Draws:
    """The draws of a run from its images."""

    run: Run
    images: ImageSet
    objective: Objective

    @classmethod
    def of(cls, run: Run, images: ImageSet) -> Draws:
        """The draws of a run."""
        return cls(run, images, run.with_hyperparameters())

    def at(self, step: int) -> Drawn:
        """What a step draws, whatever was drawn before."""
        rows = self.images.draw(self._key("batches"), step, batch_size=self.run.batch_size)
        companions = self._companions(rows, step)
        return Drawn(
            rows=rows,
            noise=self._noise("noise", step),
            own=self.objective.draw(
                n=self.run.batch_size,
                latents=self.run.latents,
                rng=generator(self._key("objective"), step=step),
            ),
            companions=companions,
            companion_noise=None if companions is None else self._noise("companion noise", step),
        )

    def _key(self, purpose: str) -> int:
        return stream_key(self.run.identity, purpose)

    def _noise(self, purpose: str, step: int) -> NDArray[np.float32]:
        shape = (self.run.batch_size, self.run.latents)
        return generator(self._key(purpose), step=step).standard_normal(shape, dtype=np.float32)

    def _companions(self, rows: NDArray[np.int64], step: int) -> NDArray[np.int64] | None:
        draw = COMPANIONS.get(self.objective.companions)
        return None if draw is None else draw(self.images, rows, self.run.identity, step)


def together(draws: Sequence[Draws], step: int) -> Drawn:
    """What a step of several runs draws, stacked in their order."""
    parts = zip(*(each.at(step) for each in draws), strict=True)
    stacks: Any = (None if part[0] is None else np.stack(part) for part in parts)
    return Drawn(*stacks)
