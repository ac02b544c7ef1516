"""What ufw prints and keeps in its files becomes one table, and answers questions."""

import mailforensics as mf

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
