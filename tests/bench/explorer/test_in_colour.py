"""In a browser a decoder of three channels shows colours, beside images of its own data."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from explorer_page import DECODED, NEAREST, ExplorerPage, html
from safetensors.torch import save_model

from disbench.datasets.stored import StoredImages
from disbench.explorer import container, explore, images_data, reference_of
from disbench.run_folder import RunFolder
from disbench.trainer import initial_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver import Chrome

    from disbench.explorer import Explorer, ReferenceImages
    from disbench.models.autoencoder import Autoencoder
    from disbench.runs import Run


@pytest.fixture(scope="module")
def squares() -> ReferenceImages:
    """3 x 4 images of noise in colour, of two factors."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), np.uint8)
    return reference_of(StoredImages(pixels, {"hue": 3, "place": 4}, "0" * 64, "squares"))


@pytest.fixture(scope="module")
def model(make_run: Callable[..., Run]) -> Autoencoder:
    """A model whose channels differ."""
    model = initial_model(make_run(), channels=3)
    with torch.no_grad():
        last = [layer for layer in model.decoder if hasattr(layer, "weight")][-1]
        last.weight.mul_(50)
        last.bias.copy_(torch.tensor([-1.0, 0.0, 2.0]))
    return model


@pytest.fixture(scope="module")
def explorer(
    make_run: Callable[..., Run],
    model: Autoencoder,
    squares: ReferenceImages,
    tmp_path_factory: pytest.TempPathFactory,
) -> Explorer:
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    save_model(model, folder.weights)
    return explore(make_run(), folder, images=squares)


@pytest.fixture(scope="module")
def grey(
    make_run: Callable[..., Run],
    make_model: Callable[[Run], Autoencoder],
    folder_of: Callable[[Autoencoder], RunFolder],
    images: ReferenceImages,
) -> Explorer:
    """A run on dSprites."""
    return explore(make_run(), folder_of(make_model(make_run())), images=images)


@pytest.fixture(scope="module")
def path(
    explorer: Explorer,
    squares: ReferenceImages,
    grey: Explorer,
    images: ReferenceImages,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A page of a run in colour, and of one on dSprites."""
    parts = [
        container("colour", explorer.payload(images="images-squares")),
        container("grey", grey.payload()),
        images_data(images),
        images_data(squares, "images-squares"),
    ]
    file = tmp_path_factory.mktemp("page") / "page.html"
    file.write_text(html(parts), "utf-8")
    return file


@pytest.fixture
def page(path: Path, browser: Chrome) -> Iterator[ExplorerPage]:
    yield ExplorerPage.open(browser, path)
    assert browser.get_log("browser") == []


def test_colours_are_those_that_torch_decodes(
    page: ExplorerPage, explorer: Explorer, model: Autoencoder
) -> None:
    halves = copy.deepcopy(model.decoder).half().double()
    for code in (explorer.start, np.array([1.5, -2.0, 0.5], np.float32)):
        with torch.inference_mode():
            expected = torch.sigmoid(halves(torch.from_numpy(code).double()[None]))[0].numpy()
        decoded = np.array(page.call("colour", "decode", code.tolist())).reshape(3, 64, 64)
        np.testing.assert_allclose(decoded, expected, rtol=0, atol=1e-6)
        page.show("colour", code)
        levels = np.floor(decoded.astype(float) * 255 + 0.5).transpose(1, 2, 0)
        assert np.array_equal(page.pixels("colour", DECODED)[..., :3], levels)
        assert len(np.unique(levels.reshape(-1, 3).mean(axis=0).round())) == 3


def test_nearest_image_is_shown_in_its_colours_and_named(
    page: ExplorerPage, explorer: Explorer, squares: ReferenceImages
) -> None:
    index = page.call("colour", "nearest", explorer.codes.values()[7].tolist())
    page.show("colour", explorer.codes.values()[7])
    pixels = page.pixels("colour", NEAREST)
    assert np.array_equal(pixels[..., :3], squares.images.unpack([index])[0])
    assert (pixels[..., 3] == 255).all()
    hue, place = divmod(index, 4)
    said = f"nearest of 12 images: hue {hue}, place {place}"
    assert page.texts("colour", "figcaption") == ["decoded", said]


def test_each_explorer_has_the_images_of_its_own_data(page: ExplorerPage) -> None:
    assert page.texts("grey", "figcaption")[1].startswith("nearest of 480 images: ")
    grey = page.pixels("grey", NEAREST)
    assert set(np.unique(grey[..., :3])) <= {0, 255}
    assert np.array_equal(grey[..., 0], grey[..., 2])


def test_explorer_begins_with_the_image_in_the_middle(
    page: ExplorerPage, explorer: Explorer, model: Autoencoder, squares: ReferenceImages
) -> None:
    pixels = torch.from_numpy(squares.images.pixels[[6]]).permute(0, 3, 1, 2) / 255
    with torch.inference_mode():
        expected = model.encode(pixels).mean[0].numpy()
    np.testing.assert_allclose(page.call("colour", "code"), expected, atol=1e-5)
    assert np.allclose(explorer.start, expected, atol=1e-5)
