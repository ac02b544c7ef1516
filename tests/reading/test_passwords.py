"""Passwords that a log holds in clear never leave the table of events."""

import polars as pl
import pytest

import mailforensics as mf
from mailforensics.reading.passwords import leaks, mask_passwords
from mailforensics.show.tables import as_text
from mailforensics.show.visible import visible

SECRET = "hunter2"
IN_BASE64 = "AGJvYgBodW50ZXIy"
WHO = "passwd-file(bob,198.18.4.77,<x1Yz+/==>)"
LEAKS = (
    f"auth: {WHO}: Password mismatch (given password: {SECRET})",
    f"auth: {WHO}: Password mismatch (SHA1 of given password: {SECRET})",
    f"auth: {WHO}: unknown user (given password: a) b({SECRET}) c)",
    f"auth: {WHO}: unknown user (given password: {SECRET}) - trying the next passdb",
    f"auth: {WHO}: Password mismatch (given password: {SECRET}",
    f"auth(bob,198.18.4.77,sasl:plain)<x1Yz>: passwd-file: Password mismatch (given password: "
    f"{SECRET})",
    f"auth: Debug: {WHO}: PLAIN({SECRET}) != 'x{SECRET}'",
    f"auth: Debug: {WHO}: Generating LANMAN from user 'b', password '{SECRET}'",
    f"auth: Debug: client passdb out: OK\t1\tuser=bob\tpass={SECRET}",
    f"auth: Debug: client passdb out: OK#0111#011user=bob#011pass={SECRET}#011x=y",
    f"auth: Debug: master userdb out: USER\t3\tbob\tpassword={SECRET}\tuid=8",
    f"auth: Debug: client in: AUTH\t1\tPLAIN\tservice=imap\trip=198.18.4.77\tresp={IN_BASE64}",
    f"auth: Debug: client in: CONT\t1\t{IN_BASE64}",
    f"auth: Debug: sql(bob,198.18.4.77): query: SELECT 1 FROM users WHERE password = '{SECRET}'",
    f"auth: Debug: sql(bob,198.18.4.77): query: SELECT 1 FROM u WHERE passwd LIKE MD5('{SECRET}')",
)
POSTFIX_LEAKS = (
    f"postfix/postscreen[1]: PREGREET 30 after 0.1 from [198.18.4.77]:4444: AUTH PLAIN {IN_BASE64}",
    "postfix/smtpd[1]: improper command pipelining after EHLO from unknown[198.18.4.77]: AUTH LOGIN"
    f"\\r\\n{IN_BASE64}\\r\\n",
    f"postfix/smtpd[1]: warning: non-SMTP command from a[198.18.4.77]: auth plain {IN_BASE64}",
    f"postfix/smtpd[1]: < unknown[198.18.4.77]: AUTH PLAIN {IN_BASE64}",
    f"postfix/smtpd[1]: < unknown[198.18.4.77]: {IN_BASE64}",
)
LINES = [f"2026-09-04T16:59:45Z mail dovecot: {text}" for text in LEAKS]
LINES += [f"2026-09-04T16:59:45Z mail {text}" for text in POSTFIX_LEAKS]


def is_clean(text: str) -> bool:
    """Say whether no password is left in a text."""
    return SECRET not in text and IN_BASE64 not in text


@pytest.mark.parametrize("line", LINES)
def test_a_password_is_masked_wherever_it_is_shown(line: str) -> None:
    """Reason, log lines, tables, pages and explanations show a mask; the table has the line."""
    events = mf.read_mail_log(f"{line}\n")
    (row,) = events.to_dict("records")
    assert not is_clean(row["message"])
    assert is_clean(str(row["reason"]))
    shown = mf.log_lines(events)
    assert is_clean(shown["message"].item())
    assert "***" in shown["message"].item()
    assert is_clean(as_text(events, by_row=True))
    assert is_clean(repr(mf.readable(events)))
    assert is_clean(visible(row["message"]))
    assert is_clean(mf.explain(line))
    assert leaks(pl.Series(events["message"].to_list())).all()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "connect from unknown[198.18.4.77]",
        "warning: unknown[198.18.4.77]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
        "lost connection after AUTH from unknown[198.18.4.77]",
        "auth: passwd-file(bob,198.18.4.77): Password mismatch",
        "auth: Debug: client in: AUTH\t1\tPLAIN\tservice=imap\tresp=<hidden>",
        "auth: Debug: client passdb out: OK\t1\tuser=bob\tpass=<hidden>",
        "auth: Debug: sql(bob): query: SELECT password FROM users WHERE name = 'bob'",
        "< unknown[198.18.4.77]: RCPT TO:<bob@example.org>",
        "< unknown[198.18.4.77]: STARTTLS",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    """What holds no password is shown to the letter, and is no leak."""
    assert mask_passwords(text) == text
    assert not leaks(pl.Series([text])).any()
