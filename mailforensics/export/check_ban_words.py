"""What the check of a ban found, in plain words."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

_MOST_PLACES: Final = 20
_STATES: Final = {
    "leaking": "It still connects: sessions that began under the ban: {sessions_after}; the last "
    "line is of {last_after}, {silence} before the log ends. If the rules came later than the "
    "approval, say when with since=. Else the rule may be missing, below an `allow` (the first "
    "match lets it in), or for the other address family; ports that Docker publishes bypass ufw.",
    "ending": "No new session. What the log still shows belongs to sessions that were open when "
    "the ban began ({sessions_open}): ufw lets an open connection go on until it closes.",
    "holding": "No session since the ban, and the firewall turns it away.",
    "quiet": "Nothing was heard of it since the ban. That alone does not prove that the ban works: "
    "it may have given up.",
    "no log": "The mail log ends before the ban began, so nothing can be said yet.",
}
_BLOCKED: Final = (
    "At least {blocked} packets were blocked, by this ban or by another rule, the last at "
    "{last_blocked}; ufw logs only a sample (at level low 3 lines a minute after the first 10)."
)
_NOT_LOGGED: Final = (
    "No blocked packet was logged: a plain `deny` rule logs nothing (`deny log` does), so this "
    "is no sign against the ban."
)


def explain_ban(
    table: pd.DataFrame, *, rules: Sequence[str] | None, logged: bool, end: pd.Timestamp
) -> "pd.Series[str]":
    """Return an explanation for each row: its state, the blocked packets, the rule, the moves.

    Args:
        table: the columns of CHECK_BAN but the explanation, and `moved`.
        rules: the firewall's rule for each row, or empty text; None: the firewall is not known.
        end: the last time in the mail log.
        logged: whether there was a firewall log at all.
    """
    texts = []
    for place, row in enumerate(table.to_dict("records")):
        shown = {str(key): _shown(value) for key, value in row.items()}
        shown["silence"] = _span(end - row["last_after"])
        parts = [_STATES[str(row["status"])].format(**shown)]
        if row["blocked"] > 0:
            parts.append(_BLOCKED.format(**shown))
        elif logged and row["status"] != "no log":
            parts.append(_NOT_LOGGED)
        if rules is not None:
            parts.append(_rule_words(rules[place]))
        if row["moved"]:
            parts.append(f"The attacker may have moved to {row['moved']}.")
        texts.append(" ".join(parts))
    return pd.Series(texts, index=table.index, dtype="str")


def _shown(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return str(value)


def _span(span: pd.Timedelta) -> str:
    """Return a time span in the largest unit that says enough."""
    if pd.isna(span):
        return ""
    hours, minutes = span // pd.Timedelta(hours=1), span // pd.Timedelta(minutes=1)
    return f"{hours} hours" if hours > 1 else f"{minutes} minutes"


def _rule_words(rule: str) -> str:
    if rule:
        return f"The firewall bans it: {rule}."
    return "The given rule set does not ban all of it from every mail port."


def places(rows: pd.DataFrame) -> "pd.Series[str]":
    """Return where the rows of each network stand: `file:line`, at most 20, and how many more."""
    texts = rows["file"] + ":" + rows["line"].astype("str")
    return texts.groupby(rows["network"]).agg(_cut).astype("str")


def _cut(items: "pd.Series[str]") -> str:
    more = len(items) - _MOST_PLACES
    listed = "; ".join(items.head(_MOST_PLACES))
    return f"{listed} and {more} more" if more > 0 else listed
