"""Rules that have no effect, or less than their author meant, because an earlier one decides."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.reading.firewall_reach import (
    BySource,
    Reach,
    common,
    format_reach,
    is_meeting,
    is_wider,
    reach_of,
    shortened,
    without,
)
from mailforensics.reading.firewall_rules import Rule
from mailforensics.reading.firewall_simulate import name_of

# In the order of the table: what an attacker profits from comes first.
PROBLEMS: Final = ("no effect", "partly", "never matches", "redundant")


@dataclass(frozen=True, slots=True)
class Shadow:
    """What earlier rules do to a rule.

    Attributes:
        problem: one of PROBLEMS.
        causes: the names of the earlier rules that decide in its place.
        opened: the ports that those open although the rule would close them, as text.
        interface: the only interface on which they do; empty where they do on all.
    """

    problem: str
    causes: tuple[str, ...]
    opened: str
    interface: str = ""


def find_shadowed(rules: Iterable[Rule]) -> list[tuple[Rule, Shadow]]:
    """Return the rules that do not do what they say, the worst first, then in their order."""
    earlier: defaultdict[tuple[int, str], BySource] = defaultdict(BySource)
    # Thousands of bans that differ in their source alone meet the same earlier rules.
    seen: dict[object, Shadow | None] = {}
    found = []
    for rule in rules:
        chain = earlier[rule.family, rule.direction]
        around = [other for other in chain.around(rule.source) if not other.unclear]
        key = (_shape(rule), *(other.position for other in around))
        if key not in seen:
            seen[key] = None if rule.unclear else _look_at(rule, around)
        if (shadow := seen[key]) and not rule.is_before:
            found.append((rule, shadow))
        chain.add(rule)
    return sorted(found, key=lambda pair: (PROBLEMS.index(pair[1].problem), pair[0].position))


def _shape(rule: Rule) -> object:
    """Return all that matters when a rule is compared with others whose source holds its own."""
    ports = (rule.protocol, rule.source_ports, rule.dest_ports)
    ways = (rule.in_interface, rule.out_interface)
    return (rule.action, rule.dest, *ports, *ways, rule.source.prefixlen == 0, bool(rule.unclear))


def _look_at(rule: Rule, earlier: Sequence[Rule]) -> Shadow | None:
    """Compare a rule with the earlier ones whose source holds all of its own.

    An earlier `allow` for a part of a banned network is an exception that somebody wanted.
    """
    left = reach_of(rule)
    causes = []
    opened: Reach = {}
    for other in earlier:
        taken = common(left, reach_of(other)) if is_meeting(other, rule) else {}
        if not taken:
            continue
        wider = is_wider(other, rule)
        if wider or not other.is_ban:
            causes.append(other)
        if not other.is_ban:
            opened = _joined(opened, taken)
        if wider:
            left = without(left, taken)
        if not left:
            return _shadow(rule, _problem_of(rule, causes), causes, opened)
    if rule.is_ban and rule.source.prefixlen and opened:
        return _shadow(rule, "partly", [c for c in causes if not c.is_ban], opened)
    return None


def _shadow(rule: Rule, problem: str, causes: Sequence[Rule], opened: Reach) -> Shadow:
    ports = format_reach(opened) if rule.is_ban else ""
    interfaces = {cause.in_interface for cause in causes}
    only = interfaces.pop() if len(interfaces) == 1 else ""
    return Shadow(problem, tuple(name_of(cause) for cause in causes), ports, only)


def _problem_of(rule: Rule, causes: Sequence[Rule]) -> str:
    if rule.is_ban:
        return "redundant" if all(cause.is_ban for cause in causes) else "no effect"
    same = all(cause.action == rule.action for cause in causes)
    return "redundant" if same else "never matches"


def _joined(first: Reach, second: Reach) -> Reach:
    protocols = [*first, *(name for name in second if name not in first)]
    return {p: first.get(p, ()) + second.get(p, ()) for p in protocols}


def vain_bans(rules: Iterable[Rule]) -> dict[Rule, str]:
    """Return the bans of certain sources that do nothing or too little, each with why in words."""
    return {
        rule: _in_vain(rule, shadow)
        for rule, shadow in find_shadowed(rules)
        if is_own_ban(rule) and shadow.problem in {"no effect", "partly"}
    }


def is_own_ban(rule: Rule) -> bool:
    """Say whether a rule turns away certain sources that knock here, not everybody."""
    return rule.is_ban and rule.direction == "in" and rule.source.prefixlen > 0


def _in_vain(rule: Rule, shadow: Shadow) -> str:
    where = f" on {shadow.interface}" if shadow.interface else ""
    does = f"leaves {shadow.opened} open{where}"
    does = "has no effect" if shadow.problem == "no effect" else does
    first = " and ".join(shadow.causes[:2])
    more = len(shadow.causes) - 2
    first = f"{', '.join(shadow.causes[:2])} and {more} more" if more > 0 else first
    comes = "comes" if len(shadow.causes) == 1 else "come"
    return f"{name_of(rule)} {does}, because {first} {comes} first"


def shadowed_table(rules: Iterable[Rule]) -> pd.DataFrame:
    """Return the rules that do not do what they say, as rows of FIREWALL_SHADOWED."""
    rows = [
        {
            "position": rule.position,
            "number": rule.number,
            "family": f"ipv{rule.family}",
            "rule": rule.command,
            "problem": shadow.problem,
            "open_ports": shadow.opened,
            "because": shortened(shadow.causes, "; "),
            "why": _why(rule, shadow),
            "fix": _fix(rule, shadow.problem),
            "file": rule.file,
            "line": rule.line,
        }
        for rule, shadow in find_shadowed(rules)
    ]
    if not rows:
        return schema.empty(schema.FIREWALL_SHADOWED)
    return schema.conform(pd.DataFrame(rows), schema.FIREWALL_SHADOWED)


def _why(rule: Rule, shadow: Shadow) -> str:
    causes = shortened(shadow.causes, " and ")
    stand = "stands" if len(shadow.causes) == 1 else "stand"
    first = f"ufw takes the first rule that matches, and {causes} {stand} before this one"
    whom = rule.source if rule.source.prefixlen else "everybody"
    if shadow.problem == "no effect":
        return f"{first}: {whom} still gets in on {shadow.opened}."
    if shadow.problem == "partly":
        return f"{first}: open to {whom} stays {shadow.opened}; the rest is banned."
    if shadow.problem == "never matches":
        return f"{first} and decides every packet that this one is about."
    return f"{first} and already does the same."


def _fix(rule: Rule, problem: str) -> str:
    delete = f"sudo ufw {_with('delete', rule)}"
    if problem == "redundant":
        return f"Nothing is wrong; to tidy up: {delete}"
    comment = f" comment {shlex.quote(rule.comment)}" if _is_plain(rule.comment) else ""
    prepend = f"sudo ufw {_with('prepend', rule)}{comment}"
    first = "Delete it, then put it first" if rule.is_ban else "If it is meant, put it first"
    return f"{first} (ufw does not move a rule that exists): {delete}; {prepend}"


def _with(verb: str, rule: Rule) -> str:
    """Return the rule's command with `delete` or `prepend` where ufw wants it."""
    if rule.direction == "forward":
        return f"route {verb} {rule.command.removeprefix('route ')}"
    return f"{verb} {rule.command}"


def _is_plain(comment: str) -> bool:
    """Say whether ufw takes a comment back: it refuses apostrophes."""
    return bool(comment) and comment.isprintable() and "'" not in comment
