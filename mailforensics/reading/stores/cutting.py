"""Cut a file into stretches at the same places, whoever reads it, from wherever in the file.

A file is thought to be ruled at each multiple of the chunk size. The chunk of a cell ends where the
last entry begins that begins before the cell's end: that can be told from the bytes before it
alone, and so by a worker that knows nothing of the rest.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final, Protocol

from mailforensics.errors import EvidenceError
from mailforensics.reading.blocks import BLOCK_BYTES, last_entry
from mailforensics.reading.evidence_open import PIECE_BYTES
from mailforensics.reading.stores.manifest import Progress

# Where an entry begins is looked for in so many bytes before a place, and in ever more.
_LOOK_BACK_BYTES: Final = 1 << 16


class ChangedError(EvidenceError):
    """What was read of a file before is no longer what it holds."""


class Readable(Protocol):
    """What bytes are read from, one after another."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; fewer only at the end."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a stretch of a file ends.

    Attributes:
        cell: number of the cell that the stretch is in, from 1.
        end: first byte after it.
        prefix: SHA-256 of all up to there.
        is_tail: it is the file's last entry, which may still grow.
    """

    cell: int
    end: int
    prefix: str
    is_tail: bool = False


def stretches(plain: Readable, begin: Progress, *, chunk: int) -> Iterator[tuple[bytes, Cut]]:
    """Yield a file from `begin` on, cut between entries; the last entry comes alone.

    No stretch is in two cells.

    Raises:
        ChangedError: what stands before `begin` is not what was read then.
    """
    hashed = hashlib.sha256()
    _skip(plain, begin, hashed)
    at = end = begin.offset
    held = b""
    while data := plain.read(min(BLOCK_BYTES, chunk - at % chunk)):
        held, at = held + data, at + len(data)
        if cut := last_entry(held):
            hashed.update(held[:cut])
            end += cut
            yield held[:cut], Cut(cell_of(at, chunk=chunk), end, hashed.hexdigest())
            held = held[cut:]
    if held:
        hashed.update(held)
        cell = cell_of(at, chunk=chunk)
        yield held, Cut(cell, end + len(held), hashed.hexdigest(), is_tail=True)


def _skip(plain: Readable, begin: Progress, hashed: "hashlib._Hash") -> None:
    left = begin.offset
    while left and (piece := plain.read(min(left, PIECE_BYTES))):
        hashed.update(piece)
        left -= len(piece)
    if begin.offset and (left or hashed.hexdigest() != begin.prefix):
        raise ChangedError("what was read of it before is no longer what it holds")


def cell_of(at: int, *, chunk: int) -> int:
    """Return the number of the cell that ends at a place or holds it, from 1."""
    return -(-at // chunk)


def entry_before(raw: IO[bytes], at: int, *, floor: int) -> int:
    """Return where the last entry begins that begins before a place, seen from there.

    Args:
        raw: the file.
        at: the place.
        floor: an entry begins there, at or before the place; nothing before it is looked at.
    """
    back = _LOOK_BACK_BYTES
    while True:
        low = max(floor, at - back)
        raw.seek(low)
        cut = last_entry(raw.read(at - low))
        if cut or low == floor:
            return low + cut
        back *= 4
