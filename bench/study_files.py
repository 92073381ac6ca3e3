"""Studies from TOML: the shipped ones by name, anybody's by path, and back."""

from __future__ import annotations

import re
import reprlib
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from pydantic import ValidationError

from disbench.errors import StudyError
from disbench.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic_core import ErrorDetails

MAX_BYTES = 2_000_000
"""Twice what the longest list of seeds takes."""

MAX_DEPTH = 32
"""Parts of a dotted key; tomllib takes time that is quadratic in their number."""

MAX_PROBLEMS, MAX_LENGTH = 20, 500
"""How many problems of a study are told, and in how many characters each."""

_PART = r"""(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_DEEP_KEY = re.compile(rf"(?<![\w\\-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_DEPTH},}}")


def shipped_studies() -> tuple[str, ...]:
    """The names of the studies that come with the package."""
    folder = resources.files("disbench") / "studies"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir()))


def load_study(study: str | Path) -> Study:
    """The study of a shipped name or of a TOML file.

    Raises `StudyError`, naming the key, what it holds and what was expected, where there is no
    such study or it cannot be run.
    """
    if study in shipped_studies():
        text = (resources.files("disbench") / "studies" / f"{study}.toml").read_text("utf-8")
    else:
        text = _read(Path(study))
    if deep := _DEEP_KEY.search(text):
        raise StudyError(f"{study} has a key of more than {MAX_DEPTH} parts: {deep[0][:40]}...")
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{study} is not valid TOML: {error}") from None
    return parse_study(content, source=str(study))


def parse_study(content: Mapping[str, Any], *, source: str) -> Study:
    """The validated study of parsed TOML; `source` names it in the message of `StudyError`."""
    _refuse_long_integers(content, source)
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        lines = [_cut(f"  {_path(e)}: {_reason(e)}") for e in _innermost(error.errors())]
        if len(lines) > MAX_PROBLEMS:
            lines[MAX_PROBLEMS:] = [f"  and {len(lines) - MAX_PROBLEMS:,} more"]
        raise StudyError("\n".join([f"the study {source} cannot be run:", *lines])) from None


def to_toml(study: Study) -> str:
    """The study as a file that `load_study` reads back to an equal one."""
    return tomli_w.dumps(study.model_dump(mode="json"))


def narrowed(
    study: Study,
    *,
    objectives: Sequence[str] | None = None,
    beta: Sequence[float] | None = None,
    seeds: int | None = None,
    steps: int | None = None,
    precision: str | None = None,
) -> Study:
    """The study with parts replaced, checked again as a whole.

    `objectives` are those to keep, by name, baselines among them; `beta` replaces the values of
    every one that has that hyper-parameter; `seeds` is a count. Raises `StudyError` where a value
    cannot be, an objective is not in the study, or none has a beta.
    """
    content = study.model_dump(mode="json")
    if objectives is not None:
        _keep_objectives(content, objectives)
    if beta is not None:
        _replace_beta(content, beta)
    if seeds is not None:
        content["seeds"] = seeds
    training = {"steps": steps, "precision": precision}
    content["training"] |= {name: value for name, value in training.items() if value is not None}
    return parse_study(content, source=study.name)


def _keep_objectives(content: dict[str, Any], names: Sequence[str]) -> None:
    there = dict.fromkeys((*content["baselines"], *(o["name"] for o in content["objectives"])))
    for name in names:
        if name not in there:
            raise StudyError(
                f"the study {content['name']} has no objective or baseline {name!r}; "
                f"choose of {', '.join(there)}"
            )
    content["objectives"] = [o for o in content["objectives"] if o["name"] in names]
    content["baselines"] = [name for name in content["baselines"] if name in names]


def _replace_beta(content: dict[str, Any], beta: Sequence[float]) -> None:
    with_beta = [objective for objective in content["objectives"] if "beta" in objective]
    if not with_beta:
        raise StudyError(f"the study {content['name']} has no objective with a beta to replace")
    for objective in with_beta:
        objective["beta"] = list(beta)


def _refuse_long_integers(content: Mapping[str, Any], source: str) -> None:
    """Refuse integers beyond those of TOML: Python refuses to write out very long ones."""
    left: list[object] = [content]
    while left:  # a loop, since it may be nested deeper than functions can be
        value = left.pop()
        if isinstance(value, int) and value.bit_length() > 64:  # noqa: PLR2004 - as a computer's
            raise StudyError(
                f"the study {source} has an integer of {value.bit_length():,} bits; "
                "expected those of TOML, which have 64"
            )
        if isinstance(value, dict | list | tuple):
            left.extend(value.values() if isinstance(value, dict) else value)


def _cut(line: str) -> str:
    return line if len(line) <= MAX_LENGTH else f"{line[:MAX_LENGTH]}..."


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StudyError(
            f"there is no study {str(path)!r} ({reason}); "
            f"give a TOML file or one of {', '.join(shipped_studies())}"
        ) from None
    if len(content) > MAX_BYTES:
        raise StudyError(f"{path} is larger than {MAX_BYTES:,} bytes; no study is")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise StudyError(f"{path} is not text in UTF-8; a study is a TOML file") from None


def _innermost(errors: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """The errors without those that only repeat them: a list without its bad items is too short."""
    around = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
    return (error for error in errors if error["loc"] not in around)


def _path(error: ErrorDetails) -> str:
    """The key as one would write it: ``objectives[1].beta[0]``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    return "".join(parts).lstrip(".") or "the grid"


def _reason(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "value_error" | "unknown_name":
            return message
        case "missing":
            return "is missing, and has no default"
        case "extra_forbidden":
            return "there is no such key"
        case _:
            # However long or deep it is, a glance at it is enough.
            return f"got {reprlib.repr(error['input'])}; {message[0].lower()}{message[1:]}"
