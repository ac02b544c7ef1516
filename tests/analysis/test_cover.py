"""The choice of networks: exact, safe, and explained."""

import ipaddress
import math
import re
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailforensics.analysis.cover import cover
from mailforensics.analysis.cover_knapsack import best_choice, survivors
from mailforensics.analysis.cover_options import CoverOptions
from mailforensics.analysis.cover_problem import problem, solve
from mailforensics.analysis.cover_search import values_of
from mailforensics.errors import ArgumentError, MissingColumnError
from mailforensics.schema import COVER_PROTECTED, FRONTIER, NETWORKS, names

ARTICLE = ("212.70.149.4", "212.70.149.20", "212.70.149.36", "212.70.149.52", "212.70.149.83")
NO_NEIGHBOURS = CoverOptions(neighbours_from=10_000)
LEVELS = {4: list(range(24, 33)), 6: [48, 52, 56, 60, 64, 128]}


def table(attack: dict[str, float], legit: dict[str, float] | None = None) -> pd.DataFrame:
    """Return sources with only the three columns that `cover` needs."""
    legit = legit or {}
    both = sorted({*attack, *legit})
    return pd.DataFrame(
        {
            "source_ip": pd.Series(both, dtype="str"),
            "attack_weight": [float(attack.get(ip, 0)) for ip in both],
            "legit_weight": [float(legit.get(ip, 0)) for ip in both],
        }
    )


def plain_value(
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
    hosts: dict[str, tuple[float, float]],
    protect: Iterable[str],
) -> float:
    """Return b(v) by the formula alone, with the documented defaults for P and /64s."""
    inside = {a: w for a, w in hosts.items() if ipaddress.ip_address(a) in network}
    attack = sum(a for a, _ in inside.values())
    if not attack or any(ipaddress.ip_address(p) in network for p in protect):
        return -math.inf
    bits = 32 if network.version == 4 else 64
    units = {ipaddress.ip_network((a, bits), strict=False) for a in inside}
    hostile = {ipaddress.ip_network((a, bits), strict=False) for a in inside if inside[a][0]}
    silent = (
        max(2 ** (bits - network.prefixlen) - len(units), 0) if network.prefixlen <= bits else 0
    )
    unseen = 1.2e-6 / 256 * silent
    extra = 0.0
    if network.version == 6 and network.prefixlen <= 64:
        family = [a for ip, (a, _) in hosts.items() if ":" in ip and a]
        extra = len(hostile) * sum(family) / len(family)
    return attack + extra - 100 * (sum(g for _, g in inside.values()) + unseen)


def plain_optimum(hosts: dict[str, tuple[float, float]], rules: int, protect: list[str]) -> float:
    """Return the best worth by the plain dynamic programme over every prefix, without any price."""

    def best(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> list[float]:
        if not any(ipaddress.ip_address(a) in network for a in hosts):
            return [0.0] * (rules + 1)
        levels = LEVELS[network.version]
        below = [0.0] * (rules + 1)
        if network.prefixlen < levels[-1]:
            length = levels[levels.index(network.prefixlen) + 1]
            parts = {
                ipaddress.ip_network((a, length), strict=False)
                for a in hosts
                if ipaddress.ip_address(a) in network
            }
            for part in parts:
                below = joined(below, best(part))
        own = plain_value(network, hosts, protect)
        return [below[0]] + [max(own, worth) for worth in below[1:]]

    def joined(left: list[float], right: list[float]) -> list[float]:
        return [max(left[k - j] + right[j] for j in range(k + 1)) for k in range(rules + 1)]

    roots = {ipaddress.ip_network((a, 48 if ":" in a else 24), strict=False) for a in hosts}
    total = [0.0] * (rules + 1)
    for root in roots:
        total = joined(total, best(root))
    return total[rules]


IPV4 = st.builds("198.18.{}.{}".format, st.integers(0, 2), st.integers(0, 40))
IPV6 = st.builds(
    "240e:d9:d800:{:x}::{:x}".format,
    st.sampled_from([0x200, 0x201, 0x210, 0x1200]),
    st.integers(1, 3),
)
WEIGHT = st.one_of(st.integers(0, 6).map(float), st.integers(0, 5000).map(lambda n: n / 100))
LEGIT = st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.03, 1.0])
HOSTS = st.dictionaries(st.one_of(IPV4, IPV6), st.tuples(WEIGHT, LEGIT), max_size=14)


@settings(max_examples=100, deadline=None)
@given(HOSTS, st.integers(0, 7), st.lists(st.one_of(IPV4, IPV6), max_size=2))
def test_plan_is_the_optimum(
    hosts: dict[str, tuple[float, float]], rules: int, protect: list[str]
) -> None:
    """The fast search equals the plain dynamic programme, for both families under one budget."""
    hosts = {str(ipaddress.ip_address(ip)): weights for ip, weights in hosts.items()}
    sources = table({a: w[0] for a, w in hosts.items()}, {a: w[1] for a, w in hosts.items()})
    found = cover(sources, rules=rules, protect=protect, options=NO_NEIGHBOURS)
    best = plain_optimum(hosts, rules, protect)
    assert found.value == pytest.approx(best, rel=1e-6, abs=1e-3)
    assert found.value <= found.bound
    assert found.gap <= 0.001
    assert found.plan["value"].sum() == pytest.approx(found.value)


@settings(max_examples=50, deadline=None)
@given(HOSTS, st.integers(0, 7), st.lists(st.one_of(IPV4, IPV6), max_size=3))
def test_plan_is_disjoint_within_budget_and_safe(
    hosts: dict[str, tuple[float, float]], rules: int, protect: list[str]
) -> None:
    """No two networks overlap, the budget holds, and nothing protected is inside."""
    sources = table({a: w[0] for a, w in hosts.items()}, {a: w[1] for a, w in hosts.items()})
    plan = cover(sources, rules=rules, protect=protect).plan
    networks = [ipaddress.ip_network(text) for text in plan["network"]]
    assert len(networks) <= rules
    for number, network in enumerate(networks):
        same = [other for other in networks[:number] if other.version == network.version]
        assert not any(network.overlaps(other) for other in same)
        assert not any(ipaddress.ip_address(ip) in network for ip in protect)
    assert (plan["attackers"] > 0).all()
    assert (plan["value"] > 0).all()


@settings(max_examples=25, deadline=None)
@given(HOSTS, st.integers(1, 5), st.randoms())
def test_order_of_sources_does_not_matter(
    hosts: dict[str, tuple[float, float]], rules: int, chance: "np.random.Generator"
) -> None:
    """The same sources in another order give the same plan to the last digit."""
    sources = table({a: w[0] for a, w in hosts.items()}, {a: w[1] for a, w in hosts.items()})
    order = list(range(len(sources)))
    chance.shuffle(order)
    first, second = cover(sources, rules=rules), cover(sources.iloc[order], rules=rules)
    pd.testing.assert_frame_equal(first.plan, second.plan, check_exact=True)
    assert first.value == second.value


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([16, 20, 24]))
def test_search_equals_the_whole_knapsack(seed: int, rules: int, shortest: int) -> None:
    """With neighbours, unseen use and longer trees, pricing loses nothing against all plans."""
    chance = np.random.default_rng(seed)
    ips = [f"198.18.{a}.{b}" for a, b in chance.integers(0, (6, 256), (60, 2)).tolist()]
    ips += [f"240e:d9:d8{a:02x}:{b:x}::1" for a, b in chance.integers(0, (3, 40), (20, 2)).tolist()]
    ips = sorted(set(ips))
    attack = np.round(chance.pareto(1.2, len(ips)) * 3, 1)
    legit = np.where(chance.random(len(ips)) < 0.1, chance.choice([0.01, 0.2, 5.0], len(ips)), 0)
    sources = table(dict(zip(ips, attack, strict=True)), dict(zip(ips, legit, strict=True)))
    asked = problem(sources, CoverOptions(min_prefix_v4=shortest))
    everything = survivors(asked.forest, values_of(asked.forest), 0.0, rules=rules, value=-math.inf)
    _, best = best_choice(asked.forest, everything, rules)
    assert solve(asked, rules).value == pytest.approx(best, rel=1e-9)


def test_article_network_is_one_rule() -> None:
    """Five attackers spread over a /24 make the /24 worth more than its half or five singles."""
    plan = cover(table(dict.fromkeys(ARTICLE, 20.0))).plan
    assert plan["network"].tolist() == ["212.70.149.0/24"]
    assert plan.loc[0, "attackers"] == 5
    assert plan.loc[0, "density"] == pytest.approx(5 / 256)


def test_why_tells_attackers_from_those_that_met_only_the_firewall() -> None:
    """An address of which packets were blocked is not called an attacker, and still has a value."""
    sources = table({"198.18.7.7": 3.0, "198.18.7.200": 0.2})
    blocked = sources.assign(attack_events=[4, 3], firewall_blocked=[4, 0])
    found = cover(blocked, rules=2)
    assert "198.18.7.0/25 (0 attackers" not in found.why("198.18.7.7/32")
    assert "1 address of 256 attacked" in found.why("198.18.7.0/24")
    assert "Inside: nobody (the firewall blocked packets from there) attacked" in found.why(
        "198.18.7.200/32"
    )


@pytest.mark.parametrize(
    ("user", "networks"),
    [
        pytest.param("198.18.40.200", {"198.18.40.0/25"}, id="other-half"),
        pytest.param(
            "198.18.40.50",
            {"198.18.40.64/26", "198.18.40.0/27", "198.18.40.32/28"},
            id="between",
        ),
    ],
)
def test_around_a_user_as_few_rules_as_will_do(user: str, networks: set[str]) -> None:
    """Where rules are to spare, what several of them do together their parent does alone."""
    hosts = (4, 20, 36, 77, 83, 91, 103, 120)
    attack = {f"198.18.40.{host}": 20.0 for host in hosts}
    found = cover(table(attack, {user: 25.0}))
    assert set(found.plan["network"]) == networks
    assert found.plan["attackers"].sum() == len(hosts)
    assert found.gap == 0


@settings(max_examples=40, deadline=None)
@given(HOSTS)
def test_no_two_free_rules_are_halves_of_one(hosts: dict[str, tuple[float, float]]) -> None:
    """With rules to spare no pair of rules could be written as one that bans the same addresses."""
    sources = table({a: w[0] for a, w in hosts.items()}, {a: w[1] for a, w in hosts.items()})
    found = cover(sources, rules=1000)
    chosen = {ipaddress.ip_network(text) for text in found.plan["network"]}
    for network in chosen:
        if network.version == 4 and network.prefixlen > 24:
            twin = next(half for half in network.supernet().subnets() if half != network)
            assert twin not in chosen


def test_blocked_packets_of_ones_own_devices_are_no_attack() -> None:
    """The list of attackers that are protected leaves out whom only the firewall saw."""
    sources = table({"192.168.1.1": 2.0, "10.1.2.3": 5.0})
    found = cover(sources.assign(attack_events=[5, 40], firewall_blocked=[0, 40]))
    assert found.protected["source_ip"].tolist() == ["10.1.2.3"]


def test_lone_attacker_is_banned_alone() -> None:
    """One attacker says nothing about its neighbours: the rule is a single address."""
    assert cover(table({"198.18.7.7": 3.0})).plan["network"].tolist() == ["198.18.7.7/32"]


def test_ipv6_attacker_takes_its_subnet() -> None:
    """An IPv6 subscriber changes addresses within a /64, so the /64 is the rule."""
    plan = cover(table({"240e:d9:d800:200::5": 3.0})).plan
    assert plan["network"].tolist() == ["240e:d9:d800:200::/64"]


def test_ties_go_to_the_longer_prefix() -> None:
    """When a wider network brings nothing more, the longer one is chosen."""
    free = CoverOptions(legit_cost=0.0, neighbours_from=10_000)
    plan = cover(table({"198.18.7.6": 3.0, "198.18.7.7": 3.0}), options=free).plan
    assert plan["network"].tolist() == ["198.18.7.6/32", "198.18.7.7/32"]


def test_tight_budget_takes_the_wider_network() -> None:
    """With one rule, two neighbours are banned by the smallest prefix that holds both."""
    sources = table({"198.18.7.6": 3.0, "198.18.7.7": 3.0})
    assert cover(sources, rules=1, options=NO_NEIGHBOURS).plan["network"].tolist() == [
        "198.18.7.6/31"
    ]


@pytest.mark.parametrize("spared", ["212.70.149.40", "212.70.149.32/28"])
def test_protected_host_splits_the_network_around_it(spared: str) -> None:
    """A protected host inside a hostile network is left out; all attackers around it are banned."""
    sources = table(dict.fromkeys([*ARTICLE, "212.70.149.41"], 20.0))
    plan = cover(sources, protect=[spared]).plan
    networks = [ipaddress.ip_network(text) for text in plan["network"]]
    safe = ipaddress.ip_network(spared)
    assert not any(network.overlaps(safe) for network in networks)
    outside = [ip for ip in sources["source_ip"] if ipaddress.ip_address(ip) not in safe]
    assert all(any(ipaddress.ip_address(ip) in n for n in networks) for ip in outside)


def test_attackers_under_protection_are_listed_apart() -> None:
    """An attacker in a protected network is never banned and never forgotten."""
    found = cover(table({"10.1.2.3": 9.0, "192.0.2.7": 4.0, "198.18.0.1": 1.0}))
    assert found.plan["network"].tolist() == ["198.18.0.1/32"]
    assert list(found.protected.columns) == names(COVER_PROTECTED)
    assert found.protected["source_ip"].tolist() == ["10.1.2.3", "192.0.2.7"]
    assert found.protected["why"].tolist() == [
        "10.0.0.0/8: private (RFC 1918)",
        "192.0.2.0/24: documentation (RFC 5737)",
    ]


def test_documentation_networks_can_be_allowed() -> None:
    """Lessons on documentation addresses lift their protection, and only theirs."""
    sources = table({"192.0.2.7": 4.0, "10.0.0.1": 4.0})
    assert cover(sources).plan.empty
    plan = cover(sources, allow_documentation=True).plan
    assert plan["network"].tolist() == ["192.0.2.7/32"]


def test_recent_login_protects_unless_it_was_a_break_in() -> None:
    """A source that logged in is never banned, except when the caller says it was a break-in."""
    when = pd.to_datetime(["2026-09-04", "2026-09-05"], utc=True).as_unit("us")
    sources = table({"198.18.0.1": 9.0, "198.18.9.1": 9.0}, {"198.18.0.1": 20.0}).assign(
        auth_ok=[1, 0], first_seen=when, last_seen=when, standing=["stale_password", "attacker"]
    )
    found = cover(sources)
    assert found.plan["network"].tolist() == ["198.18.9.1/32"]
    assert found.protected["source_ip"].tolist() == ["198.18.0.1"]
    told = cover(sources, options=CoverOptions(hostile=("198.18.0.1",)))
    assert sorted(told.plan["network"]) == ["198.18.0.1/32", "198.18.9.1/32"]


def test_old_login_no_longer_protects() -> None:
    """A login half a year before the end of the log is no reason to spare an attacker."""
    when = pd.to_datetime(["2026-03-04", "2026-09-05"], utc=True).as_unit("us")
    sources = table({"198.18.0.1": 9.0, "198.18.9.1": 9.0}).assign(auth_ok=[1, 0], last_seen=when)
    assert len(cover(sources).plan) == 2


def test_legitimate_neighbour_makes_the_network_smaller() -> None:
    """A mail server in the other half of a hostile /24 keeps its half."""
    attackers = dict.fromkeys(ARTICLE, 20.0)
    plan = cover(table(attackers, {"212.70.149.200": 5.0})).plan
    assert plan["network"].tolist() == ["212.70.149.0/25"]


def test_known_facts_fill_the_plan() -> None:
    """Counts and times of the sources are summed up per network; the rest is zero or missing."""
    when = pd.to_datetime(["2026-09-01", "2026-09-02"], utc=True).as_unit("us")
    sources = table({"198.18.7.6": 3.0, "198.18.7.7": 4.0}).assign(
        first_seen=when, last_seen=when, auth_failed=[3, 4], rejected=[1, 0], usernames=[2, 1]
    )
    row = cover(sources, rules=1).plan.iloc[0]
    assert (row["auth_failed"], row["events"], row["usernames"], row["accepted"]) == (7, 8, 3, 0)
    assert (row["first_seen"], row["last_seen"]) == tuple(when)


def test_standing_and_accounts_of_sources_are_used() -> None:
    """A device with a stale password is spared, and an account tried from two addresses is one."""
    sources = table({"198.18.7.6": 3.0, "198.18.7.7": 4.0, "198.18.9.9": 8.0}).assign(
        accounts=["anna, info", "info", "carla"],
        standing=["attacker", "attacker", "stale_password"],
        attack_events=[5, 6, 7],
    )
    found = cover(sources, rules=1, options=NO_NEIGHBOURS)
    row = found.plan.iloc[0]
    assert (row["network"], row["usernames"], row["events"]) == ("198.18.7.6/31", 2, 11)
    assert found.protected["source_ip"].tolist() == ["198.18.9.9"]


def test_earlier_plan_is_kept_between_near_equals() -> None:
    """Between networks that are worth nearly the same, the rule in force stays."""
    sources = table({"198.18.1.1": 10.0, "198.18.2.2": 10.1})
    assert cover(sources, rules=1).plan["network"].tolist() == ["198.18.2.2/32"]
    kept = cover(sources, rules=1, options=CoverOptions(previous=["198.18.1.1/32"]))
    assert kept.plan["network"].tolist() == ["198.18.1.1/32"]
    assert 0 < kept.gap < 0.02


@pytest.mark.parametrize("attack", [{}, {"198.18.0.1": 0.0}], ids=["empty", "no attack"])
def test_nothing_to_ban_gives_an_empty_plan(attack: dict[str, float]) -> None:
    """No attackers: an empty plan with all columns, worth nothing, with no gap."""
    found = cover(table(attack, {"198.18.3.3": 2.0} if attack else None))
    assert list(found.plan.columns) == names(NETWORKS)
    assert found.plan.empty
    assert (found.value, found.bound, found.gap) == (0, 0, 0)
    assert "no attacker" in found.why("198.18.0.0/24")
    assert found.frontier()["attack_blocked"].eq(0).all()


def test_no_rules_give_no_plan() -> None:
    """A budget of no rules is a question with a known answer, not an error."""
    found = cover(table({"198.18.0.1": 5.0}), rules=0)
    assert found.plan.empty
    assert (found.value, found.gap) == (0, 0)


@pytest.mark.parametrize("rules", [-1, 1.5, True])
def test_bad_rule_numbers_are_refused(rules: int) -> None:
    """A number of rules that cannot be is named."""
    with pytest.raises(ArgumentError, match=f"rules={rules}"):
        cover(table({}), rules=rules)


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_bad_weights_are_refused(weight: float) -> None:
    """A weight that is no weight is named with its source."""
    with pytest.raises(ArgumentError, match=r"attack_weight of 198\.18\.0\.1"):
        cover(table({"198.18.0.1": weight}))


def test_bad_sources_are_refused() -> None:
    """A source that is no address, and a missing column, are named."""
    for text in ("example", "198.18.0.1/24", "fe80::1%eth0", "01.2.3.4"):
        with pytest.raises(ArgumentError, match=f"'{text}' is no address"):
            cover(table({text: 1.0}))
    with pytest.raises(MissingColumnError, match="legit_weight"):
        cover(table({}).drop(columns="legit_weight"))


@pytest.mark.parametrize(
    "option",
    [{"min_prefix_v4": 15}, {"min_prefix_v6": 31}, {"legit_cost": -1}, {"neighbours_from": 0}],
)
def test_bad_options_are_refused(option: dict[str, float]) -> None:
    """An option out of its range is named when it is set."""
    with pytest.raises(ArgumentError, match=next(iter(option))):
        CoverOptions(**option)


def test_why_names_the_neighbours_on_both_sides() -> None:
    """The reasons say who is inside, what one bit shorter and one bit longer would change."""
    sources = table(dict.fromkeys(ARTICLE, 20.0), {"212.70.149.200": 5.0})
    found = cover(sources)
    words = found.why("212.70.149.0/25")
    assert "rule 1 of 1" in words
    assert "5 addresses of 128 attacked" in words
    assert "One bit shorter, 212.70.149.0/24: 0 more attackers, 1 more" in words
    assert "One bit longer: 212.70.149.0/26 (4 attackers" in words
    assert "covers it" in found.why("212.70.149.4")
    assert "cost more than it saves" in found.why("212.70.149.0/24")
    assert "must never be banned" in found.why("10.0.0.0/8")
    assert "wider than /24" in found.why("212.70.148.0/23")


def test_frontier_compares_three_policies() -> None:
    """The optimum never blocks less than it may, and hits less than whole /24s do."""
    sources = table(dict.fromkeys(ARTICLE, 20.0), {"212.70.149.200": 5.0})
    trade = cover(sources).frontier(budgets=[1, 3])
    assert list(trade.columns) == names(FRONTIER)
    of = trade.set_index(["policy", "rules"])
    assert of.loc[("top /32", 3), "attack_blocked"] == pytest.approx(0.6)
    assert of.loc[("top /24", 1), "legit_hit"] == 1
    assert of.loc[("optimum", 1), "attack_blocked"] == 1
    assert of.loc[("optimum", 1), "legit_hit"] == 0


def test_neighbour_rates_follow_the_log() -> None:
    """A log in which bad blocks keep sending new attackers raises what is expected of them."""
    days = pd.date_range("2026-06-01", periods=60, freq="D", tz="UTC").as_unit("us")
    ips = [f"198.18.{day % 3}.{day + 1}" for day in range(60)]
    sources = table(dict.fromkeys(ips, 5.0)).set_index("source_ip").loc[ips].reset_index()
    dated = sources.assign(first_seen=days, last_seen=days)
    options = CoverOptions(min_prefix_v4=24)
    quiet, busy = cover(sources, options=options), cover(dated, options=options)
    assert busy.plan["value"].max() > quiet.plan["value"].max()


def test_inputs_are_left_alone() -> None:
    """The caller's table is the same after the call."""
    sources = table(dict.fromkeys(ARTICLE, 20.0))
    before = sources.copy(deep=True)
    cover(sources)
    pd.testing.assert_frame_equal(sources, before)


@pytest.mark.parametrize("version", [4, 6])
def test_large_case_is_proved_near_the_optimum(version: int) -> None:
    """On 20,000 random sources with legitimate use among them the gap stays under 0.1 %."""
    chance = np.random.default_rng(11)
    numbers = chance.choice(2**20, 20_000, replace=False)
    if version == 4:
        ips = [str(ipaddress.IPv4Address(0xC6120000 + int(n) % 2**17)) for n in numbers]
    else:
        base = int(ipaddress.IPv6Address("240e:d9:d800::"))
        ips = [str(ipaddress.IPv6Address(base + (int(n) << 60))) for n in numbers]
    attack = dict(zip(ips, chance.pareto(1.2, len(ips)) * 3, strict=True))
    legit = dict.fromkeys(ips[::50], 0.2)
    for rules in (1, 7, 100):
        found = cover(table(attack, legit), rules=rules)
        assert found.gap <= 0.001
        assert len(found.plan) <= rules


def test_why_never_writes_exponents() -> None:
    """What silent addresses are expected to do reads as a person would say it."""
    legit = {f"203.0.113.{host}": 0.001 for host in range(3)}
    found = cover(table(dict.fromkeys(ARTICLE, 90.0), legit), rules=1, allow_documentation=True)
    told = found.why("212.70.149.0/24")
    assert "legitimate weight in 14 days" in told
    assert re.search(r"\de[-+]\d", told) is None
