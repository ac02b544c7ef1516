"""Lines that describe rules → rules: rows of `ufw status`, ufw's own tuples, `ufw show added`."""

import re
import shlex
from dataclasses import dataclass, replace
from typing import Final

from mailforensics.addresses import Network
from mailforensics.reading.firewall_rules import (
    ACTIONS,
    PROTOCOLS,
    Ports,
    Rule,
    any_of,
    parse_ports,
    parse_side,
)

# ufw prints "%-26s %-12s%-26s%s%s"; long words overflow their column, so only the words count.
_NUMBER: Final = re.compile(r"\s*\[\s*(\d{1,6})\]\s+")
_ACTION: Final = re.compile(r"\s(ALLOW|DENY|REJECT|LIMIT)(?: +(IN|OUT|FWD))?(?=\s)")
_MARKS: Final = re.compile(r"\s\((?:(log-all|log)(?:, out)?|out)\)\s*$")
_INTERFACE: Final = re.compile(r" on ([A-Za-z0-9_.+,=%@-]{1,15})$")
_BRACKETS: Final = re.compile(r" \(([^()]+)\)$")
_ADDRESS: Final = re.compile(r"([0-9A-Fa-f.:]*[.:][0-9A-Fa-f.:]*(?:/[0-9.]+)?)(?:/([a-z]+))?")
_PORT_WORD: Final = re.compile(r"([0-9][0-9,:]*)(?:/([a-z]+))?")
_ANYWHERE: Final = re.compile(r"Anywhere(?:/([a-z0-9]+))?")
# Source: valid_profile_name in ufw/applications.py.
_PROFILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+-]{0,63}")
_V6: Final = " (v6)"
_DIRECTIONS: Final = {"IN": "in", "OUT": "out", "FWD": "forward"}
_TUPLE: Final = "### tuple ###"
_PROMPT: Final = re.compile(r"(?:.{0,80}[#$>%]\s+)?(?:sudo\s+)?(?:/usr/sbin/)?ufw\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a status row: an address, ports or a profile, and an interface."""

    network: Network | None = None
    ports: Ports = ()
    protocol: str = ""
    profile: str = ""
    interface: str = ""
    v6: bool = False
    unclear: str = ""

    @property
    def is_name(self) -> bool:
        """Whether all that is known is a word that may be a profile's name."""
        return bool(self.profile) and self.network is None and not self.ports


def parse_row(text: str) -> Rule | None:
    """Return the rule in a row of `ufw status`, of any of its forms; None if it is no row.

    A profile is left without ports unless `status verbose` shows them.
    Source: UFWBackendIptables.get_status in ufw/backend_iptables.py.
    """
    number = _NUMBER.match(text)
    rest, _, comment = text[number.end() if number else 0 :].partition(" # ")
    action = _ACTION.search(rest)
    if action is None or not rest[: action.start()].strip():
        return None
    tail = rest[action.end() :].rstrip()
    marks = _MARKS.search(tail)
    dest = _parse_end(rest[: action.start()])
    source = _parse_end(tail[: marks.start()] if marks else tail)
    if dest is None or source is None or (dest.is_name and source.is_name):
        return None
    rule = _join(dest, source, direction=_DIRECTIONS.get(action[2] or "IN", "in"))
    return replace(
        rule,
        action=action[1].lower(),
        log=(marks[1] or "") if marks else "",
        comment=comment.strip(),
        number=int(number[1]) if number else None,
    )


def _parse_end(text: str) -> _End | None:
    text = text.strip()
    interface = _INTERFACE.search(text)
    if interface:
        text = text[: interface.start()]
    v6 = _V6 in text
    text = text.replace(_V6, "").strip()
    profile = _BRACKETS.search(text)
    if profile:
        text = text[: profile.start()]
    words = _parse_words(text.strip())
    name = profile[1] if profile else words.profile
    if name and not _PROFILE.fullmatch(name):
        return None
    return replace(
        words,
        profile=name,
        interface=interface[1] if interface else "",
        v6=v6 or (words.network is not None and words.network.version == 6),
    )


def _parse_words(text: str) -> _End:
    first, _, rest = text.partition(" ")
    if anywhere := _ANYWHERE.fullmatch(first):
        return _End(protocol=anywhere[1] or "")
    address = _ADDRESS.fullmatch(first)
    if address and (network := parse_side(address[1])):
        return replace(_parse_port(rest.strip(), address[2] or ""), network=network)
    if address and "." in address[1]:
        return replace(_parse_port(rest.strip(), ""), unclear=f"{address[1]} is no CIDR network")
    return _parse_port(text, "")


def _parse_port(text: str, protocol: str) -> _End:
    port = _PORT_WORD.fullmatch(text)
    ports = parse_ports(port[1]) if port else None
    if port and ports is not None:
        return _End(ports=ports, protocol=port[2] or protocol)
    return _End(profile=text, protocol=protocol)


def _join(dest: _End, source: _End, *, direction: str) -> Rule:
    family = 6 if dest.v6 or source.v6 else 4
    # A routed row names the way in under From; other rows name it under To.
    routed = direction == "forward"
    return Rule(
        family=family,
        direction=direction,
        action="deny",
        protocol=dest.protocol or source.protocol or "any",
        source=source.network or any_of(family),
        source_ports=source.ports,
        dest=dest.network or any_of(family),
        dest_ports=dest.ports,
        in_interface=source.interface if routed else dest.interface,
        out_interface=dest.interface if routed else source.interface,
        profile=dest.profile,
        source_profile=source.profile,
        unclear=dest.unclear or source.unclear,
    )


def parse_tuple(text: str) -> Rule | None:
    """Return the rule in a `### tuple ###` line of user.rules or user6.rules; None if malformed.

    Source: UFWBackendIptables._read_rules: `action proto dport dst sport src [dapp sapp] way`.
    """
    line, _, comment = text.removeprefix(_TUPLE).partition(" comment=")
    words = line.split()
    if not text.startswith(_TUPLE) or not 6 <= len(words) <= 9:
        return None
    way = words.pop() if len(words) in {7, 9} else "in"
    profiles = ["" if word == "-" else word.replace("%20", " ") for word in words[6:]] or ["", ""]
    dest, source = parse_side(words[3]), parse_side(words[5])
    ports, source_ports = parse_ports(words[2]), parse_ports(words[4])
    route, _, action = words[0].rpartition(":")
    name, _, log = action.partition("_")
    if ports is None or source_ports is None or name not in ACTIONS or words[1] not in PROTOCOLS:
        return None
    family = 6 if ":" in words[3] + words[5] else 4
    both = dest is not None and source is not None
    ways = dict(part.partition("_")[::2] for part in way.split("!"))
    return Rule(
        family=family,
        direction="forward" if route else ("out" if way.startswith("out") else "in"),
        action=name,
        protocol=words[1],
        source=source or any_of(family),
        source_ports=source_ports,
        dest=dest or any_of(family),
        dest_ports=ports,
        in_interface=ways.get("in", ""),
        out_interface=ways.get("out", ""),
        profile=profiles[0],
        source_profile=profiles[1],
        log=log,
        comment=_decode(comment.strip()),
        unclear=f"{words[5] if dest else words[3]} is no CIDR network" if not both else "",
    )


def _decode(comment: str) -> str:
    try:
        return bytes.fromhex(comment).decode("utf-8", "replace")
    except ValueError:
        return comment


def parse_command(text: str) -> list[Rule]:
    """Return the rules of a `ufw …` command line as `ufw show added` prints it; else none.

    A command without an address stands for two rules, one of each family.
    Source: UFWCommandRule.parse in ufw/parser.py.
    """
    prompt = _PROMPT.match(text)
    if prompt is None:
        return []
    try:
        words = shlex.split(text[prompt.end() :])
    except ValueError:
        return []
    routed = words[:1] == ["route"]
    words = words[1:] if routed else words
    if words[:1] and words[0] in ACTIONS:
        return _from_words(words[0], words[1:], routed=routed)
    return []


def _from_words(action: str, words: list[str], *, routed: bool) -> list[Rule]:
    fields = {"action": action, "direction": "in", "comment": "", "log": ""}
    while words:
        taken = _take(words, fields)
        if not taken:
            return []
        words = words[taken:]
    if routed:
        fields["direction"] = "forward"
    return _from_fields(fields)


def _take(words: list[str], fields: dict[str, str]) -> int:
    """Move the first clause of a command into the fields; return its length, 0 if it is unknown."""
    word, after = words[0], words[1] if len(words) > 1 else ""
    if word in {"in", "out"}:
        fields["direction"] = word
        if after == "on" and len(words) > 2:
            fields[f"{word}_interface"] = words[2]
            return 3
        return 1
    if word in {"log", "log-all"}:
        fields["log"] = word
        return 1
    if word in {"from", "to"} and after:
        fields["side"], fields[word] = word, after
        return 2
    if word in {"port", "app"} and "side" in fields:
        fields[f"{fields['side']} {word}"] = after
        return 2
    if word in {"proto", "comment"} and len(words) > 1:
        fields[word] = after
        return 2
    return _take_short(word, fields)


def _take_short(word: str, fields: dict[str, str]) -> int:
    """Take the short form's only operand: `25/tcp`, or the name of a profile."""
    if {"from", "to", "to port", "to app"} & fields.keys():
        return 0
    port = _PORT_WORD.fullmatch(word)
    if port:
        fields["to port"], fields["proto"] = port[1], port[2] or "any"
    else:
        fields["to app"] = word
    return 1


def _from_fields(fields: dict[str, str]) -> list[Rule]:
    sides = [fields.get(side, "any") for side in ("from", "to")]
    named = [side for side in sides if side != "any"]
    families = (6 if any(":" in side for side in named) else 4,) if named else (4, 6)
    ports = [parse_ports(fields.get(f"{side} port", "any")) for side in ("from", "to")]
    protocol = fields.get("proto", "any")
    if None in ports or protocol not in PROTOCOLS:
        return []
    networks = [parse_side(side) if side != "any" else None for side in sides]
    lost = [s for s, n in zip(sides, networks, strict=True) if s != "any" and n is None]
    return [
        Rule(
            family=family,
            direction=fields["direction"],
            action=fields["action"],
            protocol=protocol,
            source=networks[0] or any_of(family),
            source_ports=ports[0] or (),
            dest=networks[1] or any_of(family),
            dest_ports=ports[1] or (),
            in_interface=fields.get("in_interface", ""),
            out_interface=fields.get("out_interface", ""),
            profile=fields.get("to app", ""),
            source_profile=fields.get("from app", ""),
            log=fields["log"],
            comment=fields["comment"],
            unclear=f"{lost[0]} is no CIDR network" if lost else "",
        )
        for family in families
    ]
