"""Rows of a part as public events have them: their time in UTC, whatever the stamps lack."""

from functools import lru_cache
from typing import Any, cast

import polars as pl

from mailforensics.reading.stores.manifest import Entry, Part
from mailforensics.reading.stores.place import Place
from mailforensics.reading.times import with_year
from mailforensics.reading.zones import to_utc

UTC_TIME = pl.Datetime("us", "UTC")


def read_part(
    place: Place, entry: Entry, part: Part, *, columns: list[str], filters: object = None
) -> pl.DataFrame:
    """Return columns of a part's rows, in the order of the file, with `time` in UTC.

    Args:
        place: the store.
        entry: the part's file, settled.
        part: which one.
        columns: which columns; `time` and `line` come with them.
        filters: a PyArrow expression that rows must meet; statistics spare what cannot.
    """
    wanted = list(dict.fromkeys(["time", "line", *columns]))
    table = place.table(part.name, wanted, cast("Any", filters))
    rows = cast("pl.DataFrame", pl.from_arrow(table.select(wanted)))
    times = settled(local_times(rows["time"], entry, part), entry, part)
    rows = rows.with_columns(time=times)
    if not entry.moved or part.clock not in {"local", "yearless"}:
        return rows
    moved = _moved(place, entry.moved)
    joined = rows.join(moved, on="line", how="left", maintain_order="left")
    return joined.with_columns(time=pl.coalesce("moved", "time")).drop("moved")


def local_times(stamps: pl.Series, entry: Entry, part: Part) -> pl.Series:
    """Return stamps with their years."""
    return with_year(stamps, entry.years[part.span]) if part.clock == "yearless" else stamps


def settled(times: pl.Series, entry: Entry, part: Part) -> pl.Series:
    """Return local times in UTC. In a doubled hour that is a guess: `Entry.moved` knows better."""
    if part.clock in {"local", "yearless"} and entry.tz != "UTC":
        return to_utc(times, entry.tz)[0].cast(UTC_TIME)
    return times.dt.replace_time_zone("UTC")


@lru_cache(maxsize=64)
def _moved(place: Place, name: str) -> pl.DataFrame:
    table = place.table(name, ["line", "moved"])
    return cast("pl.DataFrame", pl.from_arrow(table)).cast({"moved": UTC_TIME})
