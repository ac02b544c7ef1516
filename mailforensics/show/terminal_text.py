"""A candidate and its evidence as plain text, for people who review in a terminal."""

import textwrap
from collections.abc import Sequence
from typing import Any, Final

from mailforensics.analysis.wording import counted

Page = dict[str, Any]
WIDTH: Final = 100
LABEL: Final = 12
BARS: Final = "▁▂▃▄▅▆▇█"
DONE: Final = {"approve": "APPROVED", "reject": "REJECTED"}


def row_text(row: Page, entry: Page | None) -> str:
    """Return one candidate as a block of labelled lines.

    Args:
        row: what `page_rows` gave.
        entry: what stands about it (`ReviewSession.standing`), or None.
    """
    size = "network" if row["family"] == 6 else counted(2 ** (32 - row["size"]), "address")
    place = f" · {row['country']}" if row["country"] else ""
    facts = [
        counted(row["auth_failed"], "failed login"),
        f"{row['attackers']:,} attacking",
        f"{counted(row['usernames'], 'account')} tried",
    ]
    seen = f"{row['first_seen'][:10]} to {row['last_seen'][:10]}"
    lines = [
        f"{row['network']}  ({size}{place})",
        _labelled("did", f"{', '.join(facts)}; {seen} {spark(row['bars'])}"),
        _labelled("else there", row["collateral"] or "none seen"),
        _labelled("suggested", f"{row['suggestion'].upper()}: {row['reasons']}"),
        _labelled("rule", row["already"]) if row["already"] else "",
        _labelled("protected", f"cannot be approved: {row['forbidden']}")
        if row["forbidden"]
        else "",
        _labelled("careful", "; ".join(row["dangers"])) if row["dangers"] else "",
        _labelled("stands", standing_text(entry)),
    ]
    return "\n".join(line for line in lines if line)


def standing_text(entry: Page | None) -> str:
    """Say in words what stands about a network."""
    if entry is None or entry["verdict"] == "undo":
        return "undecided"
    until = f" until {entry['until']}" if entry["until"] else ""
    over = " (that ban has run out)" if entry["over"] else ""
    stale = "; the evidence has changed since" if entry["stale"] else ""
    why = f": {entry['reason']}" if entry["reason"] else ""
    done = DONE[entry["verdict"]]
    return f"{done}{until}{over} by {entry['reviewer']}, {entry['time']}{stale}{why}"


def spark(bars: Sequence[int]) -> str:
    """Return counts as one letter each, a taller one for more; nothing for no counts."""
    most = max(bars, default=0)
    if not most:
        return ""
    return "".join(BARS[-(-7 * count // most)] if count else "·" for count in bars)


def detail_text(detail: Page) -> str:
    """Return the evidence of a candidate (`ReviewSession.detail`) as text."""
    parts = [
        _block("Why this size?", detail["why"]),
        _block("Map: # attack, o legitimate, . nothing seen", _map_lines(detail["map"])),
        _block("Addresses inside", [_address_line(found) for found in detail["addresses"]]),
        f"and {detail['hidden']:,} more addresses" if detail["hidden"] else "",
        _block("Sample log lines", [_log_line(line) for line in detail["lines"]]),
        _block("Decided before", [_history_line(record) for record in detail["history"]]),
    ]
    return "\n\n".join(part for part in parts if part) or "No evidence beyond the row is at hand."


def _block(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, *(f"  {line}" for line in lines)]) if lines else ""


def _labelled(label: str, text: str) -> str:
    head = f"  {label:<{LABEL}}"
    return textwrap.fill(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def _map_lines(cells: Page) -> list[str]:
    if not cells:
        return []
    marks = [
        "o" if legit > 0 else "#" if attack > 0 else "."
        for attack, legit in zip(cells["attack"], cells["legit"], strict=True)
    ]
    each = "" if cells["each"] == 1 else f", {cells['each']:,} addresses a mark"
    rows = [" ".join(marks[start : start + 16]) for start in range(0, 256, 16)]
    return [f"{cells['block']}, in reading order{each}", *rows]


def _address_line(found: Page) -> str:
    facts = f"{found['auth_failed']:>6,} failed  {found['auth_ok']:>4,} logins"
    note = "; ".join(text for text in (found["host"], found["note"]) if text)
    return f"{found['ip']:<39} {facts}  {found['accepted']:>4,} mails  {note}"


def _log_line(line: Page) -> str:
    return f"{line['where']}  {line['time']}  {line['program']}: {line['message']}"


def _history_line(record: Page) -> str:
    until = f" until {record['until']}" if record["until"] else ""
    why = f": {record['reason']}" if record["reason"] else ""
    return f"{record['time'][:16]} UTC  {record['verdict']}{until} by {record['reviewer']}{why}"
