"""What workers do with the cells of one large file: fingerprint, parse, put in place, write."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from mailforensics.reading.blocks import read_blocks
from mailforensics.reading.stores.cutting import Cut, cell_of, entry_before, stretches
from mailforensics.reading.stores.manifest import Part, Progress
from mailforensics.reading.stores.parts import Shelf, write_parts
from mailforensics.reading.stores.stream import block_parser
from mailforensics.reading.stores.tally import Piece, Standing, piece_of, put_together
from mailforensics.reading.stores.work import KINDS, File, Task
from mailforensics.reading.text import HEAD_BYTES, refuse_binary

Key = tuple[int, bool]


class MovedError(Exception):
    """The file was replaced or rewritten while several workers read it."""


@dataclass(frozen=True, slots=True)
class Range:
    """What is read of a file.

    Attributes:
        begin: an entry begins there.
        end: first byte after it.
        cell: the number of the cell, from 1.
        is_tail: it is the file's last entry alone.
    """

    begin: int
    end: int
    cell: int
    is_tail: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a worker made of a cell: nothing where no entry begins in it."""

    found: Range
    digest: str
    piece: Piece | None


@dataclass(frozen=True, slots=True)
class Written:
    """Where a cell's rows are, and how many of them repeat a line that is not there."""

    found: Range
    digest: str
    parts: list[Part]
    orphans: int

    @property
    def key(self) -> Key:
        """What names the cell, or the file's last entry."""
        return self.found.cell, self.found.is_tail


@dataclass(frozen=True, slots=True)
class Trace:
    """The fingerprints of a file: of all of it, and for each cell up to its end and of it alone."""

    cuts: dict[Key, Cut]
    digests: dict[Key, str]
    sha256: str

    def proves(self, written: Written) -> bool:
        """Say whether a cell was written of the bytes that were fingerprinted."""
        cut = self.cuts.get(written.key)
        if cut is None:
            return written.found.begin == written.found.end
        return (cut.end, self.digests[written.key]) == (written.found.end, written.digest)


def trace(file: File, task: Task, begin: Progress, size: int) -> Trace:
    """Read a file for its fingerprints only.

    Raises:
        ChangedError: what stands before `begin` is not what was read then.
        EvidenceError: it cannot be opened, or is no text.
        MovedError: there is nothing in it now.
    """
    cuts: dict[Key, Cut] = {}
    digests: dict[Key, hashlib._Hash] = {}
    with file.raw() as raw:
        if not begin.offset:
            refuse_binary(raw.read(HEAD_BYTES), file.name)
            raw.seek(0)
        for data, cut in stretches(_UpTo(raw, size), begin, chunk=task.chunk_bytes):
            key = (cut.cell, cut.is_tail)
            cuts[key] = cut
            digests.setdefault(key, hashlib.sha256()).update(data)
    if not cuts:
        raise MovedError(f"{file.name}: it is empty now")
    told = {key: found.hexdigest() for key, found in digests.items()}
    return Trace(cuts, told, cuts[max(cuts)].prefix)


class _UpTo:
    """The first bytes of a file: it may grow meanwhile."""

    def __init__(self, raw: IO[bytes], size: int) -> None:
        self._raw = raw
        self._left = size

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""
        data = self._raw.read(min(size, self._left))
        self._left -= len(data)
        return data


def cells(begin: int, size: int, *, chunk: int) -> Iterator[Range]:
    """Yield the cells of what is new in a file, as ruled, and at last its last entry."""
    last = cell_of(size, chunk=chunk)
    for cell in range(begin // chunk + 1, last + 1):
        yield Range(max(begin, (cell - 1) * chunk), min(cell * chunk, size), cell)
    yield Range(size, size, last, is_tail=True)


def parse_cell(file: File, task: Task, ruled: Range, floor: int) -> Parsed:
    """Parse the entries of a cell, as if they were a file of their own."""
    with file.raw() as raw:
        begin = entry_before(raw, ruled.begin, floor=floor)
        end = ruled.end if ruled.is_tail else entry_before(raw, ruled.end, floor=floor)
        raw.seek(begin)
        data = raw.read(end - begin)
    found = Range(begin, end, ruled.cell, ruled.is_tail)
    blocks = [data] if ruled.is_tail else read_blocks(BytesIO(data))
    parse = block_parser(KINDS[task.kind])
    piece = put_together(piece_of(parse(block)) for block in blocks) if data else None
    return Parsed(found, hashlib.sha256(data).hexdigest(), piece)


def follow(before: Standing, parsed: Parsed) -> Standing:
    """Return how the file stands after a cell."""
    return before if parsed.piece is None else before.after(parsed.piece)


def write_cell(parsed: Parsed, before: Standing, shelf: Shelf) -> Written:
    """Write the rows of a cell, now that it is known what stands before them."""
    if parsed.piece is None:
        return Written(parsed.found, parsed.digest, [], 0)
    rows, orphans = before.filled(parsed.piece)
    stretch = (parsed.found.begin, parsed.found.end)
    parts = write_parts(rows, shelf, stretch) if len(rows) else []
    return Written(parsed.found, parsed.digest, parts, orphans)
