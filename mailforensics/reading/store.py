"""A store: events of any number of servers and days, of which only what is asked for is read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.errors import ArgumentError, EvidenceError
from mailforensics.reading.audit import with_notes
from mailforensics.reading.audit_notes import CHECKERS, TELLING, notes_of
from mailforensics.reading.order import put_in_order
from mailforensics.reading.store_manifest import Entry, Manifest, Part, load
from mailforensics.reading.store_place import Place
from mailforensics.reading.store_question import (
    Moment,
    Networks,
    Question,
    Words,
    micros,
    networks,
    words,
)
from mailforensics.reading.store_rows import read_part
from mailforensics.reading.store_settle import days_of, in_order, marked, span_of
from mailforensics.reading.tables import to_pandas

TABLES: Final = {"mail": schema.MAIL_EVENTS, "ufw": schema.FIREWALL_EVENTS}


class Store:
    """Events on disk or in the cloud, of one kind: mail or firewall (see `firewall`).

    It stands wherever the analyses take a table of events.
    """

    def __init__(self, place: Place, manifest: Manifest, kind: str) -> None:
        self.place = place
        self.kind = kind
        self.table = TABLES[kind]
        self._manifest = manifest
        self._entries = [entry for entry in in_order(manifest, kind) if entry.name]

    def __repr__(self) -> str:
        """Say in one line what the store holds."""
        return (
            f"Store({self.place.address!r}, {self.kind}: {len(self):,} events, "
            f"{len(self.hosts)} hosts, {len(self.days)} days)"
        )

    def __len__(self) -> int:
        """Return how many events it holds."""
        return sum(part.rows for _, part in self.parts())

    @property
    def firewall(self) -> "Store":
        """The firewall events of the same store."""
        return Store(self.place, self._manifest, "ufw")

    @property
    def hosts(self) -> list[str]:
        """The servers that wrote the events, sorted."""
        names = {host for _, part in self.parts() for host in part.hosts if host is not None}
        return sorted(names)

    @property
    def days(self) -> list[str]:
        """The days of the events (UTC, `2026-09-04`), in order; some may have few or none."""
        days = {day for _, part in self.parts() for day in days_of(part)}
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        return [f"{epoch + timedelta(days=day):%Y-%m-%d}" for day in sorted(days)]

    @property
    def size(self) -> int:
        """The bytes of its Parquet files."""
        return sum(part.size for _, part in self.parts())

    def parts(self, question: Question | None = None) -> list[tuple[Entry, Part]]:
        """Return the parts that may hold what is asked for, with their files."""
        return [
            (entry, part)
            for entry in self._entries
            for part in entry.parts
            if question is None or question.may_be_in(part)
        ]

    def events(  # noqa: PLR0913 - the public contract
        self,
        *,
        start: Moment | None = None,
        end: Moment | None = None,
        hosts: Words | None = None,
        events: Words | None = None,
        source_ip: Words | None = None,
        network: Networks | None = None,
    ) -> pd.DataFrame:
        """Return events as `read_mail_log` does: the same columns, order and facts of the files.

        Only parts that may hold what is asked for are read.

        Args:
            start: first time; text without a zone is UTC.
            end: time before which the events lie.
            hosts: servers.
            events: kinds of event.
            source_ip: peers, as canonical text.
            network: networks that hold the peer, CIDR.

        Raises:
            ArgumentError: a time or network cannot be understood.
        """
        values = {"host": hosts, "event": events, "source_ip": source_ip}
        asked = Question(
            start=micros(start, "start"),
            end=micros(end, "end"),
            values=tuple((k, words(v)) for k, v in values.items() if v is not None),
            networks=None if network is None else networks(network),
        )
        return self.answer(asked)

    def answer(self, question: Question) -> pd.DataFrame:
        """Return the events that a question asks for."""
        names = [name for name in schema.names(self.table) if name not in {"file", "duplicate"}]
        rows = self.rows(question, columns=names)
        table = rows.drop("time", "file", "duplicate").to_arrow(
            compat_level=pl.CompatLevel.oldest()
        )
        order = put_in_order(rows.select("time", "file", "line"))
        order = order.with_columns(pl.col("time").dt.replace_time_zone(None))
        result = to_pandas(table, order, rows["duplicate"][order["row"]], self.table)
        result.attrs["evidence"] = [facts(entry) for entry in self._entries]
        return result

    def rows(self, question: Question, *, columns: list[str]) -> pl.DataFrame:
        """Return columns of the rows asked for, with `time`, `file`, `line` and `duplicate`.

        They stand file by file, in the order of the lines.
        """
        wanted = columns + (["source_ip"] if question.networks is not None else [])
        files = pl.Enum(sorted(entry.name for entry in self._entries))
        frames = [
            question.rest(
                read_part(self.place, entry, part, columns=wanted, filters=question.filters())
            ).with_columns(file=pl.lit(entry.name, files), number=pl.lit(entry.number, pl.Int32))
            for entry, part in self.parts(question)
        ]
        again = marked(self._manifest, self.place, self.kind)
        rows = pl.concat(frames) if frames else self._none(wanted, files)
        again = again.with_columns(duplicate=pl.lit(value=True))
        rows = rows.join(again, on=["number", "line"], how="left", maintain_order="left")
        return rows.with_columns(pl.col("duplicate").fill_null(value=False)).drop("number")

    def _none(self, columns: list[str], files: pl.Enum) -> pl.DataFrame:
        empty = pl.from_pandas(schema.empty(self.table))
        empty = empty.select(pl.col(list(dict.fromkeys(["time", "line", *columns]))))
        kinds = {"file": files, "number": pl.Int32()}
        return empty.with_columns(pl.lit(None, kind).alias(name) for name, kind in kinds.items())

    def _telling(self) -> pl.DataFrame:
        """Return the rows whose words the audit looks at."""
        said: list[str] = ["message"]
        said += ["program"] if "program" in schema.names(self.table) else []
        asked = [Question(values=(("event", TELLING),))]
        if "service" in schema.names(self.table):
            asked.append(Question(values=(("service", CHECKERS),)))
        rows = pl.concat([self.rows(question, columns=said) for question in asked])
        return rows.unique(["file", "line"], maintain_order=True)

    def audit(self) -> pd.DataFrame:
        """Return what `mf.audit` tells of the files; of most events only four columns are read."""
        rows = [facts(entry) | _counts(entry) for entry in self._entries]
        names = schema.names(schema.AUDIT)
        table = pd.DataFrame(rows, columns=names)
        unread = (table["other"] + table["unparsed"]) / table["events"]
        table = table.assign(
            notes=["; ".join(notes) for notes in table["notes"]],
            understood=(1 - unread).where(table["events"] > 0),
        )
        seen = notes_of(self.rows(Question(), columns=["event"]), self._telling())
        table = table.assign(notes=with_notes(table, seen))
        return schema.conform(table.sort_values("file", ignore_index=True), schema.AUDIT)


def facts(entry: Entry) -> dict[str, object]:
    """Return what events cannot carry of a file, as `Evidence.facts` does."""
    total = entry.total
    counts = [
        (total.blank, "blank lines"),
        (total.joined, "lines continue a wrapped entry and were joined to it"),
    ]
    notes = [f"{count} {what}" for count, what in counts if count]
    orphans = [f"{total.orphans} lines repeat one that is not in the file"] if total.orphans else []
    return {
        "file": entry.name,
        "sha256": entry.sha256,
        "bytes": entry.size,
        "lines": total.lines,
        "year_from": entry.year_from,
        "notes": [*notes, *entry.notes, *orphans, *entry.said],
    }


def _counts(entry: Entry) -> dict[str, object]:
    first, last = span_of(entry)
    return {
        "events": sum(part.rows for part in entry.parts),
        "other": sum(part.other for part in entry.parts),
        "unparsed": sum(part.unparsed for part in entry.parts),
        "duplicates": entry.duplicates,
        "repeats": sum(part.repeats for part in entry.parts),
        "first_time": first,
        "last_time": last,
    }


def open_store(store: str | Path, *, kind: str = "mail") -> Store:
    """Return a store that `ingest` made.

    Args:
        store: its folder, or fsspec address.
        kind: `mail`, or `ufw` for its firewall events.

    Raises:
        EvidenceError: there is no store, or it is damaged.
        ArgumentError: there is no such kind.
    """
    if kind not in TABLES:
        raise ArgumentError(f"kind={kind!r} is no kind of log; use {' or '.join(TABLES)}.")
    place = Place(str(store))
    manifest = load(place)
    if manifest is None:
        raise EvidenceError(
            f"{store} holds no store; make one with mf.ingest(logs, store={str(store)!r})."
        )
    return Store(place, manifest, kind)
