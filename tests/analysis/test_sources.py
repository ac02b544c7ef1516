"""Sources and networks: every count is a count of events, and every weight as documented."""

from dataclasses import replace
from math import log1p
from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings

import mailforensics as mf
from mailforensics import schema
from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.stitching import stitch
from mailforensics.analysis.weights import DEFAULT_WEIGHTS
from mailforensics.errors import ArgumentError, MissingColumnError
from tests.analysis.test_sessions import ROWS
from tests.frames import events, failed, firewall_events, session

ATTACKER, USER = "198.18.0.1", "203.0.113.5"
DAY = 86400
IMAP = {"service": "imap-login", "program": "dovecot", "event": "auth_ok", "pid": None}


COUNTS = {
    "auth_failed": "failures",
    "auth_ok": "logins",
    "accepted": "mails",
    "relay_refused": "relays",
    "bad_protocol": "bad",
}


def only(rows: list[dict[str, Any]], **more: Any) -> "pd.Series[Any]":
    """Return the one source of these events."""
    table = mf.sources(events(rows), **more)
    assert len(table) == 1
    return table.iloc[0]


def test_attackers_are_those_of_the_mail_server() -> None:
    """Who met only the firewall weighs a little, but is no attacker, in networks and in plans."""
    packets = firewall_events([{"source_ip": f"198.18.5.{host}"} for host in (1, 54, 91)])
    rows = [row for turn in range(9) for row in session("198.18.5.1", failed("info"), at=turn * 9)]
    sources = mf.sources(events(rows), packets)
    whole = mf.networks(sources).iloc[0]
    assert (whole["attackers"], whole["events"], whole["firewall_blocked"]) == (1, 12, 3)
    assert whole["density"] == 1 / 256
    plan = mf.cover(sources).plan.set_index("network")["attackers"]
    assert plan.to_dict() == {"198.18.5.1/32": 1, "198.18.5.54/32": 0, "198.18.5.91/32": 0}
    weights = sources[["source_ip", "attack_weight", "legit_weight"]]
    assert mf.networks(weights).loc[0, "attackers"] == 3


def test_attack_weight_of_each_kind() -> None:
    """A refused login and a relay weigh 1, a stranger's mailbox and broken protocol 0.3 each."""
    relay = {"event": "reject", "reason": "<a@example.net>: Relay access denied"}
    stranger = {"event": "reject", "reason": "<x@example.org>: User unknown in local table"}
    listed = {"event": "reject", "reason": "Service unavailable; blocked using zen.example.org"}
    row = only(session(ATTACKER, failed(), relay, stranger, listed, "pregreet"))
    raw = 1 + 1 + 0.3 + 0.3
    assert row["attack_weight"] == pytest.approx(200 * log1p(raw / 200), rel=1e-4)
    assert row["attack_events"] == 4
    assert (row["relay_refused"], row["rejected"], row["bad_protocol"]) == (1, 2, 1)


def test_attack_halves_in_two_weeks() -> None:
    """An attack that is 14 days older than the end of the log counts half."""
    late = session(USER, at=14 * DAY)
    table = mf.sources(events([*session(ATTACKER, failed(), at=0), *late])).set_index("source_ip")
    assert table.loc[ATTACKER, "attack_weight"] == pytest.approx(0.4988, abs=2e-3)


def test_soft_cap() -> None:
    """Ten thousand failures of one address weigh less than four hundred of a thousand would."""
    row = only(session(ATTACKER, failed(repeat=10_000)))
    assert row["auth_failed"] == 10_000
    assert row["attack_weight"] == pytest.approx(200 * log1p(50), rel=1e-3)


def test_firewall_packets() -> None:
    """A blocked packet weighs 0.2 at a mail port, 0.05 elsewhere; others weigh nothing."""
    rows = [{"dest_port": 25}, {"dest_port": 22}, {"event": "allowed", "action": "ALLOW"}]
    rows += [{"direction": "out"}]
    packets = firewall_events([row | {"source_ip": ATTACKER} for row in rows])
    table = mf.sources(schema.empty(schema.MAIL_EVENTS), packets)
    assert table["firewall_blocked"].tolist() == [2]
    assert table["attack_weight"].iloc[0] == pytest.approx(200 * log1p(0.25 / 200), rel=1e-4)
    assert table["evidence"].tolist() == ["ufw.log:1-2"]


def test_weights_can_be_changed() -> None:
    """Every weight is an argument."""
    heavier = replace(DEFAULT_WEIGHTS, auth_failed=2.0)
    row = only(session(ATTACKER, failed()), weights=heavier)
    assert row["attack_weight"] == pytest.approx(200 * log1p(2 / 200), rel=1e-4)


def test_legit_weight() -> None:
    """A day with a login weighs 20, an accepted message 5 (five a day), a session of use 1."""
    sent = [{"event": "accepted", "username": "anna", "queue_id": f"Q{n}"} for n in range(7)]
    row = only(session(USER, *sent))
    assert row["legit_weight"] == pytest.approx(20 + 25 + 1, rel=1e-3)
    assert row["standing"] == "user"
    assert pd.notna(row["last_login"])


@pytest.mark.parametrize(
    ("counters", "accepted", "standing"),
    [
        ("ehlo=1 mail=1 rcpt=1/9 quit=1 commands=4/12", 0, "attacker"),
        ("ehlo=1 mail=1 rcpt=1/9 data=0/1 quit=1 commands=4/13", 0, "attacker"),
        ("ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5", 1, "peer"),
        ("ehlo=1 mail=1 rcpt=1 bdat=1 quit=1 commands=5", 1, "peer"),
        ("", 1, "peer"),
    ],
)
def test_a_queue_id_without_text_is_no_message(counters: str, accepted: int, standing: str) -> None:
    """A harvester whose guess is right gets a queue id; that makes no peer of it."""
    stranger = {"event": "reject", "reason": "<x@example.org>: User unknown in local table"}
    rows = session(ATTACKER, {"event": "accepted", "queue_id": "Q1"}, stranger)
    rows[-1]["message"] = f"disconnect from unknown[{ATTACKER}] {counters}"
    row = only(rows)
    assert (row["accepted"], row["standing"]) == (accepted, standing)
    assert bool(row["legit_weight"]) == bool(accepted)


def test_guest_that_guessed_is_no_user() -> None:
    """A login after guesses at strangers' accounts counts nothing for its address."""
    guesses = [failed(name) for name in ("root", "admin", "test", "bob")]
    rows = session(ATTACKER, *guesses)
    rows.append(IMAP | {"source_ip": ATTACKER, "time": 60, "username": "bob"})
    row = only(rows)
    assert (row["standing"], row["legit_weight"], row["auth_ok"]) == ("suspect", 0, 1)
    assert pd.isna(row["last_login"])


def test_old_password_of_a_user() -> None:
    """A device that sends one user's old password from the user's own network is no attacker."""
    rows = [IMAP | {"source_ip": USER, "time": 0, "username": "anna@example.org"}]
    for turn in range(20):
        rows += session(USER, failed("anna"), at=600 + 300 * turn)
    row = only(rows)
    assert row["standing"] == "stale_password"
    assert "old password of anna" in row["note"]
    assert "20 times, about every 300 s" in row["note"]


def test_steady_rhythm_away_from_home() -> None:
    """A steady rhythm on a known account from elsewhere is noted, not excused."""
    rows = [IMAP | {"source_ip": USER, "time": 0, "username": "anna@example.org"}]
    for turn in range(20):
        rows += session(ATTACKER, failed("anna"), at=600 + 300 * turn)
    table = mf.sources(events(rows)).set_index("source_ip")
    assert table.loc[ATTACKER, "standing"] == "attacker"
    assert table.loc[ATTACKER, "note"].startswith("asks for anna at a steady rhythm")


def test_folded_and_doubled_lines() -> None:
    """Folded lines count as often as they stand for; lines read twice count once."""
    rows = session(ATTACKER, failed(repeat=3))
    rows += [row | {"file": "syslog", "duplicate": True} for row in rows]
    row = only(rows)
    assert (row["auth_failed"], row["sessions"]) == (3, 1)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(ROWS)
def test_sums_of_sources_are_sums_of_events(rows: list[dict[str, Any]]) -> None:
    """No attempt is lost or doubled between sessions, sources and networks."""
    table = events(rows)
    before = table.copy(deep=True)
    sources, sessions = mf.sources(table), mf.sessions(table)
    counted = count_once(stitch(table)).to_pandas()
    counted = counted[counted["source_ip"].notna()]
    for name, column in COUNTS.items():
        assert sources[name].sum() == counted[column].sum()
        inside = counted.loc[counted["session"].notna(), column].sum()
        if name in sessions:
            assert sessions.loc[sessions["source_ip"].notna(), name].sum() == inside
    assert sources["sessions"].sum() == sessions["source_ip"].notna().sum()
    networks = mf.networks(sources)
    assert networks["auth_failed"].sum() == sources["auth_failed"].sum()
    assert networks["events"].sum() == sources["attack_events"].sum()
    assert networks["attack_weight"].sum() == pytest.approx(sources["attack_weight"].sum())
    pd.testing.assert_frame_equal(table, before)


def test_networks_of_the_excerpt() -> None:
    """Three addresses of one /24 make one network, and one name tried by two counts once."""
    rows = [
        row
        for host in (83, 52, 20)
        for row in session(f"212.70.149.{host}", failed("info"), at=host)
    ]
    table = mf.networks(mf.sources(events(rows)))
    row = table.iloc[0]
    assert row[["network", "attackers", "auth_failed", "usernames"]].tolist() == [
        "212.70.149.0/24", 3, 3, 1,
    ]  # fmt: skip
    assert row["density"] == pytest.approx(3 / 256)
    assert row["share"] == pytest.approx(1)


def test_networks_of_other_sizes() -> None:
    """Any prefix length groups, in both families; an impossible one is refused."""
    rows = session("198.18.0.1", failed()) + session("198.18.1.1", failed(), at=60)
    rows += session("240e:d9:d800:200::1", failed(), at=90)
    sources = mf.sources(events(rows))
    found = mf.networks(sources, v4=16, v6=48)["network"].tolist()
    assert sorted(found) == ["198.18.0.0/16", "240e:d9:d800::/48"]
    with pytest.raises(ArgumentError, match="v4=33 is no prefix length"):
        mf.networks(sources, v4=33)


def test_empty_and_wrong_tables() -> None:
    """No events give every column and no row; another table is refused by name."""
    nothing = mf.sources(schema.empty(schema.MAIL_EVENTS))
    pd.testing.assert_frame_equal(nothing, schema.empty(schema.SOURCES))
    pd.testing.assert_frame_equal(mf.networks(nothing), schema.empty(schema.NETWORKS))
    with pytest.raises(MissingColumnError, match="lacks"):
        mf.networks(pd.DataFrame({"a": [1]}))


def test_an_address_cannot_say_why_it_was_refused() -> None:
    """A recipient that holds the words of a refused relay is still an unknown one."""
    reason = "<x: Relay access denied@example.org>: Recipient address rejected: User unknown"
    row = {"event": "reject", "source_ip": "198.18.70.7", "reason": reason}
    table = mf.sources(events([row]))
    assert table[["relay_refused", "rejected"]].to_numpy().tolist() == [[0, 1]]


def test_addresses_that_come_in_turns_are_seen_as_often_as_they_came() -> None:
    """Times, days and sessions are right where the lines of several addresses are mixed."""
    lines = [
        {
            "source_ip": f"198.18.0.{turn % 3}",
            "pid": turn % 5,
            "event": "connect",
            "time": 9e3 * turn,
        }
        for turn in range(40)
    ]
    table = events(lines)
    expected = table.groupby("source_ip").agg(
        first_seen=("time", "min"),
        last_seen=("time", "max"),
        active_days=("time", lambda times: times.dt.date.nunique()),
        sessions=("time", "size"),
    )
    found = mf.sources(table).set_index("source_ip").sort_index()
    pd.testing.assert_frame_equal(found[expected.columns], expected, check_dtype=False)
