"""A batch is a function of the key and the step, and uniform."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from disbench.datasets.batches import batch_rows
from disbench.errors import DataError

KEY = 0x243F6A8885A308D313198A2E03707344
draw = partial(batch_rows, n_images=737_280, batch_size=64)


def test_batches_are_the_same_for_ever() -> None:
    assert draw(KEY, 0)[:4].tolist() == [666462, 571991, 319344, 170082]
    assert draw(KEY, 299_999)[:4].tolist() == [21540, 375053, 618958, 564937]


def test_batch_of_a_step_does_not_depend_on_the_steps_before() -> None:
    straight = [draw(KEY, step) for step in range(10)]
    resumed = [draw(KEY, step) for step in range(6, 10)]
    np.testing.assert_array_equal(straight[6:], resumed)


def test_steps_and_runs_share_no_numbers() -> None:
    batches = [draw(key, step) for key in (KEY, KEY + 1) for step in range(200)]
    rows = np.concatenate(batches)
    # 25,600 of 737,280 with replacement: 25,160 +- 21 distinct ones. Overlapping streams of
    # consecutive steps would leave a fraction of that.
    assert len(np.unique(rows)) == pytest.approx(25_160, abs=100)


def test_short_batch_is_the_beginning_of_a_long_one() -> None:
    long = batch_rows(KEY, 5, n_images=1000, batch_size=100)
    np.testing.assert_array_equal(batch_rows(KEY, 5, n_images=1000, batch_size=7), long[:7])


def test_rows_are_uniform() -> None:
    rows = batch_rows(KEY, 0, n_images=16, batch_size=160_000)
    counts = np.bincount(rows, minlength=16)
    chi_squared = ((counts - 10_000) ** 2 / 10_000).sum()
    assert chi_squared < 37.7  # 99.9 % quantile at 15 degrees of freedom


@given(st.integers(0, 2**128 - 1), st.integers(0, 2**40), st.integers(1, 1000))
def test_rows_are_rows_of_the_dataset(key: int, step: int, n_images: int) -> None:
    rows = batch_rows(key, step, n_images=n_images, batch_size=8)
    assert rows.dtype == np.int64
    assert rows.shape == (8,)
    assert ((rows >= 0) & (rows < n_images)).all()


def test_no_images_are_refused() -> None:
    with pytest.raises(DataError, match="cannot be drawn from 0 images"):
        batch_rows(KEY, 0, n_images=0, batch_size=64)


@pytest.mark.parametrize(("key", "step"), [(-1, 0), (2**128, 0), (KEY, -1)])
def test_keys_and_steps_out_of_range_are_refused(key: int, step: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        draw(key, step)
