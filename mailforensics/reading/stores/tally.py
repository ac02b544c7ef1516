"""Sum up a file chunk by chunk: what `years.find_spans` tells of a whole one, and its counts."""

from typing import Any, Final, cast

import polars as pl
import pyarrow as pa

from mailforensics.reading.repeats import fill_repeats
from mailforensics.reading.stores.manifest import Tally
from mailforensics.reading.years import HALF_YEAR, on_leap_day

_HALF_YEAR: Final = HALF_YEAR // HALF_YEAR.resolution
# What a repeated line takes from the one before it; see `repeats`.
_OWN: Final = ("time", "clock", "message", "file", "line", "repeat", "again")


def with_spans(rows: pa.Table, tally: Tally) -> pa.Table:
    """Return rows with `span`, the run of year-less stamps each is in; the tally grows by them."""
    times = cast("pl.DataFrame", pl.from_arrow(rows.select(["time", "clock"])))
    yearless = times["clock"] == "yearless"
    clocked = times.filter(pl.col("clock") != "yearless")["time"].to_physical().drop_nulls()
    if len(clocked):
        known = tally.known or [cast("int", clocked.min()), cast("int", clocked.max())]
        tally.known = [
            min(known[0], cast("int", clocked.min())),
            max(known[1], cast("int", clocked.max())),
        ]
    tally.stamped |= times["clock"].null_count() < len(times)
    spans = pl.repeat(0, len(times), dtype=pl.Int32, eager=True)
    places = yearless.fill_null(value=False).arg_true()
    if len(places):
        spans = spans.scatter(places, _add_stamps(times["time"].gather(places), tally))
    return rows.append_column("span", spans.to_arrow())


def _add_stamps(stamps: pl.Series, tally: Tally) -> pl.Series:
    """Add year-less stamps to the spans of a tally; return the span of each."""
    micros = stamps.to_physical()
    before = tally.spans[-1][1] if tally.spans else micros[0]
    jumps = (micros.diff().fill_null(micros[0] - before).abs() > _HALF_YEAR).fill_null(value=False)
    first = len(tally.spans) - 1 if tally.spans else 0
    numbers = jumps.cum_sum().cast(pl.Int32) + first
    if not tally.spans:
        tally.spans.append([micros[0], micros[0], 0])
    starts = jumps.arg_true().to_list()
    for start in starts:
        if start:
            tally.spans[-1][1] = micros[start - 1]
        tally.spans.append([micros[start], micros[start], tally.yearless + start])
    tally.spans[-1][1] = micros[-1]
    tally.leap = sorted({*tally.leap, *numbers.filter(on_leap_day(stamps)).unique().to_list()})
    tally.yearless += len(stamps)
    return numbers


class Carry:
    """The last row of each host that is no mere repeat: what a later repeat stands for."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = {row["host"]: row for row in rows}

    def fill(self, rows: pa.Table, tally: Tally) -> pa.Table:
        """Return rows without `again`, each repeat with the fields of the line it repeats."""
        held = self._table(rows.schema)
        self._keep(rows)
        if not rows["again"].to_pylist().count(True):
            return fill_repeats(rows)[0]
        filled, orphans = fill_repeats(pa.concat_tables([held, rows]))
        tally.orphans += orphans
        return filled.slice(held.num_rows)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as plain values, in the order of hosts."""
        return [self._rows[host] for host in sorted(self._rows, key=lambda host: host or "")]

    def _table(self, form: pa.Schema) -> pa.Table:
        fixed = dict.fromkeys(_OWN) | {"again": False, "repeat": 1}
        return pa.Table.from_pylist([row | fixed for row in self._rows.values()], schema=form)

    def _keep(self, rows: pa.Table) -> None:
        where = cast("pl.DataFrame", pl.from_arrow(rows.select(["host", "again"])))
        last = (
            where.with_row_index("row")
            .filter(~pl.col("again"))
            .group_by("host")
            .agg(pl.col("row").max())
        )
        names = [name for name in rows.column_names if name not in _OWN]
        for row in rows.select(names).take(last["row"].to_arrow()).to_pylist():
            self._rows[row["host"]] = row
