"""The prefix tree over one family's hosts, and what banning each of its prefixes is worth.

    b(v) = A(v) + N(v) - λ·(G(v) + P(v))

A and G are the attack and legitimate weight seen in v, N and P what its silent addresses will
probably add (see `cover_expected`). A prefix that touches something protected is worth minus
infinity, and so is every prefix around it; a prefix without an attacker is never worth a rule.

Source: Soldo, Argyraki, Markopoulou, "Optimal Source-Based Filtering of Malicious Traffic"
(IEEE/ACM Transactions on Networking, 2012), for the tree and the values on it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mailforensics.analysis.cover_expected import BLOCK_BITS, UNIT_BITS, Expected, expected
from mailforensics.analysis.cover_hosts import Flags, Floats, Hosts, Integers
from mailforensics.analysis.cover_options import CoverOptions
from mailforensics.analysis.cover_protection import Protection


@dataclass(frozen=True, slots=True)
class Level:
    """All prefixes of one length that hold a host, in address order.

    Attributes:
        bits: the prefix length.
        start: row of the first host of each prefix.
        first_child: where its children begin in the next longer level (its own row on the
            longest level).
        value: b(v) of each prefix.
    """

    bits: int
    start: Integers
    first_child: Integers
    value: Floats


@dataclass(frozen=True, slots=True)
class Tree:
    """One family's prefixes, from single addresses to the shortest allowed, longest first."""

    hosts: Hosts
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """What is known of some prefixes: one entry a prefix (units are addresses, IPv6: /64s)."""

    attack: Floats
    legit: Floats
    attackers: Integers
    legit_sources: Integers
    silent: Floats
    neighbours: Floats
    unseen_legit: Floats

    def value(self, legit_cost: float) -> Floats:
        """Return b(v) of each prefix, protection aside."""
        cost = legit_cost * (self.legit + self.unseen_legit)
        worth = self.attack + self.neighbours - cost
        return np.where(self.attack > 0, worth, -np.inf)


class Ruler:
    """Measures any prefix of one family from running totals, at the price of two look-ups."""

    def __init__(self, hosts: Hosts, sources: pd.DataFrame, options: CoverOptions) -> None:
        self.hosts = hosts
        self.expected: Expected = expected(hosts, sources, options)
        self._attack = _running(hosts.attack)
        self._legit = _running(hosts.legit)
        single = hosts.is_first(hosts.longest)
        single_of = np.cumsum(single) - 1
        attacking = hosts.attacking.astype(np.float64)
        self._attackers = _running(_first_of(single, single_of, attacking) > 0)
        self._legit_sources = _running(_first_of(single, single_of, hosts.legit) > 0)
        self._units = _running(hosts.is_first(UNIT_BITS[hosts.version]))
        self._block_attack = _running(self.expected.block_attack)
        self._subnet_attack = _running(self.expected.subnet_attack)

    def measure(self, bits: int, start: Integers, end: Integers) -> Measure:
        """Return the measures of prefixes of one length that hold the rows start to end."""
        unit = UNIT_BITS[self.hosts.version]
        seen = self._units[end] - self._units[start]
        silent = np.maximum(2.0 ** (unit - bits) - seen, 0.0) if bits <= unit else 0.0 * seen
        if bits >= BLOCK_BITS[self.hosts.version]:
            neighbours = self.expected.attack_density[start] * silent
        else:
            neighbours = self._block_attack[end] - self._block_attack[start]
        if bits <= unit:
            neighbours = neighbours + self._subnet_attack[end] - self._subnet_attack[start]
        return Measure(
            attack=self._attack[end] - self._attack[start],
            legit=self._legit[end] - self._legit[start],
            attackers=(self._attackers[end] - self._attackers[start]).astype(np.int64),
            legit_sources=(self._legit_sources[end] - self._legit_sources[start]).astype(np.int64),
            silent=silent,
            neighbours=neighbours,
            unseen_legit=self.expected.legit_density[start] * silent,
        )


def _running(numbers: Floats | Flags) -> Floats:
    return np.concatenate([[0.0], np.cumsum(numbers, dtype=np.float64)])


def _first_of(first: Flags, group_of: Integers, weights: Floats) -> Floats:
    """Return each group's sum of weights on its first row, and 0 on the others."""
    totals = np.zeros(len(weights))
    if len(weights):
        totals[first] = np.bincount(group_of, weights=weights)
    return totals


def prefix_lengths(version: int, options: CoverOptions) -> list[int]:
    """Return the prefix lengths of the tree, longest first.

    IPv4 has every length. IPv6 has single addresses, the /64 that one subscriber holds, and then
    every fourth bit, as networks are delegated.
    """
    if version == 4:
        return list(range(32, options.min_prefix_v4 - 1, -1))
    return [128, *range(64, options.min_prefix_v6 - 1, -4)]


def build_tree(ruler: Ruler, protection: Protection, options: CoverOptions) -> Tree:
    """Return the tree of a family's prefixes with their values; no hosts give empty levels."""
    hosts = ruler.hosts
    safe = _running(protection.safe[hosts.row])
    levels: list[Level] = []
    for bits in prefix_lengths(hosts.version, options):
        if levels:
            start = levels[-1].start
            first_child = np.flatnonzero(hosts.is_first(bits)[start])
            start = start[first_child]
        else:
            start = first_child = np.flatnonzero(hosts.is_first(bits))
        end = np.append(start[1:], len(hosts.row))
        value = ruler.measure(bits, start, end).value(options.legit_cost)
        unsafe = (safe[end] > safe[start]) | _holds(hosts, bits, start, protection)
        levels.append(Level(bits, start, first_child, np.where(unsafe, -np.inf, value)))
    return Tree(hosts, tuple(levels))


def _holds(hosts: Hosts, bits: int, start: Integers, protection: Protection) -> Flags:
    """Say which prefixes hold a whole protected network (one without a host in the log, too)."""
    hit = np.zeros(len(start), dtype=bool)
    if bits > hosts.width:  # single IPv6 addresses: their rows say whether they are safe
        return hit
    mine = [network for network, _ in protection.listed if network.version == hosts.version]
    inner = [network for network in mine if network.prefixlen >= bits]
    keys = hosts.prefix(bits)[start]
    unused = hosts.longest - bits
    for network in inner:
        key = np.uint64(int(network.network_address) >> unused)
        at = int(np.searchsorted(keys, key))
        hit[at : at + 1] |= keys[at : at + 1] == key
    return hit
