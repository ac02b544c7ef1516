"""Rows that are too many for memory: on disk in numbered shares, and read back batch by batch."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import polars as pl
import pyarrow as pa


class Shares:
    """Tables of one shape in a folder; each share keeps the order in which it was given its rows.

    Args:
        folder: where they lie; it is there, and goes when its owner lets it go.
        number: how many shares there are.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.number = number
        self._paths = [folder / f"{share:03}.arrow" for share in range(number)]
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self._none: pl.DataFrame | None = None

    def add(self, rows: pl.DataFrame, *, by: pl.Expr) -> None:
        """Add rows, each to the share that `by` numbers."""
        if self._none is None:
            self._none = rows.clear()
        parts = rows.with_columns(_share=by.cast(pl.Int32)).partition_by("_share", as_dict=True)
        for (share,), part in parts.items():
            self._write(cast("int", share), part.drop("_share"))

    def _write(self, share: int, rows: pl.DataFrame) -> None:
        wanted = cast("pl.DataFrame", self._none).schema
        table = rows.cast(wanted).to_arrow(compat_level=pl.CompatLevel.oldest())
        if share not in self._writers:
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            path = str(self._paths[share])
            self._writers[share] = pa.ipc.new_stream(path, table.schema, options=options)
        self._writers[share].write_table(table)

    def close(self) -> None:
        """Write no more."""
        for writer in self._writers.values():
            writer.close()

    def read(self, share: int, *, test: pl.Expr | None = None) -> pl.DataFrame:
        """Return the rows of a share that meet a test; the others are let go batch by batch."""
        none = pl.DataFrame() if self._none is None else self._none
        return pl.concat([none, *self._batches(share, test)])

    def _batches(self, share: int, test: pl.Expr | None) -> Iterator[pl.DataFrame]:
        if share not in self._writers:
            return
        with pa.ipc.open_stream(str(self._paths[share])) as stream:
            for batch in stream:
                rows = cast("pl.DataFrame", pl.from_arrow(batch)).cast(self._none.schema)  # type: ignore[union-attr]
                yield rows if test is None else rows.filter(test)
