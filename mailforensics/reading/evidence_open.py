"""Open evidence of any compression as one stream of plain bytes, fingerprinted as it is read.

A stream ends where its data do: of a truncated or damaged file the readable part is read, and a
note says so. Data are unpacked in small pieces, so that a bomb cannot fill the memory.
"""

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, Protocol, cast

from mailforensics.errors import EvidenceError

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError, ZstdFile
else:
    from zstandard import ZstdDecompressor, ZstdError

PIECE_BYTES: Final = 1 << 20
# Logs shrink to a tenth or a fiftieth, a bomb to a thousandth and less.
BOMB_RATIO: Final = 400
BOMB_BYTES: Final = 1 << 30
Plain = io.BufferedReader
_DAMAGE: Final = (zlib.error, EOFError, OSError, lzma.LZMAError, ZstdError)


class Watcher(Protocol):
    """Who wants to know what passes: an item of evidence."""

    size: int
    notes: list[str]

    def seen(self, data: bytes) -> None:
        """Take bytes as they are stored."""


class _Stored(io.RawIOBase):
    """The stored bytes, each of which the watcher sees."""

    def __init__(self, raw: IO[bytes], watcher: Watcher) -> None:
        self._raw = raw
        self._watcher = watcher

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer, show the watcher what came, return how many bytes."""
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._watcher.seen(data)
        return len(data)


class _Unpacked(io.RawIOBase):
    """The unpacked bytes, up to the first damage or to the limit for bombs."""

    def __init__(self, stream: IO[bytes], watcher: Watcher) -> None:
        self._stream = stream
        self._watcher = watcher
        self._size = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with the next piece; nothing at the end, at damage, or in a bomb."""
        if self._size > BOMB_BYTES and self._size > BOMB_RATIO * self._watcher.size:
            self._note(f"looks like a decompression bomb: only its first {self._size} bytes")
            return 0
        try:
            # One step of unpacking, so that an error loses nothing of what came before it.
            data = cast("io.BufferedReader", self._stream).read1(len(buffer))
        except _DAMAGE as error:
            self._note(f"truncated or damaged ({error}): only its first {self._size} bytes")
            return 0
        buffer[: len(data)] = data
        self._size += len(data)
        return len(data)

    def _note(self, what: str) -> None:
        """Say it once: after the end a reader may ask again."""
        note = f"{what}, unpacked, were read"
        if note not in self._watcher.notes:
            self._watcher.notes.append(note)


def open_plain(raw: IO[bytes], watcher: Watcher) -> tuple[Plain, Plain]:
    """Return a stream of unpacked bytes, and one of the stored bytes that it takes them from.

    The watcher sees the bytes as they are stored.
    """
    stored = io.BufferedReader(_Stored(raw, watcher), PIECE_BYTES)
    unpack = _unpacker(stored.peek(6)[:6])
    if unpack is None:
        return cast("Plain", stored), cast("Plain", stored)
    plain = io.BufferedReader(_Unpacked(unpack(cast("Plain", stored)), watcher), PIECE_BYTES)
    return cast("Plain", plain), cast("Plain", stored)


def is_packed(head: bytes) -> bool:
    """Say whether the first six bytes of a file are those of a compression that is known here."""
    return _unpacker(head) is not None


def _unpacker(magic: bytes) -> Callable[[IO[bytes]], IO[bytes]] | None:
    known: dict[bytes, Callable[[IO[bytes]], object]] = {
        b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream, mode="rb"),
        b"BZh": bz2.BZ2File,
        b"\xfd7zXZ\x00": lzma.LZMAFile,
        b"\x28\xb5\x2f\xfd": _open_zstd,
    }
    for start, unpack in known.items():
        if magic.startswith(start):
            return cast("Callable[[IO[bytes]], IO[bytes]]", unpack)
    return None


def _open_zstd(stream: IO[bytes]) -> IO[bytes]:
    if sys.version_info >= (3, 14):
        return cast("IO[bytes]", ZstdFile(stream))
    return cast("IO[bytes]", ZstdDecompressor().stream_reader(stream, read_across_frames=True))


def gzip_time(head: bytes) -> float | None:
    """Return the time that a gzip header holds: when the file in it was last written."""
    if head[:2] != b"\x1f\x8b" or len(head) < 8:
        return None
    return float(int.from_bytes(head[4:8], "little")) or None


def open_file(path: Path) -> IO[bytes]:
    """Open a file of evidence for reading.

    Raises:
        EvidenceError: the file cannot be opened.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise EvidenceError(
            f"{path}: {error.strerror}; run as a user who may read it (on Debian: a member of the "
            "group adm, or sudo), or copy the log to where you may."
        ) from error
