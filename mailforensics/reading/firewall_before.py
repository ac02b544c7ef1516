"""Rules that stand before a person's own: lines of before.rules, and the sets of a bulk ban.

`man ufw-framework` tells administrators to put such lines there, and a ban script with many
networks writes one chain that looks up sets of networks, kept in `*.ipset` files.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailforensics.addresses import Network
from mailforensics.reading.firewall_rules import PROTOCOLS, Rule, any_of, parse_ports, parse_side

Sets = Mapping[str, Sequence[Network]]

_HEAD: Final = re.compile(r":ufw6?-before-input\s")
_SET_LINE: Final = re.compile(r"(?:create|flush) \S+.*|add (\S{1,31}) (\S{1,50})(?: .*)?")
_CHAIN: Final = re.compile(r"-A (ufw6?-before-input|mf-\S{1,28})\s")
_JUMP: Final = re.compile(r"-A ufw6?-before-input -j (mf-\S{1,28})")
# What ufw ships in these chains. Source: before.rules and before6.rules of ufw 0.36.
_SHIPPED: Final = re.compile(
    r"-[io] lo |--ctstate |icmp|--rt-type |--sport (?:67|547) |not-local|--dport (?:5353|1900) "
)
_ACTIONS: Final = {"DROP": "deny", "REJECT": "reject", "ACCEPT": "allow"}
_LOGS: Final = ("LOG", "ufw-logging-deny", "ufw6-logging-deny")
_KEYS: Final = {
    "-s": "source",
    "-p": "protocol",
    "--dport": "ports",
    "--dports": "ports",
    "--match-set": "set",
    "-j": "target",
    "-A": "chain",
    "-m": "module",
    "--comment": "comment",
    "--reject-with": "answer",
}


@dataclass(frozen=True, slots=True)
class BeforeFile:
    """A before.rules or before6.rules file."""

    name: str
    lines: tuple[str, ...]


def is_before(lines: Iterable[str]) -> bool:
    """Say whether a text is a before.rules file."""
    return any(_HEAD.match(line) for line in lines)


def parse_sets(lines: Sequence[str]) -> dict[str, list[Network]]:
    """Return the networks of each set in a file for `ipset restore`; none if it is no such file."""
    found = [_SET_LINE.fullmatch(line) for line in lines if line.strip()]
    sets: dict[str, list[Network]] = {}
    for match in found if all(found) else []:
        if match and match[1] and (network := parse_side(match[2])):
            sets.setdefault(match[1], []).append(network)
    return sets


def rules_of(file: BeforeFile, sets: Sets) -> tuple[list[Rule], list[str]]:
    """Return the rules about new connections that a file adds to what ufw ships, in order.

    Chains of a ban script count only where the file jumps to them.

    Returns:
        The rules, and the places of lines that are not understood.
    """
    family = 6 if any(line.startswith(":ufw6-") for line in file.lines) else 4
    jumps = {jump[1] for line in file.lines if (jump := _JUMP.fullmatch(line.strip()))}
    rules: list[Rule] = []
    unread = []
    for number, line in enumerate(file.lines, start=1):
        chain = _CHAIN.match(line)
        if chain is None or _JUMP.fullmatch(line.strip()) or _SHIPPED.search(line + " "):
            continue
        if chain[1].startswith("mf-") and chain[1] not in jumps:
            continue
        fields = _fields(line)
        if fields is None:
            unread.append(f"{file.name}:{number}")
            continue
        rules += _rules(fields, family=family, sets=sets, file=file.name, line=number)
    return rules, unread


def _fields(line: str) -> dict[str, str] | None:
    """Return the parts of an iptables line by name; None if any is not known here."""
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    fields: dict[str, str] = {}
    while words:
        if words[0] not in _KEYS or len(words) == 1:
            return None
        fields[_KEYS[words[0]]] = words[1]
        words = words[2:]
        if "set" in fields and words[:1] == ["src"]:
            words = words[1:]
    known = {*_ACTIONS, *_LOGS}
    ports = parse_ports(fields.get("ports", "any"))
    sound = ports is not None and fields.get("protocol", "any") in PROTOCOLS
    return fields if sound and fields.get("target") in known else None


def _rules(
    fields: dict[str, str], *, family: int, sets: Sets, file: str, line: int
) -> Iterator[Rule]:
    if fields["target"] in _LOGS:
        return
    sources, unclear = _sources(fields, family, sets)
    for source in sources:
        yield Rule(
            family=family,
            action=_ACTIONS[fields["target"]],
            protocol=fields.get("protocol", "any"),
            source=source,
            dest=any_of(family),
            dest_ports=parse_ports(fields.get("ports", "any")) or (),
            comment=f"in {file}, before all other rules",
            is_before=True,
            unclear=unclear,
            file=file,
            line=line,
        )


def _sources(fields: dict[str, str], family: int, sets: Sets) -> tuple[Sequence[Network], str]:
    anybody = [any_of(family)]
    if "set" in fields:
        name = fields["set"]
        known = [network for network in sets.get(name, ()) if network.version == family]
        missing = f"the set {name[:40]} is not among the files given"
        return (known, "") if name in sets else (anybody, missing)
    if "source" not in fields:
        return anybody, ""
    source = parse_side(fields["source"])
    return ([source], "") if source else (anybody, f"{fields['source'][:50]} is no CIDR network")
