"""What a store knows of its files: one small document, replaced as a whole at each step."""

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from mailforensics.errors import EvidenceError, StoreBusyError
from mailforensics.reading.stores.place import Place

MANIFEST: Final = "manifest.json"
# Raised when parts of an older version could no longer be read.
SCHEMA_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file: rows of one file of evidence, of one day and (mostly) one host.

    Attributes:
        name: path below the store.
        rows: how many.
        size: bytes of the Parquet file.
        hosts: the servers that wrote the rows; None for rows without a host.
        clock: what the stamps are: `absolute` (UTC), `local`, `yearless`, or `none`.
        span: of year-less stamps, the run that they are in; see `years.YearlessFile`.
        low: first stamp, as written (microseconds); None without one.
        high: last stamp.
        other: rows with a head and a message of no known kind.
        unparsed: rows without a head.
        repeats: further times that folded rows stand for.
        start: first time in UTC, once settled.
        end: last time in UTC.
    """

    name: str
    rows: int
    size: int
    hosts: tuple[str | None, ...]
    clock: str
    span: int
    low: int | None
    high: int | None
    other: int
    unparsed: int
    repeats: int
    start: int | None = None
    end: int | None = None


@dataclass(slots=True)
class Tally:
    """What a file came to so far: counts, and what its stamps tell of years and zones.

    Times are microseconds as stamped. `spans` are runs of year-less stamps: first, last, row of
    the first among year-less rows; `known` is the range of stamps with a year.
    """

    lines: int = 0
    blank: int = 0
    joined: int = 0
    orphans: int = 0
    yearless: int = 0
    spans: list[list[int]] = field(default_factory=list)
    leap: list[int] = field(default_factory=list)
    known: list[int] | None = None
    stamped: bool = False

    def copy(self) -> "Tally":
        """Return a copy that changes alone."""
        return replace(self, spans=[list(span) for span in self.spans], leap=list(self.leap))


@dataclass(slots=True)
class Progress:
    """How far a file was read: what came of its first `offset` bytes, unpacked.

    Attributes:
        offset: bytes; an entry begins there.
        prefix: SHA-256 of those bytes.
        tally: what they came to.
        carry: the fields of the last row of each host, for a line that only says `repeated`.
        parts: where the rows are.
    """

    offset: int = 0
    prefix: str = ""
    tally: Tally = field(default_factory=Tally)
    carry: list[dict[str, Any]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Entry:
    """One file of evidence.

    Attributes:
        number: its number in the store; never given twice.
        kind: `mail` or `ufw`.
        path: where it was last seen.
        tz: zone of stamps without an offset.
        year: year of the oldest year-less line, as given.
        head: SHA-256 of its first `head_bytes` bytes, unpacked: the file, whatever its name.
        head_bytes: how many bytes those are.
        signature: size, time and SHA-256 of the first bytes as stored: nothing new in there.
        mtime: when it was last written.
        inner_mtime: the same, as a gzip header has it.
        sha256: of all its bytes, as stored.
        size: bytes, as stored.
        notes: what was noticed while reading.
        done: what is in the store for good.
        tail: its last entry, which may still grow: rows after `done`.
        total: what `done` and `tail` came to.
        going: how far an ingest got that has not ended.
        name: as events call it. This and what follows is settled from all files.
        year_from: the rule that gave year-less stamps their year.
        years: the year of each span.
        said: what is to be said of years and zones.
        moved: a Parquet file with the times of rows in the hours that daylight saving touches.
        duplicates: rows already read from another file.
    """

    number: int
    kind: str
    path: str
    tz: str = "UTC"
    year: int | None = None
    head: str = ""
    head_bytes: int = 0
    signature: list[Any] = field(default_factory=list)
    mtime: float | None = None
    inner_mtime: float | None = None
    sha256: str = ""
    size: int = 0
    notes: list[str] = field(default_factory=list)
    done: Progress = field(default_factory=Progress)
    tail: list[Part] = field(default_factory=list)
    total: Tally = field(default_factory=Tally)
    going: Progress | None = None
    name: str = ""
    year_from: str = ""
    years: list[int] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    moved: str = ""
    duplicates: int = 0

    @property
    def parts(self) -> list[Part]:
        """All parts that count."""
        return [*self.done.parts, *self.tail]


@dataclass(slots=True)
class Manifest:
    """All that a store knows.

    Attributes:
        entries: the files.
        marks: for each day and host that several files tell of: what was compared, and the
            Parquet file that names the rows read again (empty: none).
        garbage: files that nothing names any more; removed by the next ingest, so that whoever
            reads meanwhile still finds them (see `sweeping`).
        generation: how often the document was replaced.
        version: of this document and of the parts.
    """

    entries: list[Entry] = field(default_factory=list)
    marks: dict[str, list[str]] = field(default_factory=dict)
    garbage: list[str] = field(default_factory=list)
    generation: int = 0
    version: int = SCHEMA_VERSION

    def take_garbage(self) -> list[str]:
        """Return the garbage and forget it; a name that was given anew since is none."""
        used = self.named()
        garbage, self.garbage = [name for name in self.garbage if name not in used], []
        return garbage

    def named(self) -> set[str]:
        """Return the names of all files that it needs."""
        used = {entry.moved for entry in self.entries}
        used |= {name for names in self.marks.values() for name in names}
        for entry in self.entries:
            going = entry.going.parts if entry.going else []
            used |= {part.name for part in [*entry.parts, *going]}
        return used

    def save(self, place: Place) -> None:
        """Replace the store's manifest by this one."""
        self.generation += 1
        place.write(MANIFEST, json.dumps(asdict(self), separators=(",", ":")).encode())

    def publish(self, place: Place) -> None:
        """Replace the store's manifest, if nobody else has since.

        Raises:
            StoreBusyError: somebody has, in spite of the lock.
        """
        there = load(place)
        if there is not None and there.generation != self.generation:
            raise StoreBusyError(
                f"{place.address}: another ingest has written to this store meanwhile; nothing of "
                "it was changed. Ingest again."
            )
        self.save(place)


def load(place: Place) -> Manifest | None:
    """Return a store's manifest; None where no store is.

    Raises:
        EvidenceError: it is damaged, or of another version.
    """
    text = place.read(MANIFEST)
    if text is None:
        return None
    try:
        fields = json.loads(text)
        if fields["version"] != SCHEMA_VERSION:
            raise EvidenceError(
                f"{place.address}: this store has version {fields['version']}, and this toolkit "
                f"reads version {SCHEMA_VERSION}; ingest the logs into a new folder."
            )
        return Manifest(**(fields | {"entries": [_entry(item) for item in fields["entries"]]}))
    except (ValueError, KeyError, TypeError) as problem:
        raise EvidenceError(
            f"{place.address}/{MANIFEST} cannot be read ({problem}); ingest the logs into a new "
            "folder."
        ) from None


def _entry(fields: dict[str, Any]) -> Entry:
    going = fields["going"]
    return Entry(
        **(
            fields
            | {
                "done": _progress(fields["done"]),
                "tail": _parts(fields["tail"]),
                "total": Tally(**fields["total"]),
                "going": None if going is None else _progress(going),
            }
        )
    )


def _progress(fields: dict[str, Any]) -> Progress:
    tally, parts = Tally(**fields["tally"]), _parts(fields["parts"])
    return Progress(**(fields | {"tally": tally, "parts": parts}))


def _parts(listed: list[dict[str, Any]]) -> list[Part]:
    return [Part(**(fields | {"hosts": tuple(fields["hosts"])})) for fields in listed]
