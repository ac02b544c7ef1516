"""Settle what needs all files: their names, years and zones, and which lines two of them hold."""

import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from pathlib import PurePath
from typing import Any, Final, cast

import polars as pl
import pyarrow.dataset as ds

from mailforensics.reading.evidence import Evidence
from mailforensics.reading.evidence_names import rotation_key, short_names
from mailforensics.reading.order import KEY, overlapping, read_again
from mailforensics.reading.stores.cluster import on_workers
from mailforensics.reading.stores.manifest import Entry, Manifest, Part
from mailforensics.reading.stores.place import Place
from mailforensics.reading.stores.rows import UTC_TIME, local_times, read_part, settled
from mailforensics.reading.times import year_notes
from mailforensics.reading.years import YearlessFile, settle_years
from mailforensics.reading.zones import to_utc

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - stamps as written have no zone
DAY_MICROS: Final = 86_400_000_000
_HALF_HOUR: Final = timedelta(minutes=30)


def in_order(manifest: Manifest, kind: str) -> list[Entry]:
    """Return the files of one kind, oldest rotation first."""
    files = [entry for entry in manifest.entries if entry.kind == kind]
    return sorted(files, key=lambda entry: (rotation_key(PurePath(entry.path)), entry.number))


def settle(
    manifest: Manifest,
    place: Place,
    kind: str,
    *,
    client: Any = None,  # noqa: ANN401 - a Dask client
) -> None:
    """Settle the files of one kind anew; what they hold stays as it is.

    Raises:
        ArgumentError: a given year cannot be.
    """
    entries = in_order(manifest, kind)
    _name(entries)
    _find_years(entries)
    for entry in entries:
        _find_times(entry, manifest, place)
    _forget(manifest, kind, _find_repeated(entries, manifest, place, kind=kind, client=client))


def _name(entries: Sequence[Entry]) -> None:
    """Name files as the reader does; one that is gone and whose path another took, by its hash."""
    latest = {entry.path: entry for entry in sorted(entries, key=lambda e: e.number)}
    names = short_names([PurePath(path) for path in latest])
    by_path = dict(zip(latest, names, strict=True))
    for entry in entries:
        gone = latest[entry.path] is not entry
        entry.name = by_path[entry.path] + (f"~{entry.number}" if gone else "")


def _find_years(entries: Sequence[Entry]) -> None:
    ranges = [entry.total.known for entry in entries if entry.total.known]
    low_high = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None
    known = None if low_high is None else (_moment(low_high[0]), _moment(low_high[1]))
    logs: dict[str, list[tuple[Entry, YearlessFile]]] = defaultdict(list)
    for entry in entries:
        entry.said, entry.years = [], []
        entry.year_from = "the stamps hold it" if entry.total.stamped else ""
        if entry.total.spans:
            log = rotation_key(PurePath(entry.path))[0]
            logs[log].append((entry, _yearless(entry, log, known)))
    for chain in logs.values():
        given = next((entry.year for entry, _ in chain if entry.year is not None), None)
        settle_years([file for _, file in chain], given)
        for entry, file in chain:
            entry.years = [file.year + turn for turn in file.turns]
            entry.year_from = file.year_from
            entry.said = year_notes(file)


def _yearless(entry: Entry, log: str, known: tuple[datetime, datetime] | None) -> YearlessFile:
    spans = [(_moment(a), _moment(b), row) for a, b, row in entry.total.spans]
    times = Evidence(
        entry.name, PurePath(entry.path), mtime=entry.mtime, inner_mtime=entry.inner_mtime
    )
    bound, bound_from = times.time_bound()
    return YearlessFile(log, spans, set(entry.total.leap), bound, bound_from, known)


def _moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def _micros(moment: datetime) -> int:
    return (moment.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)


def _find_times(entry: Entry, manifest: Manifest, place: Place) -> None:
    """Give the parts of a file their time in UTC; note the rows that daylight saving touches."""
    if entry.moved:
        manifest.garbage.append(entry.moved)
        entry.moved = ""
    parts = {part.name: _timed(entry, part) for part in entry.parts}
    zoned = [part for part in parts.values() if part.clock in {"local", "yearless"}]
    touched = [part for part in zoned if entry.tz != "UTC" and _is_touched(entry, part)]
    if touched:
        parts |= _moved(entry, touched, manifest, place)
    entry.done.parts = [parts[part.name] for part in entry.done.parts]
    entry.tail = [parts[part.name] for part in entry.tail]


def _timed(entry: Entry, part: Part) -> Part:
    if part.low is None or part.high is None:
        return replace(part, start=None, end=None)
    stamps = pl.Series("time", [part.low, part.high]).cast(pl.Datetime("us"))
    times = settled(local_times(stamps, entry, part), entry, part).sort().to_physical()
    return replace(part, start=times[0], end=times[1])


def _is_touched(entry: Entry, part: Part) -> bool:
    """Say whether a part may hold stamps of an hour that the zone doubles or skips."""
    if part.low is None:
        return False
    stamps = pl.Series("time", [part.low, part.high]).cast(pl.Datetime("us"))
    low, high = local_times(stamps, entry, part)
    hours = pl.datetime_range(low, high + _HALF_HOUR, "15m", eager=True).dt.truncate("15m")
    zoned = hours.dt.replace_time_zone(entry.tz, ambiguous="null", non_existent="null")
    return zoned.null_count() > 0


def _moved(entry: Entry, touched: list[Part], manifest: Manifest, place: Place) -> dict[str, Part]:
    """Write down the times of the rows in such hours, which their order in the file decides."""
    rows = pl.concat(
        read_part(place, replace(entry, tz="UTC"), part, columns=[]).with_columns(
            part=pl.lit(part.name)
        )
        for part in touched
    ).sort("line")
    local = rows["time"].dt.replace_time_zone(None)
    times, notes = to_utc(local, entry.tz)
    entry.said += notes
    rows = rows.with_columns(moved=times.cast(UTC_TIME))
    zoned = local.dt.replace_time_zone(entry.tz, ambiguous="null", non_existent="null")
    odd = rows.filter(zoned.is_null() & local.is_not_null()).select("line", "moved")
    if not odd.is_empty():
        entry.moved = f"marks/moved-{entry.number:06}-{manifest.generation + 1:08}.parquet"
        _write(odd, entry.moved, place)
    spans = rows.group_by("part").agg(start=pl.col("moved").min(), end=pl.col("moved").max())
    exact = {name: (_micros(start), _micros(end)) for name, start, end in spans.iter_rows()}
    return {
        part.name: replace(part, start=exact[part.name][0], end=exact[part.name][1])
        for part in touched
    }


def _write(frame: pl.DataFrame, name: str, place: Place) -> None:
    data = io.BytesIO()
    frame.write_parquet(data, compression="zstd")
    place.write(name, data.getvalue())


def span_of(entry: Entry) -> tuple[datetime | None, datetime | None]:
    """Return the first and last time of a settled file, in UTC."""
    starts = [part.start for part in entry.parts if part.start is not None]
    ends = [part.end for part in entry.parts if part.end is not None]
    if not starts:
        return None, None
    first, last = _moment(min(starts)), _moment(max(ends))
    return first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)


def _find_repeated(
    entries: Sequence[Entry],
    manifest: Manifest,
    place: Place,
    *,
    kind: str,
    client: Any,  # noqa: ANN401
) -> set[str]:
    """Mark the rows that another file holds too, day by day and host by host; return those."""
    work: dict[str, Callable[[], list[str]]] = {}
    buckets: set[str] = set()
    for key, shared in shared_days(entries).items():
        bucket = f"{kind}|{key[0]}|{'' if key[1] is None else f'={key[1]}'}"
        buckets.add(bucket)
        told = [f"{e.number} {e.name} {p.name} {p.start} {p.end}" for e, p in shared]
        compared = hashlib.sha256("\n".join(told).encode()).hexdigest()
        if manifest.marks.get(bucket, [""])[0] != compared:
            work[bucket] = partial(_compare, shared, key, place, compared)
    made = on_workers(list(work.values()), client=client)
    for bucket, mark in zip(work, made, strict=True):
        old = manifest.marks.get(bucket, ["", ""])[1]
        manifest.garbage += [old] if old else []
        manifest.marks[bucket] = mark
    counts = [count.split(":") for key in buckets for count in manifest.marks[key][2:]]
    for entry in entries:
        entry.duplicates = sum(int(n) for number, n in counts if int(number) == entry.number)
    return buckets


def _forget(manifest: Manifest, kind: str, kept: set[str]) -> None:
    """Take out the marks of days that are shared no more."""
    gone = [key for key in manifest.marks if key.startswith(f"{kind}|") and key not in kept]
    for bucket in gone:
        name = manifest.marks.pop(bucket)[1]
        manifest.garbage += [name] if name else []


def shared_days(
    entries: Sequence[Entry],
) -> dict[tuple[int, str | None], list[tuple[Entry, Part]]]:
    """Return the parts of each day (since 1970, UTC) and host of which several files tell."""
    spans = [(entry.name, *span_of(entry)) for entry in entries]
    form: dict[str, pl.DataType] = {"file": pl.String(), "start": UTC_TIME, "end": UTC_TIME}
    files = set(overlapping(pl.DataFrame(spans, schema=form, orient="row")))
    days: dict[tuple[int, str | None], list[tuple[Entry, Part]]] = defaultdict(list)
    for entry in entries:
        for part in entry.parts if entry.name in files else []:
            for key in product(days_of(part), part.hosts):
                days[key].append((entry, part))
    several = {key: len({entry.number for entry, _ in shared}) > 1 for key, shared in days.items()}
    return {key: shared for key, shared in days.items() if several[key]}


def days_of(part: Part) -> range:
    """Return the days (since 1970, UTC) from the first row of a part to its last."""
    if part.start is None or part.end is None:
        return range(0)
    return range(part.start // DAY_MICROS, part.end // DAY_MICROS + 1)


def _compare(
    shared: list[tuple[Entry, Part]], key: tuple[int, str | None], place: Place, compared: str
) -> list[str]:
    """Write down the rows of a day and host that are read again; return the mark."""
    day, host = key
    name = f"marks/again-{compared}.parquet"
    here = ds.field("host").is_null() if host is None else ds.field("host") == host
    begin = pl.lit(_moment(day * DAY_MICROS), pl.Datetime("us")).dt.replace_time_zone("UTC")
    rows = pl.concat(
        read_part(place, entry, part, columns=list(KEY), filters=here).select(
            file=pl.lit(entry.name), number=pl.lit(entry.number), **_columns()
        )
        for entry, part in shared
    )
    today = (pl.col("time") >= begin) & (pl.col("time") < begin + timedelta(days=1))
    again = read_again(rows.filter(today).sort("time", "file", "line")).select("number", "line")
    if again.is_empty():
        return [compared, ""]
    _write(again.sort("number", "line"), name, place)
    counts = again.group_by("number").len().sort("number")
    return [compared, name, *(f"{number}:{rows}" for number, rows in counts.iter_rows())]


def _columns() -> dict[str, pl.Expr]:
    return {name: pl.col(name) for name in ("time", "line", *KEY)}


def marked(manifest: Manifest, place: Place, kind: str) -> pl.DataFrame:
    """Return `number` and `line` of all rows of a kind that were read again."""
    names = [mark[1] for key, mark in manifest.marks.items() if key.startswith(f"{kind}|")]
    tables = [place.table(name, ["number", "line"]) for name in names if name]
    empty = pl.DataFrame(schema={"number": pl.Int32, "line": pl.Int64})
    frames = [cast("pl.DataFrame", pl.from_arrow(table)) for table in tables]
    return pl.concat([empty, *(frame.cast({"number": pl.Int32}) for frame in frames)])
