"""On several servers an account is one of its server, unless its name has a domain."""

import polars as pl
import pytest

import mailforensics as mf
from mailforensics.analysis.accounts import with_accounts

OWNER, OTHER = "198.18.4.77", "198.18.77.4"


def login(day: int, host: str, name: str, ip: str) -> str:
    """Return a login to a mailbox."""
    return (
        f"2026-09-{day:02}T08:00:00+00:00 {host} dovecot: imap-login: Login: user=<{name}>, "
        f"method=PLAIN, rip={ip}, lip=192.0.2.25, mpid=7, TLS, session=<S{day}{host}>"
    )


def refused(day: int, minute: int, host: str, name: str, ip: str) -> str:
    """Return a refused login."""
    return (
        f"2026-09-{day:02}T07:{minute:02}:00+00:00 {host} dovecot: imap-login: Disconnected: "
        f"Connection closed (auth failed, 1 attempts in 2 secs): user=<{name}>, method=PLAIN, "
        f"rip={ip}, lip=192.0.2.25, TLS, session=<F{day}{minute}{host}>"
    )


def two_customers(second: str, name: str = "info") -> str:
    """Return ten days of one customer's mailbox, and a later mistyped first login of another's."""
    lines = [login(day, "mx1", name, OWNER) for day in range(1, 11)]
    lines += [refused(12, minute, second, name, OTHER) for minute in range(4)]
    return "\n".join([*lines, login(12, second, name, OTHER), ""])


@pytest.mark.parametrize(
    ("second", "name", "standing"),
    [
        pytest.param("mx2", "info", "user", id="each customer has an info"),
        pytest.param("mx1", "info", "suspect", id="one server has one info"),
        pytest.param("mx2", "info@example.org", "suspect", id="one mailbox on two servers"),
    ],
)
def test_a_mailbox_of_another_customer_is_no_guest(second: str, name: str, standing: str) -> None:
    """Four mistyped passwords are a break-in only where the mailbox is in use elsewhere."""
    events = mf.read_mail_log(two_customers(second, name))
    table = mf.sources(events).set_index("source_ip")
    assert table.loc[OTHER, "standing"] == standing
    signs = mf.breaches(events)
    assert ("new_network" in set(signs["sign"])) == (standing == "suspect")


def test_names_that_mean_one_account() -> None:
    """A bare name is that of the domain that worked beside it; a mistyped domain is nothing."""
    logins = pl.DataFrame(
        {"host": ["mx1", "mx2", "mx2"], "username": ["anna", "Info@Example.org", "bert"]}
    )
    tried = pl.DataFrame(
        {
            "host": ["mx1", "mx1", "mx2", "mx1", "mx2", None, "mx1", "mx1"],
            "username": [
                *("Anna", "anna@example.net", "info", "info@example.org", "anna", "bert"),
                *(None, "nobody@example.net"),
            ],
        }
    )
    found = with_accounts(tried, logins=logins, apart=True)
    assert found["account"].to_list() == [
        *("anna on mx1", "anna on mx1", "info@example.org", "info@example.org", "anna on mx2"),
        *("bert", None, "nobody@example.net"),
    ]
    alone = with_accounts(tried, logins=logins, apart=False)["account"].to_list()
    assert alone == ["anna", "anna", "info", "info", "anna", "bert", None, "nobody"]
