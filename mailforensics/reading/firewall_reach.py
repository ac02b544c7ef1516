"""Which packets a rule can mean, as sets: what one rule takes away from the rules after it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mailforensics.addresses import Network, is_inside, is_overlapping
from mailforensics.reading.firewall_rules import LAST_PORT, PORTLESS, Ports, Rule

# Port ranges for each protocol; a protocol without ports has the one range _EVERY_PORT.
Reach = dict[str, Ports]

MOST_NAMED: Final = 10
_EVERY_PORT: Final[Ports] = ((0, LAST_PORT),)
_OTHER: Final = (*PORTLESS, "icmp")


def reach_of(rule: Rule) -> Reach:
    """Return the protocols and destination ports of a rule."""
    ports = rule.dest_ports or _EVERY_PORT
    if rule.protocol != "any":
        return {rule.protocol: ports}
    both: Reach = {"tcp": ports, "udp": ports}
    if rule.dest_ports or rule.source_ports:
        return both
    return both | dict.fromkeys(_OTHER, _EVERY_PORT)


def common(first: Reach, second: Reach) -> Reach:
    """Return what two reaches share."""
    shared = {
        protocol: tuple(
            (max(a, c), min(b, d))
            for a, b in ports
            for c, d in second[protocol]
            if max(a, c) <= min(b, d)
        )
        for protocol, ports in first.items()
        if protocol in second
    }
    return {protocol: ports for protocol, ports in shared.items() if ports}


def without(whole: Reach, taken: Reach) -> Reach:
    """Return what is left of a reach after another is taken out of it."""
    left = {protocol: _cut(ports, taken.get(protocol, ())) for protocol, ports in whole.items()}
    return {protocol: ports for protocol, ports in left.items() if ports}


def _cut(ports: Ports, taken: Ports) -> Ports:
    for low, high in taken:
        parts: list[tuple[int, int]] = []
        for first, last in ports:
            parts += [(first, min(last, low - 1))] if first < low else []
            parts += [(max(first, high + 1), last)] if last > high else []
        ports = tuple(parts)
    return ports


def is_wider(first: Rule, second: Rule) -> bool:
    """Say whether one rule's addresses, interfaces and source ports hold all of another's."""
    return (
        not first.unclear
        and is_inside(second.source, first.source)
        and is_inside(second.dest, first.dest)
        and first.in_interface in {"", second.in_interface}
        and first.out_interface in {"", second.out_interface}
        and (not first.source_ports or first.source_ports == second.source_ports)
    )


def is_meeting(first: Rule, second: Rule) -> bool:
    """Say whether some packet has the addresses and interfaces of both rules."""
    return (
        is_overlapping(first.source, second.source)
        and is_overlapping(first.dest, second.dest)
        and _may_be_one(first.in_interface, second.in_interface)
        and _may_be_one(first.out_interface, second.out_interface)
    )


def _may_be_one(first: str, second: str) -> bool:
    return not first or not second or first == second or "+" in first + second


def format_reach(reach: Reach) -> str:
    """Return ports and protocols in words: `25/tcp, 53/udp`, or `all ports`."""
    merged = {protocol: _merge(ports) for protocol, ports in reach.items()}
    if all(merged.get(protocol) == _EVERY_PORT for protocol in ("tcp", "udp")):
        return "all ports"
    return shortened([text for name, ports in merged.items() for text in _texts(ports, name)])


def _texts(ports: Ports, protocol: str) -> list[str]:
    if protocol in _OTHER or ports == _EVERY_PORT:
        return [protocol]
    named = (str(low) if low == high else f"{low}:{high}" for low, high in ports)
    return [f"{name}/{protocol}" for name in named]


def _merge(ports: Ports) -> Ports:
    """Return the same ports in as few ranges as can be, in order."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ports):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def shortened(texts: Sequence[str], separator: str = ", ") -> str:
    """Join texts, at most MOST_NAMED of them, and say how many were left out."""
    more = [f"and {len(texts) - MOST_NAMED} more"] if len(texts) > MOST_NAMED else []
    return separator.join([*texts[:MOST_NAMED], *more])


class BySource:
    """Rules of one chain, found by their source address, in order of position."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules: dict[int, dict[int, list[Rule]]] = {}
        self._starts: list[tuple[int, Rule]] | None = None
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule) -> None:
        """Put in one more rule."""
        start = int(rule.source.network_address)
        length = rule.source.prefixlen
        self._rules.setdefault(length, {}).setdefault(start, []).append(rule)
        self._starts = None

    def around(self, network: Network) -> list[Rule]:
        """Return the rules whose source holds the whole network."""
        found = [rule for rules in self._around(network) for rule in rules]
        return sorted(found, key=_position)

    def touching(self, network: Network) -> list[Rule]:
        """Return the rules whose source shares an address with the network."""
        if self._starts is None:
            every = [
                r for starts in self._rules.values() for rules in starts.values() for r in rules
            ]
            self._starts = sorted(((int(r.source.network_address), r) for r in every), key=_start)
        first = bisect_left(self._starts, int(network.network_address), key=_start)
        after = bisect_right(self._starts, int(network.broadcast_address), key=_start)
        inside = [rule for _, rule in self._starts[first:after]]
        smaller = [rule for rule in inside if rule.source.prefixlen > network.prefixlen]
        return sorted([*self.around(network), *smaller], key=_position)

    def _around(self, network: Network) -> Iterator[list[Rule]]:
        start, size = int(network.network_address), network.max_prefixlen
        for length, rules in self._rules.items():
            if length <= network.prefixlen:
                yield rules.get(start >> (size - length) << (size - length), [])


def _position(rule: Rule) -> int:
    return rule.position


def _start(pair: tuple[int, Rule]) -> int:
    return pair[0]
