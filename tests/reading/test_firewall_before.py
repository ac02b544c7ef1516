"""What stands in before.rules is read too: a bulk ban of the script, and an admin's own lines."""

from pathlib import Path

import pytest

import mailforensics as mf

SHIPPED = """\
# rules.before
*filter
:ufw-before-input - [0:0]
:ufw-not-local - [0:0]
{block}
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p icmp --icmp-type echo-request -j ACCEPT
-A ufw-before-input -p udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -p udp -d 224.0.0.251 --dport 5353 -j ACCEPT
COMMIT
"""
SETS = """\
# BEGIN mailforensics web1
:mf-web1 - [0:0]
-A mf-web1 -m set --match-set mf-web1-4-0 src -j DROP
-A mf-web1 -m set --match-set mf-web1-4-1 src -p tcp -m multiport --dports 25 -j ufw-logging-deny
-A mf-web1 -m set --match-set mf-web1-4-1 src -p tcp -m multiport --dports 25,587 -j DROP
-A ufw-before-input -j mf-web1
# END mailforensics web1"""
MEMBERS = """\
create mf-web1-4-0 hash:net family inet maxelem 1048576 counters
create mf-web1-4-1 hash:net family inet maxelem 1048576 counters
add mf-web1-4-0 212.70.149.0/24
add mf-web1-4-0 198.18.7.9
add mf-web1-4-1 198.18.9.0/24
"""
USER = "### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 in\n"


def folder_with(folder: Path, block: str, members: str = "") -> Path:
    """Make a copy of /etc/ufw whose before.rules holds a block."""
    (folder / "user.rules").write_text(USER)
    (folder / "ufw.conf").write_text("ENABLED=yes\n")
    (folder / "before.rules").write_text(SHIPPED.format(block=block))
    if members:
        (folder / "mailforensics-web1.ipset").write_text(members)
    return folder


def test_a_bulk_ban_counts(tmp_path: Path) -> None:
    """Networks in the sets of a ban script are banned ahead of every allow."""
    firewall = mf.read_firewall(folder_with(tmp_path, SETS, MEMBERS))
    assert firewall.covers("212.70.149.0/24") == "rule 1: deny from 212.70.149.0/24"
    assert firewall.simulate("198.18.7.9", 25).verdict == "deny"
    assert firewall.simulate("198.18.9.1", 25).rule == (
        "deny from 198.18.9.0/24 to any port 25,587 proto tcp"
    )
    assert firewall.simulate("198.18.10.1", 25).rule == "allow 25/tcp"
    assert firewall.table()["comment"].dropna().unique().tolist() == [
        "in before.rules, before all other rules"
    ]
    assert firewall.table()["number"].dropna().tolist() == [1]
    assert len(firewall.shadowed()) == 0


def test_a_set_that_is_missing_is_never_guessed(tmp_path: Path) -> None:
    """Without the file of the sets nobody can tell who is banned, and the answer says so."""
    said = mf.read_firewall(folder_with(tmp_path, SETS)).simulate("198.18.0.1", 25)
    assert said.verdict == "unknown"
    assert "the set mf-web1-4-0 is not among the files given" in said.why


@pytest.mark.parametrize(
    ("block", "verdict"),
    [
        ("-A ufw-before-input -s 198.18.0.0/15 -j DROP", "deny"),
        ("-A ufw-before-input -s 198.18.0.0/15 -p tcp -m tcp --dport 25 -j REJECT", "reject"),
        ("-A ufw-before-input -s 198.18.0.0/15 -p udp --dport 25 -j DROP", "allow"),
        ("#-A ufw-before-input -s 198.18.0.0/15 -j DROP", "allow"),
        (":mf-x - [0:0]\n-A mf-x -s 198.18.0.0/15 -j DROP", "allow"),
        (":mf-x - [0:0]\n-A mf-x -s 198.18.0.0/15 -j DROP\n-A ufw-before-input -j mf-x", "deny"),
    ],
    ids=["drop", "one port", "other protocol", "switched off", "no jump", "plain script block"],
)
def test_own_lines_of_an_admin(tmp_path: Path, block: str, verdict: str) -> None:
    """Lines by hand count as far as they are understood."""
    firewall = mf.read_firewall(folder_with(tmp_path, block))
    assert firewall.simulate("198.18.0.1", 25).verdict == verdict


def test_other_matches_are_named(tmp_path: Path) -> None:
    """A line with a match that is not known here is no rule, and the notes say where it is."""
    line = "-A ufw-before-input -m geoip --src-cc XX -j DROP"
    firewall = mf.read_firewall(folder_with(tmp_path, line))
    assert any("1 lines were not understood: before.rules:5" in note for note in firewall.notes)


def test_what_ufw_ships_makes_no_noise(tmp_path: Path) -> None:
    """An untouched before.rules adds neither rules nor notes."""
    firewall = mf.read_firewall(folder_with(tmp_path, ""))
    assert firewall.table()["rule"].tolist() == ["allow 25/tcp"]
    assert not any("not understood" in note for note in firewall.notes)


def test_ipv6_blocks_are_of_their_family(tmp_path: Path) -> None:
    """before6.rules speaks of IPv6 only."""
    folder = folder_with(tmp_path, "")
    text = SHIPPED.replace("ufw-before", "ufw6-before").replace(":ufw-not", ":ufw6-not")
    block = "-A ufw6-before-input -s 240e:d9::/32 -j DROP"
    (folder / "before6.rules").write_text(text.format(block=block))
    firewall = mf.read_firewall(folder)
    assert firewall.simulate("240e:d9::1", 25).verdict == "deny"
    assert firewall.simulate("198.18.0.1", 25).verdict == "allow"
