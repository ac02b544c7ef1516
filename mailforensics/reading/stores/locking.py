"""One ingest at a time writes to a store; whoever reads it is not in its way."""

import contextlib
import os
import platform
import sys
from collections.abc import Iterator
from typing import Final

from mailforensics.errors import StoreBusyError
from mailforensics.reading.stores.place import Place, is_remote, unwritable

if sys.platform != "win32":
    import fcntl

LOCK: Final = ".lock"


@contextlib.contextmanager
def locked(place: Place) -> Iterator[None]:
    """Keep a second ingest out of a store as long as this one runs.

    On this machine the lock goes when the process does, however it ends. An object store has no
    such locks: there a file stands for it, and a crash leaves it behind.

    Raises:
        StoreBusyError: somebody else is writing.
        StoreWriteError: nobody may write there.
    """
    if is_remote(place.address):
        yield from _remote_lock(place)
        return
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        file = (place.folder / LOCK).open("a")
    except OSError as problem:
        raise unwritable(place.address, problem) from None
    with file:
        try:
            if sys.platform != "win32":
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusyError(
                f"{place.address}: another ingest is writing to this store; wait until it has "
                "ended. Reading goes on meanwhile."
            ) from None
        yield


def _remote_lock(place: Place) -> Iterator[None]:
    held = place.read(LOCK)
    if held:
        raise StoreBusyError(
            f"{place.address}: another ingest is writing to this store ({held.decode()}); wait "
            f"until it has ended. If it has crashed, remove {place.address}/{LOCK}."
        )
    place.write(LOCK, f"process {os.getpid()} on {platform.node()}".encode())
    try:
        yield
    finally:
        place.remove([LOCK])
