"""What `read_firewall` was given → named lines of text, or an error that says what is wrong."""

import codecs
import glob
import hashlib
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Final

from mailforensics.errors import EvidenceError

Source = str | PathLike[str] | IO[str] | IO[bytes]

# A folder stands for a copy of /etc/ufw, of /etc, or of a whole file system.
_NAMES: Final = ("user.rules", "user6.rules", "ufw.conf")
_BEFORE: Final = ("before.rules", "before6.rules", "mailforensics-*.ipset")
_PLACES: Final = (".", "ufw", "etc/ufw", "lib/ufw", "var/lib/ufw")
_DEFAULTS: Final = ("../default/ufw", "default/ufw", "etc/default/ufw", "ufw.default")
_SKIPPED: Final = (".dpkg-new", ".dpkg-old", ".dpkg-dist", ".rpmnew", ".rpmsave", "~")
_LARGEST_BYTES: Final = 64 * 1024 * 1024
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_HINT: Final = (
    "Give the output of `ufw status verbose` (a file or the text), a copy of /etc/ufw, or "
    "user.rules and user6.rules."
)


def texts_of(source: Source | Sequence[Source]) -> Iterator[tuple[str, list[str]]]:
    """Yield a name and the lines of each text that the source holds, files before profiles.

    Raises:
        EvidenceError: a file is missing, unreadable, too large or binary, or a folder has no rules.
    """
    if isinstance(source, list | tuple):
        for item in source:
            yield from texts_of(item)
    elif isinstance(source, str) and _is_text(source):
        yield "<text>", source.split("\n")
    elif isinstance(source, str | PathLike):
        for path in _paths(Path(source)):
            yield path.name, _decode(_bytes_of(path), name=path.name)
    elif hasattr(source, "read"):
        data = source.read()
        name = Path(str(getattr(source, "name", "<stream>"))).name
        yield name, data.split("\n") if isinstance(data, str) else _decode(data, name=name)
    else:
        raise EvidenceError(f"a {type(source).__name__} is no firewall text. {_HINT}")


def facts_of(source: str | PathLike[str]) -> list[dict[str, object]]:
    """Return `file`, `sha256`, `bytes` and `lines` of each file that a path stands for.

    Raises:
        EvidenceError: a file is missing, unreadable or too large, or a folder has no rules.
    """
    return [
        {
            "file": path.name,
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            "lines": len(data.splitlines()),
        }
        for path, data in ((path, _bytes_of(path)) for path in _paths(Path(source)))
    ]


def _is_text(source: str) -> bool:
    """Say whether a str holds the text itself; `Status: inactive` may come without a newline."""
    return "\n" in source or (": " in source and not Path(source[:200]).exists())


def _paths(path: Path) -> list[Path]:
    if path.is_dir():
        return _in_folder(path)
    matches = sorted(glob.glob(str(path))) if not path.exists() else [str(path)]  # noqa: PTH207
    if not matches:
        raise EvidenceError(f"{path} does not exist. {_HINT}")
    return [Path(match) for match in matches]


def _in_folder(folder: Path) -> list[Path]:
    rules = [folder / place / name for place in _PLACES for name in _NAMES]
    found = [path for path in rules if path.is_file()]
    if not found:
        raise EvidenceError(f"the folder {folder} holds no user.rules. {_HINT}")
    defaults = [folder / place for place in _DEFAULTS if (folder / place).is_file()]
    profiles = [
        path
        for place in _PLACES
        for path in sorted((folder / place / "applications.d").glob("[!.]*"))
        if path.is_file() and not path.name.endswith(_SKIPPED)
    ]
    before = [
        path
        for place in _PLACES
        for name in _BEFORE
        for path in sorted((folder / place).glob(name))
    ]
    return found + defaults[:1] + profiles + before


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}. {_HINT}") from None
    if len(data) > _LARGEST_BYTES:
        raise EvidenceError(f"{path} is too large to be a rule set. {_HINT}")
    return data


def _decode(data: bytes, *, name: str) -> list[str]:
    """Return the lines of a text; a byte order mark decides (PowerShell saves UTF-16)."""
    encoding = next((code for mark, code in _BYTE_ORDER_MARKS if data.startswith(mark)), "utf-8")
    text = data.decode(encoding, "replace")
    if "\x00" in text:
        raise EvidenceError(f"{name} is binary, no firewall text. {_HINT}")
    return text.split("\n")
