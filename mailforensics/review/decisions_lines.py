"""One decision, checked; and how it stands in one line of the journal."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from mailforensics.addresses import Address, Network, parse_network
from mailforensics.errors import ArgumentError, DecisionError
from mailforensics.schema import VERDICTS

Until = str | int | date | None
TEXT_LIMIT: Final = 65_536  # characters of a reason or a reviewer
_DAYS: Final = re.compile(r"(\d{1,5})\s*(?:d|days?)?", re.ASCII)
_FOR_GOOD: Final = {"", "for good", "forever"}
_DAYS_LIMIT: Final = 36_500
_NOTHING: Final = " Nothing was recorded."


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided about one network, and when.

    Attributes:
        network: CIDR text.
        verdict: approve, reject or undo.
        reason: the reviewer's words; log text in it is data, never code.
        reviewer: who decided.
        time: when it was recorded, UTC.
        until: last day of the ban, YYYY-MM-DD; None for good.
        digest: SHA-256 of the candidate row that was shown, or empty.
    """

    network: str
    verdict: str
    reason: str
    reviewer: str
    time: datetime
    until: str | None = None
    digest: str = ""


def checked(decision: Decision, *, until: Until) -> Decision:
    """Return the decision with its network normalised, its texts clean and `until` as a date.

    Raises:
        DecisionError: a field makes no sense; names it and what is allowed.
    """
    if decision.verdict not in VERDICTS:
        allowed = ", ".join(VERDICTS)
        raise DecisionError(f"{decision.verdict!r} is no verdict; use one of {allowed}.{_NOTHING}")
    if until is not None and decision.verdict != "approve":
        raise DecisionError(f"until= belongs to an approval, not to {decision.verdict}.{_NOTHING}")
    if not decision.reviewer.strip():
        raise DecisionError(f"a decision needs the reviewer's name; give reviewer=.{_NOTHING}")
    return Decision(
        network=_network_text(decision.network),
        verdict=decision.verdict,
        reason=_clean("reason", decision.reason),
        reviewer=_clean("reviewer", decision.reviewer),
        time=decision.time,
        until=parse_until(until, today=decision.time.date()),
        digest=_clean("digest", decision.digest),
    )


def parse_until(until: Until, *, today: date) -> str | None:
    """Return the last day of a ban as YYYY-MM-DD, or None for good.

    Args:
        until: a date, `YYYY-MM-DD`, a number of days (`30`, `"30 days"`), or None for good.
        today: the day on which it is decided, UTC.

    Raises:
        DecisionError: it is none of these, or lies in the past.
    """
    if until is None or (isinstance(until, str) and until.strip().lower() in _FOR_GOOD):
        return None
    last = _last_day(until, today)
    if last is None:
        raise DecisionError(
            f"until={str(until)[:40]!r} is no last day; write YYYY-MM-DD, a number of days from "
            f"1 to {_DAYS_LIMIT}, or leave it out for good.{_NOTHING}"
        )
    if last < today:
        raise DecisionError(f"until={last} is over; today is {today} (UTC).{_NOTHING}")
    return last.isoformat()


def parse_day(day: date | str) -> date:
    """Return a day given as a date or as `YYYY-MM-DD`.

    Raises:
        DecisionError: it is neither.
    """
    found = (
        None if isinstance(day, str) and _DAYS.fullmatch(day.strip()) else _last_day(day, date.min)
    )
    if found is None:
        raise DecisionError(f"{str(day)[:40]!r} is no day; write YYYY-MM-DD.")
    return found


def _last_day(until: str | int | date, today: date) -> date | None:
    if isinstance(until, date):
        # pandas' NaT passes for a datetime, and is the one that does not equal itself.
        moment = until.date() if isinstance(until, datetime) and until == until else until
        return None if isinstance(moment, datetime) else moment
    if isinstance(until, bool):
        return None
    text = str(until).strip()
    if days := _DAYS.fullmatch(text):
        count = int(days[1])
        return today + timedelta(days=count) if 1 <= count <= _DAYS_LIMIT else None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _network_text(network: str | Address | Network) -> str:
    try:
        return str(parse_network(network))
    except ArgumentError as problem:
        raise DecisionError(f"{problem}{_NOTHING}") from None


def _clean(field: str, text: str) -> str:
    """Return text that UTF-8 can hold; broken code units (from broken logs) become visible."""
    if not isinstance(text, str):
        raise DecisionError(f"{field}={text!r} is no text.{_NOTHING}")
    if len(text) > TEXT_LIMIT:
        raise DecisionError(
            f"the {field} has {len(text)} characters; {TEXT_LIMIT} are allowed.{_NOTHING}"
        )
    return text.strip().encode("utf-8", "backslashreplace").decode("utf-8")


def to_line(decision: Decision) -> bytes:
    r"""Return the decision as one line of ASCII JSON with its `\n`, whatever its texts hold."""
    fields = asdict(decision) | {"time": decision.time.isoformat(timespec="microseconds")}
    return json.dumps(fields, ensure_ascii=True).encode("ascii") + b"\n"


def from_line(line: bytes) -> Decision:
    """Return the decision in one line of the journal.

    Raises:
        ValueError: the line is torn or damaged; says how.
    """
    try:
        fields = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("torn or damaged, no JSON") from None
    if not isinstance(fields, dict):
        raise ValueError("no JSON object")
    texts = {name: _text(fields, name) for name in ("network", "verdict", "reason", "reviewer")}
    if texts["verdict"] not in VERDICTS:
        raise ValueError(f"unknown verdict {texts['verdict'][:20]!r}")
    until = fields.get("until")
    return Decision(
        **(texts | {"network": str(parse_network(texts["network"]))}),
        time=_time(_text(fields, "time")),
        until=None if until is None else date.fromisoformat(_text(fields, "until")).isoformat(),
        digest=_text(fields, "digest") if fields.get("digest") else "",
    )


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ValueError(f"its {name} is missing or no text")
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("its time has no zone")
    return time.astimezone(UTC)
