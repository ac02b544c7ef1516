"""A campaign that gets in is found, whoever of it logs in; travellers and phones are left alone."""

from typing import Any

import pytest

from mailforensics.analysis.breaches import breaches
from mailforensics.analysis.campaigns import campaigns
from tests.frames import events, failed, session

HOME, NEW = "203.0.113.5", "198.19.200.9"
HOUR, DAY = 3600, 86400
GAP = 2700
IMAP = {"service": "imap-login", "program": "dovecot", "event": "auth_ok", "pid": None}


def login(source_ip: str, at: float, username: str = "user7") -> dict[str, Any]:
    """Return a login to a mailbox."""
    return IMAP | {"source_ip": source_ip, "time": at, "username": username}


def one_try_each(count: int = 96) -> list[dict[str, Any]]:
    """Return one refused login of each of many addresses, in turn through one list of names."""
    rows = []
    for turn in range(count):
        name = failed(f"user{turn % 30}")
        at = DAY + GAP * (turn + 0.3 * (turn * 7 % 5) / 5)
        rows += session(f"198.18.{turn}.7", name, at=at, pid=500 + turn)
    return rows


def at_home(days: int = 5, username: str = "user7") -> list[dict[str, Any]]:
    """Return two logins a day from home."""
    return [
        login(HOME, DAY * day + part * 9 * HOUR, username) for day in range(days) for part in (0, 1)
    ]


def signs(rows: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Return the severity of each sign and address."""
    table = breaches(events(rows))
    keys = zip(table["sign"], table["source_ip"], strict=True)
    return dict(zip(keys, table["severity"], strict=True))


@pytest.mark.parametrize("history", [0, 5])
def test_address_of_a_campaign(history: int) -> None:
    """A login by an address of a campaign is critical, with or without a history."""
    rows = [*one_try_each(), *at_home(history), login("198.18.37.7", DAY + GAP * 90)]
    assert signs(rows)["login_from_campaign", "198.18.37.7"] == "critical"


def test_one_try_that_succeeds() -> None:
    """An address without a failure that logs in on an account of the list, away from home."""
    found = signs([*one_try_each(), *at_home(), login(NEW, DAY + GAP * 50)])
    assert found["campaign_then_success", NEW] == "high"


@pytest.mark.parametrize(
    "more",
    [
        pytest.param([login(NEW, DAY + GAP * 120, "anna")], id="account-not-tried"),
        pytest.param([login(NEW, DAY + GAP * 150)], id="long-after"),
        pytest.param([login(NEW, HOUR)], id="before"),
        pytest.param([login(HOME, DAY + GAP * 50)], id="at-home"),
    ],
)
def test_innocent_logins_beside_a_campaign(more: list[dict[str, Any]]) -> None:
    """Travellers before or after, other accounts and home are no success of the campaign."""
    found = signs([*one_try_each(), *at_home(), *at_home(username="anna"), *more])
    assert not {sign for sign, _ in found} & {"campaign_then_success", "login_from_campaign"}


def test_user_counted_among_them() -> None:
    """An address from which the account was used before it failed is its user's."""
    rows = [*one_try_each(), login("198.18.7.7", 0), login("198.18.7.7", DAY * 3)]
    assert ("login_from_campaign", "198.18.7.7") not in signs(rows)


def test_campaigns_at_hand() -> None:
    """Campaigns that were found already give the same signs."""
    table = events([*one_try_each(), *at_home(), login(NEW, DAY + GAP * 50)])
    assert breaches(table, found=campaigns(table)).equals(breaches(table))
