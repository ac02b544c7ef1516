"""Open evidence of any compression as one stream of plain bytes, fingerprinted as it is read."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from mailforensics.errors import EvidenceError


class _Watched(io.RawIOBase):
    """A raw stream that reports every byte that passes."""

    def __init__(self, raw: IO[bytes], on_bytes: Callable[[bytes], None]) -> None:
        self._raw = raw
        self._on_bytes = on_bytes

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer, report what came, return how many bytes."""
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self._on_bytes(data)
        return len(data)


def open_plain(raw: IO[bytes], on_bytes: Callable[[bytes], None]) -> IO[bytes]:
    """Return a stream of decompressed bytes; `on_bytes` gets the bytes as they were stored."""
    watched = io.BufferedReader(_Watched(raw, on_bytes), 1 << 20)
    if watched.peek(2)[:2] == b"\x1f\x8b":
        return cast("IO[bytes]", gzip.open(watched, "rb"))
    return watched


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
