"""What a number was computed with: versions, device, commit."""

from __future__ import annotations

import platform
import subprocess
from functools import lru_cache

import numpy as np
import scipy
import sklearn
import torch

import disbench
from disbench.hardware import device_name
from disbench.records import Provenance


def provenance(device: str) -> Provenance:
    """The provenance of what this process computes on this device."""
    return Provenance(
        disbench=disbench.__version__,
        python=platform.python_version(),
        torch=torch.__version__,
        numpy=np.__version__,
        scipy=scipy.__version__,
        scikit_learn=sklearn.__version__,
        platform=f"{platform.system()} {platform.machine()}",
        device=device,
        device_name=device_name(device),
        threads=torch.get_num_threads(),
        git_commit=_git_commit(),
    )


@lru_cache(maxsize=1)
def _git_commit() -> str | None:
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None
    return f"{commit}+changes" if _git("status", "--porcelain", "-uno") else commit


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["git", *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            check=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
