"""A store: events of any number of servers and days, of which only what is asked for is read."""

import copy
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.errors import ArgumentError, EvidenceError
from mailforensics.reading.order import put_in_order
from mailforensics.reading.stores.audit import audit_table, facts
from mailforensics.reading.stores.begins import begins_of, begins_within
from mailforensics.reading.stores.manifest import MANIFEST, Entry, Manifest, Part, load
from mailforensics.reading.stores.noticed import noticed
from mailforensics.reading.stores.place import Place, is_remote
from mailforensics.reading.stores.question import (
    Moment,
    Networks,
    Question,
    Words,
    micros,
    networks,
    words,
)
from mailforensics.reading.stores.rows import read_part
from mailforensics.reading.stores.settle import days_of, in_order, marked
from mailforensics.reading.tables import to_pandas

_SETTLED: Final = ("file", "duplicate")
TABLES: Final = {"mail": schema.MAIL_EVENTS, "ufw": schema.FIREWALL_EVENTS}


class Store:
    """Events on disk or in the cloud, of one kind: mail or firewall (see `firewall`).

    It stands wherever the analyses take a table of events.

    Attributes:
        place: where it lies.
        kind: `mail` or `ufw`.
        client: the Dask client on whose workers analyses run, or None.
        table: the columns of its events.
        rows_at_a_time: how many rows an analysis may hold at a time, about; fewer take less
            memory and more time. A day of one server is never parted.
    """

    rows_at_a_time: int = 500_000

    def __init__(
        self,
        place: Place,
        manifest: Manifest,
        kind: str,
        client: Any = None,  # noqa: ANN401 - a Dask client
    ) -> None:
        self.place = place
        self.kind = kind
        self.client = client
        self.table = TABLES[kind]
        self._manifest = manifest
        self._span: tuple[int, int] | None = None
        self._entries = [entry for entry in in_order(manifest, kind) if entry.name]

    def __getstate__(self) -> dict[str, Any]:
        """Travel to a worker without the client, which stays."""
        return vars(self) | {"client": None}

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
        return Store(self.place, self._manifest, "ufw", self.client)

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

    def between(self, start: int, end: int) -> "Store":
        """Return the same store, as if it held nothing but events of a span of time.

        Args:
            start: first time, in microseconds since 1970, UTC.
            end: time before which the events lie.
        """
        part = copy.copy(self)
        part._span = (start, end)
        vars(part).pop("begins", None)
        return part

    def _narrowed(self, question: Question | None) -> Question | None:
        return question if self._span is None else (question or Question()).within(*self._span)

    def parts(self, question: Question | None = None) -> list[tuple[Entry, Part]]:
        """Return the parts that may hold what is asked for, with their files."""
        question = self._narrowed(question)
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
        result = self.picked(question, columns=schema.names(self.table))
        result.attrs["evidence"] = [facts(entry) for entry in self._entries]
        return result

    def picked(
        self,
        question: Question,
        *,
        columns: Iterable[str],
        change: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
    ) -> pd.DataFrame:
        """Return some columns of the rows asked for, in the order of events.

        Args:
            question: which rows.
            columns: which columns; `time`, `file`, `line` and `duplicate` come with them.
            change: what to do with the rows of each part first.
        """
        table = [c for c in self.table if c.name in {*columns, "time", *_SETTLED, "line"}]
        stored = [c.name for c in table if c.name not in _SETTLED]
        frames = self.frames(question, columns=stored)
        rows = pl.concat(change(frame) if change else frame for frame in frames)
        order = put_in_order(rows.select("time", "file", "line"))
        order = order.with_columns(pl.col("time").dt.replace_time_zone(None))
        layout = pl.CompatLevel.oldest()
        arrow = rows.drop("time", *_SETTLED).to_arrow(compat_level=layout)
        return to_pandas(arrow, order, rows["duplicate"][order["row"]], tuple(table))

    def frames(self, question: Question, *, columns: Iterable[str]) -> Iterator[pl.DataFrame]:
        """Yield columns of the rows asked for, part by part; at first a part without rows.

        They have `time`, `file`, `line` and `duplicate` too, and stand in the order of the lines.
        """
        question = self._narrowed(question) or question
        wanted = list(columns) + (["source_ip"] if question.networks is not None else [])
        files = pl.Enum(sorted(entry.name for entry in self._entries))
        again = self._again
        lines = {n: g["line"] for (n,), g in again.partition_by("number", as_dict=True).items()}
        yield self._none(wanted, files)
        for entry, part in self.parts(question):
            rows = read_part(self.place, entry, part, columns=wanted, filters=question.filters())
            twice = pl.col("line").is_in(lines.get(entry.number, again["line"].clear()).implode())
            yield question.rest(rows.with_columns(file=pl.lit(entry.name, files), duplicate=twice))

    def _none(self, columns: list[str], files: pl.Enum) -> pl.DataFrame:
        empty = pl.from_pandas(schema.empty(self.table))
        empty = empty.select(pl.col(list(dict.fromkeys(["time", "line", *columns]))))
        return empty.with_columns(
            file=pl.lit(None, files), duplicate=pl.lit(None, pl.Boolean)
        ).cast({pl.Categorical: pl.String})

    @cached_property
    def _again(self) -> pl.DataFrame:
        """The rows that were read again, by the number of their file and line."""
        return marked(self._manifest, self.place, self.kind)

    @cached_property
    def begins(self) -> list[str]:
        """The names of the files in the order in which they begin, then by name."""
        if self._span is not None:
            return begins_within(self.frames(Question(), columns=[]))
        return begins_of(self._entries, self._again, self.place)

    @property
    def has_lines_without_host(self) -> bool:
        """Say whether some lines name no server: they may be any's."""
        return any(None in part.hosts for _, part in self.parts())

    def audit(self) -> pd.DataFrame:
        """Return what `mf.audit` tells of the files: counts as noted, notes from the events."""
        return audit_table(self._entries, noticed(self).notes())


def open_store(
    store: str | Path,
    *,
    kind: str = "mail",
    client: Any = None,  # noqa: ANN401 - a Dask client
) -> Store:
    """Return a store that `ingest` made.

    Args:
        store: its folder, or fsspec address.
        kind: `mail`, or `ufw` for its firewall events.
        client: a `dask.distributed.Client` on whose workers analyses shall run; without it the
            current one, if there is one.

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
    return Store(place, manifest, kind, client)


def store_at(source: object) -> str | None:
    """Return the address of the store that a source names, alone or in a list; None for logs."""
    items = [source] if isinstance(source, str | Path) else source
    if not isinstance(items, list | tuple) or len(items) != 1:
        return None
    address = str(items[0])
    # Unlike Path's, this test takes a name that no file can have for one that is not there.
    if "\n" in address or (not is_remote(address) and not os.path.isdir(address)):  # noqa: PTH112
        return None
    return address if Place(address).read(MANIFEST) is not None else None
