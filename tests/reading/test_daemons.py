"""Whole logs of daemons newer than those the test bench can install, with what was done to them.

`daemons/` holds what Dovecot 2.4.1 (its own log format) and Postfix 3.10 (RFC 3339, by rsyslog)
wrote while a client did what the tables below say, each try from an address of its own.
"""

from pathlib import Path

import mailforensics as mf

FOLDER = Path(__file__).parent / "daemons"
# Refused logins in two rounds, one in clear and one over TLS; `dora` may not log in at all.
DOVECOT_TRIES = {
    **{f"198.18.1.{number}": 2 for number in (2, 3, *range(10, 21), 22)},
    "198.18.1.4": 8,
    "198.18.1.23": 12,
    "198.18.2.2": 2,
    "198.18.2.3": 8,
    "198.18.2.4": 2,
    **dict.fromkeys(("198.18.3.1", "198.18.3.3", "198.18.4.1"), 1),
}
DOVECOT_LOGINS = {
    **dict.fromkeys(("198.18.1.1", "198.18.1.5", "198.18.2.1"), 2),
    **dict.fromkeys(("198.18.3.2", "198.18.4.2"), 1),
}
POSTFIX_TRIES = {
    **{f"198.18.20.{number}": 1 for number in (1, 2, 3, 5, 6, 7, 8)},
    "198.18.20.4": 3,
    "198.18.23.1": 1,
    "198.18.24.1": 1,
    "198.18.24.2": 1,
    "198.18.25.1": 14,
}
POSTFIX_LOGINS = {"198.18.21.1": 1, "198.18.24.3": 1}


def counts(name: str, column: str) -> dict[str, int]:
    """Return what a column of the sources of a log counts, of the addresses where it counts."""
    sources = mf.sources(mf.read_mail_log(FOLDER / name, year=2026))
    some = sources[sources[column] > 0]
    return dict(zip(some["source_ip"], some[column], strict=True))


def test_dovecot_2_4() -> None:
    """Every try counts once, from the address that made it, whatever its user name says."""
    assert counts("dovecot-2.4.log", "auth_failed") == DOVECOT_TRIES
    assert counts("dovecot-2.4.log", "auth_ok") == DOVECOT_LOGINS


def test_postfix_3_10() -> None:
    """The same, through Postfix and its words."""
    assert counts("postfix-3.10.log", "auth_failed") == POSTFIX_TRIES
    assert counts("postfix-3.10.log", "auth_ok") == POSTFIX_LOGINS


def test_a_broken_password_checker_is_nobodys_attack() -> None:
    """While Dovecot could check no password, nobody failed to log in."""
    events = mf.read_mail_log(FOLDER / "dovecot-2.4-broken.log", year=2026)
    assert set(events["event"]) == {"auth_unavailable", "server"}
    assert not mf.sources(events)["auth_failed"].sum()


def test_every_line_is_understood() -> None:
    """No line of these logs is `other` or `unparsed`, and no address in a user name is a source."""
    for path in FOLDER.glob("*.log"):
        events = mf.read_mail_log(path, year=2026)
        assert not events["event"].isin(["other", "unparsed"]).any(), path.name
        assert not events["source_ip"].str.startswith("192.0.2.", na=False).any(), path.name
