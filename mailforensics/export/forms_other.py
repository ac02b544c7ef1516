"""The bans for fail2ban, Postfix, CrowdSec, and as a table for people."""

import csv
import io
import json
from typing import Final

from mailforensics.export.approvals import Ban
from mailforensics.export.order import Order
from mailforensics.export.text import clean

FOREVER_HOURS: Final = 87_600  # ten years: CrowdSec knows no decision without an end
CSV_COLUMNS: Final = (
    "network",
    "action",
    "ports",
    "until",
    "reviewer",
    "approved",
    "digest",
    "reason",
)


def fail2ban_form(order: Order) -> str:
    """Return a shell script of `fail2ban-client set JAIL banip` commands, one a network.

    A jail decides how long and how it bans; the header shows one that bans for good.
    """
    header = order.header(
        "Run: sh THIS-FILE JAIL, with a jail of yours whose ban action takes networks. Such as:",
        "  [mailforensics]",
        "  enabled = true",
        "  filter = postfix",
        "  backend = auto",
        "  logpath = /dev/null",
        "  bantime = -1",
        "  banaction = iptables-allports",
        "(The nftables action of fail2ban 1.0 takes single addresses only, no networks.)",
        "Take back: the same with unbanip. fail2ban keeps no last day: see the remarks below.",
    )
    lines = [f"#!/bin/sh\n{header}set -eu\njail=${{1:-mailforensics}}\n"]
    lines += [
        f'# {_remark(ban)}\nfail2ban-client set "$jail" banip {_short(ban)}\n' for ban in order.bans
    ]
    return "".join(lines)


def postfix_form(order: Order) -> str:
    """Return a cidr table for `check_client_access`: Postfix refuses the clients, and says so.

    The client reads a plain sentence; reasons and names stay in the comments.
    """
    header = order.header(
        "Put it in /etc/postfix/banned.cidr, and in main.cf, before other restrictions:",
        "  smtpd_client_restrictions = check_client_access cidr:/etc/postfix/banned.cidr",
        "Try it: postmap -q ADDRESS cidr:/etc/postfix/banned.cidr. It guards Postfix alone: no",
        "other port, and not postscreen, which has postscreen_access_list.",
    )
    lines = [
        f"# {_remark(ban)}\n{_short(ban)}  REJECT 5.7.1 Your network is banned from this server\n"
        for ban in order.bans
    ]
    return header + "".join(lines)


def crowdsec_form(order: Order) -> str:
    """Return a JSON list for `cscli decisions import -i FILE`."""
    decisions = [
        {
            "duration": f"{_hours(order, ban)}h",
            "reason": f"mailforensics {order.word}: {clean(ban.decision['reason'])}",
            "scope": "Ip" if ban.network.prefixlen == ban.network.max_prefixlen else "Range",
            "type": "ban",
            "value": _short(ban),
        }
        for ban in order.bans
    ]
    return json.dumps(decisions, indent=2, ensure_ascii=True) + "\n"


def csv_form(order: Order) -> str:
    """Return a CSV table for people and spreadsheets; no cell can act as a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows([_cell(value) for value in _row(ban)] for ban in order.bans)
    return text.getvalue()


def _row(ban: Ban) -> tuple[str, ...]:
    return (
        str(ban.network),
        ban.action,
        " ".join(map(str, ban.ports)),
        ban.until or "",
        str(ban.decision["reviewer"]),
        f"{ban.decision['time']:%Y-%m-%dT%H:%M:%SZ}",
        str(ban.decision["digest"] or ""),
        str(ban.decision["reason"]),
    )


def _cell(value: str) -> str:
    """Return one line of text that no spreadsheet takes for a formula.

    Source: OWASP, "CSV Injection".
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return f"'{line}" if line[:1] in {"=", "+", "-", "@"} else line


def _remark(ban: Ban) -> str:
    until = f"until {ban.until}" if ban.until else "for good"
    reviewer = clean(ban.decision["reviewer"], length=40)
    return f"{until}, approved by {reviewer}: {clean(ban.decision['reason'])}"


def _short(ban: Ban) -> str:
    """Return the network, or the bare address where it holds only one."""
    single = ban.network.prefixlen == ban.network.max_prefixlen
    return str(ban.network.network_address) if single else str(ban.network)


def _hours(order: Order, ban: Ban) -> int:
    seconds = order.seconds(ban)
    return FOREVER_HOURS if seconds is None else -(-seconds // 3600)
