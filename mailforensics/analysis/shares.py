"""Rows that are too many for memory: on disk in numbered shares, and read back batch by batch."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import polars as pl
import pyarrow as pa

from mailforensics.errors import StoreWriteError

IN_ORDER: Final = ["time", "file_rank", "line"]
# A share of the sessions of a store is this many times what is in memory of it at a time.
STRETCHES_A_SHARE: Final = 2
_MOST_SHARES: Final = 200
# Rows of many small stretches are written together: each batch of a share costs time of its own.
_ROWS_A_BATCH: Final = 4096
# And read together, as many as may be held beside those that were asked for.
_ROWS_AT_A_TIME: Final = 200_000


class Shares:
    """Tables of one shape in a folder; each share keeps the order in which it was given its rows.

    Args:
        folder: where they lie; it is there, and goes when its owner lets it go.
        number: how many shares there are.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.number = number
        self._folder = folder.parent
        self._paths = [folder / f"{share:03}.arrow" for share in range(number)]
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self._none: pl.DataFrame | None = None
        self._waiting: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame, *, by: pl.Expr) -> None:
        """Add rows, each to the share that `by` numbers."""
        if self._none is None:
            self._none = rows.clear()
        self._waiting.append(rows.cast(self._none.schema).with_columns(_share=by.cast(pl.Int32)))
        if sum(map(len, self._waiting)) >= self.number * _ROWS_A_BATCH:
            with self._room():
                self._write_all()

    def _write_all(self) -> None:
        if not self._waiting:
            return
        rows, self._waiting = pl.concat(self._waiting), []
        for (share,), part in rows.partition_by("_share", as_dict=True).items():
            self._write(cast("int", share), part.drop("_share"))

    def _write(self, share: int, rows: pl.DataFrame) -> None:
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        if share not in self._writers:
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            path = str(self._paths[share])
            self._writers[share] = pa.ipc.new_stream(path, table.schema, options=options)
        self._writers[share].write_table(table)

    def close(self) -> None:
        """Write no more."""
        with self._room():
            self._write_all()
            for writer in self._writers.values():
                writer.close()

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Say where there is no room, and how to name a place that has it."""
        try:
            yield
        except OSError as problem:
            raise StoreWriteError(
                f"{self._folder}: what an analysis of a store puts aside cannot be written there "
                f"({problem}); make room, or name another folder by TMPDIR."
            ) from None

    def read(self, share: int, *, test: pl.Expr | None = None) -> pl.DataFrame:
        """Return the rows of a share that meet a test; the others are let go batch by batch."""
        none = pl.DataFrame() if self._none is None else self._none
        return pl.concat([none, *self._batches(share, test)])

    def _batches(self, share: int, test: pl.Expr | None) -> Iterator[pl.DataFrame]:
        if share not in self._writers:
            return
        with pa.ipc.open_stream(str(self._paths[share])) as stream:
            for batches in _together(stream):
                table = cast("pl.DataFrame", pl.from_arrow(pa.Table.from_batches(batches)))
                rows = table.cast(self._none.schema)  # type: ignore[union-attr]
                yield rows if test is None else rows.filter(test)


def _together(stream: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    held: list[pa.RecordBatch] = []
    for batch in stream:
        held.append(batch)
        if sum(one.num_rows for one in held) >= _ROWS_AT_A_TIME:
            yield held
            held = []
    if held:
        yield held


@contextmanager
def shares_on_disk(rows: int, *, at_a_time: int) -> Iterator[Shares]:
    """Give as many empty shares as so many rows need, in a temporary folder of this machine."""
    with tempfile.TemporaryDirectory(prefix="mailforensics-") as folder:
        yield Shares(Path(folder), min(rows // at_a_time + 1, _MOST_SHARES))


class Sessions:
    """Numbers the sessions of stretches on, so that no two of a store have the same number."""

    def __init__(self) -> None:
        self._next = 0

    def numbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of the next stretch with numbers of their own."""
        rows = rows.with_columns(pl.col("session").cast(pl.Int64) + self._next)
        self._next = max(self._next, cast("int | None", rows["session"].max()) or 0) + 1
        return rows
