"""Read one file of evidence block by block with a parser that knows nothing of files."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from mailforensics.reading.blocks import read_blocks, split_lines
from mailforensics.reading.evidence import Evidence
from mailforensics.reading.wrapped import join_wrapped

Parser = Callable[[pl.DataFrame], pl.DataFrame]


def read_file(evidence: Evidence, parse: Parser) -> pl.DataFrame:
    """Return the parsed lines of one file, in the order of the file."""
    parts = [parse_block(b" ", parse).events]
    with evidence.open() as stream:
        for block in read_blocks(stream):
            parsed = parse_block(block, parse)
            number = pl.col("line") + evidence.lines
            parts.append(parsed.events.with_columns(number))
            evidence.lines += parsed.lines
            evidence.blank += parsed.blank
            evidence.joined += parsed.joined
    return pl.concat(parts, how="diagonal_relaxed").with_columns(file=pl.lit(evidence.name))


@dataclass(frozen=True, slots=True)
class ParsedBlock:
    """What one block came to."""

    events: pl.DataFrame
    lines: int
    blank: int
    joined: int


def parse_block(block: bytes, parse: Parser) -> ParsedBlock:
    """Turn the bytes of a block into events; a pure function, so that it can run anywhere."""
    lines = split_lines(block)
    filled = lines.filter(pl.col("text").str.strip_chars(" \t\r") != "")
    entries = join_wrapped(filled)
    joined = filled.height - entries.height
    events = parse(entries.with_columns(pl.col("line").cast(pl.Int64) + 1))
    return ParsedBlock(events, lines.height, lines.height - filled.height, joined)
