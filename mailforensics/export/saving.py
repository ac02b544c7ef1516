"""Write a text in one step: either the whole new file is there, or the old one."""

import os
import tempfile
from pathlib import Path

from mailforensics.errors import ArgumentError


def save_text(path: str | os.PathLike[str], text: str, *, mode: int = 0o644) -> Path:
    """Write a text to a file, on disk when this returns, and return its path.

    Raises:
        ArgumentError: the folder does not exist, or the path names one.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise ArgumentError(f"the folder {target.parent} does not exist; make it first.")
    if target.is_dir():
        raise ArgumentError(f"{target} is a folder; name a file in it.")
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:50]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target
