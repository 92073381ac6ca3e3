"""Public input is checked once, and a refusal says what to do."""

import numpy as np
import pytest

from disbench.metrics.checking import CodesError, checked_floats, checked_labels, checked_names


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_kept_as_they_are(dtype: type) -> None:
    codes = np.ones((3, 2), dtype=dtype)
    assert checked_floats(codes, "codes") is codes


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.float16, np.float32), (int, np.float64), (bool, np.float64)]
)
def test_other_numbers_become_floats(dtype: type, expected: type) -> None:
    assert checked_floats(np.ones((3, 2), dtype=dtype), "codes").dtype == expected


def test_objects_that_are_numbers_become_floats() -> None:
    """A frame of mixed columns arrives as an array of objects."""
    codes = checked_floats(np.array([[1, 2.5], [3, 4]], dtype=object), "codes")
    np.testing.assert_array_equal(codes, [[1, 2.5], [3, 4]])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_entries_are_refused_with_count_and_first_place(bad: float) -> None:
    codes = np.zeros((50, 4))
    codes[7, 3] = codes[9, 0] = bad
    with pytest.raises(CodesError, match=rf"2 .* the first \({bad}\) in row 7, column 3"):
        checked_floats(codes, "codes")


@pytest.mark.parametrize("shape", [(), (3,), (3, 2, 2)])
def test_another_rank_is_refused_with_the_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(CodesError, match=r"codes have shape .*; pass two axes"):
        checked_floats(np.zeros(shape), "codes")


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_empty_input_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(CodesError, match="at least one row and one column"):
        checked_floats(np.zeros(shape), "codes")


@pytest.mark.parametrize("bad", [[["a"]], [[1 + 2j]], np.array([[{}]], dtype=object)])
def test_what_is_no_number_is_refused(bad: object) -> None:
    with pytest.raises(CodesError, match="numbers"):
        checked_floats(np.asarray(bad), "codes")


def test_distinct_values_become_labels_in_their_order() -> None:
    labels = checked_labels([[0.5, 7], [1.0, -2], [0.5, -2], [0.75, 7]], ["scale", "x"])
    np.testing.assert_array_equal(labels, [[0, 1], [2, 0], [0, 0], [1, 1]])


def test_words_become_labels() -> None:
    labels = checked_labels([["square"], ["heart"], ["square"]], ["shape"])
    np.testing.assert_array_equal(labels, [[1], [0], [1]])


@pytest.mark.parametrize(
    "column",
    [np.array([1, np.nan, 1]), np.array([1, np.nan, 1], dtype=object), np.array([1, np.inf, 1])],
)
def test_a_missing_factor_value_is_refused(column: np.ndarray) -> None:
    with pytest.raises(CodesError, match=r"factor 'shape' hold 1 missing or infinite .* row 1"):
        checked_labels(column[:, None], ["shape"])


def test_a_factor_with_one_value_is_refused_by_name() -> None:
    with pytest.raises(CodesError, match="factor 'colour' has one value, 3; leave"):
        checked_labels([[0, 3], [1, 3], [0, 3]], ["shape", "colour"])


def test_a_continuous_factor_is_refused_by_name() -> None:
    with pytest.raises(CodesError, match="no value of factor 'angle' occurs twice in 3 rows"):
        checked_labels([[0.1], [0.2], [0.3]], ["angle"])


def test_a_factor_of_mixed_types_is_refused() -> None:
    with pytest.raises(CodesError, match="factor 'shape' mixes types"):
        checked_labels(np.array([[1], ["a"], [1]], dtype=object), ["shape"])


def test_factors_without_names_are_numbered() -> None:
    assert checked_names(None, 2) == ("factor_0", "factor_1")


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"], ["a", "a"]])
def test_names_must_be_distinct_and_one_a_factor(names: list[str]) -> None:
    with pytest.raises(CodesError, match="pass 2 distinct names"):
        checked_names(names, 2)
