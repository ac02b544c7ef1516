"""One family's source addresses as sorted numbers, so that every network is a run of rows.

An IPv4 address is one 32-bit number (`high`). An IPv6 address is two 64-bit numbers; every prefix
that may be banned is either a whole address or at most 64 bits long, so the top half decides.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mailforensics.addresses import Network, ipv4_integers, ipv6_integers, is_ipv6, parse_address
from mailforensics.analysis.attacking import is_attacking
from mailforensics.errors import ArgumentError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Addresses = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

# Weights are rounded to this grain, so that sums are exact in any order and ties are real ties.
GRAIN: Final = 2.0**-20


@dataclass(frozen=True, slots=True)
class Hosts:
    """The sources of one family, sorted by address; arrays have one entry a row.

    Attributes:
        version: 4 or 6.
        row: position of the row in the caller's table.
        high: the address (IPv4) or its top 64 bits (IPv6).
        low: its bottom 64 bits (IPv6), 0 for IPv4.
        attack: attack weight.
        legit: legitimate weight.
        attacking: whether it attacked the mail server itself, and not only met the firewall.
    """

    version: int
    row: Integers
    high: Addresses
    low: Addresses
    attack: Floats
    legit: Floats
    attacking: Flags

    @property
    def width(self) -> int:
        """Bits in `high`: 32 for IPv4, 64 for IPv6."""
        return 32 if self.version == 4 else 64

    @property
    def longest(self) -> int:
        """Prefix length of a single address."""
        return 32 if self.version == 4 else 128

    def prefix(self, bits: int) -> Addresses:
        """Return the first `bits` bits of each address, as numbers (for at most `width` bits)."""
        return self.high >> np.uint64(self.width - bits) if bits else np.zeros_like(self.high)

    def is_first(self, bits: int) -> Flags:
        """Say for each row whether it is the first of its prefix of that length."""
        first = np.ones(len(self.high), dtype=bool)
        if bits > self.width:
            first[1:] = (np.diff(self.high) != 0) | (np.diff(self.low) != 0)
        else:
            first[1:] = np.diff(self.prefix(bits)) != 0
        return first

    def span(self, network: Network) -> tuple[int, int]:
        """Return where the rows of a network begin and end (the end is not included)."""
        first, last = int(network.network_address), int(network.broadcast_address)
        return self._position(first, "left"), self._position(last, "right")

    def _position(self, address: int, side: str) -> int:
        if self.version == 4:
            return int(np.searchsorted(self.high, np.uint64(address), side=side))  # type: ignore[call-overload]
        top, bottom = np.uint64(address >> 64), np.uint64(address & (2**64 - 1))
        begin = int(np.searchsorted(self.high, top, side="left"))
        end = int(np.searchsorted(self.high, top, side="right"))
        inside = np.searchsorted(self.low[begin:end], bottom, side=side)  # type: ignore[call-overload]
        return begin + int(inside)

    def network(self, position: int, bits: int) -> Network:
        """Return the network of that prefix length around the row at a position."""
        if self.version == 4:
            return ipaddress.IPv4Network((int(self.high[position]), bits), strict=False)
        whole = int(self.high[position]) << 64 | int(self.low[position])
        return ipaddress.IPv6Network((whole, bits), strict=False)

    def take(self, keep: Flags) -> "Hosts":
        """Return the rows where `keep` holds."""
        return Hosts(
            self.version,
            self.row[keep],
            self.high[keep],
            self.low[keep],
            self.attack[keep],
            self.legit[keep],
            self.attacking[keep],
        )


def split_families(sources: pd.DataFrame) -> tuple[Hosts, Hosts]:
    """Return the IPv4 and the IPv6 hosts of some sources; rows without an address are left out.

    Raises:
        ArgumentError: a source is no address, or a weight is negative, missing or infinite.
    """
    named = sources["source_ip"].notna().to_numpy()
    weights = [_weights(sources, name, named) for name in ("attack_weight", "legit_weight")]
    attacking = is_attacking(sources).to_numpy(dtype=bool)
    rows = np.flatnonzero(named)
    texts = sources["source_ip"].iloc[rows]
    sixth = is_ipv6(texts)
    both = [(4, ~sixth, _numbers4), (6, sixth, _numbers6)]
    families = []
    for version, mine, numbers in both:
        high, low = numbers(texts[mine].to_list())
        order = np.lexsort((low, high)) if version == 6 else np.argsort(high, kind="stable")
        row = rows[mine][order]
        attack, legit = (weight[row] for weight in weights)
        families.append(Hosts(version, row, high[order], low[order], attack, legit, attacking[row]))
    return families[0], families[1]


def _weights(sources: pd.DataFrame, name: str, named: Flags) -> Floats:
    numbers = pd.to_numeric(sources[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = named & ~((numbers >= 0) & (numbers < np.inf))
    if bad.any():
        worst = sources.iloc[int(np.flatnonzero(bad)[0])]
        raise ArgumentError(
            f"{name} of {worst['source_ip']} is {worst[name]}; a weight must be a number "
            "from 0 up. Fill missing weights with 0 if nothing was seen."
        )
    return np.asarray(np.rint(numbers / GRAIN) * GRAIN, dtype=np.float64)


def _numbers4(texts: list[str]) -> tuple[Addresses, Addresses]:
    try:
        high = ipv4_integers(texts).astype(np.uint64)
    except (OSError, TypeError):
        raise ArgumentError(_not_an_address(texts)) from None
    return high, np.zeros_like(high)


def _numbers6(texts: list[str]) -> tuple[Addresses, Addresses]:
    try:
        halves = ipv6_integers(texts)
    except (OSError, TypeError):
        raise ArgumentError(_not_an_address(texts)) from None
    return halves[:, 0].copy(), halves[:, 1].copy()


def _is_plain(text: str) -> bool:
    """Say whether a text is an address without a zone (`fe80::1%eth0` has one)."""
    return "%" not in str(text) and parse_address(str(text)) is not None


def _not_an_address(texts: list[str]) -> str:
    bad = next((text for text in texts if not _is_plain(text)), texts[0])
    return f"source_ip {str(bad)[:80]!r} is no address; sources come from mf.sources(events)."
