"""Logs that lack what a notebook is about: no attack, no names, ten minutes and more."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import mailforensics as mf

WEEK: Final = Path(__file__).parents[1] / "data" / "samples" / "week-rfc3339" / "mail.log"
FAILURE: Final = re.compile(r"(SASL \w+ authentication failed:) .*")
IPV4: Final = re.compile(r"(?<![\d.:])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")


def week_lines() -> list[str]:
    """Return three days of a small server, stamps with their year."""
    return WEEK.read_text("utf-8").splitlines()


def without_names() -> list[str]:
    """Return what Postfix before 3.7.8 writes: a failed login names no account."""
    lines = [line for line in week_lines() if " dovecot" not in line]
    return [FAILURE.sub(r"\1 UGFzc3dvcmQ6", line) for line in lines]


def quiet() -> list[str]:
    """Return a day without an attack."""
    return mf.simulate_attack("quiet")["line"].tolist()


def ten_minutes() -> list[str]:
    """Return the lines of ten minutes."""
    lines = week_lines()
    return [line for line in lines if line.startswith("2026-09-04T09:3")]


def other_program() -> list[str]:
    """Return a log that has syslog heads and nothing about mail."""
    start = datetime(2026, 9, 5, tzinfo=UTC)
    return [
        f"{start + timedelta(minutes=n):%Y-%m-%dT%H:%M:%S}+00:00 web cron[{n + 100}]: "
        "(root) CMD (test -x /usr/sbin/anacron)"
        for n in range(40)
    ]


def dovecot_only() -> list[str]:
    """Return the lines of Dovecot alone, as on a server that keeps mailboxes only."""
    return [line for line in week_lines() if " dovecot" in line]


def journal() -> list[str]:
    """Return half a day as `journalctl -o json` writes it."""
    head = re.compile(r"(\S+) (\S+) ([^\s\[]+)\[(\d+)\]: (.*)")
    records = []
    for line in week_lines()[:1500]:
        if found := head.match(line):
            moment = datetime.fromisoformat(found[1])
            records.append(
                {
                    "__REALTIME_TIMESTAMP": str(round(moment.timestamp() * 1_000_000)),
                    "_HOSTNAME": found[2],
                    "SYSLOG_IDENTIFIER": found[3],
                    "_PID": found[4],
                    "MESSAGE": found[5],
                }
            )
    return [json.dumps(record) for record in records]


def ipv6_only() -> list[str]:
    """Return the same days with every IPv4 address as an IPv6 one."""

    def as_ipv6(found: re.Match[str]) -> str:
        a, b, c, d = map(int, found[0].split("."))
        return f"240e:d9:{a:x}{b:02x}:{c:x}::{d:x}"

    return [IPV4.sub(as_ipv6, line) for line in week_lines()]


def one_line() -> list[str]:
    """Return the famous line, once."""
    return [
        "2026-09-04T16:59:45+00:00 mail postfix/smtpd[4711]: warning: unknown[212.70.149.83]: "
        "SASL LOGIN authentication failed: UGFzc3dvcmQ6"
    ]


POOR_LOGS: Final[dict[str, Callable[[], list[str]]]] = {
    "no firewall log": week_lines,
    "no user names": without_names,
    "no attack": quiet,
    "ten minutes": ten_minutes,
    "another program": other_program,
    "Dovecot alone": dovecot_only,
    "a journal": journal,
    "IPv6 alone": ipv6_only,
    "one line": one_line,
}
