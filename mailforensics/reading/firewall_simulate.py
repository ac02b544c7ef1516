"""What ufw does with a new connection, and why, in plain words."""

from dataclasses import dataclass
from numbers import Integral
from typing import Final

from mailforensics.addresses import parse_address
from mailforensics.errors import ArgumentError
from mailforensics.reading.firewall_match import BEFORE, Packet, Walk
from mailforensics.reading.firewall_rules import LAST_PORT, Rule

_MEANS: Final = {
    "allow": "the connection is let in",
    "deny": "the packet is dropped without an answer",
    "reject": "the connection is refused with an answer",
    "limit": "it is let in, unless the same address began 5 other connections within the last "
    "30 seconds: from the 6th on they are refused, until it slows down",
}
_NO_DEFAULT: Final = (
    "No rule matches, so the default policy for incoming connections decides, and this text does "
    "not show it (ufw's own default is deny). Give the output of `ufw status verbose`."
)
_NO_DEFAULT6: Final = (
    "No rule matches. Nothing here shows whether ufw handles IPv6 at all: with IPV6=no it drops "
    "all of it, otherwise the default policy decides. Give copies of /etc/ufw, /etc/default/ufw."
)


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the firewall does with one new connection.

    Attributes:
        verdict: allow, deny, reject, limit, or unknown.
        rule: the rule that decides, as ufw writes it; `default: deny` for the policy; or empty.
        position: that rule's place in `Firewall.table()`; None where no rule decides.
        why: the reason in plain words.
    """

    verdict: str
    rule: str
    position: int | None
    why: str


def simulate(walked: Walk, packet: Packet, *, default: str) -> Simulation:
    """Return what happens to a packet that went through the rules of an active firewall.

    Args:
        walked: its way through the rules.
        packet: the packet.
        default: the policy for incoming connections; empty where not known.
    """
    decider = walked.decider
    verdict = decider.action if decider else default or "unknown"
    rule = decider.command if decider else (f"default: {default}" if default else "")
    position = decider.position if decider else None
    doubts = [pair for pair in walked.perhaps if _lets_in(pair[0].action) != _lets_in(verdict)]
    if doubts:
        return Simulation("unknown", "", None, _why_unknown(doubts[0], rule, position))
    why = _why_rule(walked, packet) if decider else _why_default(default, packet)
    others = [pair for pair in walked.perhaps if pair[0].action != verdict]
    return Simulation(verdict, rule, position, f"{why}{_why_other(others)} {BEFORE}")


def _lets_in(action: str) -> str:
    return {"allow": "in", "limit": "in", "unknown": "unknown"}.get(action, "out")


def _why_unknown(doubt: tuple[Rule, str], rule: str, position: int | None) -> str:
    first, condition = doubt
    after = f"rule {position} `{rule}`" if position else (rule or "the default policy, not shown")
    return (
        f"This cannot be told: {name_of(first)} would decide, but {condition}; "
        f"otherwise {after} decides."
    )


def _why_other(others: list[tuple[Rule, str]]) -> str:
    """Return a sentence on a rule that may come first and does nearly the same."""
    if not others:
        return ""
    rule, condition = others[0]
    return f" {_sentence(rule)} may decide instead ({condition}): then {_MEANS[rule.action]}."


def _why_rule(walked: Walk, packet: Packet) -> str:
    decider, later = walked.decider, walked.later
    if decider is None:
        return ""
    text = (
        f"{_sentence(decider)} is the first that matches {packet.source} on "
        f"{packet.protocol} port {packet.dest_port}: {_MEANS[decider.action]}."
    )
    if later is None:
        return text
    return f"{text} {_sentence(later)} matches too, but later, so it never gets its turn."


def _why_default(default: str, packet: Packet) -> str:
    if not default:
        return _NO_DEFAULT if packet.source.version == 4 else _NO_DEFAULT6
    return (
        f"No rule matches {packet.source} on {packet.protocol} port {packet.dest_port}, so the "
        f"default policy for incoming connections decides ({default}): {_MEANS[default]}."
    )


def name_of(rule: Rule) -> str:
    """Return a rule as a reader finds it again: its place in the table and its command."""
    return f"rule {rule.position} `{rule.command}`"


def _sentence(rule: Rule) -> str:
    return f"R{name_of(rule)[1:]}"


def packet_of(
    source_ip: str, dest_port: int, protocol: str, dest_ip: str, interface: str
) -> Packet:
    """Return the packet that the arguments of `simulate` describe.

    Raises:
        ArgumentError: an address, port or protocol that cannot be.
    """
    source = parse_address(str(source_ip))
    dest = parse_address(str(dest_ip)) if dest_ip else None
    if source is None or (dest_ip and dest is None):
        wrong = source_ip if source is None else dest_ip
        raise ArgumentError(f"{str(wrong)[:80]!r} is no address; write one like 212.70.149.83.")
    if not isinstance(dest_port, Integral) or not 1 <= dest_port <= LAST_PORT:
        raise ArgumentError(f"dest_port={dest_port!r} is no port; allowed are 1 to {LAST_PORT}.")
    if protocol not in {"tcp", "udp"}:
        raise ArgumentError(f"protocol={str(protocol)[:20]!r} is unknown; allowed: tcp, udp.")
    return Packet(
        source=source, dest_port=int(dest_port), protocol=protocol, dest=dest, interface=interface
    )
