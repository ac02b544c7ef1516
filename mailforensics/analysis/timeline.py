"""Count rows of any table per time bin."""

import re
from functools import partial
from typing import Final

import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics import schema
from mailforensics.analysis.bridge import TIME
from mailforensics.analysis.in_parts import tells_twice, tries_alone
from mailforensics.analysis.refusals import REFUSED, counted_lines
from mailforensics.analysis.stores import for_each_host
from mailforensics.analysis.stretches import for_each_stretch
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.question import of_host
from mailforensics.reading.stores.store import Store

_UNITS: Final = {"s": "s", "min": "m", "m": "m", "h": "h", "d": "d", "w": "w"}
_TIMES: Final = ("time", "start", "first_time", "first_seen")
NO_VALUE: Final = "(none)"
MOST_ROWS: Final = 5_000_000


def timeline(
    table: pd.DataFrame | Store, *, every: str = "1h", by: str | None = "event"
) -> pd.DataFrame:
    """Return counts per time bin, oldest first, with zeros where nothing happened.

    Folded lines count as often as they stand for (`repeat`); lines that were already read from
    another file do not count; rows without a time cannot be placed and are left out. By event, a
    refused login counts once, however many lines tell of it.

    Args:
        table: any table with a time: events, sessions (by `start`), messages, breaches; or a store.
        every: width of a bin: a number and `s`, `min`, `h`, `d` or `w` (weeks begin on Monday).
            Bins are in UTC and named by their beginning.
        by: the column whose values are counted apart; None counts all rows together.

    Returns:
        `time` (UTC, beginning of the bin), a column named like `by` (`(none)` for missing values),
        and `count`; every bin has a row for every value. An empty input gives no rows.

    Raises:
        ArgumentError: `every` is no width, the table would have more than 5 million rows, or
            `by` is `time` or `count`.
        MissingColumnError: the table has no time, or no column `by`.
    """
    width = _width(every)
    if by in {"time", "count"}:
        raise ArgumentError(f"by={by!r} is a column of the result; name another column, or None.")
    counts = _of_store(table, width, by) if isinstance(table, Store) else _of(table, width, by)
    result = _with_zeros(counts, width, every).sort("time", "kind")
    frame = result.to_pandas().astype({"time": schema.TIME_DTYPE, "kind": "str", "count": "int64"})
    return frame.rename(columns={"kind": by}) if by else frame.drop(columns="kind")


def _width(every: str) -> str:
    found = re.fullmatch(r"\s*([1-9]\d{0,4})\s*(s|min|m|h|d|w)\s*", str(every).lower())
    if not found:
        raise ArgumentError(
            f"every={every!r} is no width of a time bin; write a number and s, min, h, d or w, "
            "such as 15min, 1h or 1d."
        )
    return found[1] + _UNITS[found[2]]


def _of(table: pd.DataFrame, width: str, by: str | None) -> pl.DataFrame:
    when = next((name for name in _TIMES if name in table.columns), "time")
    schema.require(table, [when, *([by] if by else [])])
    once = by == "event" and "service" in table.columns
    counted = table.assign(repeat=counted_lines(table)) if once else table
    wanted = [when, *([by] if by else [])]
    extra = [name for name in ("repeat", "duplicate") if name in table.columns and name != by]
    picked = pa.Table.from_pandas(counted[[*wanted, *extra]], preserve_index=False)
    return _counts(pl.DataFrame(picked).rename({when: "time"}), width, by)


def _of_store(store: Store, width: str, by: str | None) -> pl.DataFrame:
    """Return the counts of a store: part by part and host by host, then added up."""
    schema.require(schema.empty(store.table), [by] if by else [])
    once = by == "event" and store.kind == "mail"
    twice = once and tells_twice(store)
    work = partial(_of_host, width=width, by=by, tries="none" if twice else "alone")
    parts = for_each_host(store, work if once else partial(_of_host, width=width, by=by))
    refused = for_each_stretch(store, partial(_refused_once, width=width)) if twice else ()
    return _added([*parts, *refused])


def _refused_once(rows: pl.DataFrame, width: str) -> pl.DataFrame:
    """Return the counts of refused logins among the counted rows of a stretch."""
    refused = rows.filter(pl.col("event") == REFUSED)
    return _counts(refused.with_columns(repeat="failures"), width, "event")


def _of_host(
    store: Store, host: str | None, *, width: str, by: str | None, tries: str = ""
) -> pl.DataFrame:
    """Return the counts of one server, part by part.

    Args:
        store: events.
        host: the server; None for all.
        width: of a bin.
        by: the column whose values are counted apart.
        tries: of refused logins count the tries of each line by itself (`alone`), or `none`.
    """
    question = of_host(host)
    columns = ["repeat", *([by] if by and by not in {"file", "line", "duplicate"} else [])]
    columns += ["auth_tried", "auth_ok"] if tries else []
    frames = store.frames(question, columns=list(dict.fromkeys(columns)))
    return _added([_counts(_with_tries(frame, tries), width, by) for frame in frames])


def _with_tries(rows: pl.DataFrame, tries: str) -> pl.DataFrame:
    if not tries:
        return rows
    if tries == "none":
        return rows.filter(pl.col("event") != REFUSED)
    return rows.with_columns(repeat=tries_alone())


def _added(parts: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts).group_by("time", "kind").agg(pl.col("count").sum())


def _counts(rows: pl.DataFrame, width: str, by: str | None) -> pl.DataFrame:
    """Return `time`, `kind` and `count` of the bins that are not empty."""
    if "duplicate" in rows.columns and by != "duplicate":
        rows = rows.filter(~pl.col("duplicate").fill_null(value=False))
    has_repeat = "repeat" in rows.columns and by != "repeat"
    repeat = pl.col("repeat").cast(pl.Int64).fill_null(1) if has_repeat else pl.lit(1, pl.Int64)
    kind = pl.col(by).cast(pl.String).fill_null(NO_VALUE) if by else pl.lit("")
    placed = rows.select(pl.col("time").cast(TIME).dt.truncate(width), kind=kind, repeat=repeat)
    known = placed.filter(pl.col("time").is_not_null())
    return known.group_by("time", "kind").agg(count=pl.col("repeat").sum())


def _with_zeros(counts: pl.DataFrame, width: str, every: str) -> pl.DataFrame:
    if counts.is_empty():
        return counts
    bins = counts.select(
        pl.datetime_range(pl.col("time").min(), pl.col("time").max(), width)
    ).to_series()
    kinds = counts["kind"].unique().sort()
    if len(bins) * len(kinds) > MOST_ROWS:
        raise ArgumentError(
            f"every={every!r} gives {len(bins):,} bins for {len(kinds):,} values; "
            "take wider bins, or a column with fewer values."
        )
    grid = pl.DataFrame({"time": bins}).join(pl.DataFrame({"kind": kinds}), how="cross")
    whole = grid.join(counts, on=["time", "kind"], how="left")
    return whole.with_columns(pl.col("count").fill_null(0))
