"""The work on one file, which can be done on any machine that reaches it and the store."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Final

import polars as pl

from mailforensics.reading.evidence import Evidence
from mailforensics.reading.evidence_names import FIREWALL_LOGS, MAIL_LOGS
from mailforensics.reading.evidence_open import open_file
from mailforensics.reading.mail import parse_mail
from mailforensics.reading.read import LogKind
from mailforensics.reading.stores.cutting import ChangedError
from mailforensics.reading.stores.manifest import Progress
from mailforensics.reading.stores.match import fresh
from mailforensics.reading.stores.parts import Shelf
from mailforensics.reading.stores.stream import Step, stream_file
from mailforensics.reading.ufw import parse_ufw
from mailforensics.schema import FIREWALL_EVENTS, MAIL_EVENTS

KINDS: Final = {
    "mail": LogKind("mail", MAIL_LOGS, parse_mail, MAIL_EVENTS),
    "ufw": LogKind("ufw", FIREWALL_LOGS, parse_ufw, FIREWALL_EVENTS),
}
# What a file can do wrong; the file is named in the audit and the others are read.
POISON: Final = (OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


@dataclass(frozen=True, slots=True)
class Task:
    """How files are read: as which kind of log, how much text at a time."""

    kind: str
    chunk_bytes: int


@dataclass(slots=True)
class Outcome:
    """What became of one file: the last step, and the facts of its bytes; or what went wrong."""

    step: Step | None
    sha256: str = ""
    size: int = 0
    inner_mtime: float | None = None
    notes: tuple[str, ...] = ()
    changed: bool = False


def read_file(
    evidence: Evidence, task: Task, *, begin: Progress, shelf: Shelf
) -> Iterator[Outcome]:
    """Yield how far the reading of a file got, at last with the facts of its bytes."""
    item = fresh(evidence)
    try:
        kind, chunk = KINDS[task.kind], task.chunk_bytes
        for step in stream_file(item, kind, begin=begin, shelf=shelf, chunk=chunk):
            last = step
            yield Outcome(step)
    except ChangedError as problem:
        yield Outcome(None, notes=(*item.notes, f"not read: {problem}"), changed=True)
        return
    except POISON as problem:
        yield poisoned(problem, tuple(item.notes))
        return
    facts = item.facts()
    yield Outcome(last, str(facts["sha256"]), item.size, item.inner_mtime, tuple(item.notes))


def poisoned(problem: BaseException, notes: tuple[str, ...]) -> Outcome:
    """Return what is told of a file that cannot be read."""
    words = " ".join(str(problem).split())[:300]
    return Outcome(None, notes=(*notes, f"not read: {words}"))


@dataclass(frozen=True, slots=True)
class File:
    """What names a file of evidence on any machine that reaches it."""

    name: str
    path: PurePath
    opener: Callable[[], IO[bytes]] | None
    mtime: float | None
    found: bool
    notes: tuple[str, ...]

    @classmethod
    def of(cls, evidence: Evidence) -> "File":
        """Return the name of evidence that has not been read."""
        return cls(
            evidence.name,
            evidence.path,
            evidence.opener,
            evidence.mtime,
            evidence.found,
            tuple(evidence.notes),
        )

    def raw(self) -> IO[bytes]:
        """Open the file as it is stored.

        Raises:
            EvidenceError: it cannot be opened.
        """
        return self.opener() if self.opener else open_file(Path(self.path))


def last_outcome(file: File, task: Task, *, begin: Progress, shelf: Shelf) -> Outcome:
    """Read a whole file, as workers do, and return how it ended."""
    evidence = Evidence(
        file.name,
        file.path,
        opener=file.opener,
        mtime=file.mtime,
        found=file.found,
        notes=list(file.notes),
    )
    return deque(read_file(evidence, task, begin=begin, shelf=shelf), maxlen=1)[0]
