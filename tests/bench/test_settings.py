"""Settings have short names, and no two the same one."""

from __future__ import annotations

from itertools import product
from math import nan

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from disbench.settings import (
    SETTING,
    beside_beta,
    hyperparameter_word,
    in_order,
    setting_names,
    setting_table,
    settings_of,
)
from disbench.words import digits

Setting = tuple[str, float, str | float]
AE: Setting = ("ae", nan, nan)
VAE: Setting = ("vae", 1.0, nan)


def _frame(*settings: Setting, source: str = "results") -> pd.DataFrame:
    rows = [(source, *setting) for setting in settings]
    frame = pd.DataFrame(rows, columns=list(SETTING))
    return frame.astype({"beta": "float64", "hyperparameters": "str"})


def _beta(beta: float, model: str = "beta_vae") -> Setting:
    return (model, beta, f"beta={digits(beta)}")


def test_settings_are_named_and_ordered() -> None:
    frame = _frame(_beta(16), VAE, AE, _beta(0.5), _beta(16))
    assert setting_names(frame).tolist() == ["16", "1 (VAE)", "ae", "0.5", "16"]
    assert settings_of(frame) == ["ae", "0.5", "1 (VAE)", "16"]


def test_settings_without_a_beta_are_told_apart() -> None:
    frame = _frame(("new", nan, "gamma=2"), ("new", nan, "gamma=10"))
    assert setting_names(frame).tolist() == ["new gamma=2", "new gamma=10"]


def test_other_hyperparameters_are_named_beside_beta() -> None:
    frame = _frame(_beta(4), ("new", 4.0, "beta=4 gamma=2"))
    assert setting_names(frame).tolist() == ["4", "new beta=4 gamma=2"]
    assert beside_beta(4.0, "beta=4") == beside_beta(1.0, nan) == ""


def test_models_are_named_where_betas_could_be_those_of_several() -> None:
    frame = _frame(_beta(4), _beta(4, "tcvae"), VAE, AE)
    assert setting_names(frame).tolist() == ["beta_vae 4", "tcvae 4", "vae", "ae"]
    assert settings_of(frame) == ["ae", "vae", "beta_vae 4", "tcvae 4"]


def test_models_are_named_where_their_betas_differ_too() -> None:
    assert settings_of(_frame(_beta(4), _beta(8, "tcvae"))) == ["beta_vae 4", "tcvae 8"]


def test_only_a_beta_vae_is_told_by_beta_alone() -> None:
    assert settings_of(_frame(_beta(1, "ada_gvae"), AE)) == ["ae", "ada_gvae 1"]


def test_vae_is_told_from_the_beta_vae_at_1() -> None:
    assert settings_of(_frame(VAE, _beta(1))) == ["beta_vae 1", "vae"]


def test_settings_of_a_model_are_ordered_by_its_main_hyperparameter() -> None:
    given = ("gamma=10", "gamma=9", "gamma=9 ramp=5", "gamma=100")
    frame = _frame(*(("factor", nan, text) for text in given), _beta(4), VAE, _beta(0.5))
    assert settings_of(frame) == [
        *("0.5", "1 (VAE)", "4"),
        *("factor gamma=9", "factor gamma=9 ramp=5", "factor gamma=10", "factor gamma=100"),
    ]


def test_hyperparameters_are_called_beta_where_there_is_no_other() -> None:
    other = ("factor", nan, "gamma=10 beta=4")
    assert hyperparameter_word(_frame(_beta(4), AE, _beta(4, "tcvae"))) == "beta"
    assert hyperparameter_word(_frame(AE)) == "beta"
    assert hyperparameter_word(_frame(_beta(4), other)) == "hyper-parameters"
    assert hyperparameter_word(_frame(other)) == "hyper-parameters"


def test_sources_are_named_where_there_are_several() -> None:
    frame = pd.concat([_frame(_beta(4), AE, source="b"), _frame(_beta(4), source="a")])
    assert setting_names(frame).tolist() == ["b: 4", "b: ae", "a: 4"]
    assert settings_of(frame) == ["a: 4", "b: ae", "b: 4"]


def test_names_keep_the_index_of_the_frame() -> None:
    frame = _frame(_beta(4), AE).set_axis([7, 7])
    names = setting_names(frame)
    assert names.index.tolist() == [7, 7]
    assert names.tolist() == ["4", "ae"]


def test_nothing_has_no_names() -> None:
    assert setting_names(_frame()).empty
    assert settings_of(_frame()) == []


def test_table_has_a_row_a_setting() -> None:
    table = setting_table(_frame(_beta(4), AE, _beta(4)))
    assert table["setting"].tolist() == ["ae", "4"]
    assert list(table.columns) == [*SETTING, "setting"]


MODELS = ("beta_vae", "tcvae")
BETAS = (1.0, 4.0, 4.0000001, 1e-9)
CHOICES: list[Setting] = [
    AE,
    VAE,
    *(_beta(beta, model) for model, beta in product(MODELS, BETAS)),
    *(("factor", nan, f"gamma={gamma}") for gamma in (1, 4)),
    ("new", 4.0, "beta=4 gamma=1"),
    ("new", 4.0, "beta=4 gamma=4"),
]


@settings(max_examples=40)
@given(
    first=st.lists(st.sampled_from(CHOICES), min_size=1, max_size=9),
    second=st.lists(st.sampled_from(CHOICES), max_size=9),
)
def test_another_setting_has_another_name(first: list[Setting], second: list[Setting]) -> None:
    frame = pd.concat([_frame(*first, source="one"), _frame(*second, source="two")])
    told = pd.Series(list(map(repr, frame[list(SETTING)].itertuples(index=False, name=None))))
    named = pd.DataFrame({"name": setting_names(frame).tolist(), "setting": told})
    assert named.groupby("name")["setting"].nunique().eq(1).all()
    assert named.groupby("setting")["name"].nunique().eq(1).all()
    assert sorted(settings_of(frame)) == sorted(set(named["name"]))


def test_rows_are_ordered_by_source_model_beta_and_seed() -> None:
    frame = _frame(_beta(16), _beta(4), AE).assign(seed=[0, 1, 2])
    frame = pd.concat([frame, frame.assign(seed=0), frame.assign(source="a", seed=9)])
    assert in_order(frame)["seed"].tolist() == [9, 9, 9, 0, 2, 0, 1, 0, 0]


def test_baselines_come_first_in_the_order_of_their_table() -> None:
    baselines: list[Setting] = [("untrained", nan, nan), ("pca", nan, nan), ("factors", nan, nan)]
    frame = _frame(_beta(4), AE, *baselines)
    assert settings_of(frame) == ["factors", "pca", "untrained", "ae", "4"]
    assert in_order(frame)["model"].tolist() == ["factors", "pca", "untrained", "ae", "beta_vae"]
