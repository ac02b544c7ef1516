"""One attempt counts once, whichever daemons tell of it and in however many lines."""

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics.analysis.refusals import refused_logins

AT = "2026-09-04T16:59"
WHO = "user=<info>, method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, TLS"


def auth(second: int, words: str = "sql(info,198.18.4.77): Password mismatch") -> str:
    """Return a line of Dovecot's auth service."""
    return f"{AT}:{second:02}Z mail dovecot: auth: {words}\n"


def imap(second: int, tries: int, *, lasted: int = 0, session: str = "") -> str:
    """Return the line of a login process at the end of a connection."""
    ends = f"Disconnected (auth failed, {tries} attempts in {lasted} secs)"
    named = f", session=<{session}>" if session else ""
    return f"{AT}:{second:02}Z mail dovecot: imap-login: {ends}: {WHO}{named}\n"


def smtpd(second: int, words: str) -> str:
    """Return a line of Postfix's smtpd."""
    return f"{AT}:{second:02}Z mail postfix/smtpd[7]: {words}\n"


PEER = "unknown[198.18.4.77]"
CONNECT = smtpd(1, f"connect from {PEER}")
WARNING = smtpd(4, f"warning: {PEER}: SASL LOGIN authentication failed: UGFzc3dvcmQ6")
NAMED = smtpd(
    4,
    f"warning: {PEER}: SASL LOGIN authentication failed: (reason unavailable), sasl_username=info",
)
LEFT = smtpd(5, f"disconnect from {PEER} ehlo=1 auth=0/1 quit=1 commands=2/3")
THREE = auth(1) + auth(5) + auth(11)
INSIDE = "sql(info,198.18.4.77,<Xk3+8n4aUNsKAAAB>): Password mismatch"
WORKER = "conn unix:auth-worker (pid=3,uid=9): auth-worker<4>: sql(info,198.18.4.77): unknown user"
CASES = {
    "three lines behind a login line of three": (THREE + imap(13, 3, lasted=12), 3),
    "the same by their session's name": (
        "".join(auth(second, INSIDE) for second in (1, 5, 11))
        + imap(59, 3, lasted=58, session="Xk3+8n4aUNsKAAAB"),
        3,
    ),
    "a login line alone": (imap(13, 3, lasted=12), 3),
    "a line behind a SASL warning": (CONNECT + auth(2) + WARNING + LEFT, 1),
    "a line behind a SASL warning that names the account": (CONNECT + auth(2) + NAMED + LEFT, 1),
    "a line behind the counters of a client that hung up": (CONNECT + auth(2) + LEFT, 1),
    "a try, and at once a connection that gets in": (
        CONNECT
        + auth(2)
        + NAMED
        + LEFT
        + smtpd(6, f"connect from {PEER}")
        + smtpd(7, f"disconnect from {PEER} ehlo=1 auth=1 quit=1 commands=3"),
        1,
    ),
    "a line that fits no connection but one without a refusal": (
        smtpd(1, f"connect from {PEER}")
        + auth(2)
        + smtpd(3, f"disconnect from {PEER} ehlo=1 auth=1 quit=1 commands=3"),
        0,
    ),
    "a line of the auth service alone": (auth(2), 1),
    "a line of the worker alone": (
        f"{AT}:02Z mail dovecot: auth-worker(12): {WORKER}\n",
        1,
    ),
    "both data bases that were asked for one name": (
        auth(2, "pam(info,198.18.4.77): unknown user")
        + auth(2, "sql(info,198.18.4.77): unknown user"),
        1,
    ),
    "the next data base is asked": (
        auth(2, "pam(info,198.18.4.77): unknown user - trying the next passdb") + auth(3),
        1,
    ),
    "the worker and the service": (
        f"{AT}:02Z mail dovecot: auth-worker(12): pam(info,198.18.4.77): "
        "pam_authenticate() failed: Authentication failure (Password mismatch?)\n"
        + auth(2, "pam(info,198.18.4.77): Password mismatch"),
        1,
    ),
    "two names": (auth(2) + auth(3, "sql(root,198.18.4.77): unknown user"), 2),
    "the service is in trouble": (
        auth(2, "Error: sql(info,198.18.4.77): Password query failed: Connection lost"),
        0,
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, int]:
    """Return the events of a case and how many attempts there were."""
    text, attempts = request.param
    return mf.read_mail_log(text), attempts


def test_every_count_of_attempts_is_the_true_one(case: tuple[pd.DataFrame, int]) -> None:
    """Sessions, sources, networks, timeline and plain rows agree on how many tries there were."""
    events, attempts = case
    sources = mf.sources(events)
    assert mf.sessions(events)["auth_failed"].sum() == attempts
    assert sources["auth_failed"].sum() == attempts
    assert mf.networks(sources)["auth_failed"].sum() == attempts
    assert refused_logins(events).sum() == attempts
    hours = mf.timeline(events)
    assert hours.loc[hours["event"] == "auth_failed", "count"].sum() == attempts


def test_the_name_comes_from_whoever_knows_it(case: tuple[pd.DataFrame, int]) -> None:
    """Where only the auth service names the account, the source still shows it."""
    events, attempts = case
    if attempts:
        assert "info" in mf.sources(events)["accounts"].item().split(", ")


def test_a_firewall_event_is_no_refused_login() -> None:
    """A table without services or tries has none, whatever its rows say."""
    table = pd.DataFrame({"event": ["blocked", "auth_failed"]})
    assert refused_logins(table).tolist() == [0, 1]
