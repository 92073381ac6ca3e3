"""What several metrics ask of an array has no surprise in it."""

import numpy as np

from disbench.metrics.arrays import blocks, ratio, standardised, top_two_gap, varying


def test_a_share_of_nothing_is_none() -> None:
    np.testing.assert_array_equal(ratio(np.array([1.0, 0, 3]), np.array([2.0, 0, 0])), [0.5, 0, 0])


def test_blocks_have_as_many_items_as_fit_into_a_gather() -> None:
    """Of 2 to the 21 entries, and one item at least."""
    whole = 2**21
    assert list(blocks(7, whole // 3)) == [slice(0, 3), slice(3, 6), slice(6, 9)]
    assert list(blocks(3, whole // 3)) == [slice(0, 3)]
    assert list(blocks(2, 5 * whole)) == [slice(0, 1), slice(1, 2)]
    assert list(blocks(0, 4)) == []


def test_shares_are_taken_row_by_row() -> None:
    whole = np.array([[2], [4]])
    np.testing.assert_array_equal(ratio(np.ones((2, 2)), whole), [[0.5, 0.5], [0.25, 0.25]])


def test_a_constant_does_not_vary_though_its_deviation_is_not_zero() -> None:
    codes = np.full((1_000_003, 2), 0.1)
    codes[0, 1] = 0.2
    assert codes[:, 0].std() > 0
    np.testing.assert_array_equal(varying(codes), [False, True])


def test_standardised_codes_have_mean_zero_and_deviation_one(rng: np.random.Generator) -> None:
    codes = rng.normal(3, 5, size=(100, 2)).astype(np.float32)
    standard = standardised(codes, codes)
    np.testing.assert_allclose(standard.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(standard.std(axis=0), 1)


def test_codes_are_standardised_by_their_reference() -> None:
    standard = standardised(np.array([[5.0, 7.0]]), np.array([[1.0, 3.0], [3.0, 3.0]]))
    np.testing.assert_array_equal(standard, [[3, 0]])


def test_the_gap_is_between_the_two_largest_of_a_column() -> None:
    scores = np.array([[1.0, 5.0], [4.0, 5.0], [2.5, 0.0]])
    np.testing.assert_array_equal(top_two_gap(scores), [1.5, 0])


def test_the_gap_of_one_row_is_its_entry() -> None:
    np.testing.assert_array_equal(top_two_gap(np.array([[3.0, 0.5]])), [3, 0.5])
