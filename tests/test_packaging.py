"""Three folders install as one package, whole, and import each other under its name only."""

from __future__ import annotations

import ast
import pkgutil
import tomllib
from fnmatch import fnmatch
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FOLDERS = {"bench": "disbench", "models": "disbench.models", "metrics": "disbench.metrics"}


def _setuptools() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    found: dict[str, Any] = settings["tool"]["setuptools"]
    return found


def _modules_on_disk() -> set[str]:
    """The dotted names that the files of the three folders are to have."""
    names = set()
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            names.add(".".join([package, *parts]).removesuffix(".__init__"))
    return names


def _modules_installed() -> set[str]:
    """The modules that can be found in the packages that are built."""
    packages = _setuptools()["packages"]
    within = {
        f"{package}.{module.name}"
        for package in packages
        for module in pkgutil.iter_modules(import_module(package).__path__)
    }
    return within | set(packages)


def _imports(path: Path) -> Iterator[str]:
    """The absolute names that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _offences(folder: str, *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in _imports(path)
        if any(f"{name}.".startswith(f"{prefix}.") for prefix in forbidden)
    ]


def test_every_module_is_installed() -> None:
    assert _modules_on_disk() - _modules_installed() == set()
    assert len(_modules_on_disk()) > 50


def test_nothing_else_is_installed() -> None:
    """A module that was deleted, or that stands in the wrong folder."""
    assert _modules_installed() - _modules_on_disk() == set()


def test_every_other_file_is_package_data() -> None:
    [(package, patterns)] = _setuptools()["package-data"].items()
    assert package == "disbench"
    for folder in FOLDERS:
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        for path in files:
            name = path.relative_to(ROOT / folder).as_posix()
            if path.suffix != ".py" and "__pycache__" not in name:
                assert any(fnmatch(name, pattern) for pattern in patterns), path


def test_studies_and_the_mark_of_types_are_installed() -> None:
    installed = resources.files("disbench")
    expected = {path.name for path in (ROOT / "bench" / "studies").glob("*.toml")}
    assert {file.name for file in (installed / "studies").iterdir()} == expected
    assert len(expected) >= 4
    assert (installed / "py.typed").is_file()


@pytest.mark.parametrize("folder", [*FOLDERS, "tests"])
def test_nothing_is_imported_by_the_name_of_its_folder(folder: str) -> None:
    assert _offences(folder, *FOLDERS) == []


def test_metrics_and_models_know_neither_the_bench_nor_each_other() -> None:
    bench = [
        f"disbench.{module.name}"
        for module in pkgutil.iter_modules(import_module("disbench").__path__)
        if module.name not in FOLDERS
    ]
    assert _offences("metrics", *bench, "disbench.models") == []
    assert _offences("models", *bench, "disbench.metrics") == []


def test_lint_bans_the_names_of_the_folders() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    banned = settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"]
    assert FOLDERS.keys() <= banned.keys()


def test_public_names_are_there() -> None:
    disbench = import_module("disbench")
    assert set(disbench.__all__) == {"dsprites", "load_study", "run", "score"}
    assert set(disbench.__all__) <= set(dir(disbench))
    for name in disbench.__all__:
        assert getattr(disbench, name) is not None
    with pytest.raises(AttributeError, match="'disbench' has no attribute 'scores'"):
        disbench.scores  # noqa: B018 - looked up, not used
