"""What dimensions tell of factors is a share of the factor's entropy, read from what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from disbench.finished import finished_runs
from disbench.information import Information
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    WriteRun = Callable[..., RunFolder]
    MakeRun = Callable[..., Run]
    Arrays = dict[str, NDArray[np.float64]]
    Details = Callable[..., Arrays]
    Kept = Callable[..., Information | None]

FACTORS = ("shape", "scale", "orientation", "posX", "posY")
SHARES = np.array([[0.0, 0.02, 0.04], [0.5, 0.1, 0.03], [0.2, 0.099, 0.81]])
EXACT, SAMPLED = "mig/exact", "mig/locatello2019"


def _information(kl: tuple[float, ...] | None = (0.04, 1.5, 1.94)) -> Information:
    return Information(SHARES, ("shape", "scale", "posX"), kl)


@pytest.fixture
def kept(tmp_path: Path, make_run: MakeRun, write_run: WriteRun) -> Kept:
    """What is read of a run with these arrays behind its scores."""

    def read(details: Arrays, **definition: object) -> Information | None:
        store = Store(tmp_path)
        write_run(store, make_run(**definition), {EXACT: 0.5}, details=details)
        [run] = finished_runs(store, source="here")
        return run.information

    return read


def test_dimensions_are_ordered_by_what_they_cost() -> None:
    assert _information().order == (2, 1, 0)
    assert _information((1.5, 0.25, 0.0)).order == (0, 1, 2)


def test_without_a_posterior_they_are_ordered_by_what_they_tell() -> None:
    """The largest shares are 0.04, 0.5 and 0.81."""
    assert _information(None).order == (2, 1, 0)
    assert Information(SHARES[[1, 2, 0]], ("a", "b", "c"), None).order == (1, 0, 2)


def test_dimensions_that_cost_the_same_keep_their_order() -> None:
    assert _information((0.5, 1.0, 0.5)).order == (1, 0, 2)


def test_dimension_carries_the_factor_that_it_tells_most_of() -> None:
    assert _information().carried(1) == ("shape", 0.5)
    assert _information().carried(2) == ("posX", 0.81)
    assert _information().carried(0) is None


def test_a_tenth_of_the_entropy_is_enough_to_carry_a_factor() -> None:
    information = Information(np.array([[0.1, 0.0], [0.0, 0.0999]]), ("a", "b"), None)
    assert information.carried(0) == ("a", 0.1)
    assert information.carried(1) is None


def test_label_has_the_factor_and_the_cost() -> None:
    assert _information().label(2) == "z2 \u00b7 posX 0.81 \u00b7 1.9 nats"
    assert _information().label(0) == "z0 \u00b7 0.0 nats"


def test_label_without_a_posterior_has_no_cost() -> None:
    assert _information(None).label(1) == "z1 \u00b7 shape 0.50"
    assert _information(None).label(0) == "z0"


def test_words_name_the_dimension_that_tells_most_of_each_factor() -> None:
    assert _information().in_words() == "shape z1 0.50, scale z1 0.10, posX z2 0.81"


def test_shares_are_read_with_the_cost(kept: Kept, details_of: Details) -> None:
    """Mutual information over entropy, and 0 of a factor that has no entropy to tell of."""
    found = [[0.5, 0.5, 0, 1, 0], [0, 0.25, 0, 0, 0], [0, 0, 0, 0, 3]]
    information = kept(details_of(found, (0.5, 2, 0, 4, 4)))
    assert information is not None
    assert information.factors == FACTORS
    assert information.kl == (1.5, 0.25, 0.0)
    assert information.shares.tolist() == [
        [1, 0.25, 0, 0.25, 0],
        [0, 0.125, 0, 0, 0],
        [0, 0, 0, 0, 0.75],
    ]


def test_autoencoder_has_shares_and_no_cost(kept: Kept, details_of: Details) -> None:
    information = kept(details_of(np.eye(3, 5)), objective="ae", hyperparameters={})
    assert information is not None
    assert information.kl is None
    assert information.order == (0, 1, 2)


@pytest.mark.parametrize(("protocols", "share"), [([SAMPLED, EXACT], 0.75), ([SAMPLED], 0.5)])
def test_all_rows_say_more_than_a_sample_of_them(
    protocols: list[str], share: float, kept: Kept, details_of: Details
) -> None:
    shares = {SAMPLED: 0.5, EXACT: 0.75}
    found = [details_of(shares[name] * np.eye(3, 5), protocol=name) for name in protocols]
    information = kept({name: array for details in found for name, array in details.items()})
    assert information is not None
    assert information.shares[0, 0] == share


@pytest.mark.parametrize("asked", ["nothing", "other protocols", "samples", "half of it"])
def test_where_no_protocol_asked_there_is_none(asked: str, kept: Kept, details_of: Details) -> None:
    every = details_of(np.eye(3, 5))
    details: dict[str, Arrays] = {
        "nothing": {},
        "other protocols": details_of(np.eye(3, 5), protocol="mig/other"),
        "samples": {name.replace("mean", "sampled"): array for name, array in every.items()},
        "half of it": {name: array for name, array in every.items() if "entropy" not in name},
    }
    assert kept(details[asked]) is None
