"""A redraw of the latent explorer: decoding a code, finding the nearest image, drawing both."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil
import torch
from arithmetic import decoding_operations
from processes import peak_of
from safetensors.torch import save_model
from timing import OURS, alternate, cpu_seconds
from training import start

from disbench.explorer import container, explore, images_data, reference_images
from disbench.run_folder import RunFolder

sys.path.append(str(Path(__file__).parents[1] / "browser"))  # what the tests open pages with
from chromium import chromium
from explorer_page import ExplorerPage, html

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Setting
    from measurement import Measurement
    from selenium.webdriver import Chrome

    from disbench.explorer import Explorer, ReferenceImages
    from disbench.models.autoencoder import Autoencoder

N_REDRAWS = 20
"""In a turn: the clock of a browser ticks ten times a millisecond."""


def measure(setting: Setting) -> Measurement:
    """A redraw in a headless Chromium, beside torch and numpy without the drawing.

    The seconds are those of the page's own clock: a browser is several processes. The memory is
    the sum of their peaks, pages that they share counted in each. The floor is the arithmetic of
    the decoder and one look at all reference images.
    """
    trainer, images = start("conv", "fp32"), reference_images()
    with TemporaryDirectory() as folder, chromium() as browser:
        save_model(trainer.model, RunFolder(Path(folder)).weights)
        explorer = explore(trainer.run, RunFolder(Path(folder)), images=images)
        page = _page(Path(folder, "page.html"), explorer, images)
        calls = {
            OURS: partial(_redraws, ExplorerPage.open(browser, page)),
            "torch and numpy": partial(cpu_seconds, _in_python(trainer.model, explorer)),
        }
        rounds = alternate(calls, seconds=setting.seconds / 2, clock=lambda call: call())
        rounds = replace(rounds, peak_bytes=_peak(browser))
        code, codes = torch.from_numpy(explorer.start)[None], explorer.codes.values()
    return rounds.measurement(
        "redraw of the explorer",
        calls=N_REDRAWS,
        floor=decoding_operations(trainer.model, code) / setting.machine.operations["fp32"]
        + codes.nbytes / setting.machine.bandwidth,
    )


def _peak(browser: Chrome) -> int | None:
    """The peaks of all processes that the driver of the browser has started, together."""
    driver = psutil.Process(browser.service.process.pid)
    peaks = [peak_of(process.pid) for process in driver.children(recursive=True)]
    return sum(peak for peak in peaks if peak is not None) or None


def _page(path: Path, explorer: Explorer, images: ReferenceImages) -> Path:
    path.write_text(html([container("one", explorer.payload()), images_data(images)]), "utf-8")
    return path


def _redraws(page: ExplorerPage) -> float:
    """The seconds of all redraws of a turn."""
    milliseconds: float = page.browser.execute_script(
        "const started = performance.now();"
        "for (let n = 0; n < arguments[0]; n++) disbench.explorers.one.redraw();"
        "return performance.now() - started",
        N_REDRAWS,
    )
    return milliseconds / 1000


def _in_python(model: Autoencoder, explorer: Explorer) -> Callable[[], None]:
    """As often the same without drawing."""
    code, codes = torch.from_numpy(explorer.start)[None], explorer.codes.values()

    @torch.inference_mode()
    def turn() -> None:
        for _ in range(N_REDRAWS):
            torch.sigmoid(model.decode(code))
            ((codes - explorer.start) ** 2).sum(axis=1).argmin()

    return turn
