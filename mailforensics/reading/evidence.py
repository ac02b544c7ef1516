"""Find, order, open and fingerprint the files of evidence; nothing here is ever written to."""

import glob
import hashlib
import io
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, cast

from mailforensics.errors import EvidenceError
from mailforensics.reading.evidence_open import open_file, open_plain

_Paths = Iterable[str | Path]
Source = str | Path | IO[bytes] | IO[str] | _Paths

# What a log folder holds beside mail logs is left alone: web logs, package logs, the wtmp …
_LOG_NAME: Final = re.compile(
    r"^(mail|maillog|mail\.(log|warn|err|info|warning)|syslog|messages|ufw|ufw\.log|kern\.log"
    r"|dovecot([\w.-]*)?\.log|postfix[\w.-]*\.log|firewall(\.log)?|journal[\w.-]*|.*\.journal\.json"
    r"|.*\.jsonl?)([.-]\d[\d.T-]*)?(\.\d+)?(\.(gz|bz2|xz|zst))?$"
)


@dataclass(slots=True)
class Evidence:
    """One file (or text) of evidence, and what is learned about it while it is read."""

    name: str
    path: Path | None = None
    stream: IO[bytes] | None = None
    log: str = ""
    mtime: float | None = None
    inner_mtime: float | None = None
    size: int = 0
    lines: int = 0
    blank: int = 0
    joined: int = 0
    notes: list[str] = field(default_factory=list)
    year_from: str = ""
    _hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes as read, before decompression."""
        return self._hash.hexdigest()

    def open(self) -> IO[bytes]:
        """Open the evidence for reading, decompressed.

        Raises:
            EvidenceError: the file cannot be opened.
        """
        if self.stream is not None:
            return open_plain(self.stream, self.seen)
        if self.path is None:
            raise EvidenceError(f"{self.name}: has neither a path nor a stream.")
        return open_plain(open_file(self.path), self.seen)

    def noted(self) -> list[str]:
        """Return the notes, with what the counts of lines tell first."""
        counts = [
            (self.blank, "blank lines"),
            (self.joined, "lines that continue a wrapped entry, joined to it"),
        ]
        return [f"{count} {what}" for count, what in counts if count] + self.notes

    def facts(self) -> dict[str, object]:
        """Return what the events cannot carry, as plain JSON-able values."""
        return {
            "file": self.name,
            "sha256": self.sha256,
            "bytes": self.size,
            "lines": self.lines,
            "year_from": self.year_from,
            "notes": self.noted(),
        }

    def time_bound(self) -> tuple[datetime | None, str]:
        """Return a time that no line is later than, and what says so; None where nothing does."""
        bounds = [(self.mtime, "file time"), (self.inner_mtime, "time in the archive")]
        known = [(seconds, rule) for seconds, rule in bounds if seconds]
        if not known:
            return None, ""
        seconds, rule = min(known)
        bound = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        return bound, f"{rule} ({bound:%Y-%m-%d})"

    def seen(self, data: bytes) -> None:
        """Add bytes as read to the fingerprint."""
        self._hash.update(data)
        self.size += len(data)


def find_evidence(source: Source) -> list[Evidence]:
    """Return the evidence that a source names, in a fixed order: oldest rotation first.

    Args:
        source: a path, a glob, a folder, a list of those, a file object, or text with a newline.

    Raises:
        EvidenceError: nothing is there, or a folder holds no log.
    """
    if not isinstance(source, str | Path) and hasattr(source, "read"):
        return [_from_stream(cast("IO[bytes] | IO[str]", source))]
    if isinstance(source, str) and "\n" in source:
        return [Evidence("<text>", stream=io.BytesIO(source.encode("utf-8", "surrogateescape")))]
    items = [source] if isinstance(source, str | Path) else list(source)
    paths = {Path(os.path.realpath(p)): p for item in items for p in _paths(item)}
    if not paths:
        raise EvidenceError("the list of evidence is empty; name at least one log file.")
    return _named(sorted(paths.values(), key=_rotation_key))


def _from_stream(source: "IO[bytes] | IO[str]") -> Evidence:
    data = source.read()
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    name = getattr(source, "name", None)
    name = Path(name).name if isinstance(name, str) and not name.startswith("<") else name
    return Evidence(name if isinstance(name, str) else "<text>", stream=io.BytesIO(raw))


def _paths(item: str | Path) -> list[Path]:
    path = Path(item).expanduser()
    if path.is_dir():
        found = [p for p in sorted(path.iterdir()) if p.is_file() and _LOG_NAME.match(p.name)]
        if not found:
            raise EvidenceError(
                f"no log in the folder {path}: it has no mail.log, syslog, ufw.log or the like; "
                f"name the files, for example {path}/*.log."
            )
        return found
    if path.exists():
        return [path]
    found = [Path(p) for p in sorted(glob.glob(str(path))) if not Path(p).is_dir()]  # noqa: PTH207
    if not found:
        raise EvidenceError(f"{item}: no such file; check the path, or quote the glob.")
    return found


_ROTATION: Final = re.compile(
    r"^(.*?)(?:[.-](\d{8}(?:-\d+)?)|\.(\d{1,4}))?(?:\.(?:gz|bz2|xz|zst))?$"
)


def _rotation_key(path: Path) -> tuple[str, int, str, int, str]:
    """Sort `x.2.gz`, `x.1`, `x-20260904`, `x` : the oldest rotation of a log first."""
    found = _ROTATION.match(path.name)
    stem, date, number = found.groups() if found else (path.name, None, None)
    newest = date is None and number is None
    return (f"{path.parent}/{stem}", int(newest), date or "", -int(number or 0), str(path))


def _named(paths: list[Path]) -> list[Evidence]:
    """Name each file as shortly as is unambiguous."""
    names = [p.name for p in paths]
    if len(set(names)) < len(names):
        common = Path(os.path.commonpath([p.absolute().parent for p in paths]))
        names = [p.absolute().relative_to(common).as_posix() for p in paths]
    return [
        Evidence(name, path=path, log=_rotation_key(path)[0], mtime=path.stat().st_mtime)
        for name, path in zip(names, paths, strict=True)
    ]
