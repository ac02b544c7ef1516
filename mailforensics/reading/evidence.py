"""Find the files of evidence, put them in order, name them; nothing here is ever written to."""

import glob
import hashlib
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import IO, cast

from mailforensics.errors import EvidenceError
from mailforensics.reading.evidence_names import ARCHIVES, rotation_key, short_names
from mailforensics.reading.evidence_open import PIECE_BYTES, gzip_time, open_file, open_plain
from mailforensics.reading.evidence_tar import read_members
from mailforensics.reading.wrapped import HARD, mark_hard_wraps

_Paths = Iterable[str | Path]
Source = str | Path | IO[bytes] | IO[str] | _Paths


@dataclass(slots=True)
class Evidence:
    """One file (or text) of evidence, and what is learned about it while it is read."""

    name: str
    path: PurePath
    stream: IO[bytes] | None = None
    opener: Callable[[], IO[bytes]] | None = None  # where the path is none of this machine
    mtime: float | None = None
    is_text: bool = False  # handed over as text: not a file
    marked: bool = False  # text in which hard wraps are marked
    found: bool = False  # in a folder or by a glob: not named by the caller
    inner_mtime: float | None = None
    size: int = 0
    lines: int = 0
    blank: int = 0
    joined: int = 0
    notes: list[str] = field(default_factory=list)
    year_from: str = ""
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def log(self) -> str:
        """The log that the file is a rotation of."""
        return rotation_key(self.path)[0]

    @contextmanager
    def open(self) -> Iterator[io.BufferedReader]:
        """Open the evidence for reading, unpacked; at the end its fingerprint is complete.

        Raises:
            EvidenceError: the file cannot be opened.
        """
        raw = self.stream or (self.opener() if self.opener else open_file(Path(self.path)))
        try:
            plain, stored = open_plain(raw, self)
            yield plain
            while stored.read(PIECE_BYTES):
                pass
        finally:
            if self.stream is None:
                raw.close()

    def seen(self, data: bytes) -> None:
        """Add bytes as stored to the fingerprint."""
        data = data.replace(HARD.encode(), b"") if self.marked else data
        if not self.size:
            self.inner_mtime = gzip_time(data[:8])
        self._hash.update(data)
        self.size += len(data)

    def time_bound(self) -> tuple[datetime | None, str]:
        """Return a time that no line is later than, and what says so; None where nothing does."""
        bounds = [(self.mtime, "file time"), (self.inner_mtime, "gzip time")]
        known = [(seconds, rule) for seconds, rule in bounds if seconds]
        if not known:
            return None, ""
        seconds, rule = min(known)
        bound = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        return bound, f"{rule} ({bound:%Y-%m-%d})"

    def facts(self) -> dict[str, object]:
        """Return what the events cannot carry, as plain JSON-able values."""
        counts = [
            (self.blank, "blank lines"),
            (self.joined, "lines continue a wrapped entry and were joined to it"),
        ]
        return {
            "file": self.name,
            "sha256": self._hash.hexdigest(),
            "bytes": self.size,
            "lines": self.lines,
            "year_from": self.year_from,
            "notes": [f"{count} {what}" for count, what in counts if count] + self.notes,
        }


def find_evidence(source: Source, names: re.Pattern[str]) -> list[Evidence]:
    """Return the evidence that a source names, in a fixed order: oldest rotation first.

    Args:
        source: a path, a glob, a folder, a list of those, a file object, or text with a newline.
        names: which files of a folder or an archive are logs.

    Raises:
        EvidenceError: nothing is there, or a folder or archive holds no log.
    """
    if source == "":
        raise EvidenceError("the path is empty; name a log file, such as /var/log/mail.log.")
    if not isinstance(source, str | Path) and hasattr(source, "read"):
        return [_from_stream(cast("IO[bytes] | IO[str]", source))]
    if isinstance(source, str) and "\n" in source:
        text = mark_hard_wraps(source)
        return [replace(_from_text(text, "<text>"), marked=text != source)]
    items = [source] if isinstance(source, str | Path) else list(source)
    named = [evidence for item in items for evidence in _paths(item, names)]
    found = {os.path.realpath(item.path): item for item in named}
    if not found:
        raise EvidenceError("the list of evidence is empty; name at least one log file.")
    ordered = sorted(
        (member for item in found.values() for member in _members(item, names)),
        key=lambda item: rotation_key(item.path),
    )
    for item, name in zip(ordered, short_names([item.path for item in ordered]), strict=True):
        item.name = name
    return ordered


def _from_text(text: str, name: str) -> Evidence:
    stream = io.BytesIO(text.encode("utf-8", "surrogatepass"))
    return Evidence(name, PurePath(name), stream, is_text=True)


def _from_stream(source: IO[bytes] | IO[str]) -> Evidence:
    known = getattr(source, "name", None)
    name = PurePath(known).name if isinstance(known, str) else "<text>"
    binary = getattr(source, "buffer", source)
    if isinstance(binary, io.TextIOBase):
        return _from_text(str(source.read()), name)
    return Evidence(name, PurePath(name), cast("IO[bytes]", binary))


def _paths(item: str | Path, names: re.Pattern[str]) -> Iterator[Evidence]:
    try:
        path = Path(item).expanduser()
        if path.is_dir():
            yield from _logs_in(path, names)
        elif path.exists():
            yield Evidence("", path, mtime=path.stat().st_mtime)
        else:
            yield from _matches(str(path))
    except (OSError, ValueError, RuntimeError) as error:
        if isinstance(error, EvidenceError):
            raise
        raise EvidenceError(f"{_shown(item)}: cannot be read ({error}); check the path.") from error


def _logs_in(folder: Path, names: re.Pattern[str]) -> list[Evidence]:
    files = [path for pattern in ("*", "*/*") for path in sorted(folder.glob(pattern))]
    logs = [path for path in files if names.fullmatch(path.name) and path.is_file()]
    if not logs:
        raise EvidenceError(
            f"{folder}: no log in this folder, such as mail.log, syslog or ufw.log, with or "
            f"without .1, .gz; name the files instead, for example {folder}/*.txt."
        )
    return [Evidence("", path, mtime=path.stat().st_mtime, found=True) for path in logs]


def _matches(pattern: str) -> list[Evidence]:
    paths = [Path(name) for name in sorted(glob.glob(pattern))]  # noqa: PTH207 - absolute globs
    if not paths:
        raise EvidenceError(
            f"{_shown(pattern)}: no such file; check the path. (Text of a log is taken as text "
            "where it holds a newline.)"
        )
    files = [path for path in paths if path.is_file()]
    return [Evidence("", path, mtime=path.stat().st_mtime, found=True) for path in files]


def _shown(item: str | Path) -> str:
    return repr(str(item)[:200])[1:-1]


def _members(item: Evidence, names: re.Pattern[str]) -> list[Evidence]:
    if not ARCHIVES.fullmatch(item.path.name):
        return [item]
    with item.open() as archive:
        members = read_members(archive, names, item.notes)
    if not members:
        raise EvidenceError(f"{item.path}: no log in this archive; unpack it and name the files.")
    origin = f"from {item.path.name}, sha256 {item.facts()['sha256']}"
    return [
        Evidence(
            "",
            item.path / member.path,
            member.stream,
            mtime=member.mtime,
            notes=[origin, *item.notes],
            found=True,
        )
        for member in members
    ]
