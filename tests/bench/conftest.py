"""Studies and runs that are over in a second."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

from disbench import evaluation
from disbench.kept_pictures import Pictures
from disbench.records import (
    Evaluation,
    EvaluationRecord,
    LossRecord,
    Provenance,
    ScoreRecord,
    TrainingRecord,
)
from disbench.runs import Run
from disbench.study_files import parse_study
from disbench.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from disbench.run_folder import RunFolder
    from disbench.store import Store
    from disbench.study import Study


@pytest.fixture(scope="session", autouse=True)
def single_thread() -> Iterator[None]:
    """Compute as a worker does; more threads than cores would slow the tests down."""
    with one_thread():
        yield


@pytest.fixture(scope="module")
def quick_evaluation() -> Iterator[None]:
    """Decode few images of a run, which is half of the time that it takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "N_RECONSTRUCTED", 64)
        yield


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """A tiny run, with the changes that a test asks for."""
    definition: dict[str, Any] = {
        "objective": "beta_vae",
        "hyperparameters": {"beta": 4.0},
        "seed": 0,
        "network": "conv",
        "latents": 3,
        "steps": 4,
        "batch_size": 8,
        "optimiser": "adam",
        "learning_rate": 1e-3,
        "precision": "fp32",
        "data_sha256": "0" * 64,
    }

    def make(**changes: object) -> Run:
        return Run(**definition | changes)

    return make


@pytest.fixture(scope="session")
def study_content() -> Callable[..., dict[str, Any]]:
    """The content of a tiny study file; a change of a section leaves its other keys."""

    def make(**changes: Any) -> dict[str, Any]:
        content: dict[str, Any] = {
            "name": "tiny",
            "seeds": 1,
            "objectives": [{"name": "ae"}, {"name": "beta_vae", "beta": [4]}],
            "model": {"network": "conv", "latents": 3},
            "training": {"steps": 4, "batch_size": 8, "learning_rate": 1e-3, "precision": "fp32"},
            "evaluation": {"grid": "tiny", "protocols": ["mig/exact"]},
        }
        for key, value in changes.items():
            content[key] = content[key] | value if isinstance(value, dict) else value
        return content

    return make


@pytest.fixture(scope="session")
def make_study(study_content: Callable[..., dict[str, Any]]) -> Callable[..., Study]:
    """A tiny study, with the changes that a test asks for."""

    def make(**changes: Any) -> Study:
        return parse_study(study_content(**changes), source="a test")

    return make


PROVENANCE = Provenance(
    disbench="0.1.0",
    python="3.11.1",
    torch="2.4.0",
    numpy="2.0.0",
    scipy="1.14.0",
    scikit_learn="1.5.0",
    platform="Linux x86_64",
    device="cpu",
    device_name="A CPU",
    threads=1,
    git_commit=None,
)


def _evaluation(
    run: Run,
    scores: dict[str, float],
    reconstruction: float,
    costs: tuple[float, ...],
    seconds: float,
    *,
    factors: dict[str, int] | None,
) -> EvaluationRecord:
    kl = costs if run.is_variational else None
    return EvaluationRecord(
        identity=run.identity,
        grid="tiny",
        factors=factors,
        evaluation=Evaluation(
            reconstruction=reconstruction,
            n_reconstructed=1440,
            kl=sum(kl) if kl else None,
            kl_by_dimension=kl,
            elbo=-(reconstruction + sum(kl)) if kl else None,
            active_dimensions=2,
        ),
        scores=tuple(
            ScoreRecord(
                representation="mean",
                protocol=protocol,
                protocol_version=1,
                value=value,
                floor=0.1,
                ceiling=0.9,
                n_points=1440,
                seed=0,
            )
            for protocol, value in scores.items()
        ),
        seconds=seconds,
        provenance=PROVENANCE,
    )


@pytest.fixture(scope="session")
def details_of() -> Callable[..., dict[str, NDArray[Any]]]:
    """What a protocol keeps of mutual information: (dimensions, factors) of entropies, in nats."""

    def make(
        information: ArrayLike, entropy: ArrayLike = (1, 1, 1, 1, 1), *, protocol: str = "mig/exact"
    ) -> dict[str, NDArray[Any]]:
        arrays = {"mutual_information": information, "entropy": entropy}
        return {f"{protocol}/mean/0/{name}": np.array(a, float) for name, a in arrays.items()}

    return make


@pytest.fixture(scope="session")
def write_run() -> Callable[..., RunFolder]:
    """Write a run to a store as if it had been trained; `scores` are values by protocol.

    `kl` is by dimension, which an autoencoder has none of; `details` are arrays beside the gaps.
    """

    def write(
        store: Store,
        run: Run,
        scores: dict[str, float] | None = None,
        *,
        status: Literal["done", "diverged"] = "done",
        losses: Sequence[LossRecord] = (LossRecord(4, 110.0, 100.0, 2.5),),
        reconstruction: float = 100.5,
        kl: tuple[float, ...] = (1.5, 0.25, 0.0),
        details: Mapping[str, NDArray[Any]] | None = None,
        weights: bytes = b"weights",
        converged: bool = True,
        scoring_seconds: float = 2.5,
        channels: int = 1,
        data_source: str = "rendered",
        factors: dict[str, int] | None = None,
    ) -> RunFolder:
        training = TrainingRecord(
            run=run,
            data_source=data_source,
            channels=channels,
            status=status,
            converged=converged,
            steps_done=losses[-1].step,
            started=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
            seconds=12.25,
            provenance=PROVENANCE,
        )
        grey = np.random.default_rng(run.seed).integers(0, 256, (4, 12, 64, 64), np.uint8)
        for path in (store.runs, store.unfinished, store.failures):
            path.mkdir(parents=True, exist_ok=True)
        folder = store.begun(run)
        folder.path.mkdir(exist_ok=True)
        folder.write_training(training, losses, weights)
        if scores is not None:
            gaps = {f"{protocol}/mean/0/gap": np.ones(5) for protocol in scores}
            traversals = np.tile(grey[2, :9], (run.latents, 1, 1, 1))
            pictures = Pictures(grey[0], grey[1], traversals, grey[3])
            evaluation = _evaluation(
                run, scores, reconstruction, kl, scoring_seconds, factors=factors
            )
            folder.write_evaluation(evaluation, gaps | dict(details or {}), pictures)
        store.publish(run)
        return store.folder(run)

    return write
