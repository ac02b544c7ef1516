"""Which rule a packet meets first: ufw's chains, walked the way the kernel walks them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mailforensics.addresses import Address
from mailforensics.reading.firewall_rules import Ports, Rule

# What stands before and around a person's rules. Source: ufw's before.rules, before6.rules.
BEFORE: Final = (
    "ufw asks its rules only about new connections: packets of an open connection, the loopback "
    "interface and the usual ICMP are accepted before them, so a session that is open when a ban "
    "starts goes on until it closes."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The first packet of a new connection to this server.

    `dest` and `interface` may be left out; a rule that asks for them then matches perhaps.
    """

    source: Address
    dest_port: int
    protocol: str
    dest: Address | None = None
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """The way of a packet through the rules.

    Attributes:
        decider: the first rule that surely matches; None: the default policy decides.
        perhaps: rules before it that match if a thing not known here is so, with that thing.
        later: the first rule after it that matches too and would have decided otherwise.
    """

    decider: Rule | None
    perhaps: tuple[tuple[Rule, str], ...]
    later: Rule | None


def walk(rules: Iterable[Rule], packet: Packet) -> Walk:
    """Return the rule that decides about a packet: the first one that matches."""
    decider: Rule | None = None
    perhaps: list[tuple[Rule, str]] = []
    for rule in rules:
        if rule.direction != "in" or not is_possible(rule, packet):
            continue
        condition = condition_of(rule, packet)
        if decider is None and condition:
            perhaps.append((rule, condition))
        elif decider is None:
            decider = rule
        elif not condition and rule.is_ban != decider.is_ban:
            return Walk(decider, tuple(perhaps), rule)
    return Walk(decider, tuple(perhaps), None)


def orders_of(rules: Sequence[Rule], *, form: str) -> list[Sequence[Rule]]:
    """Return the orders in which the rules may stand, as far as a form of the list tells.

    `ufw show added` prints a rule of both families once, where its IPv4 half stands: rules for
    IPv6 addresses come after all of these, also if they were prepended. Whatever the true order
    is, the rule that decides is the first of one kind or of the other.
    """
    named = [rule for rule in rules if is_ipv6_only(rule)]
    both = [rule for rule in rules if rule.family == 6 and not is_ipv6_only(rule)]
    if form != "added" or not named or not both:
        return [rules]
    ipv4 = [rule for rule in rules if rule.family == 4]
    return [[*ipv4, *both, *named], [*ipv4, *named, *both]]


def is_ipv6_only(rule: Rule) -> bool:
    """Say whether a rule names IPv6 addresses, so that it has no IPv4 half."""
    return rule.family == 6 and rule.source.prefixlen + rule.dest.prefixlen > 0


def is_possible(rule: Rule, packet: Packet) -> bool:
    """Say whether what is known about a packet lets the rule match it."""
    return (
        rule.family == packet.source.version
        and packet.source in rule.source
        and is_protocol(rule, packet.protocol)
        and (not rule.dest_ports or has_port(rule.dest_ports, packet.dest_port))
        and (packet.dest is None or packet.dest in rule.dest)
        and (not packet.interface or is_interface(rule.in_interface, packet.interface))
    )


def condition_of(rule: Rule, packet: Packet) -> str:
    """Return what has to be true as well, in words, before a possible rule surely matches."""
    if rule.unclear:
        return rule.unclear
    if rule.source_ports:
        return "it holds for certain source ports only"
    if rule.dest.prefixlen and packet.dest is None:
        return f"it holds for packets to {rule.dest} only (give dest_ip=)"
    if rule.in_interface and not packet.interface:
        return f"it holds for packets that come in on {rule.in_interface} only (give interface=)"
    return ""


def is_protocol(rule: Rule, protocol: str) -> bool:
    """Say whether a rule is about a protocol; with ports, `any` means tcp and udp."""
    if rule.protocol != "any":
        return rule.protocol == protocol
    return protocol in {"tcp", "udp"} or not (rule.dest_ports or rule.source_ports)


def has_port(ports: Ports, port: int) -> bool:
    """Say whether a port lies in one of the ranges."""
    return any(low <= port <= high for low, high in ports)


def is_interface(wanted: str, interface: str) -> bool:
    """Say whether an interface is the wanted one; iptables reads `eth+` as a beginning."""
    if wanted.endswith("+"):
        return interface.startswith(wanted[:-1])
    return wanted in {"", interface}
