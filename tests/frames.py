"""Small event tables for tests: every column of the schema, typed, from a few words a row."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from mailforensics import schema

START = pd.Timestamp("2026-09-04 10:00:00", tz="UTC")


def events(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return mail events; `time` may be seconds after START, lines are counted from 1."""
    smtpd = {"host": "mail", "program": "postfix/smtpd", "service": "smtpd", "pid": 100}
    return _table(rows, schema.MAIL_EVENTS, smtpd | {"message": "", "file": "mail.log"})


def firewall_events(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return firewall events: packets to port 25 that were blocked, unless a row says more."""
    blocked = {"host": "mail", "action": "BLOCK", "direction": "in", "event": "blocked"}
    packet = {"protocol": "tcp", "dest_port": 25, "message": "", "file": "ufw.log"}
    return _table(rows, schema.FIREWALL_EVENTS, blocked | packet)


def session(source_ip: str, *parts: dict[str, Any] | str, at: float = 0, **common: Any) -> list:
    """Return the rows of one smtpd session: connect, the parts a second apart, disconnect."""
    whole = ["connect", *parts, "disconnect"]
    return [
        {"source_ip": source_ip, "time": at + second, **common}
        | ({"event": part} if isinstance(part, str) else {"event": "disconnect"} | part)
        for second, part in enumerate(whole)
    ]


def failed(username: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a login that smtpd refused."""
    return {"event": "auth_failed", "username": username, "sasl_method": "LOGIN"} | more


def _table(
    rows: Iterable[dict[str, Any]], columns: schema.Table, common: dict[str, Any]
) -> pd.DataFrame:
    filled = [
        {"line": number, "repeat": 1, "duplicate": False, "time": number} | common | row
        for number, row in enumerate(rows, start=1)
    ]
    if not filled:
        return schema.empty(columns)
    for row in filled:
        if isinstance(row["time"], int | float):
            row["time"] = START + pd.Timedelta(seconds=row["time"])
    return schema.conform(pd.DataFrame(filled).reindex(columns=schema.names(columns)), columns)
