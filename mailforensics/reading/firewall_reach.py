"""Which packets a rule can mean, as sets: what one rule takes away from the rules after it."""

from collections.abc import Iterator, Sequence
from typing import Final

from mailforensics.addresses import Network, is_inside, is_overlapping
from mailforensics.reading.firewall_rules import LAST_PORT, PORTLESS, Ports, Rule

# Port ranges for each protocol; a protocol without ports has the one range _EVERY_PORT.
Reach = dict[str, Ports]

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
    """Return ports and protocols in words: `25/tcp, 53/udp`; `all` where nothing is left out."""
    if all(reach.get(protocol) == _EVERY_PORT for protocol in ("tcp", "udp")):
        return "all ports"
    texts = [_port_text(ports, protocol) for protocol, ports in reach.items()]
    return ", ".join(texts)


def _port_text(ports: Ports, protocol: str) -> str:
    if protocol in _OTHER or ports == _EVERY_PORT:
        return protocol
    named = (str(low) if low == high else f"{low}:{high}" for low, high in ports)
    return ", ".join(f"{name}/{protocol}" for name in named)


class BySource:
    """Rules of one chain, found by their source: those that hold a whole network, in order."""

    def __init__(self) -> None:
        self._rules: dict[int, dict[int, list[Rule]]] = {}

    def add(self, rule: Rule) -> None:
        """Put a rule behind those that are there."""
        start = int(rule.source.network_address)
        length = rule.source.prefixlen
        self._rules.setdefault(length, {}).setdefault(start, []).append(rule)

    def around(self, network: Network) -> Sequence[Rule]:
        """Return the rules whose source holds the whole network, in the order they were added."""
        found = [rule for rules in self._around(network) for rule in rules]
        return sorted(found, key=lambda rule: rule.position)

    def _around(self, network: Network) -> Iterator[list[Rule]]:
        start, size = int(network.network_address), network.max_prefixlen
        for length, rules in self._rules.items():
            if length <= network.prefixlen:
                yield rules.get(start >> (size - length) << (size - length), [])
