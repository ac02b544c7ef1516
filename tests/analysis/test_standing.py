"""Attacker or device with an old password: what came before the failures decides."""

from typing import Any

import pandas as pd
import pytest

import mailforensics as mf
from tests.frames import events, failed, session

HOME, AWAY, NEXT_DOOR = "203.0.113.5", "198.18.201.9", "198.18.201.10"
HOUR, DAY = 3600, 86400
IMAP = {"service": "imap-login", "program": "dovecot", "event": "auth_ok", "pid": None}


def login(source_ip: str, at: float, username: str = "anna@example.org") -> dict[str, Any]:
    """Return a login to a mailbox."""
    return IMAP | {"source_ip": source_ip, "time": at, "username": username}


def refused(
    source_ip: str, count: int, *, at: float, gap: float = 300, username: str | None = "anna"
) -> list[dict[str, Any]]:
    """Return refused logins at a steady rhythm."""
    turns = (session(source_ip, failed(username), at=at + gap * turn) for turn in range(count))
    return [row for rows in turns for row in rows]


def standing(rows: list[dict[str, Any]], source_ip: str = AWAY) -> str:
    """Return where one address stands."""
    return str(mf.sources(events(rows)).set_index("source_ip").loc[source_ip, "standing"])


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize(("sources", "tries"), [(1, 9), (3, 27), (2, 200), (4, 16)])
def test_steady_guesses_that_succeed(seed: int, sources: int, tries: int) -> None:
    """No address that guessed one account and got in, or failed, is taken for a user's device."""
    attack = mf.simulate_attack("stolen_password", sources=sources, tries=tries, seed=seed)
    day = pd.concat([mf.simulate_attack("quiet", seed=seed), attack]).sort_values("time")
    table = mf.sources(mf.read_mail_log("\n".join(day["line"]) + "\n"))
    hostile = table[table["source_ip"].str.startswith(("198.18.", "198.19."))]
    assert set(hostile.loc[hostile["auth_ok"] > 0, "standing"]) == {"suspect"}
    assert set(hostile["standing"]) <= {"suspect", "attacker"}
    listed = mf.candidates(table, mf.networks(table)).set_index("network")
    assert "reject" not in set(listed.loc[hostile["network"].unique(), "suggestion"])


@pytest.mark.parametrize("count", [3, 5, 20, 300])
@pytest.mark.parametrize("gap", [7, 300, 5000])
def test_login_that_ends_failures_in_a_new_network(count: int, gap: int) -> None:
    """Failures and then a login, where the account is in use elsewhere, is suspect."""
    rows = [login(HOME, 0), *refused(AWAY, count, at=HOUR, gap=gap)]
    assert standing([*rows, login(AWAY, HOUR + count * gap)]) == "suspect"


def test_traveller_who_mistypes_twice() -> None:
    """Two mistyped passwords in a hotel are no sign of anything."""
    rows = [login(HOME, 0), *refused(AWAY, 2, at=HOUR, gap=20), login(AWAY, HOUR + 60)]
    assert standing(rows) == "user"


def test_failures_of_the_neighbours() -> None:
    """A login is suspect if other addresses of its network had guessed at the account before."""
    rows = [login(HOME, 0), *refused(NEXT_DOOR, 9, at=HOUR), login(AWAY, 3 * HOUR)]
    assert standing(rows) == "suspect"
    assert standing(rows, NEXT_DOOR) == "attacker"


@pytest.mark.parametrize("before", [0, 1])
def test_account_that_was_never_seen(before: int) -> None:
    """A login that ends many failures is suspect where the log knows the account from nowhere."""
    rows = [*refused(AWAY, 40, at=HOUR), login(AWAY, 8 * HOUR)]
    assert standing([login(AWAY, 0)] * before + rows) == ("stale_password" if before else "suspect")


def test_two_devices_of_one_owner() -> None:
    """Failures that go on between logins are a second device, even from the log's first line."""
    rows = refused(AWAY, 60, at=0) + [login(AWAY, HOUR * part + 1900) for part in range(1, 5)]
    assert standing(rows) == "stale_password"


@pytest.mark.parametrize(("days", "expected"), [(9, "stale_password"), (2, "attacker")])
def test_two_devices_away_from_home(days: int, expected: str) -> None:
    """A phone refused each hour where its owner logs in each day is no attacker; a thief's is."""
    rows = [login(HOME, 0), *refused(AWAY, 24 * days, at=HOUR, gap=HOUR)]
    rows += [login(NEXT_DOOR, DAY * day + 9 * HOUR) for day in range(1, days)]
    assert standing(rows) == expected
    assert standing(rows, NEXT_DOOR) == ("user" if days > 4 else "suspect")
    found = mf.breaches(events(rows))
    assert ("critical" in set(found["severity"])) == (days <= 4)


@pytest.mark.parametrize(("hours", "expected"), [(2, "suspect"), (30, "stale_password")])
def test_second_network_of_a_user(hours: int, expected: str) -> None:
    """A second network is a home after a day of use; a stolen password is changed sooner."""
    rows = [login(HOME, 0), login(AWAY, HOUR), *refused(AWAY, 40, at=HOUR * hours)]
    assert standing(rows) == expected


def test_thief_who_is_locked_out() -> None:
    """Where the failures follow the login, the note says so."""
    rows = [login(HOME, 0), login(AWAY, HOUR), *refused(AWAY, 40, at=2 * HOUR)]
    note = mf.sources(events(rows)).set_index("source_ip").loc[AWAY, "note"]
    assert note == (
        "1 login worked, 40 failed within a day of it, and anna had not been used from this network"
    )


def test_old_log_without_names() -> None:
    """Where the log names no refused account, failures before a first login count all the same."""
    rows = [login(HOME, 0), *refused(AWAY, 12, at=HOUR, username=None), login(AWAY, 3 * HOUR)]
    assert standing(rows) == "suspect"


def test_rhythm_of_several_addresses() -> None:
    """A rhythm is not excused as a device of the owner where several addresses keep it."""
    rows = [login(HOME, 0)]
    for host in range(3):
        rows += refused(f"198.18.{host}.9", 10, at=HOUR + 60 * host, gap=900)
    notes = mf.sources(events(rows)).set_index("source_ip")["note"]
    assert notes["198.18.1.9"] == "10 attack events, no sign of proper use"
