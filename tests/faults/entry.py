"""The command `disbench`, after the faults that the environment variable FAULTS names."""

from __future__ import annotations

import injected

from disbench import executors
from disbench.cli import main

if __name__ == "__main__":
    injected.install()
    executors.finish_in_worker = injected.finish_in_worker
    main()
