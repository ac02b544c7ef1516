"""The ground truth of the sample week: what each story left in the logs, counted by its label."""

import re
from collections.abc import Iterable
from typing import Any, Final

from mailforensics.simulation.lines import LogLine
from mailforensics.simulation.week import ARTICLE, BAN, SEED, SampleWeek

_PEER: Final = re.compile(r"\w\[([0-9a-f.:]+)\]|rip=([0-9a-f.:]+)|SRC=([0-9a-f.:]+)")
_ATTEMPTS: Final = re.compile(r"auth failed, (\d+) attempts")


def ground_truth(week: SampleWeek) -> dict[str, Any]:
    """Return what a right analysis of the week must find, as plain values (times are UTC)."""
    stories = sorted({line.story for line in week.mail})
    return {
        "seed": SEED,
        "year": 2026,
        "zone": "UTC",
        "first_time": _stamp(week.mail[0]),
        "last_time": _stamp(week.mail[-1]),
        "mail_lines": len(week.mail),
        "firewall_lines": len(week.firewall),
        "stories": {story: _story(_of(week.mail, story)) for story in stories},
        "firewall_stories": {
            story: len(_of(week.firewall, story))
            for story in sorted({line.story for line in week.firewall})
        },
        "ban": _ban(week),
        "breach": _breach(_of(week.mail, "breach")),
        "protected_users": ["anna@example.org", "carla@example.org", "tom@example.org"],
    }


def _of(lines: Iterable[LogLine], story: str) -> list[LogLine]:
    return [line for line in lines if line.story == story]


def _stamp(line: LogLine) -> str:
    return line.time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_failure(line: LogLine) -> bool:
    return "authentication failed:" in line.text or "(auth failed" in line.text


def _attempts(line: LogLine) -> int:
    found = _ATTEMPTS.search(line.text)
    return int(found[1]) if found else int(_is_failure(line))


def _story(lines: list[LogLine]) -> dict[str, Any]:
    clients = [line for line in lines if "smtpd[" in line.tag or "imap-login" in line.text]
    found = [_PEER.search(line.text) for line in clients]
    addresses = {next(filter(None, match.groups())) for match in found if match}
    return {
        "lines": len(lines),
        "first_time": _stamp(lines[0]),
        "last_time": _stamp(lines[-1]),
        "addresses": sorted(addresses),
        "smtp_connections": sum(line.text.startswith("connect from") for line in lines),
        "login_failure_lines": sum(map(_is_failure, lines)),
        "login_attempts_refused": sum(map(_attempts, lines)),
        "logins_that_worked": sum(
            "imap-login: Login:" in line.text or ", sasl_method=" in line.text for line in lines
        ),
        "refused_recipients": sum("NOQUEUE: reject: RCPT" in line.text for line in lines),
    }


def _ban(week: SampleWeek) -> dict[str, Any]:
    mail = _of(week.mail, ARTICLE)
    packets = [p for p in week.packets if p.rule == "ban"]
    logged = [line for line in week.firewall if line.story == ARTICLE]
    ports = [line.text.partition("DPT=")[2].split(" ")[0] for line in logged]
    return {
        "network": "212.70.149.0/24",
        "command": "ufw prepend deny log from 212.70.149.0/24",
        "time": BAN.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_connect": _stamp([m for m in mail if m.text.startswith("connect from")][-1]),
        "last_mail_line": _stamp(mail[-1]),
        "packets_sent_after": len(packets),
        "packets_logged_after": len(logged),
        "logged_ports": {port: ports.count(port) for port in sorted(set(ports))},
    }


def _breach(lines: list[LogLine]) -> dict[str, Any]:
    logins = [line for line in lines if ", sasl_method=" in line.text]
    failures = [line for line in lines if _is_failure(line)]
    deliveries = [line for line in lines if line.tag.startswith("postfix/smtp[")]
    return {
        "username": "vera@example.org",
        "guesser": "198.18.201.9",
        "spammer": "198.19.13.66",
        "first_guess": _stamp(failures[0]),
        "failures_before": sum(line.time < logins[0].time for line in failures),
        "first_login": _stamp(logins[0]),
        "spam_messages": len(logins) - 1,
        "spam_from": _stamp(logins[1]),
        "spam_until": _stamp(logins[-1]),
        "delivered": sum("status=sent" in line.text for line in deliveries),
        "bounced": sum("status=bounced" in line.text for line in deliveries),
        "deferred": sum("status=deferred" in line.text for line in deliveries),
        "failures_after_new_password": sum(line.time > logins[-1].time for line in failures),
    }
