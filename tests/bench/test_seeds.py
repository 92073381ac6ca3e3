"""Random streams are named, independent, and the same for ever."""

from __future__ import annotations

import numpy as np

from disbench.seeds import generator, stream_key


def test_keys_are_the_same_for_ever() -> None:
    # The first 128 bits of sha256("run/weights").
    assert stream_key("run", "weights") == 0x77E17CF93BE98025B93464B5AE7ED70A


def test_streams_are_the_same_for_ever() -> None:
    key = stream_key("run", "weights")
    assert generator(key).integers(0, 2**63, 3).tolist() == [
        5717761501530918023,
        5497947916449381807,
        4320399902369221496,
    ]
    assert generator(key, step=1).standard_normal(2, dtype=np.float32).tolist() == [
        -0.8973421454429626,
        -1.1676346063613892,
    ]


def test_keys_differ_by_identity_and_purpose() -> None:
    names = [("a", "x"), ("a", "y"), ("b", "x"), ("", "x"), ("a", "")]
    assert len({stream_key(*name) for name in names}) == len(names)


def test_a_stream_starts_anew_each_time() -> None:
    first, again = (generator(5, step=3).random(100) for _ in range(2))
    assert np.array_equal(first, again)


def test_step_zero_is_the_stream_itself() -> None:
    assert generator(5).random() == generator(5, step=0).random()


def test_streams_of_steps_and_keys_share_nothing() -> None:
    """A long draw at one step does not run into the next step's numbers."""
    raw = [
        generator(key, step=step).integers(0, 2**63, 10_000)
        for key in (1, 2)
        for step in (0, 1, 2, 2**40)
    ]
    assert len(np.unique(np.concatenate(raw))) == 80_000
