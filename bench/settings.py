"""What a setting is, and what a reader calls it: short names that tell all of a frame apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from disbench.models.baselines import BASELINES
from disbench.words import digits

SETTING = ("source", "model", "beta", "hyperparameters")
"""The columns that runs of other seeds share: a directory, a model, and what that was given."""

BETA_VAES = ("vae", "beta_vae")
"""Models that beta alone tells apart, where there are no others."""

_PLACES = {name: place for place, name in enumerate(BASELINES)}


def setting_names(frame: pd.DataFrame) -> pd.Series[str]:
    """What a reader calls the setting of each row: another name for each setting of the frame.

    ``ae``, ``1 (VAE)``, ``4``, ``new gamma=2``; ``vae`` and ``beta_vae 4`` where betas alone could
    be those of several models; ``quick: 4`` where there are several sources. So a part of a frame
    may have other names than the whole.
    """
    table = setting_table(frame)
    columns = list(SETTING)
    named = frame[columns].merge(table, on=columns, how="left")  # a missing value equals another
    return pd.Series(named["setting"].to_numpy(), index=frame.index, dtype="str")


def settings_of(frame: pd.DataFrame) -> list[str]:
    """The settings of a frame, as `setting_table` orders them."""
    return setting_table(frame)["setting"].tolist()


def setting_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each setting of a frame: by source, by model, by the main hyper-parameter.

    Columns are those of `SETTING`, and `setting`, its name. Baselines come first, then models
    that have nothing to choose; the VAE stands among the beta-VAEs.
    """
    table = _sorted(frame[list(SETTING)].drop_duplicates())
    return table.assign(setting=pd.Series(_names(table), index=table.index, dtype="str"))


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of `setting_table`, then by seed; otherwise in the order they had."""
    return _sorted(frame)


def hyperparameter_word(frame: pd.DataFrame) -> str:
    """What a reader calls the hyper-parameters of these rows: ``beta`` where there is no other."""
    names = set(_main(frame)["name"].dropna())
    return "beta" if names <= {"beta"} else "hyper-parameters"


def beside_beta(beta: float, hyperparameters: object) -> str:
    """The hyper-parameters of a setting where they are more than beta, and otherwise nothing."""
    text = hyperparameters if isinstance(hyperparameters, str) else ""
    return "" if text == f"beta={digits(beta)}" else text


def spoken(setting: str) -> str:
    """A setting as it stands by itself: a bare beta gets its name."""
    source, colon, name = setting.rpartition(": ")
    return f"{source}{colon}{name if name[0].isalpha() else f'beta {name}'}"


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows by source, baselines first in the order of their table, then by family and main
    hyper-parameter, then by what else there is of a setting, and by seed.
    """  # noqa: D205 - one sentence
    places: dict[str, pd.Series[Any]] = {"place": frame["model"].map(_PLACES).fillna(len(_PLACES))}
    if {*SETTING} <= {*frame}:
        main = pd.to_numeric(_main(frame)["value"]).fillna(frame["beta"])
        family = frame["model"].replace({"vae": "beta_vae"}).where(main.notna())
        places |= {"family": family, "main": main}
    others = [name for name in ("model", "hyperparameters", "seed") if name in frame]
    ordered = frame.assign(**places).sort_values(
        ["source", *places, *others], kind="stable", na_position="first", ignore_index=True
    )
    return ordered[list(frame)]


def _main(frame: pd.DataFrame) -> pd.DataFrame:
    """The name and the value of each row's main hyper-parameter, the first that is written."""
    return frame["hyperparameters"].astype("str").str.extract("^(?P<name>[^=]+)=(?P<value>[^ ]+)")


def _names(table: pd.DataFrame) -> list[str]:
    """The names of settings, each a row."""
    settings = list(table[list(SETTING[1:])].itertuples(index=False, name=None))
    short = [_short_name(*setting) for setting in settings]
    by_beta = {model for model, *given in settings if _is_told_by_beta(*given)}
    unclear = len(by_beta) > 1 or len(set(short)) < len(set(map(repr, settings)))
    names = [_long_name(*setting) for setting in settings] if unclear else short
    if len(set(table["source"])) > 1:
        return [f"{source}: {name}" for source, name in zip(table["source"], names, strict=True)]
    return names


def _is_told_by_beta(beta: float, hyperparameters: object) -> bool:
    """Whether beta is all that the setting chose."""
    return isinstance(hyperparameters, str) and not beside_beta(beta, hyperparameters)


def _short_name(model: str, beta: float, hyperparameters: object) -> str:
    if model not in BETA_VAES or beside_beta(beta, hyperparameters) or np.isnan(beta):
        return _long_name(model, beta, hyperparameters)
    return f"{beta:g} (VAE)" if beta == 1 else digits(beta)


def _long_name(model: str, beta: float, hyperparameters: object) -> str:
    """The model, and what it was given: a VAE has a beta that nobody chose."""
    chosen = digits(beta) if _is_told_by_beta(beta, hyperparameters) else ""
    return f"{model} {chosen or beside_beta(beta, hyperparameters)}".rstrip()
