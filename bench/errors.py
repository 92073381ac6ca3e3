"""The errors that a user can cause, each with a message that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class DisbenchError(Exception):
    """Base of every error that the command line prints without a traceback."""


class DataError(DisbenchError, ValueError):
    """A dataset file or a factor index is not what it should be."""


class StudyError(DisbenchError, ValueError):
    """A study cannot be run as it is written."""


class StoreError(DisbenchError):
    """A results directory cannot be read, written or shared with this study."""


class DamagedError(StoreError):
    """A file of a results directory is not what disbench wrote; `path` is that file."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is not what disbench wrote ({reason}); "
            "`disbench run` sets it aside and does its run again"
        )
        self.path = path
        self.reason = reason

    def __reduce__(self) -> tuple[type[DamagedError], tuple[Path, str]]:
        """How it travels between processes."""
        return type(self), (self.path, self.reason)


class WriteError(StoreError):
    """A directory cannot be written, so that nothing can go on; what was finished is kept."""


class ExplorerError(DisbenchError):
    """A run cannot be explored in a page."""
