"""The errors that a user can cause, each with a message that says what to do."""


class DisbenchError(Exception):
    """Base of every error that the command line prints without a traceback."""


class DataError(DisbenchError, ValueError):
    """A dataset file or a factor index is not what it should be."""


class StudyError(DisbenchError, ValueError):
    """A study cannot be run as it is written."""


class StoreError(DisbenchError):
    """A results directory cannot be read, written or shared with this study."""


class ExplorerError(DisbenchError):
    """A run cannot be explored in a page."""
