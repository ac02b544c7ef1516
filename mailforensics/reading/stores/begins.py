"""In which order the files of a store begin: of lines of one instant, the older file's come first.

Lines that were already read from another file do not count.
"""

from collections.abc import Iterable
from typing import cast

import polars as pl

from mailforensics.reading.stores.manifest import Entry, Part
from mailforensics.reading.stores.place import Place
from mailforensics.reading.stores.rows import read_part


def begins_of(entries: Iterable[Entry], again: pl.DataFrame, place: Place) -> list[str]:
    """Return the names of files in the order in which they begin, then by name.

    Args:
        entries: the files, settled.
        again: `number` of the file and `line` of rows that were read again.
        place: the store; of most files nothing is read.
    """
    first = [(_first_time(entry, again, place), entry.name) for entry in entries]
    return [name for _, name in sorted(first, key=lambda item: (item[0] or 0, item[1]))]


def _first_time(entry: Entry, again: pl.DataFrame, place: Place) -> int | None:
    """Return the first time of a file's rows that no other file holds, in microseconds."""
    timed = sorted(
        (part.start, number) for number, part in enumerate(entry.parts) if part.start is not None
    )
    if not entry.duplicates:
        return timed[0][0] if timed else None
    mine = again.filter(pl.col("number") == entry.number)
    first: int | None = None
    for start, number in timed:
        if first is not None and first <= start:
            break
        alone = _only(entry, entry.parts[number], mine, place)
        first = alone if first is None else min(first, alone or first)
    return first


def _only(entry: Entry, part: Part, again: pl.DataFrame, place: Place) -> int | None:
    rows = read_part(place, entry, part, columns=[]).join(again, on="line", how="anti")
    return cast("int | None", rows["time"].to_physical().min())


def begins_within(frames: Iterable[pl.DataFrame]) -> list[str]:
    """Return the same of the lines of `frames` alone; files without any come last, by name."""
    first, names = list[pl.DataFrame](), list[str]()
    for frame in frames:
        counted = frame.filter(~pl.col("duplicate"))
        first.append(counted.group_by("file").agg(pl.col("time").min()))
        names = cast("pl.Enum", frame.schema["file"]).categories.to_list()
    earliest = pl.concat(first).group_by("file").agg(pl.col("time").min()).sort("time", "file")
    found = earliest["file"].cast(pl.String).to_list()
    return [*found, *sorted({*names} - {*found})]
