"""The toolkit's own exceptions: each is also a builtin kind, so old `except` clauses still work.

An error names the value, what is allowed, and the next step. A bad *line* is never an error: it is
a row of the table (`other` or `unparsed`). A bad *argument* or an unsafe *action* is.
"""


class MailForensicsError(Exception):
    """The base of every error that this toolkit raises on purpose."""


class EvidenceError(MailForensicsError, OSError):
    """A log cannot be read: missing, unreadable, empty, or no log at all."""


class ArgumentError(MailForensicsError, ValueError):
    """An argument has a value that makes no sense here: a zone, a year, a network, a column."""


class MissingColumnError(MailForensicsError, KeyError):
    """A table lacks a column that the function needs."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class DecisionError(MailForensicsError, ValueError):
    """A decision cannot be recorded as asked, and nothing was recorded."""


class DecisionConflictError(DecisionError):
    """Somebody else decided on the same network in the meantime, and nothing was recorded."""


class UnsafeBanError(MailForensicsError, ValueError):
    """A ban would hit something that must never be banned."""


class MissingExtraError(MailForensicsError, ImportError):
    """An optional part of the toolkit is not installed; the message names the command."""


def extra_hint(extra: str) -> str:
    """Say how an optional part is installed: from the folder, for PyPI's name is another's."""
    return f"pip install '.[{extra}]' in this toolkit's folder (PyPI's mailforensics is another)"


class StoreBusyError(MailForensicsError, RuntimeError):
    """Somebody else is writing to the store."""


class StoreWriteError(MailForensicsError, RuntimeError):
    """A store, or what its analyses put aside, cannot be written; what it held is all there."""
