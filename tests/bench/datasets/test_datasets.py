"""What all sets of images share knows none of them."""

from __future__ import annotations

import subprocess
import sys

IMPORT_ALL = """
import sys
from importlib import import_module
from pkgutil import iter_modules
import disbench.datasets
for module in iter_modules(disbench.datasets.__path__, "disbench.datasets."):
    import_module(module.name)
print(*(name for name in sys.modules if name.startswith("disbench.d")))
"""


def test_datasets_do_not_import_dsprites() -> None:
    found = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, check=True)  # noqa: S603 - our own code
    names = set(found.stdout.decode().split())
    assert "disbench.datasets.stored" in names
    assert names.isdisjoint({"disbench.dsprites", "disbench.data"})
