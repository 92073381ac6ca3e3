"""Print the bits of scores, for a comparison of two processes."""

import hashlib
import sys
from collections.abc import Iterator
from itertools import chain

import numpy as np
from canonical import table

import disbench
from disbench.metrics.protocols import GROUP_PROTOCOLS, PROTOCOLS, Score

# Those that leave sums to BLAS or to an optimiser; the others would only take longer.
_SCORED = ["beta_vae/*", "explicitness/*", "infomec/*", "sap/*", "*correlation/*"]


def main() -> None:
    """Print a line for each protocol that takes seconds, then what `disbench.score` returns."""
    sys.stdout.writelines(f"{line}\n" for line in chain(_of_protocols(), _of_groups(), _public()))


def _of_protocols() -> Iterator[str]:
    for protocol in PROTOCOLS.values():
        if protocol.cost == "seconds":
            codes = table("rotated", "coarse")
            yield _line(protocol.name, protocol.score(codes, rng=np.random.default_rng(0)))


def _of_groups() -> Iterator[str]:
    tables = [table(codes, "coarse") for codes in ("rotated", "monotone warps")]
    for protocol in GROUP_PROTOCOLS.values():
        scores = protocol.scores(tables, rng=np.random.default_rng(0))
        yield from (_line(protocol.name, score) for score in scores)


def _public() -> Iterator[str]:
    codes = table("rotated", "coarse")
    frame = disbench.score(codes.codes, codes.factors, protocols=_SCORED)
    for row in frame.itertuples():
        yield " ".join([row.protocol, *(x.hex() for x in (row.value, row.floor, row.ceiling))])


def _line(name: str, score: Score) -> str:
    """Return the bits of a value, and a digest of those of its detail."""
    detail = b"".join(score.detail[part].tobytes() for part in sorted(score.detail))
    return f"{name} {score.value.hex()} {hashlib.sha256(detail).hexdigest()}"


if __name__ == "__main__":
    main()
