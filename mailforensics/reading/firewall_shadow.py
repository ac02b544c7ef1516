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
    without,
)
from mailforensics.reading.firewall_rules import Rule
from mailforensics.reading.firewall_simulate import name_of

# In the order of the table: what an attacker profits from comes first.
PROBLEMS: Final = ("no effect", "partly", "never matches", "redundant")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not do what it says.

    Attributes:
        rule: the rule.
        problem: one of PROBLEMS.
        causes: the earlier rules that decide in its place.
        opened: what those let in although the rule would turn it away.
    """

    rule: Rule
    problem: str
    causes: tuple[Rule, ...]
    opened: Reach


def find_shadowed(rules: Iterable[Rule]) -> list[Finding]:
    """Return the findings, the worst kind first, each kind in the order of the rules."""
    earlier: defaultdict[tuple[int, str], BySource] = defaultdict(BySource)
    findings = []
    for rule in rules:
        chain = earlier[rule.family, rule.direction]
        if not rule.unclear and (finding := _look_at(rule, chain.around(rule.source))):
            findings.append(finding)
        chain.add(rule)
    return sorted(findings, key=lambda f: (PROBLEMS.index(f.problem), f.rule.position))


def _look_at(rule: Rule, earlier: Sequence[Rule]) -> Finding | None:
    """Compare a rule with the earlier ones whose source holds all of its own.

    An earlier `allow` for a part of a banned network is an exception that somebody wanted.
    """
    left = reach_of(rule)
    causes = []
    opened: Reach = {}
    for other in earlier:
        taken = common(left, reach_of(other)) if is_meeting(other, rule) else {}
        if not taken or other.unclear:
            continue
        if not other.is_ban:
            opened = _joined(opened, taken)
        if is_wider(other, rule):
            left = without(left, taken)
            causes.append(other)
        elif not other.is_ban:
            causes.append(other)
        if not left:
            return Finding(rule, _problem_of(rule, causes), tuple(causes), opened)
    if rule.is_ban and rule.source.prefixlen and opened:
        return Finding(rule, "partly", tuple(c for c in causes if not c.is_ban), opened)
    return None


def _problem_of(rule: Rule, causes: Sequence[Rule]) -> str:
    if rule.is_ban:
        return "redundant" if all(cause.is_ban for cause in causes) else "no effect"
    same = all(cause.action == rule.action for cause in causes)
    return "redundant" if same else "never matches"


def _joined(first: Reach, second: Reach) -> Reach:
    protocols = [*first, *(name for name in second if name not in first)]
    return {p: first.get(p, ()) + second.get(p, ()) for p in protocols}


def shadowed_table(rules: Iterable[Rule]) -> pd.DataFrame:
    """Return the findings as rows of FIREWALL_SHADOWED."""
    rows = [
        {
            "position": finding.rule.position,
            "number": finding.rule.number,
            "family": f"ipv{finding.rule.family}",
            "rule": finding.rule.command,
            "problem": finding.problem,
            "open_ports": format_reach(finding.opened) if finding.rule.is_ban else "",
            "because": "; ".join(name_of(cause) for cause in finding.causes),
            "why": _why(finding),
            "fix": _fix(finding),
            "file": finding.rule.file,
            "line": finding.rule.line,
        }
        for finding in find_shadowed(rules)
    ]
    if not rows:
        return schema.empty(schema.FIREWALL_SHADOWED)
    return schema.conform(pd.DataFrame(rows), schema.FIREWALL_SHADOWED)


def _why(finding: Finding) -> str:
    causes = " and ".join(name_of(cause) for cause in finding.causes)
    stand = "stands" if len(finding.causes) == 1 else "stand"
    first = f"ufw takes the first rule that matches, and {causes} {stand} before this one"
    whom = finding.rule.source if finding.rule.source.prefixlen else "everybody"
    if finding.problem == "no effect":
        return f"{first}: {whom} still gets in on {format_reach(finding.opened)}."
    if finding.problem == "partly":
        return f"{first}: open to {whom} stays {format_reach(finding.opened)}; the rest is banned."
    if finding.problem == "never matches":
        return f"{first} and decides every packet that this one is about."
    return f"{first} and already does the same."


def _fix(finding: Finding) -> str:
    rule = finding.rule
    delete = f"sudo ufw {_with('delete', rule)}"
    if finding.problem == "redundant":
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
