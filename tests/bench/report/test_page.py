"""The report is one valid HTML file that refers to nothing outside itself."""

from __future__ import annotations

import itertools
import re
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import html5lib
import numpy as np
import pytest

from disbench.evidence import gather
from disbench.record_files import write_record
from disbench.records import Failure, LossRecord
from disbench.report import write_report, write_reports
from disbench.report.page import SECTIONS
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from disbench.run_folder import RunFolder
    from disbench.runs import Run
    from disbench.study import Study

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
AE: dict[str, object] = {"objective": "ae", "hyperparameters": {}}

STRANGE = """<script>alert(1)</script> "&' {{ 7 * 7 }} {% raw %} --> ]]> </style>"""


def _parsed(text: str) -> Element:
    """The document, of which a strict parser has nothing to complain about."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=True)
    document: Element = parser.parse(text)
    return document


def _texts(element: Element, *path: str) -> list[str]:
    """What the elements of a path say, white space put aside."""
    found = element.iterfind(".//" + "/".join(HTML + name for name in path))
    return [" ".join("".join(one.itertext()).split()) for one in found]


def _attributes(document: Element, name: str) -> list[str]:
    return [value for e in document.iter() if (value := e.get(name)) is not None]


@pytest.fixture(scope="module")
def text(real_results: Path) -> str:
    return (real_results / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def document(text: str) -> Element:
    return _parsed(text)


def _report(directory: Path) -> Element:
    write_report(directory)
    return _parsed((directory / "report.html").read_text("utf-8"))


def _assert_sound(document: Element) -> None:
    """Names stand once, links have targets, and the navigation lists the sections."""
    names = _attributes(document, "id")
    assert len(names) == len(set(names))
    targets = [value.removeprefix("#") for value in _attributes(document, "href")]
    assert set(targets) <= set(names)
    nav = [e.get("href") for e in document.iterfind(f".//{HTML}nav/{HTML}a")]
    sections = [f"#{e.get('id')}" for e in document.iterfind(f".//{HTML}section")]
    assert nav == sections
    assert set(sections) <= {f"#{name}" for name in SECTIONS}
    for attribute in ("aria-labelledby", "aria-describedby", "for"):
        assert set(_attributes(document, attribute)) <= set(names)


def test_a_whole_report_is_valid(document: Element) -> None:
    _assert_sound(document)
    [language, *_] = _attributes(document, "lang")
    assert language == "en"
    assert _texts(document, "title") == ["tiny \u2013 disbench"]
    assert _texts(document, "h1") == ["tiny"]


def test_sections_of_a_whole_report(document: Element) -> None:
    """All but the comparisons of directories, and with what is published: there are none."""
    nav = [e.get("href") for e in document.iterfind(f".//{HTML}nav/{HTML}a")]
    assert nav == [f"#{name}" for name in SECTIONS if name not in {"compared", "published"}]
    assert _texts(document, "nav", "a") == [SECTIONS[str(href)[1:]] for href in nav]


def test_every_image_has_words(document: Element) -> None:
    images = list(document.iter(f"{HTML}img"))
    assert len(images) == 1 + 3 * 3  # the originals, and three of each setting
    assert all(len(image.get("alt", "")) > 10 for image in images)
    assert all(int(image.get("width", 0)) > 0 for image in images)
    drawings = list(document.iter(f"{SVG}svg"))
    assert len(drawings) > 5
    assert all(len(drawing.get("aria-label", "")) > 10 for drawing in drawings)
    assert {drawing.get("role") for drawing in drawings} == {"img"}


def test_headings_descend_one_level_at_a_time(document: Element) -> None:
    tags = [str(element.tag).removeprefix(HTML) for element in document.iter()]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_heads(document: Element) -> None:
    tables = list(document.iter(f"{HTML}table"))
    assert len(tables) > 5
    for table in tables:
        [caption] = _texts(table, "caption")
        assert len(caption) > 10
        heads = list(table.iter(f"{HTML}th"))
        assert {head.get("scope") for head in heads} <= {"col", "row"}
        for row in table.iter(f"{HTML}tr"):
            scopes = [head.get("scope") for head in row.iterfind(f"{HTML}th")]
            assert scopes in (["row"], ["col"] * len(row))


def test_rows_of_a_table_have_the_cells_of_its_heads(document: Element) -> None:
    for table in document.iter(f"{HTML}table"):
        widths = {len(row) for row in table.iter(f"{HTML}tr")}
        assert len(widths) == 1


def test_numbers_stand_in_columns_of_numbers(document: Element) -> None:
    """What the script sorts as numbers is a number or nothing."""
    cells = [c for c in document.iter(f"{HTML}td") if c.get("class") == "number"]
    assert len(cells) > 100
    for cell in cells:
        assert cell.get("data-value") == "" or float(cell.get("data-value", "x")) is not None


def test_nothing_refers_to_the_network(text: str, document: Element) -> None:
    """Every address is one in the page, or data; and the browser is told to allow no other."""
    for name in ("href", "src", f"{XLINK}href", "action", "poster", "data", "srcset"):
        addresses = _attributes(document, name)
        assert all(address.startswith(("#", "data:image/png;base64,")) for address in addresses)
    assert not list(document.iter(f"{HTML}link"))
    assert not re.search(r"@import|url\((?!#)", text)
    assert not re.search(r"\b(?:fetch|XMLHttpRequest|WebSocket|importScripts)\b", text)
    [policy] = [
        e.get("content")
        for e in document.iter(f"{HTML}meta")
        if e.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    )


def test_findings_and_cautions_stand_at_the_top(document: Element) -> None:
    findings = document.find(f".//{HTML}ul[@class='findings']")
    assert findings is not None
    assert any("has the highest mean mig/exact" in text for text in _texts(findings, "li"))
    cautions = document.find(f".//{HTML}aside")
    assert cautions is not None
    assert _texts(cautions, "li", "strong")[0] == "few seeds"


@dataclass(frozen=True)
class Make:
    """What makes studies and runs, and writes them."""

    study: Callable[..., Study]
    run: Callable[..., Run]
    write: Callable[..., RunFolder]


@pytest.fixture
def make(
    make_study: Callable[..., Study],
    make_run: Callable[..., Run],
    write_run: Callable[..., RunFolder],
) -> Make:
    return Make(make_study, make_run, write_run)


def _strange_store(directory: Path, make: Make) -> Store:
    store = Store(directory)
    store.open_for(make.study(name="strange", description=f"{STRANGE} of a study", seeds=3))
    make.write(store, make.run(), {"mig/exact": 0.25})
    make.write(store, make.run(**AE), {"mig/exact": 0.5})
    error = f"ValueError: {STRANGE} of an error"
    store.note_failure(Failure(run=make.run(seed=1), error=error, traceback=""))
    return store


def test_text_of_strangers_is_text(make: Make, tmp_path: Path) -> None:
    """In a description, and in the names of directories, which name settings and figures."""
    name = "<script>\"&'{{ 7 * 7 }}$x$"
    stores = {
        name: _strange_store(tmp_path / "one", make),
        "two": _strange_store(tmp_path / "two", make),
    }
    write_reports(stores, tmp_path)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert "<script>alert" not in text
    document = _parsed(text)
    _assert_sound(document)
    assert _texts(document, "h1") == [f"{name} / two"]
    [lead] = [e for e in document.iter(f"{HTML}p") if e.get("class") == "lead"]
    assert lead.text == f"{STRANGE} of a study"
    assert f"{name}: beta 4, seed 0" in _texts(document, "figcaption")
    runs = document.find(f".//{HTML}section[@id='runs']")
    assert runs is not None
    assert f"{name}: ae" in _texts(runs, "th")


def _unfinished(store: Store, make: Make) -> None:
    """One run was scored, one only trained, one diverged, one failed; others were not begun."""
    store.open_for(make.study(seeds=3))
    make.write(store, make.run(), {"mig/exact": 0.25})
    make.write(store, make.run(seed=1))
    nothing = LossRecord(2, np.nan, np.nan, np.nan)
    make.write(store, make.run(seed=2), status="diverged", losses=[nothing])
    store.note_failure(Failure(run=make.run(**AE), error="ValueError: no", traceback=""))


def _nothing(store: Store, make: Make) -> None:
    """A study of which nothing is done."""
    store.open_for(make.study())


def _autoencoders(store: Store, make: Make) -> None:
    """Nothing has a posterior."""
    store.open_for(make.study(objectives=[{"name": "ae"}], seeds=2))
    for seed in (0, 1):
        make.write(store, make.run(**AE, seed=seed), {"mig/exact": 0.25 + seed / 4})


def _failures(store: Store, make: Make) -> None:
    """All that was tried failed."""
    store.open_for(make.study())
    for run in (make.run(), make.run(**AE)):
        store.note_failure(Failure(run=run, error="ValueError: no", traceback=""))


def _trained(store: Store, make: Make) -> None:
    """Nothing is scored."""
    store.open_for(make.study())
    make.write(store, make.run())
    make.write(store, make.run(**AE))


def _without_study(store: Store, make: Make) -> None:
    """Runs whose study is lost."""
    make.write(store, make.run(), {"mig/exact": 0.25})


ALWAYS = ["answer", "runs", "provenance"]


@pytest.mark.parametrize(
    ("fill", "sections"),
    [
        (_nothing, ALWAYS),
        (_failures, ALWAYS),
        (_trained, ["answer", "training", "runs", "provenance"]),
        (
            _unfinished,
            [
                "answer",
                "protocols",
                "luck",
                "agreement",
                "training",
                "dimensions",
                "images",
                "explorer",
                "runs",
                "provenance",
            ],
        ),
        (
            _autoencoders,
            [
                "answer",
                "protocols",
                "luck",
                "agreement",
                "training",
                "images",
                "explorer",
                "runs",
                "provenance",
            ],
        ),
        (
            _without_study,
            [
                "answer",
                "protocols",
                "luck",
                "agreement",
                "training",
                "dimensions",
                "images",
                "explorer",
                "runs",
                "provenance",
            ],
        ),
    ],
)
def test_whatever_there_is_is_reported(
    fill: Callable[..., None],
    sections: list[str],
    make: Make,
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "results")
    fill(store, make)
    document = _report(store.directory)
    _assert_sound(document)
    assert [e.get("id") for e in document.iter(f"{HTML}section")] == sections


def test_a_study_of_which_nothing_is_done_says_so(make: Make, tmp_path: Path) -> None:
    store = Store(tmp_path / "results")
    store.open_for(make.study())
    document = _report(store.directory)
    answer = document.find(f".//{HTML}section[@id='answer']")
    assert answer is not None
    assert _texts(answer, "p")[0] == "Nothing is scored yet."
    assert "2 runs of the study not finished" in " ".join(_texts(answer, "li"))


def test_two_directories_are_compared(make: Make, tmp_path: Path) -> None:
    stores = {name: Store(tmp_path / name) for name in ("one", "two")}
    for k, store in enumerate(stores.values()):
        _autoencoders(store, make)
        make.write(store, make.run(seed=k), {"mig/exact": 0.5})
    write_reports(stores, tmp_path)
    document = _parsed((tmp_path / "report.html").read_text("utf-8"))
    _assert_sound(document)
    assert _texts(document, "h1") == ["one / two"]
    assert "Comparable?" in _texts(document, "nav", "a")
    compared = document.find(f".//{HTML}section[@id='compared']")
    assert compared is not None
    assert [len(list(table.iter(f"{HTML}tr"))) for table in compared.iter(f"{HTML}table")] == [
        22,
        3,
    ]
    assert _texts(document, "details", "summary")[-2:] == ["The study of one", "The study of two"]


@pytest.fixture(scope="module")
def sixty_runs(real_results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of a real run: ten seeds of an autoencoder and of five betas."""
    store = Store(tmp_path_factory.mktemp("sixty"))
    finished = list(gather({"real": Store(real_results)}).runs)
    for real, betas in ((finished[0], [None]), (finished[-1], [1.0, 2.0, 4.0, 8.0, 16.0])):
        for beta in betas:
            for seed in range(10):
                given = {} if beta is None else {"beta": beta}
                run = replace(real.run, hyperparameters=given, seed=seed)
                _copy(store, real.folder, run)
    return store.directory


def _copy(store: Store, source: RunFolder, run: Run) -> None:
    """The files of a run under the name of another, with scores of its own."""
    rng = np.random.default_rng(int(run.identity[:8], 16))
    training, evaluation = source.training(), source.evaluation()
    assert training is not None
    assert evaluation is not None
    losses = [LossRecord(50 * i, *(100 / (i + rng.random(3)))) for i in range(1, 301)]
    scores = tuple(s.model_copy(update={"value": rng.random()}) for s in evaluation.scores)
    store.make_folders()
    folder = store.begun(run)
    shutil.copytree(source.path, folder.path)
    record = training.model_copy(update={"run": run})
    folder.write_training(record, losses, source.read_weights())
    scored = evaluation.model_copy(update={"identity": run.identity, "scores": scores})
    write_record(scored, folder.path / "evaluation.json")
    store.publish(run)


def test_the_report_of_sixty_runs_is_no_burden(sixty_runs: Path) -> None:
    document = _report(sixty_runs)
    _assert_sound(document)
    assert (sixty_runs / "report.html").stat().st_size <= 10_000_000
    runs = document.find(f".//{HTML}section[@id='runs']")
    assert runs is not None
    assert len(list(runs.iter(f"{HTML}tr"))) == 1 + 60
