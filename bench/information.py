"""What the dimensions of a code tell of the factors, and which factor each carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from disbench.records import EvaluationRecord
    from disbench.run_folder import RunFolder

CARRIED = 0.1
"""A dimension carries a factor if it tells at least this share of the factor's entropy."""

SOURCES = ("mig/exact", "mig/locatello2019")
"""The protocols that keep mutual information with whole entropies; the first at hand is read."""


@dataclass(frozen=True)
class Information:
    """What each dimension tells of each factor: (dimensions, factors) shares of its entropy.

    `kl` is the mean KL of each dimension in nats, None without a posterior; `order` lists the
    dimensions by descending KL, or where there is none by the largest share.
    """

    shares: NDArray[np.float64]
    factors: tuple[str, ...]
    kl: tuple[float, ...] | None

    @property
    def order(self) -> tuple[int, ...]:
        """The dimensions, the one that says most first."""
        weight = self.shares.max(axis=1) if self.kl is None else np.array(self.kl)
        return tuple(np.argsort(-weight, kind="stable").tolist())

    def carried(self, dimension: int) -> tuple[str, float] | None:
        """The factor that a dimension carries, with the share of it that it tells, if any."""
        best = int(self.shares[dimension].argmax())
        share = float(self.shares[dimension, best])
        return (self.factors[best], share) if share >= CARRIED else None

    def label(self, dimension: int) -> str:
        """What a reader calls a dimension: ``z3 · posX 0.81 · 1.9 nats``."""
        parts = [f"z{dimension}"]
        if (carried := self.carried(dimension)) is not None:
            parts.append(f"{carried[0]} {carried[1]:.2f}")
        if self.kl is not None:
            parts.append(f"{self.kl[dimension]:.1f} nats")
        return " \u00b7 ".join(parts)

    def in_words(self) -> str:
        """Which dimension tells most of each factor."""
        best = self.shares.argmax(axis=0)
        return ", ".join(
            f"{factor} z{d} {self.shares[d, k]:.2f}"
            for k, (factor, d) in enumerate(zip(self.factors, best, strict=True))
        )


def information_in(folder: RunFolder, evaluation: EvaluationRecord) -> Information | None:
    """What the dimensions of a run tell of the factors; None if no protocol has asked."""
    for protocol in SOURCES:
        found = folder.detail(f"{protocol}/mean/0/mutual_information")
        entropy = folder.detail(f"{protocol}/mean/0/entropy")
        if found is not None and entropy is not None:
            shares = np.divide(found, entropy, out=np.zeros_like(found), where=entropy > 0)
            factors = evaluation.images.factor_names
            return Information(shares, factors, evaluation.evaluation.kl_by_dimension)
    return None
