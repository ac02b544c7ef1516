"""A store is counted stretch by stretch, and no table shows where it was cut."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mailforensics as mf
from tests.logs import hard_log

# What one peer can make daemons write; several of them at a time, and lines that stand alone.
LINES = (
    "postfix/smtpd[{pid}]: connect from unknown[{ip}]",
    "postfix/smtpd[{pid}]: connect from unknown[unknown]",
    "postfix/smtpd[{pid}]: warning: hostname a.example.net does not resolve to address {ip}: no",
    "postfix/smtpd[{pid}]: warning: unknown[{ip}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
    "postfix/smtpd[{pid}]: 3F2A1{pid}: client=unknown[{ip}], sasl_method=PLAIN, sasl_username=anna",
    "postfix/smtpd[{pid}]: lost connection after AUTH from unknown[{ip}]",
    "postfix/smtpd[{pid}]: disconnect from unknown[{ip}] ehlo=1 auth=0/1 mail=1 commands=2/3",
    "postfix/smtpd[{pid}]: disconnect from unknown[{ip}] ehlo=1 auth=1 mail=1 data=1 commands=4",
    "postfix/smtpd[{pid}]: warning: dict_nis_init: NIS domain name not set - NIS lookups disabled",
    "postfix/postscreen[9]: CONNECT from [{ip}]:{pid} to [192.0.2.25]:25",
    "postfix/postscreen[9]: PASS NEW [{ip}]:{pid}",
    "postfix/postscreen[9]: PASS OLD [{ip}]:{pid}",
    "postfix/postscreen[9]: DISCONNECT [{ip}]:{pid}",
    "dovecot: imap-login: Login: user=<anna>, method=PLAIN, rip={ip}, lip=192.0.2.25, mpid=7, TLS, "
    "session=<Xk3+8n4aUN{pid}>",
    "dovecot: imap(anna)<7><Xk3+8n4aUN{pid}>: Disconnected: Logged out in=93 out=1",
    "dovecot: imap-login: Disconnected: Connection closed (auth failed, 2 attempts in 40 secs): "
    "user=<info>, method=PLAIN, rip={ip}, lip=192.0.2.25, session=<Xk3+8n4aUN{pid}>",
    "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 9000 secs): user=<info>, "
    "method=PLAIN, rip={ip}, lip=192.0.2.25, TLS",
    "dovecot: auth: passwd-file(info,{ip}): unknown user",
    "dovecot: auth: passwd-file(info,{ip},<Xk3+8n4aUN{pid}>): Password mismatch",
    "dovecot: auth: ldap(anna,{ip}): Password mismatch",
    "postfix/smtpd[{pid}]: 4C2B1{pid}: client=unknown[{ip}]",
    "postfix/smtpd[{pid}]: warning: unknown[{ip}]: SASL LOGIN authentication failed: (reason "
    "unavailable), sasl_username=anna",
    "postfix/smtp[88]: 3F2A1{pid}: to=<a@d{pid}.example.com>, relay=mx.example.com[192.0.2.9]:25, "
    "delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
    "postfix/smtp[88]: 4C2B1{pid}: to=<b@example.com>, relay=mx.example.com[192.0.2.9]:25, "
    "delay=1, delays=0/0/0/1, dsn=5.0.0, status=bounced (550 no)",
    "postfix/qmgr[5]: 4C2B1{pid}: removed",
)
PAUSES = (0, 1, 4, 6, 20, 31, 61, 600, 3599, 3602, 9000, 40_000, 86_400)
ANALYSES = (mf.sessions, mf.sources, mf.fleet, mf.timeline, mf.messages, mf.breaches, mf.audit)
STEP = st.tuples(
    st.sampled_from(LINES),
    st.sampled_from(PAUSES),
    st.sampled_from(("198.18.4.77", "198.18.5.1", "240e:d9:d800:200::9")),
    st.sampled_from((1201, 1202)),
    st.sampled_from(("mx1", "mx2")),
)


def written(steps: list[tuple[str, int, str, int, str]], *, nameless: bool) -> str:
    """Return a log of lines, each so many seconds after the one before it."""
    now, lines = datetime(2026, 9, 4, 22, 30, tzinfo=UTC), []
    for line, pause, ip, pid, host in steps:
        now += timedelta(seconds=pause)
        text = line.format(ip=ip, pid=pid)
        where = f" {host}"
        if nameless and text.startswith("dovecot"):  # as Dovecot writes its own file
            lines.append(f"{now:%b %d %H:%M:%S} {text.removeprefix('dovecot: ')}")
        else:
            lines.append(f"{now:%Y-%m-%dT%H:%M:%S}+00:00{where} {text}")
    return "\n".join(lines) + "\n"


def assert_same(store: mf.Store, events: pd.DataFrame) -> None:
    """What is said of a store is what is said of its events, to the byte."""
    for analysis in ANALYSES:
        found, wanted = analysis(store), analysis(events)
        pd.testing.assert_frame_equal(found, wanted)
        assert found.to_csv() == wanted.to_csv()
    assert str(mf.verdict(store)) == str(mf.verdict(events))


@settings(max_examples=10, deadline=None)
@given(
    steps=st.lists(STEP, min_size=1, max_size=40),
    cut=st.sampled_from([1, 8, 20]),
    nameless=st.booleans(),
)
def test_any_cutting_into_days_gives_the_same_tables(
    steps: list[tuple[str, int, str, int, str]], cut: int, *, nameless: bool
) -> None:
    """Connections go on over midnight, for days, in turn and side by side; nothing is cut."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "mail.log"
        log.write_text(written(steps, nameless=nameless), "utf-8")
        store = mf.ingest(log, store=Path(folder) / "store", year=2026)
        store.rows_at_a_time = cut
        assert_same(store, mf.read_mail_log(log, year=2026))


@pytest.mark.parametrize("tz", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_midnight_may_be_at_any_hour(tz: str, tmp_path: Path) -> None:
    """The sample week and hard lines, cut at a midnight that falls into the busy hours."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "mail.log").write_bytes(hard_log(2))
    source = ["data/samples/week", str(logs)]
    store = mf.ingest(source, store=tmp_path / "store", tz=tz)
    store.rows_at_a_time = 300
    assert_same(store, mf.read_mail_log(source, tz=tz))


def test_a_stretch_of_one_row_divides_as_many_do(tmp_path: Path) -> None:
    """A session that is alone in its stretch lasts as long as among others, to the last bit."""
    ends = "disconnect from unknown[198.18.4.77] ehlo=1 quit=1 commands=2"
    lines = [
        f"2026-09-{day:02}T{time}+00:00 mx1 postfix/smtpd[{day}]: {what}"
        for day in (4, 5, 6)
        for time, what in (
            ("10:00:00.000000", "connect from unknown[198.18.4.77]"),
            ("10:00:46.000002", ends),
        )
    ]
    log = tmp_path / "mail.log"
    log.write_text("\n".join([*lines, ""]), "utf-8")
    store = mf.ingest(log, store=tmp_path / "store")
    store.rows_at_a_time = 1
    found, wanted = mf.sessions(store)["seconds"], mf.sessions(mf.read_mail_log(log))["seconds"]
    assert found.to_list() == wanted.to_list()
    assert len(found) == 3
