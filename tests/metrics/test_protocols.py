"""Protocols are found by name, and each says what it is."""

from inspect import signature

import pytest

from disbench.metrics.protocols import PROTOCOLS, Protocol, UnknownProtocolError, find


def test_an_exact_name_finds_its_protocol() -> None:
    assert find(["mig/exact"]) == (PROTOCOLS["mig/exact"],)


def test_a_glob_finds_a_family() -> None:
    assert {protocol.name for protocol in find(["mig/*"])} >= {"mig/exact", "mig/locatello2019"}


def test_all_finds_every_protocol_in_its_order() -> None:
    assert find(["all"]) == tuple(PROTOCOLS.values())


def test_a_protocol_is_found_once_where_first_mentioned() -> None:
    names = [protocol.name for protocol in find(["mig/exact", "mig/*", "mig/exact"])]
    assert names[0] == "mig/exact"
    assert len(names) == len(set(names))


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownProtocolError, match=r"'mig/exakt'; the nearest are mig/exact"):
        find(["all", "mig/exakt"])


def test_a_glob_without_a_match_is_refused() -> None:
    with pytest.raises(UnknownProtocolError, match=r"'migg/\*'; the nearest are mig/"):
        find(["migg/*"])


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda protocol: protocol.name)
def test_every_choice_of_a_protocol_is_frozen(protocol: Protocol) -> None:
    """An argument with a default, or one left out, could change under the name."""
    parameters = dict(signature(protocol.compute).parameters)
    assert set(parameters) == {"table", "rng", *protocol.arguments}
    assert all(parameter.default is parameter.empty for parameter in parameters.values())


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=lambda protocol: protocol.name)
def test_every_protocol_says_where_it_comes_from(protocol: Protocol) -> None:
    metric, variant = protocol.name.split("/")
    assert metric
    assert variant
    assert protocol.title
    assert protocol.citation
    assert protocol.low < protocol.high
    assert protocol.version >= 1
