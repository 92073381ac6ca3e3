"""Representations that nothing was trained for, by name: what a trained one has to beat.

A study knows them by this table, so it loads neither torch nor scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["factors", "pixels", "linear", "network"]

_NO_TRAINING = ("batch_size", "optimiser", "learning_rate")
_NO_NETWORK = (*_NO_TRAINING, "network")

N_FITTED = 10_000
"""Images that a baseline is fitted to, drawn as those of a step of training."""


@dataclass(frozen=True)
class Baseline:
    """A representation: of which kind it is, what it is in a line, and who used it.

    `ignored` names the parts of a run's definition that its codes do not depend on. What is
    `variational` has a posterior; what is `wide` has more dimensions than fit into memory for a
    whole grid; what is `fitted` has seen images; what is `deterministic` has the same codes with
    every seed, which only the protocol's draws depend on.
    """

    kind: Kind
    summary: str
    citation: str
    ignored: tuple[str, ...] = _NO_NETWORK
    variational: bool = False
    wide: bool = False
    fitted: bool = False
    deterministic: bool = False


BASELINES: Mapping[str, Baseline] = {
    "factors": Baseline(
        "factors",
        "the factors themselves, one to a dimension",
        "ground truth of Higgins et al. 2017, table 1",
        ignored=(*_NO_NETWORK, "latents"),
        deterministic=True,
    ),
    "pixels": Baseline(
        "pixels",
        "the image itself, one pixel to a dimension",
        "raw pixels of Higgins et al. 2017, table 1",
        ignored=(*_NO_NETWORK, "latents"),
        wide=True,
        deterministic=True,
    ),
    "pca": Baseline(
        "linear",
        "principal components, not whitened",
        "Hotelling 1933; as a baseline Higgins et al. 2017, table 1",
        fitted=True,
    ),
    "ica": Baseline(
        "linear",
        "independent components by FastICA",
        "Hyvarinen & Oja 2000; as a baseline Higgins et al. 2017, table 1",
        fitted=True,
    ),
    "random_projection": Baseline(
        "linear",
        "a Gaussian random projection of the pixels",
        "Johnson & Lindenstrauss 1984; Bingham & Mannila 2001",
    ),
    "untrained": Baseline(
        "network",
        "the network of a VAE with its initial weights",
        "untrained VAE of Higgins et al. 2017, table 1",
        ignored=_NO_TRAINING,
        variational=True,
    ),
}
"""Name -> baseline, in the order in which they are listed."""
