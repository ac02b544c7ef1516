"""Act as a user without rights, so that tests of permissions also hold for root."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NOBODY: Final = 65534
PASS_THROUGH: Final = 0o711


@contextmanager
def without_rights(path: Path) -> Iterator[None]:
    """Give up root's rights for a while; the folders above `path` may be passed, not listed."""
    if os.geteuid() != 0:
        yield
        return
    closed = {f: f.stat().st_mode for f in path.parents if not f.stat().st_mode & 0o001}
    for folder in closed:
        folder.chmod(PASS_THROUGH)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        for folder, mode in closed.items():
            folder.chmod(mode)
