"""Read one file of evidence block by block with a parser that knows nothing of files."""

from collections.abc import Callable

import polars as pl

from mailforensics.reading.blocks import read_blocks, split_lines
from mailforensics.reading.evidence import Evidence

Parser = Callable[[pl.DataFrame], pl.DataFrame]


def read_file(evidence: Evidence, parse: Parser) -> pl.DataFrame:
    """Return the parsed lines of one file, in the order of the file."""
    parts = [parse(pl.DataFrame({"line": [0], "text": [" "]}, schema_overrides=_LINES))]
    with evidence.open() as stream:
        for block in read_blocks(stream):
            lines = split_lines(block).with_columns(
                pl.col("line").cast(pl.Int64) + 1 + evidence.lines
            )
            parts.append(parse(lines))
            evidence.lines += lines.height
    return pl.concat(parts, how="diagonal_relaxed").with_columns(file=pl.lit(evidence.name))


_LINES = {"line": pl.Int64, "text": pl.String}
