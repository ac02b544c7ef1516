"""Who runs a network: autonomous systems from a table that the user brings, by path.

No such table comes with the toolkit: the free ones have licences and dates of their own. MaxMind
DB files (`.mmdb`, GeoLite2-ASN and alike) need the extra `asn`; text tables need nothing.
"""

import gzip
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.addresses import parse_address, parse_network
from mailforensics.errors import ArgumentError, EvidenceError, MissingExtraError, extra_hint

_NUMBER_KEYS: Final = ("autonomous_system_number", "asn")
_NAME_KEYS: Final = ("autonomous_system_organization", "as_name", "name", "as_org")
_NOT_ROUTED: Final = 0


@dataclass(frozen=True, slots=True)
class System:
    """One autonomous system: its number and its holder's name."""

    number: int
    name: str


def with_asn(table: pd.DataFrame, *, path: str | os.PathLike[str]) -> pd.DataFrame:
    """Return the table with `asn` and `as_name` of each row's address or network at the end.

    Args:
        table: any table with `source_ip` or `network` (whose first address is looked up).
        path: a MaxMind DB (`.mmdb`), or a text table (`.tsv`, may be gzipped) whose lines are
            `first address, last address, number, …, name` (as iptoasn.com publishes) or
            `network, number, name`, parted by tabs.

    Returns:
        A new table; addresses that the table does not know have null.

    Raises:
        ArgumentError: the file is no such table.
        EvidenceError: the file cannot be read.
        MissingColumnError: the table has neither column.
        MissingExtraError: a `.mmdb` is given and the extra `asn` is not installed.
    """
    column = "source_ip" if "source_ip" in table.columns else "network"
    schema.require(table, [column])
    first = table[column].str.replace(r"/\d+$", "", regex=True)
    addresses = [text for text in first.dropna().unique() if parse_address(text) is not None]
    found = _look_up(addresses, Path(path))
    systems = [found.get(text) for text in first]
    return table.assign(
        asn=pd.array([s.number if s else None for s in systems], dtype="Int64"),
        as_name=pd.array([s.name if s else None for s in systems], dtype="str"),
    )


def _look_up(addresses: list[str], path: Path) -> dict[str, System]:
    try:
        if path.suffix == ".mmdb":
            return _from_database(addresses, path)
        return _from_text(addresses, path)
    except OSError as problem:
        raise EvidenceError(
            f"{path} cannot be read ({problem}); name the file with the autonomous systems."
        ) from None


def _from_database(addresses: list[str], path: Path) -> dict[str, System]:
    try:
        import maxminddb
    except ImportError:
        raise MissingExtraError(
            f"{path.name} is a MaxMind DB; to read it: {extra_hint('asn')}."
        ) from None
    try:
        with maxminddb.open_database(path) as database:
            records = {text: database.get(text) for text in addresses}
    except maxminddb.InvalidDatabaseError as problem:
        raise ArgumentError(f"{path} is no MaxMind DB ({problem}); check the download.") from None
    systems = {text: _system(record) for text, record in records.items()}
    return {text: system for text, system in systems.items() if system}


def _system(record: object) -> System | None:
    """Return the system that a record names; its keys differ from maker to maker."""
    if not isinstance(record, dict):
        return None
    number = next((record[key] for key in _NUMBER_KEYS if key in record), None)
    name = next((record[key] for key in _NAME_KEYS if key in record), "")
    digits = str(number).upper().removeprefix("AS")
    return System(int(digits), str(name)) if digits.isdecimal() else None


def _from_text(addresses: list[str], path: Path) -> dict[str, System]:
    ranges = sorted(_ranges(path), key=lambda row: row[:2])
    if not ranges:
        raise ArgumentError(
            f"{path} holds no autonomous systems; a line is `first address, last address, number, "
            "…, name` or `network, number, name`, parted by tabs."
        )
    starts = [row[0] for row in ranges]
    found = {}
    for text in addresses:
        key = _key(text)
        at = bisect_right(starts, key) - 1
        if at >= 0 and key <= ranges[at][1]:
            found[text] = ranges[at][2]
    return found


def _ranges(path: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int], System]]:
    """Yield first address, last address and system of each line that has them."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", errors="replace") as lines:
        yield from _parsed(lines)


def _parsed(
    lines: Iterable[str],
) -> Iterator[tuple[tuple[int, int], tuple[int, int], System]]:
    for line in lines:
        fields = line.rstrip("\r\n").split("\t")
        if len(fields) >= 2 and "/" in fields[0] and _is_network(fields[0]):
            network = parse_network(fields[0])
            ends, rest = (str(network[0]), str(network[-1])), fields[1:]
        elif len(fields) >= 3 and all(parse_address(end) is not None for end in fields[:2]):
            ends, rest = (fields[0], fields[1]), fields[2:]
        else:
            continue
        digits = rest[0].upper().removeprefix("AS")
        if digits.isdecimal() and int(digits) != _NOT_ROUTED:
            name = rest[-1] if len(rest) > 1 else ""
            yield _key(ends[0]), _key(ends[1]), System(int(digits), name)


def _is_network(text: str) -> bool:
    try:
        parse_network(text)
    except ArgumentError:
        return False
    return True


def _key(text: str) -> tuple[int, int]:
    """Return a sort key of an address: its family, then its number."""
    address = parse_address(text)
    if address is None:
        raise ArgumentError(f"{text!r} is no address.")
    return address.version, int(address)
