"""Measure how far a protocol's values scatter over evaluation seeds, and write it to tests/golden.

From the root: `python tests/regress/measure_noise.py [PROTOCOL ...]`, all of them if none is named:
about 30 minutes on one core. A glob names several.
"""

import sys
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd
from evaluation import NAMES, definition, noise_path, values

# None of them is the seed of the committed values.
_SEEDS = range(1, 11)
_SEEDS_OF_TREES = range(1, 6)


def scatter(name: str) -> pd.DataFrame:
    """Return mean and standard deviation (ddof 1) of a protocol's values over the seeds."""
    seeds = _SEEDS_OF_TREES if name.startswith("dci/") else _SEEDS
    drawn = pd.DataFrame({seed: values(name, seed) for seed in seeds})
    return pd.DataFrame(
        {
            "mean": drawn.mean(axis=1),
            "deviation": drawn.apply(_deviation, axis=1),
            "n_seeds": len(seeds),
        }
    )


def _deviation(drawn: pd.Series) -> float:
    """Return the deviation, 0 where all are the same: infinity has none by the formula."""
    return 0.0 if drawn.min() == drawn.max() else float(np.std(drawn, ddof=1))


def main(patterns: list[str]) -> None:
    """Measure the protocols that draw and whose names match, and print the largest deviations."""
    for name in NAMES:
        if definition(name).draws and any(fnmatchcase(name, pattern) for pattern in patterns):
            measured = scatter(name)
            noise_path(name).parent.mkdir(exist_ok=True)
            measured.to_csv(noise_path(name), float_format="%.6g")
            worst = measured["deviation"].idxmax()
            sys.stdout.write(f"{name}: at most {measured['deviation'].max():.2g} ({worst})\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:] or ["*"])
