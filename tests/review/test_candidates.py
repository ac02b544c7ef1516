"""Candidates: what a careful colleague would say of each network."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics import schema
from mailforensics.errors import ArgumentError
from tests.frames import events, failed, firewall_events, session

IMAP = {"service": "imap-login", "program": "dovecot", "event": "auth_ok", "pid": None}


@dataclass(frozen=True)
class Covered:
    """A firewall that keeps one network out."""

    network: str

    def covers(self, network: str) -> str:
        """Return the rule for that network."""
        return "rule 1: ufw deny from it" if network == self.network else ""

    def in_vain(self, network: str) -> str:
        """Return that no rule is without effect."""
        return ""


def attack(network: str, hosts: int = 3, tries: int = 3, at: float = 0) -> list[dict[str, Any]]:
    """Return failures from some addresses of a /24."""
    prefix = network.rpartition(".")[0]
    return [
        row
        for host in range(1, hosts + 1)
        for turn in range(tries)
        for row in session(f"{prefix}.{host}", failed("info"), at=at + 100 * host + 10 * turn)
    ]


def review(rows: list[dict[str, Any]], **more: Any) -> pd.DataFrame:
    """Return candidates of these events, by network."""
    sources = mf.sources(events(rows))
    return mf.candidates(sources, mf.networks(sources), **more).set_index("network")


def test_attackers_alone_are_to_be_approved() -> None:
    """Several attackers and nobody else: approve, with figures, lines and `none seen`."""
    row = review(attack("212.70.149.0/24")).loc["212.70.149.0/24"]
    assert row["suggestion"] == "approve"
    assert row["reasons"].startswith(
        "3 of 256 addresses attacked: 9 failed logins on 1 account (info), 2026-09-04 10:01 to"
    )
    assert row["collateral"] == "none seen"
    assert row["evidence"].startswith("mail.log:")


def test_accounts_by_how_many_addresses_tried_them() -> None:
    """Three accounts are named, those that most addresses tried first; the rest is counted."""
    tried = {1: ["zoe", "info", "admin"], 2: ["info", "admin", "bob"], 3: ["info", "amy"]}
    rows = [
        row
        for host, names in tried.items()
        for turn, name in enumerate(names)
        for row in session(f"198.18.5.{host}", failed(name), at=100 * host + 10 * turn)
    ]
    assert " on 5 accounts (info, admin, amy and 2 more), " in review(rows).iloc[0]["reasons"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("a, b and 400 more)", "(a?b?and?400?more?)", id="words-of-ours"),
        pytest.param("\u202eevil\u2066\n\x1b[31m", "(?evil?31m)", id="direction-and-colour"),
        pytest.param("<img src=x onerror=alert(1)>", "(?img?src=x?onerror=alert?1?)", id="html"),
        pytest.param("user pass=hunter2", "(user?pass=?)", id="password"),
        pytest.param("anna.maria+x@example.org", "(anna.maria+x@example.org)", id="ordinary"),
        pytest.param("jürgen", "(jürgen)", id="accents"),
        pytest.param("x" * 5000, f"({'x' * 31}…)", id="long"),
    ],
)
def test_account_names_in_reasons_are_inert(name: str, shown: str) -> None:
    """A name that an attacker chose is one short word, and shows no password."""
    rows = [row for turn in range(9) for row in session("198.18.5.1", failed(name), at=10 * turn)]
    assert f" on 1 account {shown}, " in review(rows).iloc[0]["reasons"]


def test_one_attacker_is_no_network() -> None:
    """For one address of a /24 the address itself is proposed."""
    row = review(attack("198.18.5.0/24", hosts=1, tries=9)).iloc[0]
    assert row["suggestion"] == "look"
    assert (
        "Only 198.18.5.1 attacked the mail server: a ban of that address alone would do"
        in row["reasons"]
    )


def test_blocked_packets_make_no_network() -> None:
    """One attacker and neighbours of whom the firewall dropped a packet: the address would do."""
    packets = firewall_events([{"source_ip": f"198.18.5.{host}"} for host in (54, 91, 199)])
    sources = mf.sources(events(attack("198.18.5.0/24", hosts=1, tries=9)), packets)
    row = mf.candidates(sources, mf.networks(sources)).iloc[0]
    assert row["suggestion"] == "look"
    assert "Only 198.18.5.1 attacked the mail server" in row["reasons"]
    assert (row["attackers"], row["density"]) == (1, 1 / 256)
    assert row["reasons"].startswith(
        "198.18.5.1: 9 failed logins on 1 account (info), 3 packets blocked, 3 more addresses met "
        "only the firewall, "
    )


def test_a_user_inside() -> None:
    """Where a user logs in, the network is looked at, and the user is named."""
    rows = attack("198.18.5.0/24")
    rows.append(IMAP | {"source_ip": "198.18.5.77", "time": 900, "username": "anna"})
    row = review(rows).iloc[0]
    assert row["suggestion"] == "look"
    assert row["collateral"].startswith("198.18.5.77: 1 login worked (mail.log:")


@pytest.mark.parametrize(
    ("attackers", "user", "network", "suggestion"),
    [
        pytest.param("198.19.44.{}", "198.19.44.200", "198.19.44.0/25", "look", id="half"),
        pytest.param("198.19.44.{}", "198.19.44.14", "198.19.44.0/29", "look", id="eighth"),
        pytest.param("198.19.44.{}", "198.19.45.200", "198.19.44.0/25", "approve", id="elsewhere"),
        pytest.param("198.19.44.{}", "198.19.44.200", "198.19.44.1/32", "approve", id="one"),
        pytest.param(
            "240e:d9:d800:20{}::9", "240e:d9:d800:ff00::1", "240e:d9:d800:200::/56", "look", id="v6"
        ),
        pytest.param(
            "240e:d9:d800:20{}::9", "2001:db8::1", "240e:d9:d800:200::/56", "approve", id="v6-far"
        ),
    ],
)
def test_a_user_in_the_other_half(attackers: str, user: str, network: str, suggestion: str) -> None:
    """A part of a block is looked at if a user logs in from the rest of it; one address is not."""
    rows = [
        row
        for host in range(1, 4)
        for turn in range(8)
        for row in session(attackers.format(host), failed("info"), at=100 * host + 10 * turn)
    ]
    rows.append(IMAP | {"source_ip": user, "time": 0, "username": "anna"})
    sources = mf.sources(events(rows))
    plan = pd.DataFrame({"network": [network]})
    row = mf.candidates(sources, plan).iloc[0]
    assert row["suggestion"] == suggestion
    assert (f"A user logs in from {user}, in the same block" in row["reasons"]) == (
        suggestion == "look"
    )


def test_a_mail_peer_inside() -> None:
    """Where mail was accepted from, the network is looked at."""
    rows = attack("198.18.5.0/24")
    sent = {"event": "accepted", "queue_id": "A1"}
    rows += session("198.18.5.99", sent, at=900, source_host="mx.example.net")
    row = review(rows).iloc[0]
    assert row["suggestion"] == "look"
    assert row["collateral"].startswith("mx.example.net [198.18.5.99]: 1 message accepted")


def test_a_phone_with_an_old_password() -> None:
    """A user's own device is rejected as a candidate, with the reason."""
    rows = [IMAP | {"source_ip": "198.18.7.7", "time": 0, "username": "anna"}]
    for turn in range(20):
        rows += session("198.18.7.7", failed("anna"), at=300 + 300 * turn)
    row = review(rows).iloc[0]
    assert row["suggestion"] == "reject"
    assert "No attacker but a user's device" in row["reasons"]
    assert "old password of anna" in row["reasons"]


def test_a_possible_break_in() -> None:
    """Where a login looks stolen, the network is looked at, and the password comes first."""
    rows = attack("198.18.5.0/24")
    for name in ("root", "admin", "test", "bob"):
        rows += session("198.18.5.9", failed(name), at=800)
    rows.append(IMAP | {"source_ip": "198.18.5.9", "time": 900, "username": "bob"})
    row = review(rows).iloc[0]
    assert row["suggestion"] == "look"
    assert "Perhaps a break-in from 198.18.5.9: 1 login worked after 4 failures" in row["reasons"]


def test_protected_networks() -> None:
    """Documentation space and one's own networks are rejected with the reason."""
    rows = attack("203.0.113.0/24") + attack("198.18.5.0/24", at=5000)
    table = review(rows, protect=["198.18.5.200"])
    assert table["suggestion"].tolist() == ["reject", "reject"]
    assert (
        "Must never be banned: 198.18.5.200/32: your own protected list"
        in (table.loc["198.18.5.0/24", "reasons"])
    )
    lesson = review(rows, allow_documentation=True)
    assert lesson["suggestion"].tolist() == ["approve", "approve"]
    with pytest.raises(ArgumentError, match="is no network"):
        review(rows, protect=["home"])


def test_already_covered() -> None:
    """A network that the firewall keeps out needs no rule, and comes last."""
    rows = attack("198.18.5.0/24", tries=9) + attack("198.18.6.0/24", at=5000)
    table = review(rows, firewall=Covered("198.18.5.0/24"))
    assert table.index.tolist() == ["198.18.6.0/24", "198.18.5.0/24"]
    assert table["already"].tolist() == ["", "rule 1: ufw deny from it"]
    assert table["suggestion"].tolist() == ["approve", "reject"]


STATUS = """Status: active
Default: deny (incoming), allow (outgoing), disabled (routed)

To                         Action      From
--                         ------      ----
{}
"""
OPEN = "25/tcp                     ALLOW IN    Anywhere"
BAN = "Anywhere                   DENY IN     198.18.5.0/24"


def test_a_ban_below_an_allow_is_none() -> None:
    """A deny that an earlier rule undoes is told of with that rule, and settles nothing."""
    firewall = mf.read_firewall(STATUS.format(f"{OPEN}\n{BAN}"))
    row = review(attack("198.18.5.0/24"), firewall=firewall).iloc[0]
    assert row["suggestion"] == "approve"
    assert row["already"] == (
        "rule 2 `deny from 198.18.5.0/24` leaves 25/tcp open, because rule 1 `allow 25/tcp` comes "
        "first"
    )
    assert f"A ban that is there falls short: {row['already']}." in row["reasons"]


def test_a_ban_while_ufw_is_off() -> None:
    """The rules of a firewall that is off ban nobody, and it says so."""
    firewall = mf.read_firewall("Status: inactive\n\nufw deny from 198.18.5.0/24\n")
    row = review(attack("198.18.5.0/24"), firewall=firewall).iloc[0]
    assert (row["suggestion"], "has no effect: ufw is off" in row["already"]) == ("approve", True)


@pytest.mark.parametrize(
    ("later", "packets", "words"),
    [
        pytest.param([], [], "yet it still connected on 2026-09-04 10:06 UTC", id="to-the-end"),
        pytest.param(
            [90000], [], "its last connection was on 2026-09-04 10:06 UTC, and", id="quiet"
        ),
        pytest.param(
            [], [9000], "on 2026-09-04 10:06 UTC, packets of it were blocked", id="blocked"
        ),
    ],
)
def test_what_the_log_says_of_a_ban_in_force(
    later: list[int], packets: list[int], words: str
) -> None:
    """Rules do not tell since when they hold; what follows the last connection does."""
    rows = attack("198.18.5.0/24", tries=9)
    for at in later:
        rows += session("198.18.6.9", at=at)
    walls = firewall_events([{"source_ip": "198.18.5.1", "time": at} for at in packets])
    sources = mf.sources(events(rows), walls)
    firewall = mf.read_firewall(STATUS.format(f"{BAN}\n{OPEN}"))
    row = mf.candidates(sources, mf.networks(sources), firewall=firewall).iloc[0]
    assert row["already"] == "rule 1: deny from 198.18.5.0/24"
    assert row["suggestion"] == "reject"
    assert words in row["reasons"]


def test_only_blocked_packets() -> None:
    """What the firewall dropped anyway is no reason to ban for mail."""
    packets = [{"source_ip": f"198.18.9.{host}", "repeat": 90} for host in (1, 2, 3)]
    sources = mf.sources(events([]), firewall_events(packets))
    row = mf.candidates(sources, mf.networks(sources)).iloc[0]
    assert row["suggestion"] == "look"
    assert "The firewall dropped all of it already" in row["reasons"]
    assert row["attackers"] == 0
    assert row["reasons"].startswith(
        "3 of 256 addresses met only the firewall: 270 packets blocked"
    )


def test_few_tries() -> None:
    """Two tries are too little to go on."""
    row = review(attack("198.18.5.0/24", hosts=2, tries=1)).iloc[0]
    assert (row["suggestion"], "too little to go on" in row["reasons"]) == ("look", True)


def test_plan_of_any_sizes() -> None:
    """Networks of a plan may be of any size; what a plan lacks is counted anew."""
    sources = mf.sources(events(attack("198.18.5.0/24", tries=6)))
    plan = pd.DataFrame({"network": ["198.18.5.1/32", "198.18.5.2/31"]})
    table = mf.candidates(sources, plan).set_index("network")
    assert table["attackers"].to_dict() == {"198.18.5.2/31": 2, "198.18.5.1/32": 1}
    assert table["suggestion"].tolist() == ["approve", "approve"]


def test_a_network_named_twice_is_one_row() -> None:
    """Lists of networks put together by hand may name one twice; a reviewer decides once."""
    sources = mf.sources(events(attack("198.18.5.0/24")))
    plan = pd.DataFrame({"network": ["198.18.5.0/24", "198.18.5.0/24"]})
    assert mf.candidates(sources, plan)["network"].tolist() == ["198.18.5.0/24"]


def test_many_lines_of_many_attackers() -> None:
    """The evidence shows a line of every attacker first, and counts the rest."""
    rows = attack("198.18.5.0/24", hosts=5, tries=12)
    shown = review(rows).iloc[0]["evidence"]
    assert shown.count("mail.log:") == 20
    assert shown.endswith(" and 40 more")


def test_no_networks() -> None:
    """Nothing to review gives every column and no row; networks without attacks are left out."""
    quiet = session("198.18.0.1")
    assert review(quiet).empty
    nothing = mf.sources(events([]))
    table = mf.candidates(nothing, mf.networks(nothing))
    pd.testing.assert_frame_equal(table, schema.empty(schema.CANDIDATES))


def test_evidence_in_order_of_file_and_line() -> None:
    """Places stand from the oldest file to the newest, by line, neighbouring lines in one range."""
    files = {1: "mail.log.2.gz", 2: "mail.log.1", 3: "mail.log"}
    rows = [
        failed("info", source_ip=f"198.18.5.{host}", time=1000 * day + 10 * turn + host)
        | {"file": files[day], "line": 100 + 3 * turn + host}
        for day in files
        for turn in range(4)
        for host in (1, 2)
    ]
    assert review(rows).iloc[0]["evidence"] == "; ".join(
        f"{file}:{line}-{line + 1}" for file in files.values() for line in (101, 104, 107, 110)
    )


def test_candidates_know_where_the_users_are() -> None:
    """The countries of proper users travel with the table, so that every review asks for more."""
    sources = mf.sources(events(attack("212.70.149.0/24")))
    users = sources.assign(standing="user", country=["BG", None, "BG"])
    assert mf.candidates(users, mf.networks(sources)).attrs["home_countries"] == ["BG"]
    assert mf.candidates(sources, mf.networks(sources)).attrs["home_countries"] == []
