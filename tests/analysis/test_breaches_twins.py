"""Each sign fires on its story, and leaves the innocent twin of that story alone."""

from dataclasses import replace
from typing import Any

import pandas as pd
import polars as pl
import pytest

import mailforensics as mf
from mailforensics.analysis.breaches import breaches
from mailforensics.analysis.breaches_case import Case, open_case
from mailforensics.analysis.breaches_places import impossible_travel
from mailforensics.analysis.breaches_thresholds import DEFAULT_THRESHOLDS
from mailforensics.analysis.joined import joined
from tests.frames import events, failed, session

HOME, OFFICE, AWAY = "203.0.113.5", "198.51.100.9", "198.18.201.9"
MINUTE, HOUR, DAY = 60, 3600, 86400
IMAP = {"service": "imap-login", "program": "dovecot", "event": "auth_ok", "pid": None}
ANNA = "anna@example.org"

Rows = list[dict[str, Any]]


def login(source_ip: str, at: float, username: str = ANNA) -> dict[str, Any]:
    """Return a login to a mailbox."""
    return IMAP | {"source_ip": source_ip, "time": at, "username": username}


def daily(source_ip: str, days: int, at: float = 0, username: str = ANNA) -> Rows:
    """Return four logins a day from one place."""
    return [
        login(source_ip, at + day * DAY + part * 5 * HOUR, username)
        for day in range(days)
        for part in range(4)
    ]


def sent(source_ip: str, at: float, number: int, *, to: int = 1, bounced: int = 0) -> Rows:
    """Return a message that anna sends after a login, and its deliveries."""
    accepted = {"event": "accepted", "queue_id": f"Q{number}", "username": ANNA}
    closing = {"event": "disconnect", "auth_ok": 1, "auth_tried": 1}
    out = {"queue_id": f"Q{number}", "pid": 9, "service": "smtp", "program": "postfix/smtp"}
    rows = session(source_ip, accepted, closing, at=at, pid=1000 + number)[:-1]
    for turn in range(to):
        event = "bounced" if turn < bounced else "delivered"
        goal = {"recipient": f"x{turn}@example.net", "relay": "mx[198.51.100.1]:25"}
        rows.append(out | goal | {"event": event, "time": at + 3})
    return rows


def signs(rows: Rows) -> dict[str, str]:
    """Return the severity of each sign, whoever it is about."""
    table = breaches(events(rows))
    return dict(zip(table["sign"][::-1], table["severity"][::-1], strict=True))


def test_one_message_to_hundreds() -> None:
    """A single message to many from a new place is a burst; one to a dozen friends is none."""
    after = 6 * DAY
    many = [*daily(HOME, 5), login(AWAY, after), *sent(AWAY, after + HOUR, 1, to=200)]
    few = [*daily(HOME, 5), login(AWAY, after), *sent(AWAY, after + HOUR, 1, to=30)]
    assert signs(many)["mail_burst"] == "critical"
    assert "mail_burst" not in signs(few)


def test_a_second_machine_is_not_measured_by_the_first() -> None:
    """Two machines of one thief send one after the other: each is told with all that it sent."""
    after, second = 6 * DAY, "198.19.13.66"
    rows = daily(HOME, 6)
    for number in range(40):
        rows += sent(AWAY, after + number * 30, number)
        rows += sent(second, after + HOUR / 4 + number * 30, 100 + number)
    found = breaches(events(rows)).query("sign == 'mail_burst'").set_index("source_ip")
    assert set(found["severity"]) == {"critical"}
    for machine in (AWAY, second):
        assert "sent 40 messages in 1 hour" in found.loc[machine, "explanation"]
        assert "busiest hour before had 0" in found.loc[machine, "explanation"]


def test_burst_across_the_full_hour() -> None:
    """A burst counts from its first message: the clock does not cut it in two."""
    late = 6 * DAY - 20 * MINUTE
    rows = [*daily(HOME, 5), login(AWAY, late)]
    for number in range(30):
        rows += sent(AWAY, late + 60 + 80 * number, number)
    assert signs(rows)["mail_burst"] == "critical"


def test_one_account_by_two_names() -> None:
    """A burst of `anna@example.org` is one of the account that reads its mail as `anna`."""
    rows = [*daily(HOME, 5, username="Anna"), login(AWAY, 6 * DAY, "anna")]
    for number in range(30):
        rows += sent(AWAY, 6 * DAY + 60 * number, number)
    assert signs(rows)["mail_burst"] == "critical"


def test_newsletter_from_home() -> None:
    """Many messages from where the account always is are no burst, unless they bounce."""
    rows, bouncing = daily(HOME, 5), daily(HOME, 5)
    for number in range(40):
        rows += sent(HOME, 6 * DAY + 60 * number, number)
        bouncing += sent(HOME, 6 * DAY + 60 * number, number, bounced=number % 2)
    assert signs(rows) == {}
    assert signs(bouncing) == {"mail_burst": "high"}


@pytest.mark.parametrize(("days", "severity"), [(1, "high"), (6, "look")])
def test_networks_in_an_hour_by_habit(days: int, severity: str) -> None:
    """Four networks in an hour are high once; every day they are a service that fetches mail."""
    rows = [
        login(f"198.18.{part}.1", day * DAY + 600 * part)
        for day in range(days)
        for part in range(4)
    ]
    assert signs(rows)["many_networks"] == severity


def test_phone_between_home_and_office() -> None:
    """Home, street and office within an hour are a phone in a pocket."""
    rows = [login(ip, at) for ip, at in ((HOME, 0), (AWAY, 1500), (OFFICE, 3000))]
    assert "many_networks" not in signs(rows)


def in_countries(rows: Rows, countries: dict[str, str]) -> Case:
    """Return the case of these events with the country of each address as given."""
    case = open_case(joined(events(rows)).rows, DEFAULT_THRESHOLDS)
    country = pl.col("source_ip").replace_strict(countries, return_dtype=pl.String)
    return replace(case, logins=case.logins.with_columns(country=country))


@pytest.mark.parametrize(
    ("minutes", "days", "expected"),
    [
        pytest.param(40, 1, ["high"], id="once"),
        pytest.param(40, 6, ["look"], id="habit"),
        pytest.param(300, 1, [], id="time-to-travel"),
    ],
)
def test_impossible_travel(minutes: int, days: int, expected: list[str]) -> None:
    """Two countries within minutes are high once, a habit otherwise, and nothing after hours."""
    rows = [
        login(ip, day * DAY + at)
        for day in range(days)
        for ip, at in ((HOME, 0), (AWAY, minutes * MINUTE))
    ]
    found = impossible_travel(in_countries(rows, {HOME: "DE", AWAY: "BR"}))
    assert found["severity"].to_list() == expected


def test_same_country() -> None:
    """Two networks of one country within minutes are no journey."""
    rows = [login(HOME, 0), login(AWAY, 60)]
    assert impossible_travel(in_countries(rows, {HOME: "DE", AWAY: "DE"})).is_empty()


def test_settings_checked_at_home() -> None:
    """`auth=1` without a message is no sign from where a user is at home."""
    closing = {"event": "disconnect", "auth_ok": 1, "auth_tried": 1}
    rows = [*daily(HOME, 2), *session(HOME, closing, at=2 * DAY)[:-1]]
    assert signs(rows) == {}


def test_sleeper_that_wakes_at_home() -> None:
    """An account in rare use is no sign where it always was; in a new place it is."""
    assert "dormant_account" not in signs([login(HOME, 0), login(HOME, 45 * DAY)])
    assert "dormant_account" in signs([login(HOME, 0), login(AWAY, 45 * DAY)])


def test_new_place_without_a_history() -> None:
    """Two logins are no history: a second place is then no news."""
    assert signs([login(HOME, 0), login(HOME, HOUR), login(AWAY, DAY)]) == {}


def test_sprayed_account_at_home() -> None:
    """A known name is guessed at all the time; its owner at home is no sign of anything."""
    rows = daily(HOME, 6)
    for host in range(40):
        rows += session(f"198.18.{host}.1", failed(ANNA), at=4 * DAY + host * 600, pid=300 + host)
    assert signs([*rows, login(HOME, 6 * DAY)]) == {}


def test_submission_is_no_relay() -> None:
    """Mail to the outside after a login is what the server is there for."""
    rows = daily(HOME, 3)
    for number in range(6):
        rows += sent(HOME, 3 * DAY + HOUR * number, number)
    assert "stranger_relay" not in signs(rows)


@pytest.mark.parametrize(("logins", "severity"), [(1, "high"), (5, "look")])
def test_phone_beside_a_laptop(logins: int, severity: str) -> None:
    """Failures that go on between logins are a second device, even from the log's first line."""
    rows: Rows = []
    for turn in range(80):
        rows += session(HOME, failed(ANNA), at=900 * turn, pid=300 + turn)
    rows += [login(HOME, (6 + 2 * part) * HOUR) for part in range(logins)]
    assert signs(rows)["success_after_failures"] == severity


def test_one_guess_a_day() -> None:
    """A patient guesser who gets in after weeks is critical, however slow."""
    rows = daily(HOME, 26)
    for day in range(20):
        rows += session(AWAY, failed(ANNA), at=5 * DAY + day * DAY, pid=300 + day)
    assert signs([*rows, login(AWAY, 25 * DAY)])["success_after_failures"] == "critical"


def test_another_address_for_each_guess() -> None:
    """A guesser with IPv6 who tries from a new address each time is one place."""
    rows = daily(HOME, 6)
    for turn in range(12):
        address = f"240e:d9:d800:200:{turn:x}::{turn + 1:x}"
        rows += session(address, failed(ANNA), at=5 * DAY + turn * 600, pid=300 + turn)
    found = breaches(events([*rows, login("240e:d9:d800:200::ff", 5 * DAY + 3 * HOUR)]))
    row = found.set_index("sign").loc["success_after_failures"]
    assert row["severity"] == "critical"
    assert "after 12 failures from 240e:d9:d800::/48 within a month" in row["explanation"]
    assert row["evidence"].count("mail.log:") == 13


def test_failures_of_a_neighbour_on_another_account() -> None:
    """A stranger's guesses at another account from the same network say nothing about anna."""
    rows = daily(HOME, 6)
    for turn in range(12):
        rows += session("198.18.201.77", failed("bob"), at=5 * DAY + turn * 600, pid=300 + turn)
    assert "success_after_failures" not in signs([*rows, login(AWAY, 6 * DAY)])


def hidden(rows: Rows) -> str:
    """Return what the verdict says that the log could not have shown."""
    return "\n".join(mf.verdict(events(rows)).not_visible)


def test_gap_in_the_log() -> None:
    """A day without a line is named, for a file may be missing; a quiet night is not."""
    rows = [login(HOME, 0), login(HOME, 50 * HOUR), login(HOME, 52 * HOUR)]
    assert "2026-09-04 10:00 and 2026-09-06 12:00 UTC: 50 hours without a line" in hidden(rows)
    assert "without a line" not in hidden([login(HOME, 0), login(HOME, 12 * HOUR)])


def test_names_in_part() -> None:
    """Where only some failures name their account, the verdict says how many do not."""
    rows = [row for name in ("info", None, None) for row in session(AWAY, failed(name))]
    assert "2 of 3 lines of failures name none" in hidden(rows)


def test_order_of_events_does_not_matter() -> None:
    """The signs are the same, whatever the order of the rows."""
    rows = [*daily(HOME, 5), login(AWAY, 6 * DAY), *sent(AWAY, 6 * DAY + HOUR, 1, to=200)]
    table = events(rows)
    pd.testing.assert_frame_equal(breaches(table), breaches(table.iloc[::-1]))
