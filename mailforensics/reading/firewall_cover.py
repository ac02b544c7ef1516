"""Whether a network is already banned in fact, and which rules were written for parts of it."""

from collections.abc import Sequence
from typing import Final

from mailforensics.addresses import Network, is_inside, is_overlapping
from mailforensics.reading.firewall_match import has_port, is_protocol
from mailforensics.reading.firewall_rules import Rule

# SMTP, submission with TLS, submission, IMAP, IMAP with TLS, POP3, POP3 with TLS.
MAIL_PORTS: Final = (25, 465, 587, 143, 993, 110, 995)


def covering(
    rules: Sequence[Rule], network: Network, *, default: str, ports: Sequence[int]
) -> list[Rule]:
    """Return those of the incoming rules that together ban a network from all ports; else none.

    Args:
        rules: the incoming rules of the network's family, the first that matches decides.
        network: the network.
        default: the policy for what no rule matches; empty where not known.
        ports: TCP ports.
    """
    found: dict[int, Rule] = {}
    for port in ports:
        bans = _bans_of(rules, network, default=default, port=port)
        if bans is None:
            return []
        found |= {rule.position: rule for rule in bans}
    return [found[position] for position in sorted(found)]


def _bans_of(
    rules: Sequence[Rule], network: Network, *, default: str, port: int
) -> list[Rule] | None:
    """Return the rules that ban a network from one port (maybe only the default); None: it is open.

    What an earlier ban took is cut out, so two bans of a /25 cover their /24.
    """
    open_parts = [network]
    bans = []
    for rule in _about(rules, port):
        if not any(is_overlapping(rule.source, part) for part in open_parts):
            continue
        if not rule.is_ban:
            return None
        if _is_sure(rule):
            open_parts = [rest for part in open_parts for rest in _without(part, rule.source)]
            bans.append(rule)
    return bans if not open_parts or default in {"deny", "reject"} else None


def _about(rules: Sequence[Rule], port: int) -> list[Rule]:
    return [
        rule
        for rule in rules
        if is_protocol(rule, "tcp") and (not rule.dest_ports or has_port(rule.dest_ports, port))
    ]


def _is_sure(rule: Rule) -> bool:
    """Say whether a rule holds whatever the packet's other properties are."""
    limited = rule.unclear or rule.source_ports or rule.in_interface
    return not limited and rule.dest.prefixlen == 0


def _without(part: Network, taken: Network) -> list[Network]:
    """Return what is left of a network after another is taken out of it."""
    if is_inside(part, taken):
        return []
    if not is_inside(taken, part):
        return [part]
    return list(part.address_exclude(taken))  # type: ignore[arg-type]


def specific_to(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules that let in certain sources, not everybody."""
    return [rule for rule in rules if not rule.is_ban and rule.source.prefixlen > 0]
