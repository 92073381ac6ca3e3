"""Numbers by address are those of SplitMix64."""

from __future__ import annotations

import numpy as np

from disbench.datasets.hashing import identity_of, seed_of, split_mix


def test_numbers_are_the_published_ones_of_splitmix64() -> None:
    """The first five of the seed 1234567, which other implementations are tested with."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert split_mix(1234567, np.arange(5, dtype=np.uint64)).tolist() == expected


def test_number_depends_on_its_address_alone() -> None:
    one = split_mix(3, np.array([[7], [2]], np.uint64))
    assert one.tolist() == split_mix(3, np.arange(8, dtype=np.uint64))[[[7], [2]]].tolist()
    assert split_mix(3, np.array([2**64 - 1], np.uint64)).shape == (1,)  # and wraps round


def test_names_have_seeds_and_identities_of_their_own() -> None:
    assert len({seed_of("colour 1"), seed_of("colour 2"), seed_of("noisy 1")}) == 3
    bases = ("0" * 64, "1" * 64)
    assert len({identity_of(name, base) for name in ("a 1", "a 2") for base in bases}) == 4
