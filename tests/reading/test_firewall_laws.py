"""Laws of the firewall reading, on rule sets that hypothesis makes up."""

import ipaddress
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mailforensics as mf
from mailforensics.reading.firewall_cover import MAIL_PORTS
from mailforensics.reading.firewall_profiles import SHIPPED
from mailforensics.reading.firewall_rules import (
    Rule,
    any_of,
    format_network,
    format_ports,
    parse_ports,
)

NETWORKS = {
    4: ("0.0.0.0/0", "198.18.0.0/15", "198.18.7.0/24", "198.18.7.128/25", "198.18.7.9/32"),
    6: ("::/0", "240e:d9::/32", "240e:d9:d800:200::/64", "240e:d9:d800:200::d4/128"),
}
ADDRESSES = {
    4: ("198.18.7.9", "198.18.7.1", "198.18.7.200", "198.19.0.1", "212.70.149.83"),
    6: ("240e:d9:d800:200::d4", "240e:d9:d800:200::1", "240e:d9:1::1", "2001:db8::1"),
}
HOMES = {4: ("0.0.0.0/0", "0.0.0.0/0", "203.0.113.10/32"), 6: ("::/0", "2001:db8::/64")}
PORTS = ("any", "any", "25", "25,587", "20:30,143", "1:65535")
PROBES = (25, 22, 587)
HEADING = (("To", "Action", "From"), ("--", "------", "----"))
COMMENTS = ("", "", "password guessing", "a # b (log)", "ALLOW IN 1.2.3.4", "見")


@st.composite
def one_rule(draw: st.DrawFn, family: int) -> Rule:
    """Return one rule as ufw could have made it."""
    direction = draw(st.sampled_from(("in", "in", "in", "in", "out", "forward")))
    ports = parse_ports(draw(st.sampled_from(PORTS))) or ()
    narrow = len(ports) > 1 or any(low != high for low, high in ports)
    protocol = draw(st.sampled_from(("tcp", "udp") if narrow else ("any", "tcp", "udp")))
    rule = Rule(
        family=family,
        direction=direction,
        action=draw(st.sampled_from(("allow", "deny", "reject", "limit"))),
        protocol=protocol,
        source=ipaddress.ip_network(draw(st.sampled_from(NETWORKS[family]))),
        dest=ipaddress.ip_network(draw(st.sampled_from(HOMES[family]))),
        dest_ports=ports,
        in_interface=draw(st.sampled_from(("", "", "eth0"))) if direction != "out" else "",
        out_interface=draw(st.sampled_from(("", "eth1"))) if direction != "in" else "",
        log=draw(st.sampled_from(("", "", "log", "log-all"))),
        comment=draw(st.sampled_from(COMMENTS)),
    )
    if draw(st.integers(0, 5)) == 0:
        return replace(rule, profile="Postfix", dest_ports=((25, 25),), protocol="tcp")
    return rule


def rule_sets(size: int = 8) -> st.SearchStrategy[list[Rule]]:
    """Return rule sets: IPv4 rules, then IPv6 rules, as ufw keeps them."""
    lists = [st.lists(one_rule(family), max_size=size) for family in (4, 6)]
    return st.tuples(*lists).map(lambda both: both[0] + both[1])


def as_tuple(rule: Rule) -> str:
    """Return the line that ufw writes into user.rules."""
    route = "route:" if rule.direction == "forward" else ""
    log = f"_{rule.log}" if rule.log else ""
    ways = [f"in_{rule.in_interface}"] if rule.in_interface else []
    ways += [f"out_{rule.out_interface}"] if rule.out_interface else []
    words = [
        f"{route}{rule.action}{log}",
        rule.protocol,
        format_ports(rule.dest_ports),
        str(rule.dest),
        format_ports(rule.source_ports),
        str(rule.source),
        *([rule.profile, "-"] if rule.profile else []),
        "!".join(ways) or ("out" if rule.direction == "out" else "in"),
    ]
    comment = f" comment={rule.comment.encode().hex()}" if rule.comment else ""
    return f"### tuple ### {' '.join(words)}{comment}"


def side(rule: Rule, *, is_dest: bool, verbose: bool) -> str:
    """Return one column of `ufw status`, after get_status of ufw/backend_iptables.py."""
    network = rule.dest if is_dest else rule.source
    anywhere = network.prefixlen == 0
    text = "" if anywhere else format_network(network)
    v6 = " (v6)" if rule.family == 6 else ""
    protocol = "" if rule.protocol == "any" or (rule.profile and not verbose) else rule.protocol
    slash = f"/{protocol}" if protocol else ""
    everywhere = rule.source.prefixlen == 0 == rule.dest.prefixlen
    if is_dest and rule.profile and not verbose:
        text = f"{text} {rule.profile}".strip() + (v6 if anywhere else "")
    elif is_dest and rule.dest_ports:
        text = f"{text} {format_ports(rule.dest_ports)}{slash}".strip()
        if rule.profile:
            text += f" ({rule.profile}{v6 if anywhere else ''})"
        elif everywhere:
            text += v6
    elif anywhere:
        bare = rule.dest == rule.source and not rule.dest_ports
        text = "Anywhere" + (slash if bare else "") + v6
    elif not rule.dest_ports:
        text += slash
    ways = (rule.in_interface, rule.out_interface)
    way = ways[is_dest] if rule.direction == "forward" else ways[not is_dest]
    return text + (f" on {way}" if way else "")


def as_row(rule: Rule, *, verbose: bool, number: int = 0) -> str:
    """Return a rule's row in `ufw status`."""
    words = {"in": "IN" if verbose or number else "", "out": "OUT", "forward": "FWD"}
    marks = [rule.log] if rule.log else []
    marks += ["out"] if number and rule.direction == "out" else []
    return (
        (f"[{number:2d}] " if number else "")
        + f"{side(rule, is_dest=True, verbose=verbose):26} "
        + f"{rule.action.upper() + ' ' + words[rule.direction]:12}"
        + f"{side(rule, is_dest=False, verbose=verbose):26}"
        + (f" ({', '.join(marks)})" if marks else "")
        + (f" # {rule.comment}" if rule.comment else "")
    )


def as_forms(rules: list[Rule]) -> dict[str, str]:
    """Return the texts in which ufw shows a rule set."""
    heading = "\n".join(f"{a:26} {b:12}{c}" for a, b, c in HEADING) + "\n"
    top = "Status: active\nLogging: on (low)\n"
    groups = [[r for r in rules if r.direction == way] for way in ("in", "out", "forward")]
    verbose = "\n\n".join("\n".join(as_row(r, verbose=True) for r in g) for g in groups if g)
    plain = "\n\n".join("\n".join(as_row(r, verbose=False) for r in g) for g in groups if g)
    numbered = [as_row(r, verbose=False, number=n) for n, r in enumerate(rules, start=1)]
    default = "Default: deny (incoming), allow (outgoing), deny (routed)\n"
    return {
        "tuples": "\n".join(["*filter", *map(as_tuple, rules)]) + f"\nIPV6=yes\n{POLICIES}",
        "verbose": f"{top}{default}New profiles: skip\n\n{heading}{verbose}\n",
        "status": f"Status: active\n\n{heading}{plain}\n",
        "numbered": "Status: active\n\n" + heading + "\n".join(numbered) + "\n",
    }


POLICIES = (
    'DEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\nDEFAULT_FORWARD_POLICY="DROP"\n'
)


@settings(max_examples=60, deadline=None)
@given(rule_sets())
def test_all_forms_of_a_rule_set_read_alike(rules: list[Rule]) -> None:
    """The rule files and the three kinds of `ufw status` give the same table."""
    tables = {
        name: mf.read_firewall(text).table().drop(columns=["number", "file", "line"])
        for name, text in as_forms(rules).items()
    }
    assert len(tables["tuples"]) == len(rules)
    for name, table in tables.items():
        assert table.equals(tables["tuples"]), name


@settings(max_examples=60, deadline=None)
@given(rule_sets())
def test_added_commands_read_back(rules: list[Rule]) -> None:
    """The command that the table shows for a rule, read again, is that rule."""
    table = mf.read_firewall(as_forms(rules)["tuples"]).table()
    for row in table.to_dict("records"):
        again = mf.read_firewall(f"ufw {row['rule']}\n").table()
        same = again.loc[again["family"] == row["family"]].iloc[0].to_dict()
        for column in ("direction", "action", "protocol", "source", "dest", "dest_ports", "rule"):
            assert same[column] == row[column], column


def verdicts(firewall: mf.Firewall) -> list[str]:
    """Return what happens to each of a grid of connections."""
    return [
        firewall.simulate(address, port, protocol, dest_ip=home, interface="eth0").verdict
        for family, home in ((4, "203.0.113.10"), (6, "2001:db8::10"))
        for address in ADDRESSES[family]
        for port in PROBES
        for protocol in ("tcp", "udp")
    ]


def firewall_of(rules: list[Rule]) -> mf.Firewall:
    """Return the firewall that a rule set makes."""
    return mf.read_firewall(as_forms(rules)["tuples"])


@settings(max_examples=25, deadline=None)
@given(rule_sets())
def test_a_rule_without_effect_can_go(rules: list[Rule]) -> None:
    """Taking away a rule that is said to do nothing changes no verdict at all."""
    firewall = firewall_of(rules)
    useless = firewall.shadowed().query("problem != 'partly'")["position"].tolist()
    assume(useless)
    for position in useless:
        rest = [rule for rule in firewall.rules if rule.position != position]
        fewer = firewall_of(sorted(rest, key=lambda rule: rule.family))
        assert verdicts(fewer) == verdicts(firewall)


@settings(max_examples=25, deadline=None)
@given(rule_sets())
def test_the_fix_of_a_ban_works(rules: list[Rule]) -> None:
    """A ban without full effect, once it stands first, decides about all that it names."""
    firewall = firewall_of(rules)
    bans = firewall.shadowed().query("problem in ['no effect', 'partly']")["position"].tolist()
    assume(bans)
    moved = next(rule for rule in firewall.rules if rule.position == bans[0])
    rest = [rule for rule in firewall.rules if rule.position != bans[0]]
    fixed = firewall_of(sorted([moved, *rest], key=lambda rule: rule.family))
    place = next(r.position for r in fixed.rules if r.direction == moved.direction)
    again = fixed.shadowed()
    assert place not in again.loc[again["family"] == f"ipv{moved.family}", "position"].tolist()


@settings(max_examples=60, deadline=None)
@given(rule_sets(), st.sampled_from([*NETWORKS[4][1:], *NETWORKS[6][1:]]))
def test_a_covered_network_gets_in_nowhere(rules: list[Rule], network: str) -> None:
    """If a network is said to be covered, none of its addresses reaches a mail port."""
    banned = Rule(
        family=6 if ":" in network else 4,
        action="deny",
        source=ipaddress.ip_network(network),
        dest=any_of(6 if ":" in network else 4),
    )
    for given_rules in (rules, [*rules, banned], [banned, *rules]):
        firewall = firewall_of(sorted(given_rules, key=lambda rule: rule.family))
        covered = firewall.covers(network)
        assert covered or given_rules[:1] != [banned]
        inside = [
            address
            for address in ADDRESSES[banned.family]
            if ipaddress.ip_address(address) in banned.source
        ]
        for address in inside if covered else []:
            for port in MAIL_PORTS:
                home = "2001:db8::10" if banned.family == 6 else "203.0.113.10"
                said = firewall.simulate(address, port, dest_ip=home, interface="eth0")
                assert said.verdict in {"deny", "reject"}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever a text holds, it is read or refused with the toolkit's own error."""
    mixed = f"Status: active\n{text}\nAnywhere DENY IN {text}\n{text} ALLOW IN Anywhere # {text}\n"
    firewall = mf.read_firewall(mixed)
    assert firewall.active is not None
    firewall.shadowed()
    assert firewall.simulate("198.18.7.9", 25).why


def test_every_shipped_profile_has_ports() -> None:
    """No name in the table of shipped profiles is without a reach."""
    assert len(SHIPPED) > 40
    assert all(SHIPPED.values())
