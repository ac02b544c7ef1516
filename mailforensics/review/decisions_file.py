"""The journal as a file: locked reads, and appends that are on disk before they count as saved."""

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from mailforensics.errors import DecisionError

LOCK_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.005
_OPEN: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)  # Windows would turn \n into \r\n
_NEXT_STEP: Final = {
    errno.ENOSPC: "The disk is full: free some space, then decide again.",
    errno.EDQUOT: "Your disk quota is used up: free some space, then decide again.",
    errno.EFBIG: "The file may not grow further (ulimit -f): raise the limit, then decide again.",
    errno.EROFS: "The disk is read-only: keep the journal on one that can be written.",
    errno.EACCES: "You may not write there: become the owner, or keep the journal elsewhere.",
    errno.EPERM: "You may not write there: become the owner, or keep the journal elsewhere.",
    errno.ENOENT: "The folder does not exist: make it (mkdir -p), then decide again.",
    errno.ENOTDIR: "A part of the path is a file: name another folder.",
    errno.EISDIR: "That is a folder: name a file in it, such as decisions.jsonl.",
    errno.EAGAIN: "End that program, then decide again.",
    errno.ENOLCK: "This disk has no file locks: keep the journal on a local disk.",
}

Check = Callable[[bytes], None]

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _try_lock(descriptor: int, *, shared: bool) -> None:  # noqa: ARG001  one kind of lock
        os.lseek(descriptor, 1 << 40, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int, *, shared: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def read_bytes(path: Path) -> bytes:
    """Return the journal's bytes, read while nobody writes; empty when it does not exist yet.

    Raises:
        DecisionError: the file is there and cannot be read.
    """
    try:
        with _opened(path, os.O_RDONLY) as descriptor:
            _lock(descriptor, path, shared=True)
            return _read_all(descriptor)
    except FileNotFoundError:
        return b""
    except OSError as problem:
        raise DecisionError(f"{path}: {problem.strerror}. {_next_step(problem)}") from problem


def append(path: Path, lines: bytes, *, check: Check) -> None:
    r"""Add whole lines to the end of the journal, fsynced, or nothing at all.

    Args:
        path: the journal; it is created when its folder exists.
        lines: complete lines, each with its `\n`.
        check: is given the journal's bytes under the lock; what it raises stops the write.

    Raises:
        DecisionError: the lines are not on disk; the message says what to do.
    """
    try:
        with _opened(path, _OPEN) as descriptor:
            _lock(descriptor, path, shared=False)
            before = _read_all(descriptor)
            check(before)
            # After a crash the last line may be torn: begin on a fresh one, so both stay apart.
            fresh = b"" if before.endswith(b"\n") or not before else b"\n"
            _write_or_roll_back(descriptor, fresh + lines, start=len(before))
            if not before:
                _sync_folder(path.parent)
    except OSError as problem:
        raise DecisionError(
            f"NOT SAVED, nothing was recorded in {path}: {problem.strerror}. {_next_step(problem)}"
        ) from problem


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | _BINARY, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # gives the lock back too


def _lock(descriptor: int, path: Path, *, shared: bool) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            _try_lock(descriptor, shared=shared)
        except OSError as problem:
            if problem.errno not in {errno.EAGAIN, errno.EACCES, errno.EDEADLK}:
                raise
            if time.monotonic() > deadline:
                held = f"another program has held it for {LOCK_SECONDS:.0f} seconds"
                raise OSError(errno.EAGAIN, held) from problem
            time.sleep(_POLL_SECONDS)
        else:
            break
    if not path.exists() or not os.path.samestat(os.fstat(descriptor), path.stat()):
        raise OSError(errno.ESTALE, "it was replaced while it was opened")


def _read_all(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    blocks = []
    while block := os.read(descriptor, 1 << 20):
        blocks.append(block)
    return b"".join(blocks)


def _write_or_roll_back(descriptor: int, payload: bytes, *, start: int) -> None:
    try:
        rest = memoryview(payload)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except BaseException:  # an interrupted kernel must not leave half a line either
        _take_back(descriptor, payload, start=start)
        raise


def _take_back(descriptor: int, payload: bytes, *, start: int) -> None:
    os.lseek(descriptor, start, os.SEEK_SET)
    tail = os.read(descriptor, len(payload) + 1)
    if payload.startswith(tail):  # only our own bytes, and only while they are the last
        os.ftruncate(descriptor, start)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # pragma: no cover  folders cannot be opened there
        return
    with _opened(folder, os.O_RDONLY) as descriptor:
        os.fsync(descriptor)


def _next_step(problem: OSError) -> str:
    advice = "Look at the disk and the path, then decide again."
    return _NEXT_STEP.get(problem.errno or 0, advice)
