"""The three questions of an owner, answered in a line each: who, did they get in, what to do."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from mailforensics.analysis.verdict import in_words
from mailforensics.analysis.wording import counted
from mailforensics.review.findings import Findings

Tone = Literal["good", "look", "bad", ""]


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with its answer: a lead sentence, then details; `tone` colours the lead."""

    question: str
    lead: str
    lines: tuple[str, ...]
    tone: Tone = ""


def headline(found: Findings) -> str:
    """Return the finding of the whole case in one sentence, without a full stop."""
    attacking = _attacking(found)
    if attacking.empty:
        return _no_attack(found.audit)
    theirs, every = int(attacking["auth_failed"].sum()), found.verdict.refused
    who = f"{counted(len(attacking), 'address')} attacked"
    if theirs < every:
        who += f": {theirs:,} of {counted(every, 'refused login')} were theirs"
    else:
        who += f": {counted(theirs, 'refused login')}" if theirs else ", no login was refused"
    return f"{who}; {_in_short(found)}"


def _no_attack(files: pd.DataFrame) -> str:
    """Return what silence means: a log that is not understood says nothing about attacks."""
    lines = int(files["events"].sum())
    if lines == files[["other", "unparsed"]].to_numpy().sum():
        return f"Nothing can be said: {counted(lines, 'line')} read, none of a known mail server"
    return "No attack is visible in these logs"


def _in_short(found: Findings) -> str:
    severe = found.verdict.signs["severity"].value_counts()
    if severe.get("critical", 0):
        return "somebody got in"
    return "perhaps somebody got in" if severe.get("high", 0) else "no sign that anybody got in"


def answers(found: Findings) -> list[Answer]:
    """Return the answers to: who attacks me, did anyone get in, whom can I ban."""
    return [_who(found), _inside(found), _whom(found)]


def together(found: Findings) -> str:
    """Return in a sentence which addresses act together, or why none is known to."""
    table = found.campaigns.table
    if table.empty:
        return "No addresses were found to act together beyond one network."
    largest = table.iloc[0]
    who = counted(int(largest["addresses"]), "address")
    where = counted(int(largest["networks"]), "network")
    first, last = (f"{largest[name]:%Y-%m-%d}" for name in ("first_seen", "last_seen"))
    when = f"on {first}" if first == last else f"from {first} to {last}"
    rest = f"; {counted(len(table) - 1, 'smaller campaign')} besides" if len(table) > 1 else ""
    tries = counted(int(largest["attempts"]), "refused login")
    accounts = counted(int(largest["usernames"]), "account")
    return f"{who} in {where} act together: {tries} {when} on {accounts}{rest}."


def _attacking(found: Findings) -> pd.DataFrame:
    """Return the sources that attacked the mail server itself.

    Mere firewall noise is left out, and so is who only logged in, however doubtful.
    """
    hostile = found.sources["standing"].isin(["attacker", "suspect"])
    attacked = found.sources["attack_events"] > found.sources["firewall_blocked"]
    return found.sources.loc[hostile & attacked]


def _who(found: Findings) -> Answer:
    question = "Who attacks?"
    attacking = _attacking(found)
    if attacking.empty:
        return Answer(question, "Nobody that these logs show.", (), "good")
    tried = (
        attacking.groupby("network", as_index=False)
        .agg(
            addresses=("source_ip", "size"),
            refused=("auth_failed", "sum"),
            weight=("attack_weight", "sum"),
        )
        .sort_values(["weight", "network"], ascending=[False, True], ignore_index=True)
    )
    lines = tuple(
        f"{network}: {counted(addresses, 'address')}, {counted(refused, 'refused login')}"
        for network, addresses, refused in tried.head(3)[["network", "addresses", "refused"]].values
    )
    lead = f"{counted(len(attacking), 'address')} in {counted(len(tried), 'network')}"
    return Answer(question, f"{lead}; most of all {tried['network'].iloc[0]}.", lines)


def _inside(found: Findings) -> Answer:
    severe = found.verdict.signs["severity"].value_counts()
    critical, high = int(severe.get("critical", 0)), int(severe.get("high", 0))
    tone: Tone = "bad" if critical else "look" if high else "good"
    signs = found.verdict.signs.head(3)
    lines = tuple(
        f"{severity}: {username}, {in_words(sign)}"
        for severity, username, sign in signs[["severity", "username", "sign"]].fillna("").values
    )
    return Answer("Did anyone get in?", found.verdict.headline, lines, tone)


def _whom(found: Findings) -> Answer:
    question = "Whom to ban?"
    counts = found.candidates["suggestion"].value_counts()
    approve, look, reject = (int(counts.get(name, 0)) for name in ("approve", "look", "reject"))
    share = found.candidates.loc[found.candidates["suggestion"] == "approve", "share"].sum()
    if found.candidates.empty:
        return Answer(question, "Nobody: no network is worth a rule.", (), "good")
    lead = (
        f"{counted(approve, 'network')} can be approved at once: {share:.0%} of the attack weight."
    )
    if not approve:
        lead = "No network without a closer look."
    rest = f"{look:,} need a look, {reject:,} should be left alone."
    return Answer(question, lead, (rest, "A person decides; the script holds approvals only."))
