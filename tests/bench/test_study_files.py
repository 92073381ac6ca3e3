"""Studies are read from TOML, refused in words, and written back without loss."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from disbench.errors import StudyError
from disbench.study_files import load_study, narrowed, parse_study, shipped_studies, to_toml

if TYPE_CHECKING:
    from collections.abc import Callable

    from disbench.study import Study

MINIMAL = 'name = "x"\n[[objectives]]\nname = "ae"\n'


def _write(folder: Path, content: str | bytes) -> Path:
    path = folder / "study.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _text() -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=("Cs",)))


def _positive(largest: int) -> st.SearchStrategy[int]:
    return st.integers(1, largest)


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """Any study that can be run, with every key given."""
    tenths = st.lists(st.integers(0, 10_000), min_size=1, max_size=5, unique=True)
    beta = {"name": "beta_vae", "beta": [tenth / 10 for tenth in draw(tenths)]}
    rates = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
    return {
        "name": draw(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)),
        "description": draw(_text()),
        "data": draw(_text().filter(len)),
        "seeds": draw(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=4, unique=True)),
        "objectives": draw(st.sampled_from([[beta], [{"name": "ae"}, beta], [{"name": "vae"}]])),
        "model": {"network": draw(st.sampled_from(["conv", "fc"])), "latents": draw(_positive(99))},
        "training": {
            "steps": draw(_positive(2**63 - 1)),
            "batch_size": draw(_positive(65_536)),
            "optimiser": draw(st.sampled_from(["adam", "adagrad"])),
            "learning_rate": draw(rates),
            "precision": draw(st.sampled_from(["auto", "fp32", "bf16"])),
        },
        "evaluation": {
            "grid": draw(st.sampled_from(["tiny", "coarse", "full"])),
            "protocols": draw(st.sampled_from([["mig/exact"], ["mig/exact", "irs/*"]])),
            "save_codes": draw(st.booleans()),
        },
    }


@settings(deadline=None)  # a file is as slow as its disk
@given(content=contents())
def test_a_study_survives_its_file(
    content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = parse_study(content, source="hypothesis")
    path = _write(tmp_path_factory.mktemp("study"), to_toml(study))
    assert load_study(path) == study


@pytest.mark.parametrize(
    ("name", "n_runs"),
    [("smoke", 14), ("quick", 12), ("higgins2017", 210), ("locatello2019", 1800), ("tradeoff", 15)],
)
def test_shipped_study_can_be_run(name: str, n_runs: int) -> None:
    study = load_study(name)
    assert study.name == name
    assert study.n_runs == len(study.runs(precision="fp32", data_sha256="")) == n_runs
    assert study.description


def test_shipped_studies_are_listed() -> None:
    assert {"smoke", "quick", "higgins2017", "locatello2019"} <= set(shipped_studies())
    for name in shipped_studies():
        assert load_study(name).name == name


def test_grid_of_study_v1_is_the_papers() -> None:
    study = load_study("locatello2019")
    grids = {objective.name: objective.hyperparameters for objective in study.objectives}
    six = (1, 2, 5, 10, 20, 50)
    assert grids == {
        "beta_vae": {"beta": (1, 2, 4, 6, 8, 16)},
        "cci_vae": {"capacity": (5, 10, 25, 50, 75, 100), "gamma": (1000,), "ramp": (100_000,)},
        "factor_vae": {"gamma": (10, 20, 30, 40, 50, 100)},
        "dip_vae_i": {"lambda_od": six, "lambda_d_factor": (10,)},
        "dip_vae_ii": {"lambda_od": six, "lambda_d_factor": (1,)},
        "beta_tc_vae": {"beta": (1, 2, 4, 6, 8, 10), "alpha": (1,), "gamma": (1,)},
    }
    assert study.seeds == tuple(range(50))
    assert (study.training.steps, study.training.batch_size) == (300_000, 64)
    assert (study.training.optimiser, study.training.learning_rate) == ("adam", 1e-4)
    assert (study.model.network, study.model.latents) == ("conv", 10)


def test_file_is_taken_by_path(tmp_path: Path) -> None:
    path = _write(tmp_path, MINIMAL)
    assert load_study(path) == load_study(str(path))
    assert load_study(path).name == "x"


def test_shipped_name_goes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "smoke").write_text(MINIMAL)
    assert load_study("smoke").name == "smoke"
    assert load_study(Path("smoke")).name == "x"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'name = "\xff"', "is not text in UTF-8; a study is a TOML file"),
        ("name = ", "is not valid TOML: Invalid value"),
        ("x = " + "[" * 5000 + "]" * 5000, "is not valid TOML: maximum recursion depth exceeded"),
        ("seeds = " + "9" * 5000, "is not valid TOML: Exceeds the limit"),
        ("#" * 2_000_001, "is larger than 2,000,000 bytes; no study is"),
        ("", "name: is missing"),
        (f"{MINIMAL}[training]\nsteps{'.a' * 31} = 1", "training.steps: got {'a': {'a':"),
        (f"{MINIMAL}[training]\nsteps{'.a' * 32} = 1", "has a key of more than 32 parts: steps.a"),
        ('[\'a\' . "\\""' + " . b" * 31 + "]", "has a key of more than 32 parts: 'a' ."),
        ("x" + ".a" * 500_000, "has a key of more than 32 parts"),
        (f"seeds = 0x{'F' * 400_000}\n{MINIMAL}", "has an integer of 1,600,000 bits"),
        (f"{MINIMAL}[training]\nx = [{{y = [0x1{'0' * 16}]}}]", "has an integer of 65 bits"),
        ('seeds = ["a"' + ', "a"' * 49 + "]\n" + MINIMAL, "  seeds[19]: got 'a'; input should"),
        ('seeds = ["a"' + ', "a"' * 49 + "]\n" + MINIMAL, "  and 30 more"),
        (f"{MINIMAL}[evaluation]\ngrid = '{'x' * 1000}'", f"{'x' * 450}..."),
        (f"{MINIMAL}[evaluation]\nprotocols = ['{'*a' * 51}']", "should have at most 100 charac"),
        (f"data = '{'a' * 4097}'\n{MINIMAL}", "data: got "),
        (f"description = '{'a' * 10_001}'\n{MINIMAL}", "description: got "),
    ],
)
def test_file_that_is_no_study_is_refused(
    content: str | bytes, message: str, tmp_path: Path
) -> None:
    path = _write(tmp_path, content)
    with pytest.raises(StudyError) as refused:
        load_study(path)
    assert str(path) in str(refused.value)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("quikc", "there is no study 'quikc' (No such file or directory); give a TOML file or one"),
        ("", "there is no study '.' (Is a directory)"),
        ("a\0b", "there is no study 'a\\x00b' (embedded null byte)"),
        ("/dev/zero", "/dev/zero is larger than 2,000,000 bytes"),
    ],
)
def test_study_that_is_not_there_is_refused_with_what_is(study: str, message: str) -> None:
    with pytest.raises(StudyError) as refused:
        load_study(study)
    assert message in str(refused.value)


def test_parts_of_a_study_are_replaced(make_study: Callable[..., Study]) -> None:
    study = make_study(description="kept")
    narrow = narrowed(study, beta=[1, 16], seeds=2, steps=9, precision="bf16")
    assert [o.hyperparameters for o in narrow.objectives] == [{}, {"beta": (1.0, 16.0)}]
    assert narrow.seeds == (0, 1)
    assert narrow.training == study.training.model_copy(update={"steps": 9, "precision": "bf16"})
    assert (narrow.description, narrow.model) == ("kept", study.model)
    assert narrow.evaluation == study.evaluation


def test_longest_list_of_seeds_survives_its_file(
    make_study: Callable[..., Study], tmp_path: Path
) -> None:
    study = make_study(seeds=100_000, objectives=[{"name": "ae"}])
    assert load_study(_write(tmp_path, to_toml(study))) == study


def test_integer_that_python_does_not_write_out_is_refused(
    make_study: Callable[..., Study],
) -> None:
    with pytest.raises(StudyError, match="the study tiny has an integer of 20,001 bits"):
        narrowed(make_study(), steps=2**20_000)


def test_nothing_replaced_is_the_same_study(make_study: Callable[..., Study]) -> None:
    study = make_study(seeds=[5, 2])
    assert narrowed(study) == study


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beta": [4, 4]}, "beta_vae beta = 4 is there 2 times"),
        ({"beta": [math.nan]}, r"objectives\[1\].beta\[0\]: got nan"),
        ({"beta": [-1]}, "beta is -1.0"),
        ({"beta": []}, r"objectives\[1\].beta: got \[\]"),
        ({"seeds": 0}, "seeds: got 0"),
        ({"steps": 0}, "training.steps: got 0"),
        ({"precision": "fp8"}, "training.precision: got 'fp8'"),
    ],
)
def test_replaced_parts_are_checked_again(
    changes: dict[str, Any], message: str, make_study: Callable[..., Study]
) -> None:
    with pytest.raises(StudyError, match=message):
        narrowed(make_study(), **changes)


def test_beta_of_a_study_without_one_is_refused(make_study: Callable[..., Study]) -> None:
    study = make_study(objectives=[{"name": "ae"}])
    with pytest.raises(StudyError, match="the study tiny has no objective with a beta to replace"):
        narrowed(study, beta=[1])


def test_objectives_are_kept_by_name(make_study: Callable[..., Study]) -> None:
    study = make_study()
    assert [o.name for o in study.objectives] == ["ae", "beta_vae"]
    kept = narrowed(study, objectives=["beta_vae"])
    assert [o.name for o in kept.objectives] == ["beta_vae"]
    assert kept.objectives[0] == study.objectives[1]
    with_baselines = make_study(baselines=["factors", "pca"])
    kept = narrowed(with_baselines, objectives=["pca"])
    assert (kept.baselines, kept.objectives) == (("pca",), ())
    with pytest.raises(StudyError, match="no objective or baseline 'vae'; choose of ae, beta_vae"):
        narrowed(study, objectives=["ae", "vae"])
