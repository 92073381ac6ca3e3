"""The table of baselines says what each is, and costs nothing to load."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pytest

from disbench.models.baselines import BASELINES
from disbench.models.linear import FITS
from disbench.models.objectives import OBJECTIVES
from disbench.runs import Run


def test_names_are_known_without_torch_and_scikit_learn() -> None:
    code = "import sys, disbench.models.baselines; print({'torch', 'sklearn'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own code
    assert found.stdout == "set()\n"


def test_no_name_means_two_things() -> None:
    assert BASELINES.keys().isdisjoint(OBJECTIVES)


def test_linear_baselines_have_a_fit() -> None:
    assert {name for name, one in BASELINES.items() if one.kind == "linear"} == FITS.keys()


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    baseline = BASELINES[name]
    assert baseline.summary
    assert baseline.citation
    assert {*baseline.ignored} <= {field.name for field in fields(Run)}


def test_only_factors_and_pixels_are_the_same_with_every_seed() -> None:
    """The others draw images to fit, a projection or weights."""
    assert {name for name, one in BASELINES.items() if one.deterministic} == {"factors", "pixels"}
