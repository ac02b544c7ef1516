"""Every number in a candidate's reasons is the row's own, or says whose it is."""

import re
from typing import Any

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import mailforensics as mf
from tests.frames import events, failed, firewall_events, session

NAMES = ("info", "admin", "anna@example.org", "bob", "x, y")
HOSTS = ("198.18.5.1", "198.18.5.2", "198.18.5.200", "198.18.6.9", "240e:d9:d800:200::7")
IMAP = {"service": "imap-login", "program": "dovecot", "event": "auth_ok", "pid": None}
RELAY = {
    "event": "reject",
    "status": "554",
    "reason": "Relay access denied",
    "message": "NOQUEUE: reject: RCPT from x[198.18.5.1]: 554 5.7.1 Relay access denied",
}
DEED = st.tuples(
    st.sampled_from(HOSTS),
    st.sampled_from(["fails", "fails", "fails", "logs in", "relays", "blocked", "comes"]),
    st.sampled_from(NAMES),
    st.integers(1, 4),
)
SIZES = ((25, 64), (23, 48))


def story(deeds: list[tuple[str, str, str, int]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the mail and firewall events of some deeds, a minute apart."""
    mail: list[dict[str, Any]] = []
    wall = []
    for number, (host, deed, name, times) in enumerate(deeds):
        at = 60 * number
        if deed == "fails":
            mail += session(host, *[failed(name)] * times, at=at, pid=number)
        elif deed == "logs in":
            mail.append(IMAP | {"source_ip": host, "time": at, "username": name})
        elif deed == "relays":
            mail += session(host, *[RELAY] * times, at=at, pid=number)
        elif deed == "blocked":
            wall.append({"source_ip": host, "time": at, "repeat": times})
        else:
            mail += session(host, at=at, pid=number)
    return events(mail), firewall_events(wall)


def number(text: str, expression: str) -> int:
    """Return the number that stands in a text, 0 if it is not told."""
    found = re.search(expression, text)
    return int(found[1]) if found else 0


def check(row: pd.Series, sources: pd.DataFrame) -> None:
    """Compare what the reasons say with the row and with the address that they name."""
    said = row["reasons"]
    many = number(said, r"^(\d+)(?: of \d+)? addresses attacked: ")
    assert many == (row["attackers"] if row["attackers"] > 1 else 0), said
    failures, blocked = number(said, r"(\d+) failed login"), number(said, r"(\d+) packets? blocked")
    assert (failures, blocked) == (row["auth_failed"], row["firewall_blocked"]), said
    relays, bad = number(said, r"(\d+) attempts? to relay"), number(said, r"(\d+) breach")
    strangers = number(said, r"(\d+) recipients? that")
    assert failures + blocked + relays + bad + strangers == row["events"], said
    if tried := re.search(r" on (\d+) accounts? \((.*?)(?: and (\d+) more)?\), ", said):
        listed = len(tried[2].split(", ")) + int(tried[3] or 0)
        assert (int(tried[1]), listed) == (row["usernames"], row["usernames"]), said
    of = sources.set_index("source_ip")["auth_failed"]
    for address, count in re.findall(
        r"from (\S+): \d+ logins? worked after (\d+) failures?,", said
    ):
        assert int(count) <= of[address], said
    for address, count in re.findall(r"(\S+) sends .* again and again \((\d+) times", said):
        assert int(count) <= of[address], said


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate, Phase.reuse])
@given(st.lists(DEED, min_size=10, max_size=30))
def test_numbers_are_the_rows_own(deeds: list[tuple[str, str, str, int]]) -> None:
    """Whatever happened, and of networks of whatever size, words and columns agree."""
    mail, wall = story(deeds)
    sources = mf.sources(mail, wall)
    sizes = [mf.networks(sources, v4=v4, v6=v6) for v4, v6 in SIZES]
    for listed in (mf.cover(sources).plan, *sizes):
        for _, row in mf.candidates(sources, listed).iterrows():
            check(row, sources)


def test_failures_of_neighbours_are_called_so() -> None:
    """Where another address of the network failed on the account as well, the number says so."""
    home = [
        IMAP | {"source_ip": "203.0.113.5", "time": 3600 * hour, "username": "anna"}
        for hour in range(40)
    ]
    deeds = [("198.18.5.1", 6), ("198.18.5.2", 1)]
    rows = [
        row
        for order, (host, times) in enumerate(deeds)
        for row in session(host, *[failed("anna")] * times, at=200_000 + 600 * order)
    ]
    rows.append(IMAP | {"source_ip": "198.18.5.1", "time": 210_000, "username": "anna"})
    sources = mf.sources(events([*home, *rows]))
    plan = pd.DataFrame({"network": ["198.18.5.1/32"]})
    row = mf.candidates(sources, plan).iloc[0]
    assert row["auth_failed"] == 6
    assert "1 login worked after 7 failures from its network" in row["reasons"]
