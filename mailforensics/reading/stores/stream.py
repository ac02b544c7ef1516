"""Read one file in bounded memory: a chunk at a time, from where the last ingest stopped."""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Final

import pyarrow as pa

from mailforensics.errors import EvidenceError
from mailforensics.reading.blocks import BLOCK_BYTES, last_entry, read_blocks
from mailforensics.reading.evidence import Evidence
from mailforensics.reading.evidence_open import PIECE_BYTES
from mailforensics.reading.files import (
    BLOCKS_AT_A_TIME,
    ParsedBlock,
    from_line,
    in_turn,
    parse_block,
)
from mailforensics.reading.read import LogKind
from mailforensics.reading.stores.manifest import Part, Progress, Tally
from mailforensics.reading.stores.parts import Shelf, write_parts
from mailforensics.reading.stores.tally import Carry, with_spans
from mailforensics.reading.tables import to_arrow
from mailforensics.reading.text import HEAD_BYTES, refuse_binary

# As much text becomes one set of Parquet files: fewer, larger files against memory.
CHUNK_BYTES: Final = 32 << 20


class ChangedError(EvidenceError):
    """What was read of a file before is no longer what it holds."""


@dataclass(slots=True)
class Step:
    """How far the reading of a file got.

    Attributes:
        progress: what is read for good.
        tail: at the end: the rows of its last entry, which may still grow.
        total: at the end: what the whole file came to.
        size: at the end: its bytes unpacked.
    """

    progress: Progress
    tail: list[Part] = field(default_factory=list)
    total: Tally | None = None
    size: int = 0


@dataclass(slots=True)
class _Stretch:
    """A piece of a file, cut between two entries: its end, and the hash of all up to there."""

    is_tail: bool
    end: int
    prefix: str


def stream_file(
    evidence: Evidence, kind: LogKind, *, begin: Progress, shelf: Shelf, chunk: int
) -> Iterator[Step]:
    """Read a file from `begin` on, write its rows to the store, and yield after each chunk.

    Raises:
        ChangedError: what stands before `begin` is not what was read then.
        EvidenceError: the file cannot be opened, or is no text.
    """

    def work(block: bytes) -> ParsedBlock[pa.Table]:
        return parse_block(block, lambda lines: to_arrow(kind.parse(lines), kind.table))

    sink = _Sink(begin, shelf, chunk)
    cuts: deque[_Stretch] = deque()
    with evidence.open() as plain, ThreadPoolExecutor(BLOCKS_AT_A_TIME) as pool:
        if not evidence.is_text and not begin.offset:
            refuse_binary(plain.peek(HEAD_BYTES)[:HEAD_BYTES], evidence.name)
        blocks = _stretches(plain, begin, min(chunk, BLOCK_BYTES), cuts)
        for parsed in in_turn(pool, work, blocks):
            stretch = cuts.popleft()
            if stretch.is_tail:
                yield sink.end(parsed, stretch)
            elif sink.add(parsed, stretch):
                yield Step(sink.progress)
    # A file without a tail is empty, or holds not one whole entry more than before.
    if sink.total is None:
        yield sink.flush_and_end()


def _stretches(
    plain: IO[bytes], begin: Progress, size: int, cuts: "deque[_Stretch]"
) -> Iterator[bytes]:
    """Yield the blocks from `begin` on; the last is cut before its last entry, the tail."""
    hashed = hashlib.sha256()
    _skip(plain, begin, hashed)
    end, held = begin.offset, b""

    def stretch(data: bytes, *, is_tail: bool) -> bytes:
        nonlocal end
        end += len(data)
        hashed.update(data)
        cuts.append(_Stretch(is_tail, end, hashed.hexdigest()))
        return data

    for block in read_blocks(plain, size):
        if held:
            yield stretch(held, is_tail=False)
        held = block
    cut = last_entry(held)
    if cut:
        yield stretch(held[:cut], is_tail=False)
    if held:
        yield stretch(held[cut:], is_tail=True)


def _skip(plain: IO[bytes], begin: Progress, hashed: "hashlib._Hash") -> None:
    left = begin.offset
    while left and (piece := plain.read(min(left, PIECE_BYTES))):
        hashed.update(piece)
        left -= len(piece)
    if begin.offset and (left or hashed.hexdigest() != begin.prefix):
        raise ChangedError("what was read of it before is no longer what it holds")


class _Sink:
    """Gathers blocks to chunks, and chunks to parts."""

    def __init__(self, begin: Progress, shelf: Shelf, chunk: int) -> None:
        self.progress = begin
        self.total: Tally | None = None
        self._shelf = shelf
        self._chunk = chunk
        self._tally = begin.tally.copy()
        self._carry = Carry(begin.carry)
        self._rows: list[pa.Table] = []
        self._end = begin.offset
        self._prefix = begin.prefix

    def add(self, parsed: ParsedBlock[pa.Table], stretch: _Stretch) -> bool:
        """Take a block; say whether that made a chunk."""
        self._rows.append(self._taken(parsed))
        self._end, self._prefix = stretch.end, stretch.prefix
        if self._end - self.progress.offset < self._chunk:
            return False
        self._flush()
        return True

    def end(self, parsed: ParsedBlock[pa.Table], stretch: _Stretch) -> Step:
        """Take the file's last entry."""
        self._flush()
        rows = self._taken(parsed)
        self.total = self._tally
        parts = write_parts(rows, self._shelf, (self._end, stretch.end)) if len(rows) else []
        return Step(self.progress, parts, self.total, stretch.end)

    def flush_and_end(self) -> Step:
        """End a file that has no entry after those taken."""
        self._flush()
        self.total = self._tally
        return Step(self.progress, [], self.total, self._end)

    def _taken(self, parsed: ParsedBlock[pa.Table]) -> pa.Table:
        tally = self._tally
        rows = self._carry.fill(from_line(parsed.events, tally.lines), tally)
        rows = with_spans(rows, tally)
        tally.lines += parsed.lines
        tally.blank += parsed.blank
        tally.joined += parsed.joined
        return rows

    def _flush(self) -> None:
        if self._end == self.progress.offset:
            return
        rows = pa.concat_tables(self._rows)
        self._rows = []
        stretch = (self.progress.offset, self._end)
        parts = write_parts(rows, self._shelf, stretch) if len(rows) else []
        self.progress = Progress(
            offset=self._end,
            prefix=self._prefix,
            tally=self._tally.copy(),
            carry=self._carry.rows(),
            parts=[*self.progress.parts, *parts],
        )
