"""What one log line says, in plain words: read by the same reader as a whole log."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from mailforensics.errors import ArgumentError
from mailforensics.reading.explain_words import ACTIONS, PORTS, REASONS, REPLIES, SENTENCES
from mailforensics.reading.mail import read_mail_log
from mailforensics.reading.passwords import mask_passwords
from mailforensics.reading.ufw import read_ufw_log

Row = Mapping[str, object]

# A line that was copied without its head is tried as each of these would have written it.
_TAGS: Final = ("postfix/smtpd", "postfix/postscreen", "postfix/smtp", "postfix/cleanup", "dovecot")
_LONGEST_TEXT: Final = 400
_UNKNOWN: Final = ("unparsed", "other")
_CHECKERS: Final = ("auth", "auth-worker", "dovecot-auth", "saslauthd")
_COUNTER: Final = re.compile(r" ([a-z]+)=([0-9]+)(?:/([0-9]+))?")


def explain(line: str) -> str:
    """Return what a log line says, in plain words, one fact a sentence.

    Prompts in base64 are decoded, counters are counted, reply codes and ports are named. Mail lines
    and firewall lines are understood, also without their head, and as an article wraps them.
    Given passwords are masked, control characters shown as `?`, long texts cut.

    Args:
        line: one line; more lines are explained one by one, with a blank line between.

    Raises:
        ArgumentError: the text is empty.
    """
    if not line.strip():
        raise ArgumentError("There is no line to explain; pass one line of a log, in quotes.")
    return "\n\n".join(" ".join(_sentences(row)) for row in _rows(line))


def _rows(line: str) -> Iterator[Row]:
    rows = _records(read_mail_log(f"{line.strip()}\n"))
    if all(row["event"] in _UNKNOWN for row in rows):
        packets = _records(read_ufw_log(f"{line.strip()}\n"))
        if not all(row["event"] in _UNKNOWN for row in packets):
            return iter(packets)
    return (_without_head(row) if row["event"] == "unparsed" else row for row in rows)


def _records(events: pd.DataFrame) -> list[Row]:
    rows = events.sort_values(["file", "line"]).to_dict("records")
    return [{str(k): v for k, v in row.items() if bool(pd.notna(v))} for row in rows]


def _without_head(row: Row) -> Row:
    for tag in _TAGS:
        (guess,) = _records(read_mail_log(f"2000-01-01T00:00:00Z - {tag}: {row['message']}\n"))
        if guess["event"] not in _UNKNOWN:
            return {k: v for k, v in guess.items() if k not in {"time", "host"}}
    return row


def _sentences(row: Row) -> Iterator[str]:
    who = _who(row)
    sentence = SENTENCES[str(row["event"])].format(who=who)
    yield sentence[:1].upper() + sentence[1:] if who[0].islower() else sentence
    for part in (_packet, _login, _reason, _reply, _counters, _message, _note, _written):
        yield from part(row)


def _who(row: Row) -> str:
    if "source_ip" not in row:
        return _clean(row.get("relay", "a client"))
    name = f" (called {_clean(row['source_host'])} in DNS)" if "source_host" in row else ""
    return f"{row['source_ip']}{name}"


def _login(row: Row) -> Iterator[str]:
    if "username" in row:
        yield f"The account was {_clean(row['username'])}."
    elif row["event"] == "auth_failed" and row.get("service") == "smtpd":
        yield "The account is not logged: Postfix names it since 3.7.8 and 3.8.3."
    if "sasl_method" in row:
        yield f"The login method was {_clean(row['sasl_method'])}."
    if row["event"] == "auth_failed" and "auth_tried" in row:
        yield f"The connection made {_count(row['auth_tried'], 'try', 'tries')}."


def _reason(row: Row) -> Iterator[str]:
    if "reason" not in row:
        return
    reason = _clean(row["reason"])
    prompt = _decoded(str(row["reason"]))
    if prompt:
        yield (
            f"The reason, {reason}, is base64 for “{_clean(prompt)}”: "
            "the server's own prompt, no secret."
        )
        return
    yield f"The log says: “{reason}”."
    yield from [meaning for text, meaning in REASONS.items() if text in reason][:1]


def _decoded(text: str) -> str:
    """Return what a base64 text says, or empty text if it is none."""
    if len(text) < 8 or len(text) % 4 or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text):
        return ""
    try:
        return base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _reply(row: Row) -> Iterator[str]:
    status = str(row.get("status", ""))
    if status.isdigit():
        yield f"Reply {status}: {REPLIES.get(status[0], 'unusual')}."
    elif status in ACTIONS:
        yield ACTIONS[status]


def _counters(row: Row) -> Iterator[str]:
    if row["event"] != "disconnect" or "commands_ok" not in row:
        return
    counts = _COUNTER.findall(str(row["message"]))
    parts = [
        f"{name.upper()} {ok}" + (f" of {tried}" if tried else "")
        for name, ok, tried in counts
        if name != "commands"
    ]
    listed = f" ({', '.join(parts)})" if parts else ""
    yield f"Of {row['commands_tried']} commands {row['commands_ok']} worked{listed}."
    if "auth_ok" in row:
        tries = _count(row["auth_tried"], "login was tried", "logins were tried")
        worked = "and none worked" if row["auth_ok"] == 0 else f"and {row['auth_ok']} worked"
        yield f"{tries[:1].upper()}{tries[1:]}, {worked}."


def _message(row: Row) -> Iterator[str]:
    if "sender" in row:
        yield f"The sender was <{_clean(row['sender'])}>."
    if "recipient" in row:
        yield f"The recipient was <{_clean(row['recipient'])}>."
    if "helo" in row:
        yield f"It called itself {_clean(row['helo'])}, which proves nothing."
    if row.get("relay", "none") != "none" and "{who}" not in SENTENCES[str(row["event"])]:
        yield f"It went by {_clean(row['relay'])}."
    if "delay" in row:
        yield f"It had been here for {row['delay']:g} seconds."
    if "size" in row:
        yield f"It has {row['size']} bytes."
    if "queue_id" in row:
        yield f"Its queue id is {row['queue_id']}: look for other lines with it."


def _packet(row: Row) -> Iterator[str]:
    if "action" not in row or "source_ip" not in row:
        return
    protocol = str(row.get("protocol", "")).upper()
    port = str(row.get("dest_port", ""))
    named = f" port {port}" if port else ""
    named += f" ({PORTS[port]})" if port in PORTS else ""
    came = f" It came in by {_clean(row['in_interface'])}." if "in_interface" in row else ""
    yield f"It was {protocol} from {row['source_ip']} to {row.get('dest_ip', '?')}{named}.{came}"
    if row.get("tcp_flags") == "SYN":
        yield "SYN: it wanted to open a connection."


def _note(row: Row) -> Iterator[str]:
    if row["event"] in _UNKNOWN or (row["event"] == "server" and "reason" not in row):
        yield f"It says: “{_clean(row['message'])}”."
    if "{who}" not in SENTENCES[str(row["event"])] and "service" in row and "source_ip" in row:
        yield f"The client was {_who(row)}."
    asked = row["event"] in {"server", "auth_failed"} and str(row.get("service")) in _CHECKERS
    if asked and "username" in row:
        yield "Whoever asked for the check logs the try as well; it counts once."
    if row.get("repeat", 1) != 1:
        yield f"syslog folded it: it stands for {row['repeat']} equal lines."


def _written(row: Row) -> Iterator[str]:
    if "program" in row and "host" in row:
        yield f"Written by {_clean(row['program'])} on {_clean(row['host'])}."


def _count(number: object, one: str, many: str) -> str:
    return f"one {one}" if number == 1 else f"{number} {many}"


def _clean(value: object) -> str:
    """Return log text that is safe to show: no password, no control characters, not too long."""
    masked = mask_passwords(str(value))
    text = "".join(letter if letter.isprintable() else "?" for letter in masked)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
