"""What ufw prints and keeps in its files becomes one table, and answers questions."""

from pathlib import Path

import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError

VERBOSE = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp (OpenSSH)           ALLOW IN    Anywhere
Anywhere                   DENY IN     212.70.149.0/24            # password guessing
25/tcp                     ALLOW IN    Anywhere
Anywhere                   DENY IN     198.18.0.0/16
22/tcp (OpenSSH (v6))      ALLOW IN    Anywhere (v6)
25/tcp (v6)                ALLOW IN    Anywhere (v6)
"""


def test_verbose_status_gives_every_fact() -> None:
    """The default policies, the logging level, the state and each row are read."""
    firewall = mf.read_firewall(VERBOSE)
    assert firewall.active is True
    assert firewall.logging == "low"
    assert firewall.defaults == {"incoming": "deny", "outgoing": "allow", "routed": "disabled"}
    assert firewall.notes == ()
    assert firewall.table()["rule"].tolist() == [
        "allow OpenSSH",
        "deny from 212.70.149.0/24",
        "allow 25/tcp",
        "deny from 198.18.0.0/16",
        "allow OpenSSH",
        "allow 25/tcp",
    ]


def test_the_first_rule_that_matches_decides() -> None:
    """A deny above the allow works; the same deny below it does nothing for that port."""
    firewall = mf.read_firewall(VERBOSE)
    assert firewall.simulate("212.70.149.83", 25).verdict == "deny"
    below = firewall.simulate("198.18.3.3", 25)
    assert (below.verdict, below.rule, below.position) == ("allow", "allow 25/tcp", 3)
    assert "`deny from 198.18.0.0/16` matches too, but later" in below.why
    assert firewall.simulate("240e::1", 110).rule == "default: deny"


def test_only_a_ban_that_works_covers_a_network() -> None:
    """A network counts as banned if no mail port is left open to any of its addresses."""
    firewall = mf.read_firewall(VERBOSE)
    assert firewall.covers("212.70.149.0/25") == "rule 2: deny from 212.70.149.0/24"
    assert firewall.covers("198.18.3.0/24") == ""
    assert firewall.covers("212.70.148.0/23") == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mail.example.org", 25), "is no address"),
        (("198.18.0.1", 0), "dest_port=0 is no port"),
        (("198.18.0.1", 25, "icmp"), "protocol='icmp' is unknown; allowed: tcp, udp"),
    ],
)
def test_impossible_packets_are_refused(arguments: tuple[str, int], says: str) -> None:
    """An argument that cannot be is named, with what is allowed."""
    with pytest.raises(ArgumentError, match=says):
        mf.read_firewall(VERBOSE).simulate(*arguments)


def test_a_mapped_address_is_ipv4() -> None:
    """An IPv4-mapped IPv6 address meets the IPv4 rules."""
    assert mf.read_firewall(VERBOSE).simulate("::ffff:212.70.149.83", 25).verdict == "deny"


def test_the_server_itself_gets_in() -> None:
    """Loopback is accepted before any rule is asked."""
    assert mf.read_firewall(VERBOSE).simulate("127.0.0.1", 25).verdict == "allow"


def test_a_condition_that_is_not_given_leaves_the_verdict_open() -> None:
    """A rule for one address of the server decides only if that address is named."""
    firewall = mf.read_firewall(
        VERBOSE.replace("25/tcp                     ALLOW", "203.0.113.10 25/tcp on eth0 ALLOW")
    )
    said = firewall.simulate("198.18.3.3", 25)
    assert (said.verdict, said.rule, said.position) == ("unknown", "", None)
    assert "give dest_ip=" in said.why
    named = firewall.simulate("198.18.3.3", 25, dest_ip="203.0.113.10", interface="eth0")
    assert named.verdict == "allow"
    assert firewall.simulate("198.18.3.3", 25, dest_ip="203.0.113.11").verdict == "deny"


def test_nearly_equal_outcomes_are_told() -> None:
    """Where a narrower rule may come first and does nearly the same, the reason says so."""
    text = "Status: active\n\n25/tcp on eth0 LIMIT IN Anywhere\n25/tcp ALLOW IN Anywhere\n"
    said = mf.read_firewall(text).simulate("198.18.0.1", 25)
    assert said.verdict == "allow"
    assert "Rule 1 `limit in on eth0 to any port 25 proto tcp` may decide instead" in said.why


def test_ipv6_switched_off() -> None:
    """With IPV6=no ufw drops all IPv6, whatever the policy; unseen, that possibility is named."""
    status = "Status: active\nDefault: allow (incoming), allow (outgoing), deny (routed)\n"
    assert mf.read_firewall(status + "IPV6=no\n").simulate("240e::1", 25).verdict == "deny"
    said = mf.read_firewall(status).simulate("240e::1", 25)
    assert said.verdict == "unknown"
    assert "whether ufw handles IPv6 at all" in said.why
    assert mf.read_firewall(status).simulate("198.18.0.1", 25).verdict == "allow"


def test_reading_leaves_the_files_alone(tmp_path: Path) -> None:
    """Evidence is only read."""
    path = tmp_path / "status.txt"
    path.write_text(VERBOSE)
    before = path.stat().st_mtime_ns
    mf.read_firewall(path).table()
    assert path.read_text() == VERBOSE
    assert path.stat().st_mtime_ns == before


def test_thousands_of_rules_are_no_burden() -> None:
    """Ten thousand bans above the open ports are read, and none of them is called useless."""
    addresses = (f"198.18.{i // 256}.{i % 256}" for i in range(10_000))
    bans = "".join(f"### tuple ### deny any any 0.0.0.0/0 any {a} in\n" for a in addresses)
    firewall = mf.read_firewall(bans + "### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 in\n")
    assert len(firewall.table()) == 10_001
    assert len(firewall.shadowed()) == 0
    assert firewall.simulate("198.18.3.3", 25).position == 772
