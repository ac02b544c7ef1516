"""Write rows as Parquet by host and day, and read them back."""

import hashlib
import io
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import quote

import polars as pl
import pyarrow as pa

from mailforensics.reading.stores.manifest import Part
from mailforensics.reading.stores.place import Place

# Above so many parts a chunk, those with few rows share one: a forged host costs no file.
MOST_PARTS: Final = 256
FEW_ROWS: Final = 2000
SEVERAL: Final = "several"
_NOT_KEPT: Final = ("again", "clock", "span", "day", "where")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the parts of one file go.

    Attributes:
        place: the store.
        kind: `mail` or `ufw`.
        number: the file's number in the store.
    """

    place: Place
    kind: str
    number: int


def write_parts(rows: pa.Table, shelf: Shelf, stretch: tuple[int, int]) -> list[Part]:
    """Write rows of one file by host and day; return the parts.

    Names follow from the stretch of the file that the rows are from, so that work done twice (a
    machine was lost) gives the same files again.

    Args:
        rows: what `tables.to_arrow` makes, with `span`, in the order of the file.
        shelf: where to.
        stretch: first byte and end of the stretch of the file, unpacked.
    """
    frame = cast("pl.DataFrame", pl.from_arrow(rows))
    frame = _shelved(
        frame.with_columns(
            pl.col("clock").fill_null("none"),
            day=_day(),
            where=pl.col("host").fill_null("__HIVE_DEFAULT_PARTITION__"),
        )
    )
    keys = ["clock", "span", "where", "day"]
    return [
        _write(group, shelf, stretch) for group in frame.partition_by(keys, maintain_order=True)
    ]


def _day() -> pl.Expr:
    """Return the day as stamped; without the year where the stamp has none (ISO 8601 `--09-04`)."""
    time = pl.col("time")
    yearless = pl.when(pl.col("clock") == "yearless").then(time.dt.strftime("--%m-%d"))
    return pl.coalesce(yearless, time.dt.strftime("%F"), pl.lit("none"))


def _shelved(frame: pl.DataFrame) -> pl.DataFrame:
    """Put groups of few rows together where there are too many groups."""
    groups = frame.select("clock", "span", "where", "day").unique()
    if groups.height <= MOST_PARTS:
        return frame
    few = pl.len().over("clock", "span", "where", "day") < FEW_ROWS
    return frame.with_columns(
        pl.when(few).then(pl.lit(SEVERAL)).otherwise(name).alias(name) for name in ("where", "day")
    )


def _write(group: pl.DataFrame, shelf: Shelf, stretch: tuple[int, int]) -> Part:
    where, day, clock, span = group.select("where", "day", "clock", "span").row(0)
    name = (
        f"events/kind={shelf.kind}/host={_folder(where)}/day={day}/"
        f"{shelf.number:06}-{stretch[0]:014}-{stretch[1]:014}-{clock}{span}.parquet"
    )
    data = io.BytesIO()
    group.drop(_NOT_KEPT, strict=False).write_parquet(data, compression="zstd", compression_level=1)
    shelf.place.write(name, data.getvalue())
    stamps = group["time"].to_physical()
    return Part(
        name=name,
        rows=group.height,
        size=data.tell(),
        hosts=tuple(group["host"].unique().sort().to_list()),
        clock=clock,
        span=span,
        low=cast("int | None", stamps.min()),
        high=cast("int | None", stamps.max()),
        other=int((group["event"] == "other").sum()),
        unparsed=int((group["event"] == "unparsed").sum()),
        repeats=int((group["repeat"] - 1).sum()),
    )


def _folder(host: str) -> str:
    """Return a host as the name of a folder; a name that a log made up may hold anything."""
    name = quote(host, safe="")
    return name if len(name) <= 100 else f"{name[:60]}~{hashlib.sha256(host.encode()).hexdigest()}"
