"""In plain words: why a network is in the plan, and what one bit more or less would change."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from mailforensics.addresses import Network, is_inside
from mailforensics.analysis.cover_options import CoverOptions
from mailforensics.analysis.cover_problem import Problem

NOBODY: Final = "no legitimate use"
LEAST_SHOWN: Final = 0.001


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one network; `value` is minus infinity where it must not be banned."""

    network: Network
    attackers: int
    legit_sources: int
    attack: float
    legit: float
    neighbours: float
    unseen_legit: float
    value: float
    reason: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """A plan as `why` needs it: its networks in order, the rules allowed, the price of a rule."""

    networks: tuple[Network, ...]
    rules: int
    price: float


def facts_of(asked: Problem, network: Network) -> Facts:
    """Return what is known of any network, whether or not the plan could choose it."""
    number = 0 if network.version == 4 else 1
    hosts = asked.families[number]
    begin, end = hosts.span(network)
    reason = asked.protection.reason(network, hosts.row[begin:end])
    if begin == end:
        return Facts(network, 0, 0, 0.0, 0.0, 0.0, 0.0, -np.inf if reason else 0.0, reason)
    spans = (np.array([begin]), np.array([end]))
    measure = asked.rulers[number].measure(network.prefixlen, *spans)
    cost = asked.options.legit_cost * (measure.legit + measure.unseen_legit)
    value = measure.attack + measure.neighbours - cost
    return Facts(
        network,
        int(measure.attackers[0]),
        int(measure.legit_sources[0]),
        float(measure.attack[0]),
        float(measure.legit[0]),
        float(measure.neighbours[0]),
        float(measure.unseen_legit[0]),
        -np.inf if reason else float(value[0]),
        reason,
    )


def why(asked: Problem, network: Network, chosen: Chosen) -> str:
    """Return the reasons for and against a network: its place, inside, shorter and longer."""
    facts = facts_of(asked, network)
    return "\n".join(
        [
            _place(facts, asked.options, chosen),
            _inside(asked, facts),
            _shorter(asked, facts),
            _longer(asked, facts, chosen.price),
        ]
    )


def _place(facts: Facts, options: CoverOptions, chosen: Chosen) -> str:
    network = facts.network
    if network in chosen.networks:
        place = chosen.networks.index(network) + 1
        return (
            f"{network} is rule {place} of {len(chosen.networks)} in the plan, "
            f"worth {facts.value:,.1f} attack events."
        )
    return f"{network} is not in the plan: {_why_not(facts, options, chosen)}."


def _why_not(facts: Facts, options: CoverOptions, chosen: Chosen) -> str:
    network = facts.network
    around = [str(other) for other in chosen.networks if is_inside(network, other)]
    within = [str(other) for other in chosen.networks if is_inside(other, network)]
    if facts.reason:
        return f"it must never be banned ({facts.reason})" + _instead(within)
    if around:
        return f"{around[0]} covers it"
    if facts.attack == 0:
        return "no attacker was seen in it"
    if network.prefixlen < shortest(network, options):
        return f"it is wider than /{shortest(network, options)}, the widest allowed" + _instead(
            within
        )
    if facts.value <= 0:
        return f"it would cost more than it saves (value {facts.value:,.1f})" + _instead(within)
    if within:
        return f"its parts are worth more ({_list(within)})"
    return (
        f"worth {facts.value:,.1f}, it is below what the last of {chosen.rules} rules brings "
        f"({chosen.price:,.1f})"
    )


def _instead(within: list[str]) -> str:
    return f"; the plan holds {_list(within)} inside it" if within else ""


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"


def shortest(network: Network, options: CoverOptions) -> int:
    """Return the shortest prefix length allowed for a network's family."""
    return options.min_prefix_v4 if network.version == 4 else options.min_prefix_v6


def _inside(asked: Problem, facts: Facts) -> str:
    size = facts.network.num_addresses
    among = (
        f"{_number(facts.attackers, 'address', 'addresses')} of {size:,}"
        if size > 1
        else ("the address" if facts.attackers else "nobody")
    )
    if facts.attack > 0 and not facts.attackers:
        among = "nobody (the firewall blocked packets from there)"
    total = sum(float(hosts.attack.sum()) for hosts in asked.families)
    share = facts.attack / total if total else 0.0
    return (
        f"Inside: {among} attacked (weight {facts.attack:,.1f}, {share:.1%} of all); "
        f"{_legit(asked, facts)}. From its silent addresses we expect {facts.neighbours:,.1f} more "
        f"attack and {_little(facts.unseen_legit)} legitimate weight in "
        f"{asked.options.horizon_days:g} days."
    )


def _little(weight: float) -> str:
    """Return a weight as a person would write it, never with an exponent."""
    if 0 < weight < LEAST_SHOWN:
        return "next to no"
    return f"{weight:,.1f}" if weight >= 1 else f"{weight:.2g}"


def _legit(asked: Problem, facts: Facts) -> str:
    if facts.legit_sources:
        return (
            f"{_number(facts.legit_sources, 'legitimate source', 'legitimate sources')} there "
            f"(weight {facts.legit:,.1f}, each counts {asked.options.legit_cost:g}-fold)"
        )
    seen = sum(int(np.count_nonzero(hosts.legit)) for hosts in asked.families)
    if not seen:
        return "no legitimate use was seen there, nor anywhere else in the log"
    # Rule of three: 0 of n seen leaves up to 3/n at 95 % confidence (Hanley, Lippman-Hand 1983).
    return (
        f"no legitimate use was seen there: none of {seen:,} legitimate sources, so at most "
        f"{min(3 / seen, 1):.1%} of them"
    )


def _shorter(asked: Problem, facts: Facts) -> str:
    network = facts.network
    if network.prefixlen == 0:
        return "One bit shorter: there is none."
    wider = facts_of(asked, network.supernet())
    text = f"One bit shorter, {wider.network}: "
    if wider.reason:
        return f"{text}must never be banned ({wider.reason})."
    text += (
        f"{_number(wider.attackers - facts.attackers, 'more attacker', 'more attackers')}, "
        f"{wider.legit_sources - facts.legit_sources:,} more with legitimate use, "
        f"value {_change(facts.value, wider.value)}"
    )
    if wider.network.prefixlen < shortest(network, asked.options):
        return f"{text}; wider than /{shortest(network, asked.options)}, the widest allowed."
    return f"{text}."


def _longer(asked: Problem, facts: Facts, price: float) -> str:
    network = facts.network
    if network.prefixlen == network.max_prefixlen:
        return "One bit longer: a single address cannot be split."
    halves = [facts_of(asked, half) for half in network.subnets()]
    worth = [half.value if half.attack > 0 and half.value > 0 else 0.0 for half in halves]
    parts = " and ".join(_half(half) for half in halves)
    if all(worth):
        return (
            f"One bit longer: {parts}; together {sum(worth):,.1f} for two rules, and a rule must "
            f"bring {price:,.1f}."
        )
    return f"One bit longer: {parts}; the better half alone is worth {max(worth):,.1f}."


def _half(half: Facts) -> str:
    if half.reason:
        return f"{half.network} (protected)"
    attackers = _number(half.attackers, "attacker", "attackers")
    legit = f", {half.legit_sources} legitimate" if half.legit_sources else ""
    return f"{half.network} ({attackers}{legit}, value {half.value:,.1f})"


def _change(before: float, after: float) -> str:
    if not np.isfinite(before):
        return f"{after:,.1f}"
    return f"{before:,.1f} → {after:,.1f}"


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
