"""Every protocol by name. A new metric is one file, imported and listed here."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import chain
from types import MappingProxyType

from disbench.metrics import (
    beta_vae,
    correlation,
    dci,
    explicitness,
    factor_vae,
    infomec,
    irs,
    mig,
    mig_posterior,
    modularity,
    posterior,
    sap,
    udr,
)
from disbench.metrics.protocol import GroupProtocol, Protocol, Score

__all__ = [
    "GROUP_PROTOCOLS",
    "PROTOCOLS",
    "GroupProtocol",
    "Protocol",
    "Score",
    "UnknownProtocolError",
    "find",
]

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            *beta_vae.PROTOCOLS,
            *factor_vae.PROTOCOLS,
            *mig.PROTOCOLS,
            *mig_posterior.PROTOCOLS,
            *dci.PROTOCOLS,
            *sap.PROTOCOLS,
            *modularity.PROTOCOLS,
            *explicitness.PROTOCOLS,
            *irs.PROTOCOLS,
            *infomec.PROTOCOLS,
            *correlation.PROTOCOLS,
            *posterior.PROTOCOLS,
        )
    }
)
"""Name -> protocol, in the order in which they are listed and scored."""

GROUP_PROTOCOLS: Mapping[str, GroupProtocol] = MappingProxyType(
    {protocol.name: protocol for protocol in udr.GROUP_PROTOCOLS}
)
"""Name -> protocol of several models' codes."""


class UnknownProtocolError(ValueError):
    """A name or pattern that no protocol has."""


def find(names: Iterable[str]) -> tuple[Protocol, ...]:
    """Return the protocols of these names, each once, in the order of first mention.

    A name is exact, a glob such as 'mig/*', or 'all'. Protocols of several models are no part of
    it: `find_groups` returns those.

    Raises
    ------
    UnknownProtocolError
        For a name that matches none of either kind; the message has the nearest known ones.
    """
    return tuple(PROTOCOLS[name] for name in _matches(names) if name in PROTOCOLS)


def find_groups(names: Iterable[str]) -> tuple[GroupProtocol, ...]:
    """Return the protocols of several models of these names; otherwise as `find`."""
    return tuple(GROUP_PROTOCOLS[name] for name in _matches(names) if name in GROUP_PROTOCOLS)


def _matches(patterns: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(chain.from_iterable(_matching(pattern) for pattern in patterns))


def _matching(pattern: str) -> list[str]:
    known = [*PROTOCOLS, *GROUP_PROTOCOLS]
    matches = [name for name in known if fnmatchcase(name, "*" if pattern == "all" else pattern)]
    if not matches:
        nearest = get_close_matches(pattern, known, n=3, cutoff=0.4) or known
        raise UnknownProtocolError(
            f"no protocol is called {pattern!r}; the nearest are {', '.join(nearest)}"
        )
    return matches
