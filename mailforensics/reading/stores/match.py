"""Know a file again: by its first bytes, through rotation and compression, never by its name."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from mailforensics.errors import EvidenceError
from mailforensics.reading.evidence import Evidence, Source, find_evidence
from mailforensics.reading.evidence_names import rotation_key
from mailforensics.reading.evidence_open import open_file
from mailforensics.reading.stores.manifest import Entry, Manifest, Progress
from mailforensics.reading.stores.place import is_remote, open_remote, remote

HEAD_BYTES: Final = 4096
SIGNATURE_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Look:
    """What a first look at a file shows: its first bytes, and whether anything can be new."""

    head: bytes
    signature: tuple[Any, ...]

    @property
    def digest(self) -> str:
        """The fingerprint of the first bytes."""
        return hashlib.sha256(self.head).hexdigest()

    @property
    def size(self) -> int:
        """Bytes as stored; 0 where that cannot be told."""
        return int(self.signature[0]) if self.signature else 0


@dataclass(slots=True)
class Job:
    """One file to read, and what the store knows of it."""

    evidence: Evidence
    entry: Entry
    look: Look
    is_new: bool

    @property
    def begin(self) -> Progress:
        """How far the file was read, by this ingest or one that was cut off, or for good."""
        return self.entry.going or self.entry.done


def gather(source: Source, names: re.Pattern[str]) -> list[Evidence]:
    """Return the evidence of a source, which may lie at fsspec addresses too.

    Raises:
        EvidenceError: nothing is there.
    """
    if hasattr(source, "read") or (isinstance(source, str) and "\n" in source):
        return find_evidence(source, names)
    items = [source] if isinstance(source, str | Path) else list(source)
    far = [item for item in items if is_remote(str(item))]
    near = [item for item in items if not is_remote(str(item))]
    found = [evidence for item in far for evidence in _remote_evidence(str(item), names)]
    return found + (find_evidence(near, names) if near or not far else [])


def _remote_evidence(address: str, names: re.Pattern[str]) -> Iterator[Evidence]:
    files, path = remote(address)
    try:
        if any(sign in path for sign in "*?["):
            listed = files.glob(path, detail=True)
            found = {name: facts for name, facts in listed.items() if facts["type"] == "file"}
        elif files.isdir(path):
            listed = files.find(path, maxdepth=2, detail=True)
            found = {n: f for n, f in listed.items() if names.fullmatch(PurePosixPath(n).name)}
        else:
            found = {path: files.info(path)}
    except OSError as problem:
        raise EvidenceError(f"{address}: cannot be read ({problem}); check the address.") from None
    if not found:
        raise EvidenceError(f"{address}: no log there, such as mail.log; name the files instead.")
    for name, facts in sorted(found.items()):
        full = files.unstrip_protocol(name)
        yield Evidence(
            PurePosixPath(name).name,
            PurePosixPath(full),
            opener=partial(open_remote, full),
            mtime=_seconds(facts),
            found=True,
        )


def _seconds(facts: dict[str, Any]) -> float | None:
    when: Any = facts.get("LastModified") or facts.get("mtime") or facts.get("updated")
    seconds = when.timestamp() if hasattr(when, "timestamp") else when
    return None if seconds is None else float(seconds)


def look_at(evidence: Evidence) -> Look:
    """Return what a file begins with. Standard input cannot be looked at twice: nothing.

    Raises:
        EvidenceError: it cannot be opened.
    """
    stream = evidence.stream
    if stream is not None and not stream.seekable():
        return Look(b"", ())
    with fresh(evidence).open() as plain:
        head = plain.read(HEAD_BYTES)
    if stream is not None:
        stream.seek(0)
        return Look(head, ())
    with _raw(evidence) as raw:
        begin = hashlib.sha256(raw.read(SIGNATURE_BYTES)).hexdigest()
        size = raw.seek(0, os.SEEK_END)
    return Look(head, (size, evidence.mtime, begin))


def fresh(evidence: Evidence) -> Evidence:
    """Return the same evidence, not read yet."""
    return replace(evidence, notes=list(evidence.notes), size=0, _hash=hashlib.sha256())


def _raw(evidence: Evidence) -> IO[bytes]:
    return evidence.opener() if evidence.opener else open_file(Path(evidence.path))


def match(manifest: Manifest, looks: Sequence[tuple[Evidence, Look]], kind: str) -> list[Job]:
    """Return a job for each file, with the entry that knows it, or a new one.

    Each entry is given to one file: to the one at its path, or else of its log, or else any with
    these first bytes. The manifest gets the new entries.
    """
    free = [entry for entry in manifest.entries if entry.kind == kind]
    known: dict[int, Entry] = {}
    for nearness in (_is_same_path, _is_same_log, _is_anywhere):
        for place, (evidence, look) in enumerate(looks):
            if place in known:
                continue
            fits = [e for e in free if nearness(e, evidence) and _may_be(e, evidence, look)]
            if fits:
                known[place] = max(fits, key=lambda entry: (entry.head_bytes, -entry.number))
                free.remove(known[place])
    jobs = []
    for place, (evidence, look) in enumerate(looks):
        entry = known.get(place) or new_entry(manifest, evidence, look, kind)
        jobs.append(Job(evidence, entry, look, place not in known))
    return jobs


def new_entry(manifest: Manifest, evidence: Evidence, look: Look, kind: str) -> Entry:
    """Add an entry for a file that the store does not know; it holds nothing yet."""
    number = max((entry.number for entry in manifest.entries), default=0) + 1
    path = str(evidence.path)
    entry = Entry(number, kind, path, head=look.digest, head_bytes=len(look.head))
    manifest.entries.append(entry)
    return entry


def _is_same_path(entry: Entry, evidence: Evidence) -> bool:
    return entry.path == str(evidence.path)


def _is_same_log(entry: Entry, evidence: Evidence) -> bool:
    return rotation_key(PurePosixPath(entry.path))[0] == rotation_key(evidence.path)[0]


def _is_anywhere(entry: Entry, evidence: Evidence) -> bool:  # noqa: ARG001 - one of three tests
    return entry.head_bytes > 0


def _may_be(entry: Entry, evidence: Evidence, look: Look) -> bool:
    """Say whether an entry may be that of a file; one that cannot be read is what it was."""
    unreadable = evidence.stream is None and not look.signature
    return (unreadable and _is_same_path(entry, evidence)) or _begins_alike(entry, look)


def _begins_alike(entry: Entry, look: Look) -> bool:
    if entry.head_bytes > len(look.head):
        return False
    return hashlib.sha256(look.head[: entry.head_bytes]).hexdigest() == entry.head
