"""What a setting is, and what a reader calls it: short names that tell all of a frame apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from disbench.models.baselines import BASELINES

SETTING = ("source", "model", "beta", "hyperparameters")
"""The columns that runs of other seeds share: a directory, a model, and what that was given."""

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
    """The settings of a frame: by source, baselines first, then those without a beta, by beta."""
    return setting_table(frame)["setting"].tolist()


def setting_table(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each setting of a frame, in the order of `settings_of`.

    Columns are those of `SETTING`, and `setting`, its name.
    """
    order = ["beta", "model", "hyperparameters"]
    table = _sorted(frame[list(SETTING)].drop_duplicates(), order)
    return table.assign(setting=pd.Series(_names(table), index=table.index, dtype="str"))


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows by source, model, hyper-parameters and seed; otherwise in the order they had.

    Baselines come first, in the order of their table.
    """
    return _sorted(frame, [*SETTING[1:], "seed"])


def beside_beta(beta: float, hyperparameters: object) -> str:
    """The hyper-parameters of a setting where they are more than beta, and otherwise nothing."""
    text = hyperparameters if isinstance(hyperparameters, str) else ""
    return "" if text == f"beta={digits(beta)}" else text


def digits(value: float) -> str:
    """A hyper-parameter as a reader writes it, with more than six digits where it has them."""
    text = f"{value:g}"
    return text if float(text) == value else repr(float(value))


def spoken(setting: str) -> str:
    """A setting as it stands by itself: a bare beta gets its name."""
    source, colon, name = setting.rpartition(": ")
    return f"{source}{colon}{name if name[0].isalpha() else f'beta {name}'}"


def _sorted(frame: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """The rows by source, baselines first in the order of their table, then by these columns."""
    place = frame["model"].map(_PLACES).fillna(len(_PLACES))
    keys = [name for name in ("source", "place", *order) if name in {*frame, "place"}]
    ordered = frame.assign(place=place).sort_values(
        keys, kind="stable", na_position="first", ignore_index=True
    )
    return ordered.drop(columns="place")


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
    if beside_beta(beta, hyperparameters) or np.isnan(beta):
        return _long_name(model, beta, hyperparameters)
    return f"{beta:g} (VAE)" if beta == 1 else digits(beta)


def _long_name(model: str, beta: float, hyperparameters: object) -> str:
    """The model, and what it was given: a VAE has a beta that nobody chose."""
    chosen = digits(beta) if _is_told_by_beta(beta, hyperparameters) else ""
    return f"{model} {chosen or beside_beta(beta, hyperparameters)}".rstrip()
