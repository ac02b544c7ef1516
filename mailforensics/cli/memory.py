"""Warn before a log that will not fit in memory, rather than let the system stop the work."""

import glob
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mailforensics.cli.options import tell
from mailforensics.reading.stores.store import store_at

# Measured: a report holds 9 to 14 times the plain text of its logs, the more the shorter the lines.
TIMES_THE_LOG: Final = 14
# Logs shrink to about a tenth.
PACKED: Final = (".gz", ".xz", ".bz2", ".zst", ".tgz")
PACKED_TIMES: Final = 10
GIGABYTE: Final = 1e9


def warn_of_memory(logs: tuple[str, ...], *, free: int | None = None) -> None:
    """Tell how large the logs are, and what to do if a report on them needs more than is free.

    Args:
        logs: files, globs or folders; a store is not looked at.
        free: bytes of memory at hand; without it the system is asked.
    """
    if store_at(list(logs)) is not None:
        return
    needed = TIMES_THE_LOG * sum(map(_plain_bytes, _files(logs)))
    at_hand = _free_bytes() if free is None else free
    if at_hand is not None and needed > at_hand:
        tell(
            f"these logs need about {needed / GIGABYTE:,.1f} GB of memory and "
            f"{at_hand / GIGABYTE:,.1f} GB are free: the work may be slow or be stopped. Take "
            "fewer days, a larger machine, or a store (`mailforensics ingest --help`)."
        )


def _files(logs: tuple[str, ...]) -> Iterator[Path]:
    for log in logs:
        path = Path(log).expanduser()
        if path.is_dir():
            yield from (file for file in path.glob("*") if file.is_file())
        else:
            yield from (Path(name) for name in glob.glob(str(path)))  # noqa: PTH207 - absolute globs


def _plain_bytes(path: Path) -> int:
    times = PACKED_TIMES if path.name.endswith(PACKED) else 1
    return times * path.stat().st_size if path.is_file() else 0


def _free_bytes() -> int | None:
    """Return what Linux says is free for programs; None on other systems."""
    try:
        told = Path("/proc/meminfo").read_text("utf-8")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s+(\d+) kB", told, re.MULTILINE)
    return int(found[1]) * 1024 if found else None
