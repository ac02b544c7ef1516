"""From a source to a table of events: what mail logs and firewall logs have in common."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import polars as pl

from mailforensics.errors import EvidenceError
from mailforensics.reading.duplicates import mark_duplicates
from mailforensics.reading.evidence import Evidence, Source, find_evidence
from mailforensics.reading.files import Parser, read_file
from mailforensics.reading.repeats import fill_repeats
from mailforensics.reading.tables import to_pandas
from mailforensics.reading.times import settle_times
from mailforensics.schema import Table


@dataclass(frozen=True, slots=True)
class LogKind:
    """A kind of log: which files hold it, how a block is parsed, what the table looks like."""

    names: re.Pattern[str]
    parse: Parser
    table: Table


def read_events(source: Source, kind: LogKind, *, tz: str, year: int | None) -> pd.DataFrame:
    """Return the events of a source as a public table, oldest first; see `read_mail_log`.

    Args:
        source: what the caller named.
        kind: what is read, and what becomes of it.
        tz: zone of stamps without an offset.
        year: year of the oldest year-less line, or None.

    Raises:
        EvidenceError: nothing can be read there, or all of it is empty.
        ArgumentError: there is no such zone or year.
    """
    evidence = find_evidence(source, kind.names)
    frames = []
    for item in evidence:
        frame, notes = fill_repeats(read_file(item, kind.parse))
        item.notes += notes
        frames.append(frame)
    _refuse_empty(evidence)
    settled = settle_times(frames, evidence, tz=tz, year=year)
    events = pl.concat(settled, how="diagonal_relaxed").pipe(_sorted).pipe(mark_duplicates)
    result = to_pandas(events, kind.table)
    result.attrs["evidence"] = [item.facts() for item in evidence]
    return result


def _refuse_empty(evidence: Sequence[Evidence]) -> None:
    if any(item.lines or item.notes for item in evidence):
        return
    raise EvidenceError(
        f"{evidence[0].name} is empty: nothing was logged, or it was rotated a moment ago; "
        "name its older rotation as well, such as mail.log.1."
    )


def _sorted(events: pl.DataFrame) -> pl.DataFrame:
    """Sort by time, then file, then line; lines without a time stand last."""
    return events.sort("time", "file", "line", nulls_last=True)
