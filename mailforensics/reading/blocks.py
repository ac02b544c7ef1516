"""Cut a stream into blocks that can be parsed alone, and a block into entries with line numbers."""

import re
from collections.abc import Iterator
from typing import IO, Final

import polars as pl

# What is done once for each block takes as long as some ten thousand lines.
BLOCK_BYTES: Final = 16 << 20
_ENTRY: Final = re.compile(rb"\n[^ \t:\x1d\r\n]")
# The end of a block holds an entry's beginning, as a rule.
_LOOK_BACK_BYTES: Final = 1 << 12


def read_blocks(stream: IO[bytes], size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield the stream in blocks of about `size` bytes, each ending where an entry ends.

    The first are smaller, so that a short file gives every core something to do. A wrapped entry
    (its rest begins with a blank or a colon) is never cut in two, so that the events do not depend
    on `size`.
    """
    held, wanted = b"", max(1, size // 4)
    while chunk := stream.read(wanted):
        wanted = min(size, wanted + wanted // 4 + 1)
        if cut := last_entry(chunk):
            yield b"".join((held, memoryview(chunk)[:cut]))
            held = chunk[cut:]
        elif cut := last_entry(held := held + chunk):
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held


def last_entry(data: bytes) -> int:
    """Return where the last entry that begins within `data` begins; 0 if only the first does."""
    low, window = len(data), _LOOK_BACK_BYTES
    while low > 0:
        high, low = low, max(0, low - window)
        if starts := [found.start() for found in _ENTRY.finditer(data, low, high + 1)]:
            return starts[-1] + 1
        window *= 4
    return 0


def split_lines(block: bytes) -> pl.DataFrame:
    r"""Return the physical lines of a block: `text`, and `line`, its number from 0.

    Bytes that are not UTF-8 are shown as `\xff`, NUL bytes as `\x00`; the NULs that a crash
    leaves before a line are dropped, or the line's head could not be read.
    """
    text = block if block.isascii() else block.decode("utf-8", "backslashreplace").encode()
    if b"\0" in text:
        text = b"\n".join(line.lstrip(b"\0") or line for line in text.split(b"\n"))
        text = text.replace(b"\0", b"\\x00")
    return pl.read_lines(text, name="text").with_row_index("line")
