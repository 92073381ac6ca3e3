"""The page takes the decoder of the best run of each objective, and says why it takes no other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import numpy as np
import pytest

from disbench.data import open_images
from disbench.errors import ExplorerError
from disbench.evidence import gather
from disbench.report import exploring
from disbench.report.exploring import MOST_EXPLORED, explorables
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from disbench.explorer import ReferenceImages
    from disbench.report.exploring import Explorables
    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    MakeRun = Callable[..., Run]
    WriteRun = Callable[..., RunFolder]

AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}
VAE: dict[str, object] = {"objective": "vae", "hyperparameters": {}}
IMAGES = SimpleNamespace()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "results")


@pytest.fixture
def explored(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The runs that are explored, in place of exploring them."""
    labels: list[str] = []

    def explore(run: Run, folder: RunFolder, *, images: object) -> Any:
        assert images is IMAGES
        assert folder.path.name == run.id
        labels.append(run.label)
        return SimpleNamespace(payload=lambda **naming: {"run": run.label, **naming})

    monkeypatch.setattr(exploring, "explore", explore)
    monkeypatch.setattr(exploring, "reference_images", lambda: IMAGES)
    return labels


def _found(store: Store) -> Explorables:
    return explorables(gather({"results": store}))


@pytest.fixture
def squares(tmp_path: Path) -> Path:
    """A file of images in colour, of two factors."""
    images = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    path = tmp_path / "squares.npz"
    np.savez(path, images=images, factor_sizes=[2, 3])
    return path


def _on(squares: Path, **changes: object) -> dict[str, Any]:
    """What a run on that file writes."""
    factors = {"factor0": 2, "factor1": 3}
    return {"channels": 3, "factors": factors, "data_source": str(squares), **changes}


def test_runs_on_the_same_images_share_them(
    store: Store,
    make_run: MakeRun,
    write_run: WriteRun,
    squares: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []

    def explore(run: Run, folder: RunFolder, *, images: ReferenceImages) -> Any:  # noqa: ARG001
        seen.append(images)
        return SimpleNamespace(payload=lambda **naming: naming)

    monkeypatch.setattr(exploring, "explore", explore)
    sha256 = open_images(str(squares)).sha256
    for changes in (AE, VAE):
        run = make_run(data_sha256=sha256, **changes)
        write_run(store, run, {"mig/exact": 0.5}, **_on(squares))
    write_run(store, make_run(), {"mig/exact": 0.5})
    found = _found(store)
    name = f"images-{sha256[:12]}"
    assert [one.payload["images"] for one in found.found] == [name, "images", name]
    ours, plain, again = seen
    assert found.images == {name: ours, "images": plain}
    assert ours is again
    assert (ours.grid.n, ours.images.channels, plain.images.channels) == (6, 3, 1)


@pytest.mark.usefixtures("explored")
def test_images_that_are_not_at_hand_are_said(
    store: Store, make_run: MakeRun, write_run: WriteRun, squares: Path, tmp_path: Path
) -> None:
    moved = _on(tmp_path / "gone.npz")
    write_run(store, make_run(**AE), {"mig/exact": 0.5}, **moved)
    write_run(store, make_run(), {"mig/exact": 0.5}, **_on(squares))  # its hash is another
    found = _found(store)
    assert (found.found, found.images) == ((), {})
    gone, others = found.refusals
    assert gone.startswith("ae, seed 0 cannot be explored: its images are not at hand: there are")
    assert others.startswith("beta 4, seed 0 cannot be explored: the images in ")
    assert others.endswith("squares.npz are others than it was trained on.")


def test_best_run_of_each_objective(
    store: Store, make_run: MakeRun, write_run: WriteRun, explored: list[str]
) -> None:
    """Whatever its setting: beta 16 has the best of all, seed 1 the best autoencoder."""
    for seed, score in enumerate((0.25, 0.5)):
        write_run(store, make_run(**AE, seed=seed), {"mig/exact": score})
        write_run(store, make_run(seed=seed), {"mig/exact": score + 0.125})
    write_run(store, make_run(hyperparameters={"beta": 16.0}), {"mig/exact": 0.75})
    found = _found(store)
    assert explored == ["ae, seed 1", "beta_vae, beta 16, seed 0"]
    assert [(one.name, one.title) for one in found.found] == [
        ("run0", "ae, seed 1, best of its objective: 0.500"),
        ("run1", "beta 16, seed 0, best of its objective: 0.750"),
    ]
    assert found.images == {"images": IMAGES}
    assert found.refusals == ()


def test_without_scores_it_is_the_lowest_seed_and_called_nothing(
    store: Store, make_run: MakeRun, write_run: WriteRun, explored: list[str]
) -> None:
    for seed in (2, 0, 1):
        write_run(store, make_run(seed=seed), {})
    assert [one.title for one in _found(store).found] == ["beta 4, seed 0"]
    assert explored == ["beta_vae, beta 4, seed 0"]


def test_a_run_without_a_score_comes_after_those_with_one(
    store: Store, make_run: MakeRun, write_run: WriteRun, explored: list[str]
) -> None:
    write_run(store, make_run(seed=0), {})
    write_run(store, make_run(seed=1), {"mig/exact": -0.5})
    assert [one.title for one in _found(store).found] == [
        "beta 4, seed 1, best of its objective: -0.500"
    ]
    assert explored == ["beta_vae, beta 4, seed 1"]


def test_a_run_that_was_not_evaluated_is_not_explored(
    store: Store, make_run: MakeRun, write_run: WriteRun, explored: list[str]
) -> None:
    write_run(store, make_run())
    assert _found(store) == ((), {}, ())
    assert explored == []


def test_dimensions_are_called_and_ordered_by_what_they_tell(
    store: Store, make_run: MakeRun, write_run: WriteRun, explored: list[str]
) -> None:
    """KL falls from z0 to z2; of the factors z1 alone tells, 3 of 4 bits of the second."""
    folder = write_run(store, make_run(), {"mig/exact": 0.5})
    shared = np.zeros((3, 5))
    shared[1, 1] = 0.75
    evaluation = folder.evaluation()
    assert evaluation is not None
    details = {
        "mig/exact/mean/0/mutual_information": shared,
        "mig/exact/mean/0/entropy": np.ones(5),
    }
    folder.write_evaluation(evaluation, details, folder.pictures())
    [one] = _found(store).found
    assert one.payload == {
        "run": explored[0],
        "labels": [
            "z0 \u00b7 1.5 nats",
            "z1 \u00b7 scale 0.75 \u00b7 0.2 nats",
            "z2 \u00b7 0.0 nats",
        ],
        "order": (0, 1, 2),
        "images": "images",
    }


def test_dimensions_of_which_nothing_is_known_keep_their_names(
    store: Store, make_run: MakeRun, write_run: WriteRun, explored: list[str]
) -> None:
    write_run(store, make_run(), {"dci/gbt": 0.5})
    [one] = _found(store).found
    assert one.payload == {"run": explored[0], "images": "images"}


@pytest.mark.usefixtures("explored")
def test_what_cannot_be_explored_is_said(
    store: Store, make_run: MakeRun, write_run: WriteRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = Mock(side_effect=ExplorerError("the decoder is too large"))
    monkeypatch.setattr(exploring, "explore", refuse)
    write_run(store, make_run(), {"mig/exact": 0.5})
    refusal = "beta 4, seed 0 cannot be explored: the decoder is too large."
    assert _found(store) == ((), {}, (refusal,))


def test_a_page_takes_a_few_decoders_and_names_the_others(
    tmp_path: Path, make_run: MakeRun, write_run: WriteRun, explored: list[str]
) -> None:
    """Each directory has a best run of its own."""
    stores = {f"d{k}": Store(tmp_path / f"d{k}") for k in range(MOST_EXPLORED // 2 + 1)}
    for store in stores.values():
        write_run(store, make_run(**AE), {"mig/exact": 0.25})
        write_run(store, make_run(**VAE), {"mig/exact": 0.5})
    found = explorables(gather(stores))
    assert (len(found.found), len(explored)) == (MOST_EXPLORED, MOST_EXPLORED)
    assert len({one.name for one in found.found}) == MOST_EXPLORED
    assert found.refusals == (
        "d3: ae, seed 0 is left out: 6 decoders are enough for a page.",
        "d3: beta 1 (VAE), seed 0 is left out: 6 decoders are enough for a page.",
    )


def test_weights_that_cannot_be_read_refuse_their_run_alone(
    store: Store, make_run: MakeRun, write_run: WriteRun
) -> None:
    """The weights that a pretended run has are none; images and explorer are the real ones."""
    folder = write_run(store, make_run(), {"mig/exact": 0.5})
    run_id = folder.path.name
    found = _found(store)
    [refusal] = found.refusals
    assert refusal.startswith(
        f"beta 4, seed 0 cannot be explored: cannot read the weights of {run_id}"
    )
    assert str(folder.path.parent) not in refusal
    assert (found.found, found.images) == ((), {})
