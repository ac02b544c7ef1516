"""Mail logs to mail events."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics import schema

LOG = """\
Sep  4 16:59:45 mail postfix/smtpd[12345]: connect from unknown[212.70.149.83]
Sep  4 16:59:47 mail postfix/smtpd[12345]: warning: unknown[212.70.149.83]: SASL LOGIN \
authentication failed: UGFzc3dvcmQ6
Sep  4 16:59:48 mail postfix/smtpd[12345]: disconnect from unknown[212.70.149.83] ehlo=1 \
auth=0/1 quit=1 commands=2/3
2026-09-05T16:59:45.123456+09:00 mail postfix/smtpd[1]: 4XyZ121Bcz12: \
client=mail.example.com[192.0.2.25], sasl_method=PLAIN, sasl_username=anna
Sep  4 17:00:00 mail cron[1]: hello: there
foo bar
"""


def test_every_line_is_a_row_with_all_columns(tmp_path: Path) -> None:
    """Rows out are lines in, with the schema's columns, from text, path, glob, folder and gzip."""
    events = mf.read_mail_log(LOG, year=2026)
    assert list(events.columns) == schema.names(schema.MAIL_EVENTS)
    assert events["event"].tolist() == [
        "connect", "auth_failed", "disconnect", "other", "accepted", "unparsed",
    ]  # fmt: skip
    (tmp_path / "mail.log").write_text(LOG)
    (tmp_path / "mail.log.2.gz").write_bytes(gzip.compress(LOG.encode()))
    for source in (tmp_path / "mail.log", f"{tmp_path}/mail.log", [tmp_path / "mail.log.2.gz"]):
        again = mf.read_mail_log(source, year=2026)
        pd.testing.assert_frame_equal(again.drop(columns="file"), events.drop(columns="file"))
    assert len(mf.read_mail_log(tmp_path, year=2026)) == 2 * len(events)


def test_audit_adds_up() -> None:
    """Events, other and unparsed of the audit are those of the table."""
    (row,) = mf.audit(mf.read_mail_log(LOG, year=2026)).to_dict("records")
    assert (row["lines"], row["events"], row["other"], row["unparsed"]) == (6, 6, 1, 1)
    assert row["year_from"] == "given (year=)"


def test_an_audit_of_no_events_is_an_empty_table() -> None:
    """A case without a firewall log audits as no file, not as an error."""
    table = mf.audit(schema.empty(schema.FIREWALL_EVENTS))
    assert table.empty
    assert list(table.columns) == schema.names(schema.AUDIT)


OWN_LOG = """\
Nov 24 18:49:50 imap-login: Info: Logged in: user=<anna>, method=PLAIN, rip=198.18.1.1, \
lip=192.0.2.1, mpid=5348, session=<fNTbLAphQbPGEgEB>
Nov 24 18:49:50 imap(anna)<5348><fNTbLAphQbPGEgEB>: Info: Disconnected: Logged out in=8 out=516
Nov 24 18:49:51 auth(anna,198.18.1.2,sasl:plain)<mJrhLAphjYTGEgEC>: Info: passwd-file: \
Password mismatch (given password: hunter2)
Nov 24 18:49:52 auth: Info: passwd-file(anna b,198.18.1.3,<mJrhLAphjYTGEgED>): unknown user
Nov 24 18:49:53 auth(a b: Info: c,198.18.1.4,sasl:plain)<mJrhLAphjYTGEgEE>: Info: plain: \
Empty username
Nov 24 18:49:54 auth-worker(anna,198.18.1.5)<77><x>: Error: pam: pam_start() failed: x
"""


def test_dovecots_own_log_tells_what_syslog_tells() -> None:
    """Names, colons and blanks in the brackets before the level are no host and no tag."""
    own = mf.read_mail_log(OWN_LOG, year=2026)
    syslog = mf.read_mail_log(
        "".join(f"{line[:15]} mail dovecot:{line[15:]}\n" for line in OWN_LOG.splitlines() if line),
        year=2026,
    )
    assert own["program"].eq("dovecot").all()
    assert own["host"].isna().all()
    assert own["event"].tolist() == [
        "auth_ok", "disconnect", "auth_failed", "auth_failed", "auth_failed", "auth_unavailable",
    ]  # fmt: skip
    named = ["event", "service", "source_ip", "username", "sasl_method", "reason", "message"]
    pd.testing.assert_frame_equal(own[named], syslog[named])


def test_an_address_that_the_file_ends_in_is_no_source(tmp_path: Path) -> None:
    """A log that is being written, or was cut, may lack the last digits of its last address."""
    line = (
        "Sep  4 16:59:45 mail dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 "
        "secs): user=<bob>, method=PLAIN, rip=198.18.4.7"
    )
    path = tmp_path / "mail.log"
    for end, source in (("", None), ("\n", "198.18.4.7"), (", lip=192.0.2.1", "198.18.4.7")):
        path.write_text(LOG + line + end)
        (bob,) = mf.read_mail_log(path, year=2026).query("username == 'bob'").to_dict("records")
        assert (None if pd.isna(bob["source_ip"]) else bob["source_ip"]) == source


@pytest.mark.parametrize(
    "head",
    [
        "Nov 24 10:00:00 mx postfix/smtpd[7]: ",
        "Nov 24 10:00:00 mx mail.info postfix/smtpd[7]: ",
        "Nov 24 10:00:00 <mail.info> mx postfix/smtpd[7]: ",
        "Nov 24 10:00:00 <2.6> mx postfix/smtpd[7]: ",
        "Nov 24 10:00:00 mx postfix/smtpd[7]: [ID 197553 mail.info] ",
        "2026 Nov 24 10:00:00 mx postfix/smtpd[7]: ",
        "Nov 24 2026 10:00:00 mx postfix/smtpd[7]: ",
        "2026/11/24 10:00:00 mx postfix/smtpd[7]: ",
        "2026-11-24T10:00:00Z mx postfix/smtpd[7]: ",
        '<22>1 2026-11-24T10:00:00Z mx postfix/smtpd 7 - [a@1 b="c"] ',
    ],
)
def test_every_daemon_s_head_is_taken_off(head: str) -> None:
    """Linux, BusyBox, FreeBSD, Solaris and syslog-ng head the same message each in its way."""
    (event,) = mf.read_mail_log(f"{head}connect from unknown[212.70.149.83]\n", year=2026).to_dict(
        "records"
    )
    taken = [event[name] for name in ("host", "program", "pid", "event", "source_ip")]
    assert taken == ["mx", "postfix/smtpd", 7, "connect", "212.70.149.83"]
    assert event["time"] == pd.Timestamp("2026-11-24T10:00:00Z")
