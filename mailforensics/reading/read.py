"""From a source to a table of events: what mail logs and firewall logs have in common."""

import pandas as pd
import polars as pl

from mailforensics.reading.duplicates import mark_duplicates
from mailforensics.reading.evidence import Source, find_evidence
from mailforensics.reading.files import Parser, read_file
from mailforensics.reading.repeats import fill_repeats
from mailforensics.reading.tables import to_pandas
from mailforensics.reading.times import settle_times
from mailforensics.schema import Table


def read_events(
    source: Source, parse: Parser, table: Table, *, tz: str, year: int | None
) -> pd.DataFrame:
    """Return the events of a source as a public table, oldest first; see `read_mail_log`.

    Args:
        source: what the caller named.
        parse: turns the entries of a block into events.
        table: the columns of the result.
        tz: zone of stamps without an offset.
        year: year of the oldest year-less line, or None.
    """
    evidence = find_evidence(source)
    frames = []
    for item in evidence:
        frame, notes = fill_repeats(read_file(item, parse))
        item.notes += notes
        frames.append(frame)
    settled = settle_times(frames, evidence, tz=tz, year=year)
    events = pl.concat(settled, how="diagonal_relaxed").pipe(_sorted).pipe(mark_duplicates)
    result = to_pandas(events, table)
    result.attrs["evidence"] = [item.facts() for item in evidence]
    return result


def _sorted(events: pl.DataFrame) -> pl.DataFrame:
    """Sort by time, then file, then line; lines without a time stand last."""
    return events.sort("time", "file", "line", nulls_last=True)
