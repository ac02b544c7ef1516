"""Read one file of evidence, a few blocks at a time, with a parser that knows nothing of files."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BufferedReader
from typing import Final, Generic, TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from mailforensics.errors import EvidenceError
from mailforensics.reading.blocks import read_blocks, split_lines
from mailforensics.reading.evidence import Evidence
from mailforensics.reading.tables import narrow, to_arrow, together
from mailforensics.reading.text import HEAD_BYTES, refuse_binary
from mailforensics.reading.wrapped import drop_blank, join_wrapped
from mailforensics.schema import Table

Parser = Callable[[pl.DataFrame], pl.DataFrame]
_Events = TypeVar("_Events")
# A few are enough: the work on each block is spread over further cores.
BLOCKS_AT_A_TIME: Final = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class ParsedBlock(Generic[_Events]):
    """What one block came to."""

    events: _Events
    lines: int
    blank: int
    joined: int


def read_file(evidence: Evidence, parse: Parser, table: Table) -> pa.Table:
    """Return the events of one file, in the order of the file; see `tables.to_arrow` and `narrow`.

    Raises:
        EvidenceError: the file cannot be opened, or the caller named it and it is binary.
    """

    def work(block: bytes) -> ParsedBlock[pa.Table]:
        return parse_block(block, lambda lines: narrow(to_arrow(parse(lines), table)))

    parts = []
    with evidence.open() as stream, ThreadPoolExecutor(BLOCKS_AT_A_TIME) as pool:
        for parsed in in_turn(pool, work, _blocks(stream, evidence)):
            parts.append(from_line(parsed.events, evidence.lines))
            evidence.lines += parsed.lines
            evidence.blank += parsed.blank
            evidence.joined += parsed.joined
    return together(parts or [work(b"").events])


def in_turn(
    pool: ThreadPoolExecutor,
    work: Callable[[bytes], ParsedBlock[_Events]],
    blocks: Iterable[bytes],
) -> Iterator[ParsedBlock[_Events]]:
    """Yield what becomes of the blocks in their order, with few of them in memory at a time."""
    waiting: deque[Future[ParsedBlock[_Events]]] = deque()
    for block in blocks:
        waiting.append(pool.submit(work, block))
        if len(waiting) > BLOCKS_AT_A_TIME:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def from_line(events: pa.Table, before: int) -> pa.Table:
    """Number the lines of a block by their place in the file."""
    column = events.column_names.index("line")
    return events.set_column(column, "line", pc.add(events["line"], before))


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


def parse_block(block: bytes, parse: Callable[[pl.DataFrame], _Events]) -> ParsedBlock[_Events]:
    """Turn the bytes of a block into events; a pure function, so that it can run anywhere."""
    lines = split_lines(block)
    filled = drop_blank(lines)
    entries = join_wrapped(filled)
    joined = filled.height - entries.height
    open_end = (pl.int_range(pl.len()) == pl.len() - 1) & (not block.endswith(b"\n"))
    events = parse(entries.with_columns(pl.col("line").cast(pl.Int64) + 1, open_end=open_end))
    return ParsedBlock(events, lines.height, lines.height - filled.height, joined)
