"""From a source to a table of events: what mail logs and firewall logs have in common."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics.errors import EvidenceError
from mailforensics.reading.evidence import Evidence, Source, find_evidence
from mailforensics.reading.files import Parser, read_file
from mailforensics.reading.order import find_duplicates, put_in_order
from mailforensics.reading.repeats import fill_repeats, orphan_notes
from mailforensics.reading.stores.store import open_store, store_at
from mailforensics.reading.tables import to_pandas, together
from mailforensics.reading.times import settle_times
from mailforensics.schema import Table


@dataclass(frozen=True, slots=True)
class LogKind:
    """A kind of log: which files hold it, how a block is parsed, what the table looks like."""

    name: str
    names: re.Pattern[str]
    parse: Parser
    table: Table


def read_events(source: Source, kind: LogKind, *, tz: str, year: int | None) -> pd.DataFrame:
    """Return the events of a source as a public table, oldest first; see `read_mail_log`.

    Args:
        source: what the caller named; a store gives what it holds, settled when it was made.
        kind: what is read, and what becomes of it.
        tz: zone of stamps without an offset.
        year: year of the oldest year-less line, or None.

    Raises:
        EvidenceError: nothing can be read there, or all of it is empty.
        ArgumentError: there is no such zone or year.
    """
    if (store := store_at(source)) is not None:
        return open_store(store, kind=kind.name).events()
    evidence = find_evidence(source, kind.names)
    files = []
    for item in evidence:
        events, orphans = fill_repeats(read_file(item, kind.parse, kind.table))
        item.notes += orphan_notes(orphans)
        files.append(events)
    _refuse_empty(evidence)
    clocks = [cast("pl.DataFrame", pl.from_arrow(f.select(["time", "clock"]))) for f in files]
    times = settle_times(clocks, evidence, tz=tz, year=year)
    events = together(files)
    order = put_in_order(_places(events, times, [item.name for item in evidence]))
    result = to_pandas(events, order, find_duplicates(order, events), kind.table)
    result.attrs["evidence"] = [item.facts() for item in evidence]
    return result


def _refuse_empty(evidence: Sequence[Evidence]) -> None:
    if any(item.lines or item.notes for item in evidence):
        return
    raise EvidenceError(
        f"{evidence[0].name} is empty: nothing was logged, or it was rotated a moment ago; "
        "name its older rotation as well, such as mail.log.1."
    )


def _places(events: pa.Table, times: Sequence[pl.Series], names: Sequence[str]) -> pl.DataFrame:
    """Return `time`, `file` and `line` of the events of all files."""
    kind = pl.Enum(sorted(names))
    files = [
        pl.repeat(name, len(time), dtype=kind, eager=True)
        for name, time in zip(names, times, strict=True)
    ]
    line = cast("pl.Series", pl.from_arrow(events["line"]))
    return pl.DataFrame({"time": pl.concat(times), "file": pl.concat(files), "line": line})
