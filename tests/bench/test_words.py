"""Numbers and names read well in a sentence."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path

import pytest

from disbench.words import counted, digits, duration, listed, number, p_value, per_cent, readable


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcdef"), "a, b, c, d, e and f"),
        (list("abcdefg"), "a, b, c, d, e and 2 more"),
        (list("abcdefghi"), "a, b, c, d, e and 4 more"),
    ],
)
def test_words_are_listed_and_of_many_the_first(words: list[str], said: str) -> None:
    assert listed(words) == said


def test_how_many_words_are_listed_can_be_said() -> None:
    assert listed(["a", "b", "c"], most=2) == "a and 2 more"


@pytest.mark.parametrize(
    ("n", "said"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (11520, "11,520 runs")]
)
def test_things_are_counted(n: int, said: str) -> None:
    assert counted(n, "run") == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0 %"),
        (1e-9, "less than 1 %"),
        (0.0099, "less than 1 %"),
        (0.01, "1 %"),
        (0.174, "17 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_that_is_there_does_not_read_as_nothing(share: float, said: str) -> None:
    assert per_cent(share) == said


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (1.0, "p = 1"),
        (0.3333, "p = 0.33"),
        (0.05, "p = 0.05"),
        (0.001, "p = 0.001"),
        (0.000999, "p < 0.001"),
        (0.0, "p < 0.001"),
    ],
)
def test_a_p_value_has_two_digits_and_none_where_it_is_tiny(p: float, said: str) -> None:
    assert p_value(p) == said


@pytest.mark.parametrize(
    ("p", "said"), [(0.0494, "p = 0.049"), (0.0496, "p < 0.05"), (0.0504, "p = 0.05")]
)
def test_a_p_value_stays_on_its_side_of_the_level(p: float, said: str) -> None:
    """Or a sentence would call beyond chance what it quotes as p = 0.05."""
    assert p_value(p) == said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (43, "43 s"),
        (59.6, "1 min 00 s"),
        (307, "5 min 07 s"),
        (3599, "59 min 59 s"),
        (3599.7, "1 h 00 min"),
        (12_000, "3 h 20 min"),
        (360_000, "100 h 00 min"),
    ],
)
def test_duration_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [
        (0.25, ".3f", "0.250"),
        (nan, ".3f", "\u2013"),
        (inf, ".3f", "\u221e"),
        (-inf, "+.1f", "-\u221e"),
        (inf, "+.3g", "+\u221e"),
    ],
)
def test_number_that_is_none_or_infinite_has_a_sign_of_its_own(
    value: float, form: str, said: str
) -> None:
    assert number(value, form) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("K\u00fche, 100 %", "K\u00fche, 100 %"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[2J\x7f", "\\x1b[2J\\x7f"),
        ("\u2028\u202e", "\\u2028\\u202e"),
        ("\udcff", "\\udcff"),
        (Path("a\nb"), "a\\nb"),
    ],
)
def test_what_does_not_print_is_escaped(text: str | Path, said: str) -> None:
    assert readable(text) == said


@pytest.mark.parametrize(
    ("value", "text"), [(4.0, "4"), (0.1, "0.1"), (1e-9, "1e-09"), (1.23456789, "1.23456789")]
)
def test_number_has_the_digits_it_needs(value: float, text: str) -> None:
    assert digits(value) == text
