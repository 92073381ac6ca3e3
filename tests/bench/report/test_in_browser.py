"""In a browser the report sorts, moves, and can be read: in the dark, on a phone, by keyboard."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from explorer_page import ExplorerPage
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from disbench.names import MOST_CHARACTERS
from disbench.report import write_reports
from disbench.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

MINUS, DASH = "\u2212", "\u2013"

CONTRASTS = """
const context = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
const rgb = (colour) => {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data];
};
const backgroundOf = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = rgb(getComputedStyle(one).backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return [255, 255, 255, 255];
};
const [selector, property] = arguments;
return [...document.querySelectorAll(selector)]
  .filter((element) => element.textContent.trim())
  .map((element) => [rgb(getComputedStyle(element)[property]), backgroundOf(element)]);
"""
"""The colour of each element that has text, and that of what is behind it."""


def _luminance(colours: Any) -> Any:
    """Relative luminance of (n, 4) colours; WCAG 2.2, which says 0.04045 for its 0.03928."""
    share = np.array(colours, float).reshape(-1, 4)[:, :3] / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def _contrast(first: Any, second: Any) -> Any:
    """How many times as bright the one is as the other, (n,): 1 to 21."""
    low, high = np.sort([_luminance(first), _luminance(second)], axis=0)
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(scope="module")
def path(real_results: Path) -> Path:
    return real_results / "report.html"


@pytest.fixture
def page(path: Path, browser: Chrome) -> Iterator[ExplorerPage]:
    """The report, newly opened; a test leaves nothing in the console."""
    yield ExplorerPage.open(browser, path)
    assert browser.get_log("browser") == []


@contextmanager
def _media(browser: Chrome, media: str = "", **features: str) -> Iterator[None]:
    """What the browser says of its medium and its user's preferences."""
    named = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": named})
    yield
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@contextmanager
def _width(browser: Chrome, pixels: int) -> Iterator[None]:
    size = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    yield
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def _open_details(browser: Chrome) -> None:
    browser.execute_script("document.querySelectorAll('details').forEach((one) => one.open = true)")


def _contrasts(browser: Chrome, selector: str, property_: str) -> Any:
    """The contrast of each element with what is behind it."""
    pairs = browser.execute_script(CONTRASTS, selector, property_)
    text, behind = zip(*pairs, strict=True)
    return _contrast(text, behind)


def _head(browser: Chrome, label: str) -> WebElement:
    """The head of a column of the table of runs."""
    found = browser.find_elements(By.CSS_SELECTOR, "#runs thead th")
    [head] = [one for one in found if one.text.startswith(label)]
    return head


def _sort(browser: Chrome, label: str) -> str | None:
    """Press the head of a column, and say how it is then sorted."""
    _head(browser, label).find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    return _head(browser, label).get_attribute("aria-sort")


def _column(browser: Chrome, label: str) -> list[str]:
    """The cells of a column of the table of runs, top to bottom."""
    cells: list[str] = browser.execute_script(
        "const rows = [...document.querySelector('#runs table').rows];"
        "const place = [...rows[0].cells].findIndex((c) => c.textContent.startsWith(arguments[0]));"
        "return rows.slice(1).map((row) => row.cells[place].textContent)",
        label,
    )
    return cells


def _set(browser: Chrome, label: str, values: list[str]) -> None:
    """Put other values into a column of the table of runs."""
    browser.execute_script(
        "const [label, values] = arguments;"
        "const rows = [...document.querySelector('#runs table').rows];"
        "const place = [...rows[0].cells].findIndex((c) => c.textContent.startsWith(label));"
        "rows.slice(1).forEach((row, i) => {"
        "  row.cells[place].dataset.value = row.cells[place].textContent = values[i];"
        "})",
        label,
        values,
    )


def test_the_report_needs_no_network(page: ExplorerPage) -> None:
    """The browser of these tests has none."""
    found = page.browser.execute_script("return performance.getEntriesByType('resource')")
    assert [entry["name"] for entry in found if not entry["name"].startswith("data:")] == []
    broken = page.browser.execute_script(
        "return [...document.images].filter((one) => !one.complete || !one.naturalWidth).length"
    )
    assert broken == 0


def test_the_content_policy_lets_nothing_in(path: Path, browser: Chrome) -> None:
    ExplorerPage.open(browser, path)
    blocked = browser.execute_async_script(
        "const done = arguments[0];"
        "document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective));"
        "fetch('https://example.org').catch(() => {});"
    )
    assert blocked == "connect-src"
    assert browser.get_log("browser") != []


def test_explorers_of_the_report_answer(page: ExplorerPage) -> None:
    names = page.browser.execute_script("return Object.keys(disbench.explorers)")
    assert names == ["run0", "run1"]
    for name in names:
        code = np.array(page.call(name, "code"))
        assert code.shape == (10,)
        assert page.decode(name, code + 5).shape == (64, 64)
        assert 0 <= page.call(name, "nearest", code.tolist()) < 11520
        assert len(page.texts(name, "label")) == 10
    assert page.texts("run1", "label")[0].startswith("z")
    assert "nats" in page.texts("run1", "label")[0]


def test_numbers_are_sorted_as_numbers_and_then_the_other_way(page: ExplorerPage) -> None:
    """As text, 10 would come before 9, and a minus after both."""
    values = ["9", "10", "-1.5", "1e-7", "", "inf"]
    _set(page.browser, "reconstruction", values)
    assert _sort(page.browser, "reconstruction") == "ascending"
    assert _column(page.browser, "reconstruction") == ["-1.5", "1e-7", "9", "10", "inf", ""]
    assert _sort(page.browser, "reconstruction") == "descending"
    assert _column(page.browser, "reconstruction") == ["inf", "10", "9", "1e-7", "-1.5", ""]
    assert _sort(page.browser, "reconstruction") == "ascending"


def test_missing_values_come_last_either_way(page: ExplorerPage) -> None:
    """An autoencoder has no KL."""
    for _ in range(2):
        _sort(page.browser, "KL")
        assert [text == DASH for text in _column(page.browser, "KL")] == [False] * 4 + [True] * 2


def test_words_are_sorted_by_letters(page: ExplorerPage) -> None:
    """A word that stands twice keeps its rows in their order."""
    _set(page.browser, "status", ["b", "a", "c", "b", "a", "c"])
    seeds = _column(page.browser, "seed")
    assert seeds == ["0", "1"] * 3
    assert _sort(page.browser, "status") == "ascending"
    assert _column(page.browser, "status") == list("aabbcc")
    assert _column(page.browser, "seed") == ["1", "0", "0", "1", "0", "1"]


def test_rows_are_sorted_whole(page: ExplorerPage) -> None:
    def pairs() -> set[tuple[str, str]]:
        columns = (_column(page.browser, label) for label in ("reconstruction", "folder"))
        return set(zip(*columns, strict=True))

    before = pairs()
    _sort(page.browser, "reconstruction")
    assert pairs() == before
    assert len(before) == 6


def test_one_column_at_a_time_says_that_it_is_sorted(page: ExplorerPage) -> None:
    assert page.browser.find_elements(By.CSS_SELECTOR, "[aria-sort]") == []
    _sort(page.browser, "seed")
    _sort(page.browser, "KL")
    assert [
        one.text for one in page.browser.find_elements(By.CSS_SELECTOR, "#runs [aria-sort]")
    ] == [_head(page.browser, "KL").text]


def test_every_table_of_numbers_can_be_sorted(page: ExplorerPage) -> None:
    _open_details(page.browser)
    heads = page.browser.find_elements(By.CSS_SELECTOR, "[data-sortable] thead th")
    assert len(heads) > 30
    assert all(head.find_elements(By.TAG_NAME, "button") for head in heads)


def _colours(browser: Chrome) -> tuple[str, str, str]:
    """Of the page, of its text, and of the text in a figure."""
    found: list[str] = browser.execute_script(
        "const style = (selector) => getComputedStyle(document.querySelector(selector));"
        "return [style('body').backgroundColor, style('.findings li').color,"
        "        style('#figure-headline svg text').fill]"
    )
    first, second, third = found
    return first, second, third


def test_dark_scheme_follows_the_system(path: Path, browser: Chrome) -> None:
    with _media(browser, prefers_color_scheme="light"):
        ExplorerPage.open(browser, path)
        light = _colours(browser)
        assert light == ("rgb(255, 255, 255)", "rgb(28, 28, 34)", "rgb(28, 28, 34)")
        assert browser.find_element(By.ID, "scheme").text == "Dark"
    with _media(browser, prefers_color_scheme="dark"):
        assert _colours(browser) == ("rgb(21, 21, 26)", "rgb(236, 236, 241)", "rgb(236, 236, 241)")
        assert browser.find_element(By.ID, "scheme").text == "Light"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_overrules_the_system_and_back(path: Path, browser: Chrome, scheme: str) -> None:
    with _media(browser, prefers_color_scheme=scheme):
        ExplorerPage.open(browser, path)
        before = _colours(browser)
        button = browser.find_element(By.ID, "scheme")
        seen = button.text
        button.send_keys(Keys.ENTER)
        after = _colours(browser)
        assert all(one != other for one, other in zip(before, after, strict=True))
        assert button.text == {"Dark": "Light", "Light": "Dark"}[seen]
        button.send_keys(Keys.SPACE)
        assert _colours(browser) == before
        assert button.text == seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("texts", "least"),
    [
        (("p, li, td, th, dd, h1, h2, h3, pre", "color"), 7),
        (("caption, figcaption, a, dt, summary, button, label, output, strong", "color"), 4.5),
        (("figure svg text[style*='var(--ink)']", "fill"), 7),
    ],
)
def test_text_stands_out(
    path: Path, browser: Chrome, scheme: str, texts: tuple[str, str], least: float
) -> None:
    """At least 7:1, and 4.5:1 for what stands beside; `texts` are elements and their property."""
    with _media(browser, prefers_color_scheme=scheme):
        ExplorerPage.open(browser, path)
        _open_details(browser)
        contrasts = _contrasts(browser, *texts)
    assert len(contrasts) > 20
    assert contrasts.min() >= least


def test_every_text_of_a_figure_is_the_ink_of_the_page_or_lies_in_a_cell(
    page: ExplorerPage,
) -> None:
    others = page.browser.execute_script(
        "return [...document.querySelectorAll('figure svg text')]"
        ".filter((text) => !text.getAttribute('style').includes('var(--ink)'))"
        ".map((text) => text.closest('figure').id)"
    )
    assert set(others) <= {"figure-information", "figure-agreement", "figure-superiority"}


@pytest.fixture(scope="module")
def long_names(real_results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report over directories whose names are as long as they get, and have no blank."""
    folder = tmp_path_factory.mktemp("long")
    stores = {letter * MOST_CHARACTERS: Store(real_results) for letter in "xy"}
    write_reports(stores, folder)
    return folder / "report.html"


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("name", ["path", "long_names"])
def test_nothing_is_wider_than_the_window(
    name: str, request: pytest.FixtureRequest, browser: Chrome, width: int
) -> None:
    """Tables and figures scroll by themselves."""
    path: Path = request.getfixturevalue(name)
    with _width(browser, width):
        page = ExplorerPage.open(browser, path)
        _open_details(browser)
        page.wait_for_frame()
        assert browser.execute_script("return innerWidth") == width
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        outside = browser.execute_script(
            "return [...document.querySelectorAll('body *')].filter((one) =>"
            "  !one.closest('.scroll, nav, pre, .skip') && !one.closest('svg')"
            "  && one.getBoundingClientRect().right > innerWidth + 0.5"
            ").map((one) => one.outerHTML.slice(0, 80))"
        )
        assert outside == []


def test_labels_of_sliders_stand_on_one_line(path: Path, browser: Chrome) -> None:
    for width in (400, 1400):
        with _width(browser, width):
            ExplorerPage.open(browser, path)
            lines = browser.execute_script(
                "return [...document.querySelectorAll('.explorer label')].map((label) => {"
                "  label.textContent = 'z10 \u00b7 orientation 0.41 \u00b7 12.1 nats';"
                "  const range = document.createRange();"
                "  range.selectNodeContents(label);"
                "  return range.getClientRects().length;"
                "})"
            )
            assert set(lines) == {1}
            widths = browser.execute_script(
                "return [...document.querySelectorAll('.explorer input')]"
                ".map((input) => input.getBoundingClientRect().width)"
            )
            assert min(widths) >= 150


def _red(browser: Chrome) -> int:
    """How red the first corner of the moving traversals is."""
    red: int = browser.execute_script(
        "const one = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});"
        "one.drawImage(document.querySelector('.traversal canvas'), 0, 0);"
        "return one.getImageData(0, 0, 1, 1).data[0]"
    )
    return red


def _stir(browser: Chrome) -> None:
    """Give each column of the sheets a grey of its own, so that any two frames differ."""
    browser.execute_async_script(
        "const done = arguments[0];"
        "const sheets = [...document.querySelectorAll('img.sheet')];"
        "Promise.all(sheets.map((sheet) => {"
        "  const canvas = document.createElement('canvas');"
        "  [canvas.width, canvas.height] = [sheet.naturalWidth, sheet.naturalHeight];"
        "  const context = canvas.getContext('2d');"
        "  for (let i = 0; i * 66 < canvas.width; i++) {"
        "    context.fillStyle = `rgb(${20 * i + 10} 0 0)`;"
        "    context.fillRect(66 * i, 0, 66, canvas.height);"
        "  }"
        "  sheet.src = canvas.toDataURL();"
        "  return sheet.decode();"
        "})).then(() => done())"
    )


def test_traversals_move_and_stop(page: ExplorerPage) -> None:
    """There through the nine columns of a sheet and back, each frame a column."""
    browser = page.browser
    _stir(browser)
    button = browser.find_element(By.ID, "animate")
    assert (button.text, button.get_attribute("aria-pressed")) == ("Move all", "false")
    assert not browser.find_element(By.CSS_SELECTOR, ".traversal canvas").is_displayed()
    button.send_keys(Keys.ENTER)
    assert (button.text, button.get_attribute("aria-pressed")) == ("Stop", "true")
    assert browser.find_element(By.CSS_SELECTOR, ".traversal canvas").is_displayed()
    reds: list[int] = []

    def seen_all(_: Chrome) -> bool:
        red = _red(browser)
        reds.extend([red] if not reds or reds[-1] != red else [])
        return len(reds) > 12

    WebDriverWait(browser, 20, poll_frequency=0.02).until(seen_all)
    assert set(reds) <= {20 * i + 10 for i in range(9)}
    assert {10, 170} & set(reds)  # an end
    assert max(abs(np.diff(reds))) <= 60  # no jump, though the test may miss a frame or two
    button.send_keys(Keys.ENTER)
    assert (button.text, button.get_attribute("aria-pressed")) == ("Move all", "false")
    stopped = _red(browser)
    browser.execute_async_script("setTimeout(arguments[0], 600)")
    assert _red(browser) == stopped


def test_nothing_moves_by_itself(path: Path, browser: Chrome) -> None:
    """Nor is there a transition or an animation, whatever the user prefers."""
    for preference in ("reduce", "no-preference"):
        with _media(browser, prefers_reduced_motion=preference):
            ExplorerPage.open(browser, path)
            assert browser.execute_script("return document.getAnimations().length") == 0
            assert browser.find_element(By.ID, "animate").get_attribute("aria-pressed") == "false"
            before = browser.get_screenshot_as_png()
            browser.execute_async_script("setTimeout(arguments[0], 500)")
            assert browser.get_screenshot_as_png() == before


def _focused(browser: Chrome) -> str:
    """What has the focus: where it leads to, its text, or its name."""
    found: str = browser.execute_script(
        "const one = document.activeElement;"
        "return one.getAttribute('href') || one.id || one.textContent.trim()"
        "  || one.getAttribute('aria-label') || one.tagName"
    )
    return found


def test_the_keyboard_reaches_everything_in_order(page: ExplorerPage) -> None:
    browser = page.browser
    links = [one.get_attribute("href") for one in browser.find_elements(By.CSS_SELECTOR, "nav a")]
    sections = [f"#{str(link).partition('#')[2]}" for link in links]
    seen = []
    for _ in range(len(sections) + 3):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        seen.append(_focused(browser))
    assert seen[: len(sections) + 3] == ["#main", *sections, "scheme", "#cautions"]
    outline = browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    for _ in range(400):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        seen.append(_focused(browser))
        if "folder" in seen:
            break
    wanted = ["animate", "explorer-run0-z0", "setting", "seed", "folder"]
    assert next(one for one in seen if one in wanted) == "animate"
    assert set(wanted) <= set(seen)


def test_the_skip_link_is_seen_when_it_has_the_focus(page: ExplorerPage) -> None:
    browser = page.browser
    skip = browser.find_element(By.CLASS_NAME, "skip")
    assert skip.rect["x"] < 0
    ActionChains(browser).send_keys(Keys.TAB).perform()
    assert skip.rect["x"] > 0
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert browser.current_url.endswith("#main")
    browser.get(browser.current_url.partition("#")[0])


def test_a_section_is_not_hidden_by_the_bar_above(page: ExplorerPage) -> None:
    browser = page.browser
    browser.find_element(By.CSS_SELECTOR, "nav a[href='#runs']").click()
    page.wait_for_frame()
    bar = browser.execute_script("return document.querySelector('header').getBoundingClientRect()")
    top = browser.execute_script("return document.getElementById('runs').getBoundingClientRect()")
    assert top["top"] >= bar["bottom"] - 1


def test_print_has_the_tables_and_no_controls(path: Path, browser: Chrome) -> None:
    with _media(browser, "print", prefers_color_scheme="dark"):
        ExplorerPage.open(browser, path)
        shown = {
            selector: browser.find_element(By.CSS_SELECTOR, selector).is_displayed()
            for selector in (
                "header",
                "#scheme",
                "#animate",
                "#explorer",
                ".findings",
                "#runs table",
            )
        }
        assert [selector for selector, is_shown in shown.items() if is_shown] == [
            ".findings",
            "#runs table",
        ]
        assert _head(browser, "seed").text == "seed"
        assert _colours(browser)[0] == "rgb(255, 255, 255)"
