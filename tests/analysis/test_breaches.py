"""Breaches: what is found, how severe it is, and what must not be called a break-in."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

import mailforensics as mf
from mailforensics import schema
from mailforensics.analysis.breaches import breaches
from mailforensics.analysis.verdict import SIGN_WORDS
from tests.frames import events, failed, session

HOME, THIEF, OTHER = "203.0.113.5", "198.18.201.9", "198.19.13.66"
HOUR, DAY = 3600, 86400
IMAP = {"service": "imap-login", "program": "dovecot", "pid": None}


def login(source_ip: str, at: float, username: str | None = "anna@example.org") -> dict[str, Any]:
    """Return a login to a mailbox."""
    return IMAP | {"event": "auth_ok", "source_ip": source_ip, "time": at, "username": username}


def guesses(source_ip: str, count: int, at: float, *names: str) -> list[dict[str, Any]]:
    """Return refused logins, one a minute, in sessions of their own."""
    names = names or ("anna@example.org",)
    sessions = (
        session(source_ip, failed(names[turn % len(names)]), at=at + 60 * turn, pid=200 + turn)
        for turn in range(count)
    )
    return [row for rows in sessions for row in rows]


def history(days: int = 5, username: str = "anna@example.org") -> list[dict[str, Any]]:
    """Return four logins a day from home."""
    return [
        login(HOME, day * DAY + 6 * HOUR * part, username)
        for day in range(days)
        for part in range(4)
    ]


def mail(at: float, number: int, bounced: bool = False) -> list[dict[str, Any]]:
    """Return a message that anna sends from elsewhere, and its delivery."""
    queue_id = f"Q{number}"
    sent = {"event": "accepted", "queue_id": queue_id, "username": "anna@example.org"}
    try_ = {"event": "bounced" if bounced else "delivered", "queue_id": queue_id, "pid": 9}
    try_ |= {"service": "smtp", "program": "postfix/smtp", "time": at + 3}
    closing = {"event": "disconnect", "auth_ok": 1, "auth_tried": 1}
    rows = session(OTHER, sent, closing, at=at, pid=1000 + number)[:-1]
    return [*rows, try_ | {"recipient": f"x{number}@example.net", "relay": "mx[198.51.100.1]:25"}]


def signs(rows: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Return the severity of each sign and address."""
    table = breaches(events(rows))
    keys = zip(table["sign"], table["source_ip"], strict=True)
    return dict(zip(keys, table["severity"], strict=True))


def test_guessed_from_elsewhere() -> None:
    """Many failures and then a login, on an account that is at home elsewhere, is a break-in."""
    rows = [*history(), *guesses(THIEF, 14, 6 * DAY), login(THIEF, 6 * DAY + HOUR)]
    assert signs(rows)["success_after_failures", THIEF] == "critical"


def test_guesser_of_many_names() -> None:
    """A login by an address that tried strangers' accounts too is a break-in, history or not."""
    names = ("root", "admin", "info", "anna@example.org")
    rows = [*guesses(THIEF, 8, 0, *names), login(THIEF, HOUR)]
    assert signs(rows)["success_after_failures", THIEF] == "critical"


def test_mistyped_once_at_home() -> None:
    """Somebody who mistypes once and then logs in from home is no sign at all."""
    rows = [*history(), *guesses(HOME, 1, 6 * DAY), login(HOME, 6 * DAY + HOUR)]
    assert signs(rows) == {}


def test_mistyped_in_a_young_log() -> None:
    """Three failures and a login in a log without history are worth a glance, no more."""
    rows = [*guesses(HOME, 3, 0), login(HOME, HOUR)]
    assert signs(rows) == {("success_after_failures", HOME): "look"}


def test_mended_phone() -> None:
    """A device that sent an old password from home for hours is not critical when it is mended."""
    rows = [*history(), *guesses(HOME, 40, 6 * DAY), login(HOME, 6 * DAY + HOUR)]
    assert signs(rows) == {("success_after_failures", HOME): "look"}


def test_colleagues_behind_one_router() -> None:
    """A colleague's mistyped name does not make the next login of another a sign."""
    rows = [
        *history(),
        *history(username="bob"),
        *guesses(HOME, 2, 6 * DAY, "bob", "anna@example.org"),
    ]
    assert signs([*rows, login(HOME, 6 * DAY + HOUR)]) == {}


def test_used_from_another_address_after_the_break_in() -> None:
    """A thief who guesses from one address and sends from another is found twice."""
    rows = [*history(), *guesses(THIEF, 14, 6 * DAY), login(THIEF, 6 * DAY + HOUR)]
    for number in range(40):
        rows += mail(6 * DAY + 2 * HOUR + 10 * number, number, bounced=number % 2 == 0)
    found = signs(rows)
    assert found["mail_burst", OTHER] == "critical"
    assert found["stolen_account", OTHER] == "high"


def test_spray_then_success() -> None:
    """A login in a new place on an account that many addresses sprayed is high."""
    rows = history()
    for host in range(25):
        rows += guesses(f"198.18.{host}.1", 1, 5 * DAY + host * 600)
    assert signs([*rows, login(OTHER, 6 * DAY)])["spray_then_success", OTHER] == "high"


def test_login_without_message() -> None:
    """`auth=1` that no line explains, after failures, from where no user is at home, is high."""
    closing = {"event": "disconnect", "auth_ok": 1, "auth_tried": 1}
    rows = [*guesses(THIEF, 4, 0, "info"), *session(THIEF, closing, at=HOUR)[:-1]]
    assert signs(rows)["login_without_message", THIEF] == "high"


def test_many_networks_in_an_hour() -> None:
    """One account from four networks within an hour is high."""
    rows = [login(f"198.18.{part}.1", 60 * part) for part in range(4)]
    assert signs(rows)["many_networks", "198.18.3.1"] == "high"


def test_new_network_after_a_history() -> None:
    """The first login from a new network after days at home is worth a glance."""
    assert signs([*history(), login(OTHER, 6 * DAY)]) == {("new_network", OTHER): "look"}


def test_dormant_account() -> None:
    """An account that slept for more than a month and wakes in a new place is high."""
    assert signs([login(HOME, 0), login(OTHER, 40 * DAY)])["dormant_account", OTHER] == "high"


def test_role_account() -> None:
    """A role account from where nobody else is at home is a glance; in the office it is not."""
    rows = [*history(), login(HOME, HOUR, "info@example.org"), login(OTHER, HOUR, "scanner")]
    assert signs(rows) == {("role_account", OTHER): "look"}


def test_relay_for_a_stranger() -> None:
    """Mail of a client without a login that goes out to many domains is high; a forward is not."""
    rows: list[dict[str, Any]] = []
    for number in range(6):
        sent = {"event": "accepted", "queue_id": f"R{number}"}
        rows += session(THIEF if number < 4 else OTHER, sent, at=60 * number)
        out = {"event": "delivered", "queue_id": f"R{number}", "service": "smtp", "pid": 9}
        out |= {"recipient": f"x@d{number}.example.net", "relay": "mx.example.net[198.51.100.1]:25"}
        forward = "to=<x@example.net>, orig_to=<anna@example.org>, relay=mx"
        rows.append(out | {"time": 60 * number + 5, "message": forward if number > 3 else "to=<x>"})
    assert signs(rows) == {("stranger_relay", THIEF): "high"}


def test_login_from_a_hostile_network() -> None:
    """A first login out of a network that attacks is high for an account known elsewhere."""
    rows = [
        *history(),
        *guesses("198.18.201.1", 12, 0, "root"),
        *guesses("198.18.201.2", 12, HOUR, "x"),
    ]
    assert signs([*rows, login(THIEF, 6 * DAY)])["login_from_attacker", THIEF] == "high"


def test_known_hostile_address() -> None:
    """A login from an address that is known to be hostile is critical."""
    table = breaches(events([login(THIEF, 0)]), hostile=(THIEF,))
    assert table[["severity", "sign"]].to_numpy().tolist() == [["critical", "known_hostile"]]


def test_every_sign_has_its_evidence_and_an_innocent_reading() -> None:
    """Each row names lines of the log, and says how it could be harmless."""
    rows = [*history(), *guesses(THIEF, 14, 6 * DAY), login(THIEF, 6 * DAY + HOUR)]
    table = breaches(events(rows))
    assert table["evidence"].str.contains(r"^mail\.log:\d+").all()
    assert table["explanation"].str.contains("Innocent reading").all()


def test_no_sign_is_justified() -> None:
    """A log of failures alone says that nobody got in, on what grounds, and what it cannot show."""
    told = mf.verdict(
        events(session(THIEF, failed(), {"event": "disconnect", "auth_tried": 1})[:-1])
    )
    assert told.headline == "No sign that anybody got in: not one login attempt worked."
    assert any("`auth=0/n`" in line for line in told.found)
    assert any("names none" in line for line in told.not_visible)
    assert any("IMAP" in line for line in told.not_visible)


def test_break_in_is_said_first() -> None:
    """The headline names the account and the first step."""
    rows = [*history(), *guesses(THIEF, 14, 6 * DAY), login(THIEF, 6 * DAY + HOUR)]
    told = mf.verdict(events(rows))
    assert told.headline.startswith("Somebody got in, by all signs: anna@example.org. Change")
    assert "critical" in str(told)


def test_empty_log() -> None:
    """No events give no signs, every column, and an honest verdict."""
    nothing = schema.empty(schema.MAIL_EVENTS)
    pd.testing.assert_frame_equal(breaches(nothing), schema.empty(schema.BREACHES))
    assert mf.verdict(nothing).headline.startswith("Nothing can be said")


def test_every_sign_has_plain_words() -> None:
    """No headline shows an identifier: each sign that the code can give has words of its own."""
    folder = Path(mf.__file__).parent / "analysis"
    text = "".join(path.read_text("utf-8") for path in folder.glob("breaches*.py"))
    signs = set(re.findall(r'sign="(\w+)"', text)) | {"new_network", "new_country"}
    assert signs <= set(SIGN_WORDS)
    assert not any("_" in words for words in SIGN_WORDS.values())
