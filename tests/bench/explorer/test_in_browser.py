"""In a browser an explorer computes what torch and numpy compute, and shows it."""

from __future__ import annotations

import copy
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from explorer_page import DECODED, NEAREST, ExplorerPage, html
from scipy.stats import kstest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from torch import nn

from disbench.explorer import Explorer, container, explore, images_data
from disbench.explorer.layers import describe
from disbench.explorer.quantised import quantise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

    from disbench.explorer import ReferenceImages
    from disbench.models.autoencoder import Autoencoder
    from disbench.run_folder import RunFolder
    from disbench.runs import Run

    Shown = Mapping[str, tuple[nn.Module, Explorer]]

NAMES = ("conv-3", "conv-10", "burgess-3", "burgess-10", "ae", "fc-3")

TEXTS = {"labels": ["posX <i>", "shape & scale", "z2 · nothing"], "order": [2, 0, 1]}
"""Of conv-3; the others have what is there by default."""

REGRET = "This explorer cannot run here, maybe for the age of the browser"

HALF_PRECISION = 0.002
"""How far weights in half precision may move a probability, where logits have a deviation of 3."""


@pytest.fixture(scope="module")
def shown(
    make_run: Callable[..., Run],
    make_model: Callable[[Run], Autoencoder],
    folder_of: Callable[[Autoencoder], RunFolder],
    images: ReferenceImages,
) -> Shown:
    """Decoders and explorers by their name in the page."""
    runs = {
        "conv-3": make_run(),
        "conv-10": make_run(latents=10),
        "burgess-3": make_run(network="burgess"),
        "burgess-10": make_run(network="burgess", latents=10),
        "ae": make_run(objective="ae", hyperparameters={}, latents=4),
    }
    models = {name: make_model(run) for name, run in runs.items()}
    found: dict[str, tuple[nn.Module, Explorer]] = {
        name: (model.decoder, explore(runs[name], folder_of(model), images=images))
        for name, model in models.items()
    }
    narrow = _narrow_fc()
    return found | {"fc-3": (narrow, replace(found["conv-3"][1], decoder=describe(narrow)))}


@pytest.fixture(scope="module")
def path(shown: Shown, images: ReferenceImages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of all explorers."""
    file = tmp_path_factory.mktemp("page") / "page.html"
    parts = [
        container(name, explorer.payload(**(TEXTS if name == "conv-3" else {})))
        for name, (_, explorer) in shown.items()
    ]
    file.write_text(html([*parts, images_data(images)]), "utf-8")
    return file


@pytest.fixture
def page(path: Path, browser: Chrome) -> Iterator[ExplorerPage]:
    """The page, open; a test leaves nothing in its console."""
    is_open = browser.current_url == path.as_uri()
    yield ExplorerPage(browser) if is_open else ExplorerPage.open(browser, path)
    assert browser.get_log("browser") == []


def _narrow_fc() -> nn.Sequential:
    """Layers as those of fc, in a width that a page takes."""
    rng = torch.Generator().manual_seed(0)
    linear = [nn.Linear(3, 24), nn.Linear(24, 24), nn.Linear(24, 64 * 64)]
    for parameter in (p for layer in linear for p in layer.parameters()):
        nn.init.normal_(parameter, std=0.6, generator=rng)
    first, second, last = linear
    return nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), last, nn.Unflatten(1, (1, 64, 64)))


def _codes(explorer: Explorer) -> NDArray[np.float64]:
    """Codes to try: the first one, and some further out than the prior."""
    rng = np.random.default_rng(0)
    return np.stack([explorer.start, *rng.normal(scale=2, size=(3, explorer.latents))])


@torch.inference_mode()
def _probabilities(decoder: nn.Module, code: NDArray[np.float64]) -> NDArray[np.float64]:
    """What torch decodes in double precision, (64, 64)."""
    logits = copy.deepcopy(decoder).double()(torch.from_numpy(code)[None])
    return np.asarray(torch.sigmoid(logits)[0, 0])


def _distances(explorer: Explorer, code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squares of the distances between a code and those of the images, (n,)."""
    total = np.zeros(len(explorer.codes.levels))
    for column, value in zip(explorer.codes.values().T, code, strict=True):
        total += (column - value) ** 2  # in the order of the page, so that ties are the same
    return total


def _slider(page: ExplorerPage, name: str, dimension: int) -> WebElement:
    return page.browser.find_element(By.ID, f"explorer-{name}-z{dimension}")


def _stub_random(page: ExplorerPage, values: list[float]) -> None:
    """Have the page draw these numbers, one after the other."""
    page.browser.execute_script(
        "const values = arguments[0]; let n = 0; Math.random = () => values[n++]", values
    )


def _press(page: ExplorerPage, text: str, *, name: str) -> None:
    buttons = page.browser.find_elements(By.CSS_SELECTOR, f"[data-explorer='{name}'] button")
    [button] = [b for b in buttons if b.text == text]
    button.send_keys(Keys.ENTER)
    page.wait_for_frame()


@pytest.mark.parametrize("name", NAMES)
def test_decoding_is_that_of_torch_with_weights_in_half_precision(
    page: ExplorerPage, shown: Shown, name: str
) -> None:
    decoder, explorer = shown[name]
    halves = copy.deepcopy(decoder).half()
    for code in _codes(explorer):
        expected = _probabilities(halves, code)
        assert expected.std() > 0.2  # or a wrong picture could pass
        np.testing.assert_allclose(page.decode(name, code), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_moves_a_probability_by_little(
    page: ExplorerPage, shown: Shown, name: str
) -> None:
    decoder, explorer = shown[name]
    for code in _codes(explorer):
        error = np.abs(page.decode(name, code) - _probabilities(decoder, code))
        assert error.max() < HALF_PRECISION


def test_every_half_precision_number_is_read_right(page: ExplorerPage) -> None:
    halves = np.arange(2**16, dtype="<u2").view("<f2")
    bits = page.browser.execute_script(
        "return [...new Uint32Array(disbench.halvesOf(arguments[0]).buffer)]",
        b64encode(halves.tobytes()).decode(),
    )
    read, expected = np.array(bits, np.uint32), halves.astype(np.float32)
    numbers = ~np.isnan(expected)
    assert np.array_equal(read[numbers], expected.view(np.uint32)[numbers])
    assert np.isnan(read.view(np.float32)[~numbers]).all()


@pytest.mark.parametrize("name", ["conv-3", "burgess-10", "ae"])
def test_nearest_is_the_least_distance(page: ExplorerPage, shown: Shown, name: str) -> None:
    _, explorer = shown[name]
    low, high = explorer.codes.low, explorer.codes.high
    within = np.random.default_rng(1).uniform(low, high, size=(20, explorer.latents))
    found = [page.call(name, "nearest", code.tolist()) for code in within]
    assert found == [_distances(explorer, code).argmin() for code in within]
    assert len(set(found)) > 5


def test_the_code_of_an_image_is_nearest_to_itself(page: ExplorerPage, shown: Shown) -> None:
    _, explorer = shown["conv-10"]
    for index in (0, 123, 479):
        assert page.call("conv-10", "nearest", explorer.codes.values()[index].tolist()) == index


def test_of_images_as_near_the_first_is_taken(page: ExplorerPage) -> None:
    codes = quantise(np.array([[0], [1], [1]], np.float32)).payload()
    nearest = page.browser.execute_script(
        "return disbench.codesOf({latents: 1, codes: arguments[0]}).nearest([0.75])", codes
    )
    assert nearest == 1


@pytest.mark.parametrize("index", [0, 317, 479])
def test_the_nearest_image_is_shown_bit_by_bit(
    page: ExplorerPage, shown: Shown, images: ReferenceImages, index: int
) -> None:
    _, explorer = shown["conv-10"]
    page.show("conv-10", explorer.codes.values()[index])
    pixels = page.pixels("conv-10", NEAREST)
    [image] = images.images.unpack([index])
    for colour in range(3):
        assert np.array_equal(pixels[:, :, colour], image * np.uint8(255))
    assert (pixels[:, :, 3] == 255).all()


def test_the_nearest_image_is_named(page: ExplorerPage, shown: Shown) -> None:
    _, explorer = shown["conv-10"]
    index = np.ravel_multi_index((2, 0, 3, 1, 2), (3, 2, 5, 4, 4))
    page.show("conv-10", explorer.codes.values()[index])
    assert page.texts("conv-10", "figcaption") == [
        "decoded",
        "nearest of 480 images: heart, scale 0.5, orientation 222°, posX 0.26, posY 0.52",
    ]


def test_the_decoded_picture_is_that_of_the_code(page: ExplorerPage, shown: Shown) -> None:
    code = _codes(shown["burgess-3"][1])[1]
    page.show("burgess-3", code)
    grey = np.floor(page.decode("burgess-3", code) * 255 + 0.5)
    assert np.array_equal(page.pixels("burgess-3", DECODED)[:, :, 0], grey)
    assert page.call("burgess-3", "code") == code.tolist()


def test_an_explorer_starts_with_the_code_of_an_image(
    path: Path, browser: Chrome, shown: Shown
) -> None:
    page = ExplorerPage.open(browser, path)
    start = shown["ae"][1].start
    assert page.call("ae", "code") == start.tolist()
    grey = np.floor(page.decode("ae", start) * 255 + 0.5)
    assert np.array_equal(page.pixels("ae", DECODED)[:, :, 0], grey)


def test_a_slider_is_moved_by_keys(page: ExplorerPage, shown: Shown) -> None:
    _, explorer = shown["conv-3"]
    page.show("conv-3", explorer.start)
    before = page.pixels("conv-3", DECODED)
    _slider(page, "conv-3", 1).send_keys(Keys.HOME)
    page.wait_for_frame()
    lowest = page.call("conv-3", "code")
    start = explorer.start.tolist()
    assert lowest == pytest.approx([start[0], explorer.ranges[1, 0], start[2]])
    assert not np.array_equal(page.pixels("conv-3", DECODED), before)
    _slider(page, "conv-3", 1).send_keys(Keys.ARROW_RIGHT * 3)
    low, high = explorer.ranges[1]
    assert page.call("conv-3", "code")[1] == pytest.approx(low + 3 * (high - low) / 100)


def test_sliders_have_labels_in_their_order_and_say_their_values(page: ExplorerPage) -> None:
    page.show("conv-3", np.array([0.004, -1.5, 12.34]))
    assert page.texts("conv-3", "label") == [TEXTS["labels"][d] for d in TEXTS["order"]]
    assert page.texts("conv-3", "output") == ["12.3", "0.00", "\u22121.50"]
    names = [_slider(page, "conv-3", d).accessible_name for d in range(3)]
    assert names == TEXTS["labels"]
    assert _slider(page, "conv-3", 1).get_attribute("aria-valuetext") == "\u22121.50"


def test_sliders_stand_at_the_code(page: ExplorerPage, shown: Shown) -> None:
    _, explorer = shown["conv-3"]
    low, high = explorer.ranges.T
    page.show("conv-3", low + (high - low) * [0.25, 0.5, 2])
    stand = [float(_slider(page, "conv-3", d).get_property("value")) for d in range(3)]
    assert stand == pytest.approx(low + (high - low) * [0.25, 0.5, 1])


def test_a_code_beyond_a_slider_is_kept(page: ExplorerPage) -> None:
    page.show("conv-3", np.array([50.0, 0.0, 0.0]))
    _slider(page, "conv-3", 1).send_keys(Keys.END)
    assert page.call("conv-3", "code")[0] == 50


def test_an_image_of_the_data_is_shown_with_its_own_code(page: ExplorerPage, shown: Shown) -> None:
    _, explorer = shown["conv-3"]
    for drawn, index in ((0.0, 0), (0.5, 240), (0.9999, 479)):
        _stub_random(page, [drawn])
        _press(page, "an image of the data", name="conv-3")
        assert page.call("conv-3", "code") == explorer.codes.values()[index].tolist()
        assert page.call("conv-3", "nearest", page.call("conv-3", "code")) == index


def test_a_sample_of_the_prior_is_standard_normal(page: ExplorerPage) -> None:
    _stub_random(page, np.random.default_rng(0).random(800).tolist())
    samples = []
    for _ in range(40):
        _press(page, "a sample of the prior", name="conv-10")
        samples += page.call("conv-10", "code")
    assert kstest(samples, "norm").pvalue > 0.05
    assert len(set(samples)) == 400


def test_reset_returns_to_the_start(page: ExplorerPage, shown: Shown) -> None:
    page.show("conv-3", np.zeros(3))
    _press(page, "reset", name="conv-3")
    assert page.call("conv-3", "code") == shown["conv-3"][1].start.tolist()


def test_an_autoencoder_offers_no_prior(page: ExplorerPage) -> None:
    assert page.texts("ae", "button") == ["an image of the data", "reset"]


def test_a_frame_is_drawn_once(page: ExplorerPage) -> None:
    drawn = page.browser.execute_async_script(
        "const done = arguments[0];"
        "const context = CanvasRenderingContext2D.prototype;"
        "const put = context.putImageData;"
        "let drawn = 0;"
        "context.putImageData = function (...values) { drawn++; put.apply(this, values); };"
        "for (let i = 0; i < 9; i++) disbench.explorers['conv-3'].set([i, 0, 0]);"
        "requestAnimationFrame(() => requestAnimationFrame(() => {"
        "  context.putImageData = put;"
        "  done(drawn);"
        "}))"
    )
    assert drawn == 2  # the decoded picture and the nearest one


def test_nothing_is_fetched(page: ExplorerPage) -> None:
    assert page.browser.execute_script("return performance.getEntriesByType('resource')") == []


def test_a_narrow_window_needs_no_scrolling(page: ExplorerPage) -> None:
    width = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", width)
    wide = page.browser.execute_script(
        "const ends = [...document.querySelectorAll('.explorer *')]"
        ".map((element) => element.getBoundingClientRect().right);"
        "return Math.max(document.documentElement.scrollWidth, ...ends)"
    )
    page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= 400


def test_an_old_browser_is_told(
    shown: Shown, images: ReferenceImages, browser: Chrome, tmp_path: Path
) -> None:
    file = tmp_path / "old.html"
    parts = [container("one", shown["ae"][1].payload()), images_data(images)]
    before = "<script>delete window.DecompressionStream</script>"
    file.write_text(html(parts, before=before), "utf-8")
    page = ExplorerPage.open(browser, file)
    [text] = page.texts("one", "p")
    assert text == f"{REGRET}: DecompressionStream is not defined."
    assert browser.get_log("browser") == []


def test_an_explorer_that_cannot_run_leaves_the_others(
    shown: Shown, images: ReferenceImages, browser: Chrome, tmp_path: Path
) -> None:
    file = tmp_path / "mixed.html"
    good = shown["ae"][1].payload()
    unknown = good | {"layers": [{"kind": "sigmoid"}]}
    parts = [container("bad", unknown), container("good", good), images_data(images)]
    file.write_text(html(parts), "utf-8")
    page = ExplorerPage.open(browser, file)
    assert page.texts("bad", "p") == [f"{REGRET}: there is no layer sigmoid."]
    assert len(page.texts("good", "label")) == 4
