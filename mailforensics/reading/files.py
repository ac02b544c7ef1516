"""Read one file of evidence block by block with a parser that knows nothing of files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader

import polars as pl

from mailforensics.errors import EvidenceError
from mailforensics.reading.blocks import read_blocks, split_lines
from mailforensics.reading.evidence import Evidence
from mailforensics.reading.text import HEAD_BYTES, refuse_binary
from mailforensics.reading.wrapped import join_wrapped

Parser = Callable[[pl.DataFrame], pl.DataFrame]


def read_file(evidence: Evidence, parse: Parser) -> pl.DataFrame:
    """Return the parsed lines of one file, in the order of the file.

    Raises:
        EvidenceError: the file cannot be opened, or the caller named it and it is binary.
    """
    parts = [parse_block(b"", parse).events]
    with evidence.open() as stream:
        for block in _blocks(stream, evidence):
            parsed = parse_block(block, parse)
            number = pl.col("line") + evidence.lines
            parts.append(parsed.events.with_columns(number))
            evidence.lines += parsed.lines
            evidence.blank += parsed.blank
            evidence.joined += parsed.joined
    return pl.concat(parts, how="diagonal_relaxed").with_columns(file=pl.lit(evidence.name))


def _blocks(stream: BufferedReader, evidence: Evidence) -> Iterator[bytes]:
    if evidence.is_text:
        yield from read_blocks(stream)
        return
    try:
        refuse_binary(stream.peek(HEAD_BYTES)[:HEAD_BYTES], evidence.name)
    except EvidenceError as error:
        if not evidence.found:
            raise
        evidence.notes.append(f"not read: {error}")
        return
    yield from read_blocks(stream)


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
