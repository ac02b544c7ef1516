"""Sum up a file piece by piece: what `years.find_spans` tells of a whole one, and its counts.

A piece is summed up without the others. Put after them, its rows get their line numbers, the runs
of year-less stamps go on, and a line that only says `repeated` finds the line that it repeats.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

import polars as pl
import pyarrow as pa

from mailforensics.reading.files import ParsedBlock, from_line
from mailforensics.reading.repeats import fill_repeats
from mailforensics.reading.stores.manifest import Progress, Tally
from mailforensics.reading.years import HALF_YEAR, on_leap_day

_HALF_YEAR: Final = HALF_YEAR // HALF_YEAR.resolution
# What a repeated line takes from the one before it; see `repeats`.
_OWN: Final = ("time", "clock", "message", "file", "line", "repeat", "again")
Rows = dict[str | None, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a piece of a file came to, as if it were a file of its own.

    Attributes:
        rows: its events, with `again` and with `span`, the run of year-less stamps each is in.
        tally: what its lines and stamps tell.
        last: the last row of each host that is no mere repeat.
    """

    rows: pa.Table
    tally: Tally
    last: Rows


@dataclass(frozen=True, slots=True)
class Standing:
    """What a file came to up to some place: the counts, and the last row of each host."""

    tally: Tally
    last: Rows

    @classmethod
    def of(cls, begin: Progress) -> "Standing":
        """Return how a file stood when its reading stopped."""
        return cls(begin.tally.copy(), {row["host"]: row for row in begin.carry})

    def after(self, piece: Piece) -> "Standing":
        """Return how the file stands after one more piece."""
        return Standing(_joined(self.tally, piece.tally), self.last | piece.last)

    def carry(self) -> list[dict[str, Any]]:
        """Return the last rows as plain values, in the order of hosts."""
        return [self.last[host] for host in sorted(self.last, key=lambda host: host or "")]

    def numbered(self, piece: Piece) -> pa.Table:
        """Return a piece's rows with lines and spans counted from the beginning of the file."""
        rows = from_line(piece.rows, self.tally.lines)
        shift = _shift(self.tally, piece.tally)
        if not shift:
            return rows
        spans = cast("pl.DataFrame", pl.from_arrow(rows.select(["clock", "span"])))
        yearless = (pl.col("clock") == "yearless").fill_null(value=False)
        shifted = spans.select(pl.col("span") + shift * yearless.cast(pl.Int32)).to_series()
        return rows.set_column(rows.column_names.index("span"), "span", shifted.to_arrow())

    def filled(self, piece: Piece) -> tuple[pa.Table, int]:
        """Return the numbered rows without `again`, each repeat with what it repeats.

        The second answer is how many repeat a line that is not there.
        """
        numbered = self.numbered(piece)
        rows, spans = numbered.drop_columns("span"), numbered["span"]
        if not cast("pl.Series", pl.from_arrow(rows["again"])).any():
            return fill_repeats(rows)[0].append_column("span", spans), 0
        fixed = dict.fromkeys(_OWN) | {"again": False, "repeat": 1}
        before = [row | fixed for row in self.last.values()]
        held = pa.Table.from_pylist(before, schema=rows.schema)
        filled, orphans = fill_repeats(pa.concat_tables([held, rows]))
        return filled.slice(held.num_rows).append_column("span", spans), orphans


def piece_of(parsed: ParsedBlock[pa.Table]) -> Piece:
    """Sum up a block of a file."""
    rows, tally = _with_spans(parsed.events)
    tally.lines, tally.blank, tally.joined = parsed.lines, parsed.blank, parsed.joined
    return Piece(rows, tally, _last_rows(parsed.events))


def put_together(pieces: Iterable[Piece]) -> Piece:
    """Make one piece of those that follow one another; there is at least one."""
    standing, rows = Standing(Tally(), {}), []
    for piece in pieces:
        rows.append(standing.numbered(piece))
        standing = standing.after(piece)
    return Piece(pa.concat_tables(rows), standing.tally, standing.last)


def _last_rows(rows: pa.Table) -> Rows:
    where = cast("pl.DataFrame", pl.from_arrow(rows.select(["host", "again"])))
    last = (
        where.with_row_index("row")
        .filter(~pl.col("again"))
        .group_by("host")
        .agg(pl.col("row").max())
    )
    names = [name for name in rows.column_names if name not in _OWN]
    taken = rows.select(names).take(last["row"].to_arrow()).to_pylist()
    return {row["host"]: row for row in taken}


def _with_spans(rows: pa.Table) -> tuple[pa.Table, Tally]:
    """Return rows with `span`, and a tally of what their stamps tell."""
    times = cast("pl.DataFrame", pl.from_arrow(rows.select(["time", "clock"])))
    yearless = (times["clock"] == "yearless").fill_null(value=False)
    clocked = times.filter(pl.col("clock") != "yearless")["time"].to_physical().drop_nulls()
    tally = Tally(stamped=times["clock"].null_count() < len(times))
    if len(clocked):
        tally.known = [cast("int", clocked.min()), cast("int", clocked.max())]
    spans = pl.repeat(0, len(times), dtype=pl.Int32, eager=True)
    places = yearless.arg_true()
    if len(places):
        spans = spans.scatter(places, _spans(times["time"].gather(places), tally))
    return rows.append_column("span", spans.to_arrow()), tally


def _spans(stamps: pl.Series, tally: Tally) -> pl.Series:
    """Fill a tally with the spans of year-less stamps; return the span of each."""
    micros = stamps.to_physical()
    jumps = (micros.diff().abs() > _HALF_YEAR).fill_null(value=False)
    numbers = jumps.cum_sum().cast(pl.Int32)
    starts = [0, *jumps.arg_true().to_list()]
    ends = [start - 1 for start in starts[1:]] + [len(micros) - 1]
    tally.spans = [
        [micros[first], micros[last], first] for first, last in zip(starts, ends, strict=True)
    ]
    tally.leap = sorted(numbers.filter(on_leap_day(stamps)).unique().to_list())
    tally.yearless = len(stamps)
    return numbers


def _shift(before: Tally, after: Tally) -> int:
    """Return the number that the first span of what follows has in the file."""
    if not before.spans or not after.spans:
        return len(before.spans)
    jump = abs(after.spans[0][0] - before.spans[-1][1]) > _HALF_YEAR
    return len(before.spans) - (not jump)


def _joined(before: Tally, after: Tally) -> Tally:
    """Return the tally of what stands in a file, and of what follows."""
    shift = _shift(before, after)
    spans = [list(span) for span in before.spans]
    own = [[first, last, before.yearless + row] for first, last, row in after.spans]
    if own and shift < len(spans):
        spans[-1][1] = own.pop(0)[1]
    known = [edge for tally in (before, after) for edge in tally.known or ()]
    return Tally(
        lines=before.lines + after.lines,
        blank=before.blank + after.blank,
        joined=before.joined + after.joined,
        orphans=before.orphans + after.orphans,
        yearless=before.yearless + after.yearless,
        spans=spans + own,
        leap=sorted({*before.leap, *(span + shift for span in after.leap)}),
        known=[min(known), max(known)] if known else None,
        stamped=before.stamped or after.stamped,
    )
