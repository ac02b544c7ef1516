"""Texts about a firewall → what they say: rules, default policies, logging, profiles."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from mailforensics.addresses import Network
from mailforensics.reading.firewall_before import BeforeFile, is_before, parse_sets, rules_of
from mailforensics.reading.firewall_lines import parse_command, parse_row, parse_tuple
from mailforensics.reading.firewall_profiles import SHIPPED, Reach, parse_profiles
from mailforensics.reading.firewall_rules import DIRECTIONS, Rule, parse_ports

# The words for the two states in the translations that ufw 0.36 and Launchpad ship.
_ACTIVE_WORDS: Final = (
    "active activu aktivan aktivno aktivní ενεργό activo aktiivne käytössä actif attivo aktiv "
    "actief ativo activ активен aktívny dejavno etkin активний 激活 啓用 アクティブ 有効 활성"
)
_INACTIVE_WORDS: Final = (
    "inactive inactivu neaktivno inactiu neaktivní ανενεργό inactivo väljas passiivinen inactif "
    "inattivo inaktiv inactief inativo inactiv неактивен neaktívny nedejavno etkin_değil "
    "неактивний 不活动 不活動 非アクティブ 無効 停止 비활성"
)
_ACTIVE: Final = frozenset(_ACTIVE_WORDS.split())
_INACTIVE: Final = frozenset(_INACTIVE_WORDS.split())
_STATE: Final = re.compile(r"([^\s:：]{1,20})\s*(?:[:：]\s*|\s)(\S[^:：]{0,30})")
_DEFAULT: Final = re.compile(
    r"[^:：]{1,40}[:：]\s*(allow|deny|reject)\s*[(（][^()（）]*[)）]\s*[,、，]\s*"
    r"(allow|deny|reject)\s*[(（][^()（）]*[)）]"
    r"(?:\s*[,、，]\s*(allow|deny|reject|disabled)\s*[(（][^()（）]*[)）])?"
)
_LOGGING: Final = re.compile(r"[^:：]{1,40}[:：]\s*(?:on \((low|medium|high|full)\)|(off))")
_PROFILES: Final = re.compile(r"[^:：]{1,60}[:：]\s*(?:skip|allow|deny|reject)")
_RULE_LINE: Final = re.compile(r"-+\s+-+\s+-+")
_ADDED: Final = re.compile(r".{1,120}ufw[ -]status.{1,80}[:：]|.{1,60}'.{1,20}ufw'.{1,80}[:：]")
_SETTING: Final = re.compile(r"([A-Z_0-9]{3,40})=[\"']?([^\"']*)[\"']?")
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_IPTABLES: Final = re.compile(r"(?::ufw6?-|-[AID] ufw6?-|\*filter|COMMIT|### (?!tuple))")
_REMARK: Final = re.compile(r"\s*#(?!## tuple)")
_POLICIES: Final = {"ACCEPT": "allow", "DROP": "deny", "REJECT": "reject"}
_POLICY_OF: Final = {
    "DEFAULT_INPUT_POLICY": "incoming",
    "DEFAULT_OUTPUT_POLICY": "outgoing",
    "DEFAULT_FORWARD_POLICY": "routed",
}
_WORTH: Final = ("tuples", "verbose", "numbered", "status", "added")
_LONGEST_LINE: Final = 4000


@dataclass(slots=True)
class Block:
    """The rules of one command's output, or of one rule file.

    `kind` is one of tuples, verbose, numbered, status, added.
    """

    kind: str
    rules: list[Rule] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """What the texts said, before it is put together."""

    blocks: list[Block] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)
    active: bool | None = None
    logging: str = ""
    ipv6: bool | None = None
    profiles: dict[str, Reach] = field(default_factory=dict)
    before: list[BeforeFile] = field(default_factory=list)
    sets: dict[str, list[Network]] = field(default_factory=dict)
    recognised: int = 0
    unread: list[str] = field(default_factory=list)

    def read(self, lines: Iterable[str], *, file: str) -> None:
        """Add what the lines of one text say."""
        lines = [_COLOUR.sub("", line[:_LONGEST_LINE]).rstrip() for line in lines]
        if profiles := parse_profiles(lines):
            self.profiles |= profiles
            self.recognised += 1
            return
        if is_before(lines):
            self.before.append(BeforeFile(file, tuple(lines)))
            self.recognised += 1
            return
        if sets := parse_sets(lines):
            self.sets |= sets
            return
        self.blocks.append(Block("status"))
        for number, line in enumerate(lines, start=1):
            if line.strip() and not self._read_line(line, file=file, number=number):
                self.unread.append(f"{file}:{number}")
            elif _RULE_LINE.fullmatch(line.strip()) and self.unread[-1:] == [
                f"{file}:{number - 1}"
            ]:
                self.unread.pop()  # the heading over the dashes, in whatever language

    def _read_line(self, line: str, *, file: str, number: int) -> bool:
        kind, rules = _rules_of(line)
        if rules:
            rules = [replace(rule, file=file, line=number) for rule in rules]
            self._block(kind).rules.extend(rules)
        known = bool(rules) or self._read_fact(line.strip())
        self.recognised += known
        return known or bool(_REMARK.match(line))

    def _read_fact(self, line: str) -> bool:
        """Take a line that is no rule; say whether it is one that ufw writes."""
        if _RULE_LINE.fullmatch(line) or _IPTABLES.match(line):
            return True
        if default := _DEFAULT.fullmatch(line):
            routes = zip(_POLICY_OF.values(), default.groups(), strict=True)
            self.defaults |= {route: policy for route, policy in routes if policy}
            self._block("status").kind = "verbose"
            return True
        if logging := _LOGGING.fullmatch(line):
            self.logging = logging[1] or logging[2]
            return True
        if _PROFILES.fullmatch(line):
            return True
        if _ADDED.fullmatch(line):
            self.blocks.append(Block("added"))
            return True
        return self._read_state(line) or self._read_setting(line)

    def _read_state(self, line: str) -> bool:
        state = _STATE.fullmatch(line)
        word = state[2].strip().lower().replace(" ", "_") if state else ""
        if word not in _ACTIVE | _INACTIVE:
            return False
        self.active = word in _ACTIVE
        self.blocks.append(Block("status"))
        return True

    def _read_setting(self, line: str) -> bool:
        """Take a line of ufw.conf or /etc/default/ufw."""
        setting = _SETTING.fullmatch(line)
        name, value = (setting[1], setting[2]) if setting else ("", "")
        if name in _POLICY_OF and value.upper() in _POLICIES:
            self.defaults[_POLICY_OF[name]] = _POLICIES[value.upper()]
        elif name == "ENABLED":
            self.active = value.lower() == "yes"
        elif name == "IPV6":
            self.ipv6 = value.lower() == "yes"
        elif name == "LOGLEVEL":
            self.logging = value.lower()
        else:
            return name.startswith(("IPT_", "DEFAULT_", "MANAGE_"))
        return True

    def _block(self, kind: str) -> Block:
        """Return the block for a rule of this kind: a new one where the kind changes."""
        last = self.blocks[-1]
        if kind == last.kind or (kind == "status" and last.kind == "verbose"):
            return last
        if last.rules:
            self.blocks.append(Block(kind))
        else:
            last.kind = kind
        return self.blocks[-1]

    def best_rules(self) -> tuple[list[Rule], str, str]:
        """Return the rules of the form that says most, that form, and a note if others were left.

        All tuples count, since a rule set is two files of them; of the other forms, the last text.
        """
        blocks = [block for block in self.blocks if block.rules]
        kinds = {block.kind for block in blocks}
        best = next((kind for kind in _WORTH if kind in kinds), "")
        chosen = [block for block in blocks if block.kind == best]
        chosen = chosen if best == "tuples" else chosen[-1:]
        note = ""
        if len(chosen) < len(blocks):
            first = chosen[-1].rules[0]
            note = f"several rule lists were given; the one at {first.file}:{first.line} counts"
        profiles = {**SHIPPED, **self.profiles}
        found = [rule for block in chosen for rule in block.rules]
        resolved = [part for rule in found for part in _resolve(rule, profiles)]
        numbered = with_numbers(resolved, kind=best)
        return arranged([*self._before_rules(), *numbered]), best, note

    def _before_rules(self) -> list[Rule]:
        rules: list[Rule] = []
        for file in self.before:
            more, unread = rules_of(file, self.sets)
            rules += more
            self.unread += unread
        return rules


def _rules_of(line: str) -> tuple[str, list[Rule]]:
    text = line.strip()
    if text.startswith("### tuple ###"):
        rule = parse_tuple(text)
        return "tuples", [rule] if rule else []
    if commands := parse_command(text):
        return "added", commands
    if row := parse_row(line):
        return "numbered" if row.number is not None else "status", [row]
    return "", []


def _resolve(rule: Rule, profiles: dict[str, Reach]) -> Iterator[Rule]:
    """Give a rule that names a profile the profile's ports: one rule for each protocol."""
    if not _lacks_ports(rule):
        yield rule
        return
    for name in (rule.profile, rule.source_profile):
        if name and name not in profiles:
            yield replace(rule, unclear=f"the application profile '{name[:64]}' is not known here")
            return
    for ports, protocol in profiles.get(rule.profile, (("", ""),)):
        for source_ports, source_protocol in profiles.get(rule.source_profile, (("", ""),)):
            yield replace(
                rule,
                dest_ports=(parse_ports(ports) or ()) if ports else rule.dest_ports,
                source_ports=(parse_ports(source_ports) or ())
                if source_ports
                else rule.source_ports,
                protocol=protocol or source_protocol,
            )


def _lacks_ports(rule: Rule) -> bool:
    dest = bool(rule.profile) and not rule.dest_ports
    return dest or (bool(rule.source_profile) and not rule.source_ports)


def with_numbers(rules: list[Rule], *, kind: str) -> list[Rule]:
    """Return the rules, IPv4 first, with the numbers of `ufw status numbered` where known.

    `status` and `status verbose` print incoming, outgoing and routed rules apart, so the numbers
    are known only where all are of one direction.
    """
    by_family = sorted(rules, key=lambda rule: rule.family)
    one_direction = len({rule.direction for rule in rules}) == 1
    if kind != "tuples" and not (kind in {"verbose", "status"} and one_direction):
        return by_family
    numbers: dict[object, int] = {}
    return [
        replace(rule, number=numbers.setdefault(_row_key(rule, place), len(numbers) + 1))
        for place, rule in enumerate(by_family)
    ]


def arranged(rules: list[Rule]) -> list[Rule]:
    """Return the rules chain by chain (one a direction and family), each with its position."""
    chains = sorted(rules, key=lambda rule: (DIRECTIONS.index(rule.direction), rule.family))
    return [replace(rule, position=place) for place, rule in enumerate(chains, start=1)]


def _row_key(rule: Rule, place: int) -> object:
    """Return what makes a row of `ufw status`: the rules of one profile share a row."""
    if not (rule.profile or rule.source_profile):
        return place
    return replace(rule, protocol="", dest_ports=(), source_ports=(), comment="", log="", line=0)
