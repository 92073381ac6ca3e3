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
    it: they stand in `GROUP_PROTOCOLS`.

    Raises
    ------
    UnknownProtocolError
        For a name that matches none; the message has the nearest known ones.
    """
    found = dict.fromkeys(chain.from_iterable(_matches(name) for name in names))
    return tuple(PROTOCOLS[name] for name in found)


def _matches(pattern: str) -> list[str]:
    glob = "*" if pattern == "all" else pattern
    matches = [name for name in PROTOCOLS if fnmatchcase(name, glob)]
    if not matches:
        nearest = get_close_matches(pattern, PROTOCOLS, n=3, cutoff=0.4) or list(PROTOCOLS)
        raise UnknownProtocolError(
            f"no protocol is called {pattern!r}; the nearest are {', '.join(nearest)}"
        )
    return matches
