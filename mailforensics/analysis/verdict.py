"""The answer to "did anyone get in?", with what it rests on and what the log could not show."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.analysis.breaches import breaches, breaches_of_shelf
from mailforensics.analysis.campaigns import Campaigns
from mailforensics.analysis.countries import country_data
from mailforensics.analysis.joined import Joined, joined
from mailforensics.analysis.refusals import count_refused
from mailforensics.analysis.shelf import Shelf, shelved
from mailforensics.analysis.verdict_lines import Lines, lines_of
from mailforensics.analysis.wording import counted
from mailforensics.reading.stores.store import Store

SHORT_DAYS: Final = 7
SILENT_HOURS: Final = 24
SIGN_WORDS: Final = {
    "success_after_failures": "a login that worked after failures",
    "spray_then_success": "a login from a new place after many addresses tried the account",
    "login_from_attacker": "a login from a network that attacks",
    "login_without_message": "a password that worked and was not used",
    "new_network": "a login from a new network",
    "new_country": "a login from a new country",
    "impossible_travel": "logins from two countries too soon after each other",
    "many_networks": "many networks using one account within an hour",
    "role_account": "a login to a name that attackers try first",
    "dormant_account": "a login to an account that had slept",
    "mail_burst": "far more mail than ever from one account",
    "stranger_relay": "mail of strangers passed on without a login",
    "login_from_campaign": "a login from addresses that attack together",
    "campaign_then_success": "a login to an account that many addresses attacked together",
    "known_hostile": "a login from an address known to be hostile",
    "stolen_account": "a new place using an account just after a break-in",
}
NOT_UNDERSTOOD: Final = "Nothing can be said: no line of these files is of a known mail server."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether anybody got in, as far as the log can tell.

    Attributes:
        headline: one sentence.
        found: what speaks for it: the signs, or the figures behind "no sign".
        not_visible: what the log could not have shown, each with the reason.
        signs: the table that `breaches` returned.
        refused: logins that were refused, each counted once.
    """

    headline: str
    found: tuple[str, ...]
    not_visible: tuple[str, ...]
    signs: pd.DataFrame
    refused: int = 0

    def __str__(self) -> str:
        found = [f"- {line}" for line in self.found]
        hidden = [f"- {line}" for line in self.not_visible]
        return "\n".join([self.headline, *found, "What this log could not have shown:", *hidden])


def verdict(
    events: pd.DataFrame | Joined | Store,
    *,
    signs: pd.DataFrame | None = None,
    found: Campaigns | None = None,
) -> Verdict:
    """Return whether anybody got in, what that rests on, and what the log could not have shown.

    Args:
        events: mail events, or a store.
        signs: what `breaches(events)` returned, if it is at hand already.
        found: what `campaigns(events)` returned, if it is; for the search of signs.

    Raises:
        MissingColumnError: a table is not what it should be.
    """
    if isinstance(events, Store):
        with shelved(events) as shelf:
            return verdict_of_shelf(shelf, events, signs=signs, found=found)
    ready = joined(events)
    schema.require(ready.events, ["service", "username", "auth_ok"])
    table = breaches(ready, found=found) if signs is None else signs
    return _verdict(table, lines_of(ready.events), count_refused(ready))


def verdict_of_shelf(
    shelf: Shelf,
    store: Store,
    *,
    signs: pd.DataFrame | None = None,
    found: Campaigns | None = None,
) -> Verdict:
    """Return what `verdict` does, of a store whose telling rows lie on a shelf."""
    table = breaches_of_shelf(shelf, store, found=found) if signs is None else signs
    return _verdict(table, lines_of(store), shelf.refused)


def _verdict(table: pd.DataFrame, lines: Lines, refused: int) -> Verdict:
    schema.require(table, ["severity", "sign", "username", "explanation"])
    why = _why(lines, refused)
    return Verdict(
        headline=_headline(table, why) if lines.counts["understood"] else NOT_UNDERSTOOD,
        found=(*_figures(lines, refused), *_worst(table)),
        not_visible=tuple(_not_visible(lines)),
        signs=table,
        refused=refused,
    )


def _headline(table: pd.DataFrame, why: str) -> str:
    counts = table["severity"].value_counts()
    critical, high, look = (int(counts.get(name, 0)) for name in schema.SEVERITIES)
    if critical:
        worst = table.loc[table["severity"] == "critical", "username"].dropna().unique()
        names = ", ".join(sorted(worst)) or "an account that the log does not name"
        return (
            f"Somebody got in, by all signs: {names}. Change the password, end its sessions, and "
            "look through what it sent."
        )
    if high:
        signs = table.loc[table["severity"] == "high", "sign"].unique()
        return (
            f"No certain break-in, but {counted(high, 'sign')} to ask about today: "
            f"{', '.join(sorted(map(in_words, signs)))}."
        )
    if look:
        return (
            f"No sign that anybody got in: {why}. {counted(look, 'event')} with a likely innocent "
            f"reading {'is' if look == 1 else 'are'} worth a glance."
        )
    return f"No sign that anybody got in: {why}."


def in_words(sign: str) -> str:
    """Return what a sign of `breaches` means in plain words, as part of a sentence."""
    return SIGN_WORDS.get(sign, sign.replace("_", " "))


def _why(lines: Lines, refused: int) -> str:
    """Return what "no sign" rests on, in a few words."""
    if lines.counts["worked"]:
        return "every login that worked looks like its owner's"
    return "not one login attempt worked" if refused else "nobody even tried to log in"


def _figures(lines: Lines, refused: int) -> list[str]:
    """Return the figures that any answer rests on."""
    counts = lines.counts
    return [
        f"{counted(counts['lines'], 'line')} from {_span(lines)}.",
        f"{counted(refused, 'refused login')} in the lines; {counted(counts['none'], 'session')} "
        "ended with `auth=0/n`: none of n tries worked.",
        f"{counts['logins']:,} logins to mailboxes, {counts['sent']:,} messages sent after a "
        f"login, and {counts['unexplained']:,} disconnects with `auth=1`.",
    ]


def _span(lines: Lines) -> str:
    begin, end = lines.times["begin"], lines.times["end"]
    if begin is None:
        return "no known time"
    return f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


def _worst(table: pd.DataFrame) -> list[str]:
    rows = table[table["severity"].isin(["critical", "high"])].head(10)
    return [f"{severity}: {text}" for severity, text in rows[["severity", "explanation"]].values]


def _not_visible(lines: Lines) -> list[str]:
    """Return what this log could not have shown, from what it has and has not."""
    counts, first, last = lines.counts, lines.times["first"], lines.times["last"]
    failed, nameless, unread = counts["failed"], counts["nameless"], counts["unread"]
    days = 0 if first is None or last is None else (last - first).days
    silence = _silence(lines)
    tests = {
        "Anything before the first line or after the last: a login from an earlier break-in looks "
        "like its owner's.": True,
        "A password that was stolen elsewhere (phishing, malware) and used from the owner's own "
        "network or computer.": True,
        "Logins through webmail: the server sees its own address, not the visitor's.": True,
        f"Habits: {_days(days)} too short to know where an account is at home.": days < SHORT_DAYS,
        "Which accounts were guessed at: the log names none (Postfix before 3.7.8), so sprays on "
        "one account go unseen.": 0 < failed == nameless,
        f"Some of the accounts guessed at: {nameless:,} of {failed:,} lines of failures name "
        "none.": 0 < nameless < failed,
        silence: bool(silence),
        "Logins to mailboxes (IMAP, POP): the log has no line of a Dovecot login "
        "service.": not counts["of_mailboxes"],
        "Logins that sent nothing: the disconnect lines carry no counters.": counts["closings"] > 0
        and not counts["with_counters"],
        "Logins for sending: the log has no line of smtpd.": not counts["of_smtpd"],
        "Journeys between countries: no country data is installed (extra "
        "`countries`).": country_data() == "none",
        f"{counted(unread, 'line')} not understood; see the audit.": unread > 0,
    }
    return [text for text, holds in tests.items() if holds]


def _days(days: int) -> str:
    if days < 1:
        return "less than a day is"
    return "1 day is" if days == 1 else f"{days:,} days are"


def _silence(lines: Lines) -> str:
    """Return the longest time without a line, in words, if it is long enough to hide something."""
    silence = lines.silence
    if silence.hours < SILENT_HOURS:
        return ""
    return (
        f"Anything between {silence.begin:%Y-%m-%d %H:%M} and {silence.end:%Y-%m-%d %H:%M} UTC: "
        f"{int(silence.hours):,} hours without a line; perhaps a file is missing."
    )
