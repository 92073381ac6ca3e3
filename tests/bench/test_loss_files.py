"""Losses keep every bit as text, and what is no such text is named."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from disbench.errors import DamagedError
from disbench.loss_files import as_csv, losses_from
from disbench.records import LossRecord

PATH = Path("losses.csv")
LOSSES = [
    LossRecord(50, 0.1 + 0.2, 1 / 3, 1e-300),
    LossRecord(100, 5e-324, 1.7976931348623157e308, math.pi),
]


def test_losses_keep_every_bit() -> None:
    assert losses_from(as_csv(LOSSES), PATH) == LOSSES


def test_losses_are_a_line_each_below_their_names() -> None:
    text = as_csv([LossRecord(5, 1.5, 1.25, 0.25)])
    assert text == b"step,loss,reconstruction,kl\r\n5,1.5,1.25,0.25\r\n"


def test_losses_that_are_no_numbers_are_kept() -> None:
    lost = LossRecord(50, math.inf, -math.inf, math.nan)
    [found] = losses_from(as_csv([lost]), PATH)
    assert found[:3] == lost[:3]
    assert math.isnan(found.kl)


@pytest.mark.parametrize("text", [b"step,loss\nx,y\n", b"step\n1,2,3\n", b"\xff\n"])
def test_what_is_no_losses_is_refused_with_its_path(text: bytes) -> None:
    with pytest.raises(DamagedError, match=r"losses\.csv is not what"):
        losses_from(text, PATH)
