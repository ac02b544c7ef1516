"""Where a store lies: a folder of this machine, or any address that fsspec knows (S3, GCS, SSH)."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from mailforensics.errors import EvidenceError, MissingExtraError, StoreWriteError, extra_hint


def is_remote(address: str) -> bool:
    """Say whether an address is none of this machine's paths: `s3://bucket/logs`."""
    return "://" in address and not address.startswith("file://")


def remote(address: str) -> tuple[Any, str]:
    """Return the fsspec file system of an address, and the path in it.

    Raises:
        MissingExtraError: fsspec, or what it needs for this kind of address, is not installed.
    """
    try:
        import fsspec

        return cast("tuple[Any, str]", fsspec.core.url_to_fs(address, use_listings_cache=False))
    except ImportError as problem:
        raise MissingExtraError(
            f"{address} is no path of this machine ({problem}); install what reaches it: "
            f"{extra_hint('cluster')}, and for S3 also s3fs."
        ) from None


def open_remote(address: str) -> IO[bytes]:
    """Open a file at an fsspec address for reading.

    Raises:
        EvidenceError: it cannot be opened.
    """
    files, path = remote(address)
    try:
        return cast("IO[bytes]", files.open(path, "rb"))
    except OSError as problem:
        raise EvidenceError(f"{address}: cannot be read ({problem}); check the address.") from None


def unwritable(address: str, problem: OSError) -> StoreWriteError:
    """Return the error that says why a store cannot be written to, and how to go on."""
    return StoreWriteError(
        f"{address}: cannot be written ({problem.strerror or problem}); make room or rights there, "
        "then ingest again: it goes on where it stopped."
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that holds a store; names in it are relative, with `/`.

    Whatever is written is there whole or not at all: under a temporary name first where files can
    be torn, in one request where they cannot (object stores).
    """

    address: str

    @property
    def folder(self) -> Path:
        """Where it is on this machine, if it is none of others."""
        return Path(self.address.removeprefix("file://")).expanduser()

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; None if there is none.

        Raises:
            EvidenceError: it is there and cannot be read.
        """
        try:
            if is_remote(self.address):
                files, root = remote(self.address)
                return cast("bytes", files.cat_file(f"{root}/{name}"))
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise EvidenceError(f"{self.address}/{name}: cannot be read ({problem}).") from None

    def write(self, name: str, data: bytes) -> None:
        """Write a file; it replaces an older one of that name at once.

        Raises:
            StoreWriteError: it cannot be written.
        """
        try:
            if is_remote(self.address):
                files, root = remote(self.address)
                files.pipe_file(f"{root}/{name}", data)
            else:
                _write_whole(self._path(name), data)
        except OSError as problem:
            raise unwritable(self.address, problem) from None

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder and those below it; none where it is not.

        Raises:
            EvidenceError: it cannot be listed.
        """
        try:
            if is_remote(self.address):
                files, root = remote(self.address)
                found = [str(path) for path in files.find(f"{root}/{folder}")]
                return [path.partition(f"{root.strip('/')}/")[2] for path in found]
            here = self._path("")
            return [path.relative_to(here).as_posix() for path in (here / folder).rglob("*.*")]
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise EvidenceError(f"{self.address}: cannot be listed ({problem}).") from None

    def remove_torn(self) -> None:
        """Remove what an ingest that was killed left half written."""
        if not is_remote(self.address):
            for torn in self.folder.rglob(".*.tmp"):
                torn.unlink(missing_ok=True)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; those that are gone already are no error."""
        for name in names:
            try:
                if is_remote(self.address):
                    files, root = remote(self.address)
                    files.rm_file(f"{root}/{name}")
                else:
                    self._path(name).unlink()
            except FileNotFoundError:
                continue

    def table(self, name: str, columns: list[str], filters: Any = None) -> pa.Table:  # noqa: ANN401
        """Return some columns and rows of a Parquet file; statistics spare what cannot match."""
        if is_remote(self.address):
            files, root = remote(self.address)
            return pq.read_table(
                f"{root}/{name}", columns=columns, filters=filters, filesystem=files
            )
        path = self._path(name)
        return pq.read_table(path, columns=columns, filters=filters, partitioning=None)

    def _path(self, name: str) -> Path:
        return self.folder / name


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
