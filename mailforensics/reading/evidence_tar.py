"""Take the logs out of an archive of a log folder, without unpacking it on disk for good."""

import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from typing import IO, Final, cast

_IN_MEMORY_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One log of an archive: its path in it, its bytes, and when it was last written."""

    path: PurePosixPath
    stream: IO[bytes]
    mtime: float


def read_members(archive: IO[bytes], names: re.Pattern[str], notes: list[str]) -> list[Member]:
    """Return the logs of an archive; of a damaged one those before the damage, and a note.

    Args:
        archive: the archive, unpacked if it was compressed.
        names: which file names are logs.
        notes: gets a note if the archive is damaged.
    """
    members: list[Member] = []
    try:
        with tarfile.open(fileobj=archive, mode="r|") as tar:
            members += _logs(tar, names)
    except (tarfile.TarError, EOFError, OSError) as error:
        notes.append(f"the archive is truncated or damaged ({error})")
    return members


def _logs(tar: tarfile.TarFile, names: re.Pattern[str]) -> Iterator[Member]:
    for info in tar:
        path = PurePosixPath(info.name)
        content = tar.extractfile(info) if info.isfile() and names.fullmatch(path.name) else None
        if content is None:
            continue
        held = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - read later
        shutil.copyfileobj(content, held)
        held.seek(0)
        yield Member(path, cast("IO[bytes]", held), float(info.mtime))


def label(archive: PurePath, member: Member) -> PurePath:
    """Return how a member is named: as if the archive were a folder."""
    return archive / member.path
