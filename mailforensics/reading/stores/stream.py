"""Read one file in bounded memory: a chunk at a time, from where the last ingest stopped."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from mailforensics.reading.evidence import Evidence
from mailforensics.reading.files import BLOCKS_AT_A_TIME, ParsedBlock, in_turn, parse_block
from mailforensics.reading.read import LogKind
from mailforensics.reading.stores.cutting import Cut, stretches
from mailforensics.reading.stores.manifest import Part, Progress, Tally
from mailforensics.reading.stores.parts import Shelf, write_parts
from mailforensics.reading.stores.tally import Standing, piece_of
from mailforensics.reading.tables import to_arrow
from mailforensics.reading.text import HEAD_BYTES, refuse_binary

# As much text becomes one set of Parquet files: fewer, larger files against memory.
CHUNK_BYTES: Final = 32 << 20


@dataclass(slots=True)
class Step:
    """How far the reading of a file got.

    Attributes:
        progress: what is read for good.
        tail: at the end: the rows of its last entry, which may still grow.
        total: at the end: what the whole file came to.
    """

    progress: Progress
    tail: list[Part] = field(default_factory=list)
    total: Tally | None = None


def block_parser(kind: LogKind) -> Callable[[bytes], ParsedBlock[pa.Table]]:
    """Return the function that turns a block of a log of this kind into rows."""

    def work(block: bytes) -> ParsedBlock[pa.Table]:
        return parse_block(block, lambda lines: to_arrow(kind.parse(lines), kind.table))

    return work


def stream_file(
    evidence: Evidence, kind: LogKind, *, begin: Progress, shelf: Shelf, chunk: int
) -> Iterator[Step]:
    """Read a file from `begin` on, write its rows to the store, and yield after each chunk.

    Raises:
        ChangedError: what stands before `begin` is not what was read then.
        EvidenceError: the file cannot be opened, or is no text.
    """
    sink = _Sink(begin, shelf)
    cuts: deque[Cut] = deque()
    with evidence.open() as plain, ThreadPoolExecutor(BLOCKS_AT_A_TIME) as pool:
        if not evidence.is_text and not begin.offset:
            refuse_binary(plain.peek(HEAD_BYTES)[:HEAD_BYTES], evidence.name)
        blocks = _noted(stretches(plain, begin, chunk=chunk), cuts)
        for parsed in in_turn(pool, block_parser(kind), blocks):
            cut = cuts.popleft()
            if cut.is_tail:
                yield sink.end(parsed, cut)
            elif sink.add(parsed, cut):
                yield Step(sink.progress)
    # A file without a tail is empty, or holds not one whole entry more than before.
    if sink.total is None:
        yield sink.flush_and_end()


def _noted(cut: Iterable[tuple[bytes, Cut]], cuts: "deque[Cut]") -> Iterator[bytes]:
    for data, where in cut:
        cuts.append(where)
        yield data


class _Sink:
    """Gathers blocks to chunks, and chunks to parts."""

    def __init__(self, begin: Progress, shelf: Shelf) -> None:
        self.progress = begin
        self.total: Tally | None = None
        self._shelf = shelf
        self._standing = Standing.of(begin)
        self._rows: list[pa.Table] = []
        self._last = Cut(0, begin.offset, begin.prefix)

    def add(self, parsed: ParsedBlock[pa.Table], cut: Cut) -> bool:
        """Take a block; say whether that ended the chunk before it."""
        ends = bool(self._rows) and cut.cell != self._last.cell
        if ends:
            self._flush()
        self._rows.append(self._taken(parsed))
        self._last = cut
        return ends

    def end(self, parsed: ParsedBlock[pa.Table], cut: Cut) -> Step:
        """Take the file's last entry."""
        self._flush()
        rows = self._taken(parsed)
        self.total = self._standing.tally
        parts = write_parts(rows, self._shelf, (self._last.end, cut.end)) if len(rows) else []
        return Step(self.progress, parts, self.total)

    def flush_and_end(self) -> Step:
        """End a file that has no entry after those taken."""
        self._flush()
        self.total = self._standing.tally
        return Step(self.progress, [], self.total)

    def _taken(self, parsed: ParsedBlock[pa.Table]) -> pa.Table:
        piece = piece_of(parsed)
        rows, orphans = self._standing.filled(piece)
        piece.tally.orphans = orphans
        self._standing = self._standing.after(piece)
        return rows

    def _flush(self) -> None:
        if not self._rows:
            return
        rows, self._rows = pa.concat_tables(self._rows), []
        stretch = (self.progress.offset, self._last.end)
        parts = write_parts(rows, self._shelf, stretch) if len(rows) else []
        self.progress = reached(self.progress, self._last, self._standing, parts)


def reached(before: Progress, cut: Cut, standing: Standing, parts: Sequence[Part]) -> Progress:
    """Return how far a file was read after one more chunk."""
    return Progress(
        offset=cut.end,
        prefix=cut.prefix,
        tally=standing.tally.copy(),
        carry=standing.carry(),
        parts=[*before.parts, *parts],
    )
