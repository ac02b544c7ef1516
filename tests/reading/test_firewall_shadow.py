"""Rules that do not do what they say are found, explained, and a fix is named."""

import pytest

import mailforensics as mf
from mailforensics import schema


def firewall(*commands: str) -> mf.Firewall:
    """Return the firewall that IPv4 rules make, given as ufw commands, default deny."""
    added = mf.read_firewall("".join(f"ufw {command}\n" for command in commands))
    rules = tuple(rule for rule in added.rules if rule.family == 4)
    return mf.Firewall(rules=rules, defaults={"incoming": "deny"}, active=True, form="verbose")


def findings(*commands: str) -> list[tuple[str, str, str]]:
    """Return rule, problem and open ports of each finding."""
    table = firewall(*commands).shadowed()
    return list(zip(table["rule"], table["problem"], table["open_ports"], strict=True))


def test_a_deny_below_an_allow_is_the_classic() -> None:
    """The ban appended after `allow 25/tcp` leaves port 25 open; the row says so, and the fix."""
    row = (
        firewall("allow 25/tcp", "deny from 212.70.149.0/24 comment 'guess it'").shadowed().iloc[0]
    )
    assert (row["problem"], row["open_ports"], row["position"]) == ("partly", "25/tcp", 2)
    assert row["because"] == "rule 1 `allow 25/tcp`"
    assert "open to 212.70.149.0/24 stays 25/tcp; the rest is banned" in row["why"]
    assert row["fix"].endswith(
        "sudo ufw delete deny from 212.70.149.0/24; "
        "sudo ufw prepend deny from 212.70.149.0/24 comment 'guess it'"
    )


@pytest.mark.parametrize(
    ("commands", "found"),
    [
        (
            ["allow 25/tcp", "deny from 198.18.0.0/15 to any port 25 proto tcp"],
            [("deny from 198.18.0.0/15 to any port 25 proto tcp", "no effect", "25/tcp")],
        ),
        (
            [
                "allow 25/tcp",
                "limit 587/tcp",
                "deny from 198.18.0.0/15 to any port 25,587 proto tcp",
            ],
            [
                (
                    "deny from 198.18.0.0/15 to any port 25,587 proto tcp",
                    "no effect",
                    "25/tcp, 587/tcp",
                )
            ],
        ),
        (
            ["allow from any", "deny from 198.18.0.0/15"],
            [("deny from 198.18.0.0/15", "no effect", "all ports")],
        ),
        (
            ["deny from 198.18.0.0/15", "allow from 198.18.0.1 to any port 25 proto tcp"],
            [("allow from 198.18.0.1 to any port 25 proto tcp", "never matches", "")],
        ),
        (
            ["allow 25", "limit 25/tcp", "allow 25/tcp"],
            [("limit 25/tcp", "never matches", ""), ("allow 25/tcp", "redundant", "")],
        ),
        (
            ["deny from 198.18.0.0/15", "reject from 198.18.7.0/24"],
            [("reject from 198.18.7.0/24", "redundant", "")],
        ),
    ],
    ids=["one port", "ports of two rules", "all", "allow below deny", "limit", "ban in a ban"],
)
def test_other_rules_without_effect(commands: list[str], found: list[tuple[str, str, str]]) -> None:
    """Each kind of useless rule gets its own name."""
    assert findings(*commands) == found


@pytest.mark.parametrize(
    "commands",
    [
        ["deny from 198.18.0.0/15", "allow 25/tcp"],
        ["allow from 198.18.0.1", "deny from 198.18.0.0/15"],
        ["allow 25/tcp", "deny from any"],
        ["allow 25/udp", "deny from 198.18.0.0/15 to any port 25 proto tcp"],
        ["allow out 25/tcp", "deny from 198.18.0.0/15"],
        ["allow from 198.19.0.0/16", "deny from 198.18.0.0/16"],
    ],
    ids=["ban first", "wanted exception", "closing rule", "other protocol", "way out", "elsewhere"],
)
def test_sound_rule_sets_are_left_alone(commands: list[str]) -> None:
    """A ban in first place, an exception above it and a closing rule are no findings."""
    assert firewall(*commands).shadowed().equals(schema.empty(schema.FIREWALL_SHADOWED))


def test_an_allow_on_one_interface_is_a_hole_too() -> None:
    """An earlier allow that holds for one interface still opens the port there."""
    found = findings("allow in on eth0 to any port 25 proto tcp", "deny from 198.18.0.0/15")
    assert found == [("deny from 198.18.0.0/15", "partly", "25/tcp")]


def test_routed_rules_are_fixed_in_ufws_grammar() -> None:
    """`route` comes before `delete` and `prepend`."""
    table = firewall("route allow to any", "route deny from 198.18.0.0/15").shadowed()
    assert (
        table["fix"]
        .iloc[0]
        .endswith(
            "sudo ufw route delete deny from 198.18.0.0/15; "
            "sudo ufw route prepend deny from 198.18.0.0/15"
        )
    )


def test_the_families_do_not_shadow_each_other() -> None:
    """An IPv4 allow opens nothing to IPv6."""
    text = (
        "Status: active\n\n25/tcp ALLOW IN Anywhere\nAnywhere (v6) DENY IN 240e:d9::/32\n"
        "25/tcp (v6) ALLOW IN Anywhere (v6)\n"
    )
    read = mf.read_firewall(text)
    assert len(read.shadowed()) == 0
    assert read.covers("240e:d9:d800:200::/64") == "rule 2: deny from 240e:d9::/32"


def test_show_added_does_not_tell_the_order_of_ipv6_rules() -> None:
    """A prepended IPv6 ban is printed last by `show added`: nothing is claimed about it."""
    read = mf.read_firewall("ufw allow 25/tcp\nufw deny from 240e:d9::/32\n")
    assert len(read.shadowed()) == 0
    assert read.covers("240e:d9::/32") == ""
    said = read.simulate("240e:d9::1", 25)
    assert said.verdict == "unknown"
    assert "which of `allow 25/tcp` and `deny from 240e:d9::/32` comes first" in said.why
    assert any("show added" in note for note in read.notes)


def test_two_halves_cover_their_network() -> None:
    """Two bans of a /25 cover the /24; a ban of some mail ports is enough if others are closed."""
    halves = firewall("deny from 198.18.7.0/25", "reject from 198.18.7.128/25", "allow 25/tcp")
    assert halves.covers("198.18.7.0/24") == (
        "rule 1: deny from 198.18.7.0/25; rule 2: reject from 198.18.7.128/25"
    )
    some = firewall("deny from 198.18.7.0/24 to any port 25 proto tcp", "allow 25/tcp")
    assert some.covers("198.18.7.0/24")
    assert not firewall(
        "deny from 198.18.7.0/24 to any port 25 proto tcp", "allow 25,587/tcp"
    ).covers("198.18.7.0/24")


def test_bans_with_conditions_cover_nothing() -> None:
    """A ban on one interface, or for one of the server's addresses, is no ban of the network."""
    for condition in ("in on eth0 from 198.18.7.0/24", "from 198.18.7.0/24 to 203.0.113.10"):
        assert firewall(f"deny {condition}", "allow 25/tcp").covers("198.18.7.0/24") == ""


def test_conflicts_are_the_allows_for_certain_addresses() -> None:
    """Rules that let in addresses inside a network, or a network around it, but not everybody."""
    read = firewall(
        "allow 25/tcp",
        "allow from 198.18.7.9",
        "limit from 198.18.0.0/15 to any port 25 proto tcp",
        "allow from 198.51.100.7",
        "deny from 198.18.7.10",
    )
    table = read.conflicts("198.18.7.0/24")
    assert table["rule"].tolist() == [
        "allow from 198.18.7.9",
        "limit from 198.18.0.0/15 to any port 25 proto tcp",
    ]
    assert read.conflicts("203.0.113.0/24").equals(schema.empty(schema.FIREWALL_RULES))


def test_bans_in_vain_are_told_with_their_reason() -> None:
    """Asked for a network, bans of it or of parts that do nothing say why; others are no matter."""
    ban = "deny from 198.18.7.9"
    read = firewall(
        "allow 25/tcp", "allow 587/tcp", "allow 993/tcp", ban, "deny from 198.18.8.0/24"
    )
    assert read.in_vain("198.18.7.0/24") == (
        f"rule 4 `{ban}` leaves 25/tcp, 587/tcp, 993/tcp open, because rule 1 `allow 25/tcp`, "
        "rule 2 `allow 587/tcp` and 1 more come first"
    )
    assert read.in_vain("198.18.9.0/24") == ""
    assert firewall(ban, "allow 25/tcp").in_vain("198.18.7.0/24") == ""
    inner = firewall("allow in on wg0 from any", ban).in_vain("198.18.7.9")
    assert inner.startswith(f"rule 2 `{ban}` leaves all ports open on wg0, because rule 1 ")
    everything = firewall("allow from any", ban).in_vain("198.18.7.9")
    assert everything.startswith(f"rule 2 `{ban}` has no effect, because rule 1")
