"""Two hundred clients at once, and the counts that Postfix itself writes when each leaves."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

import mailforensics as mf
from bench.deeds import ALICE, Deed
from bench.places import LOAD
from bench.talks import Talk, ask, guess, login, mail, mailbox, smtp

SECONDS: Final = float(os.environ.get("BENCH_LOAD_SECONDS", "20"))
_LEFT: Final = re.compile(
    r"^\S+ \S+ \S*smtpd\[\d+\]: disconnect from [^\[\s]+\[(?P<ip>[0-9.]+)\](?P<counters>.*)"
)
_COUNTER: Final = re.compile(r" (?P<name>[a-z_]+)=(?P<worked>\d+)(?:/(?P<tried>\d+))?")


def crowd() -> Deed:
    """Return what two hundred clients do, each again and again: mail, logins, relaying, IMAP."""
    kinds = (_letter, _guess, _relay, _mailbox)
    chains = tuple((kinds[n % len(kinds)](source),) for n, source in enumerate(LOAD))
    return Deed("load: 200 clients at once", "attackers", "sessions", chains)


def _letter(source: str) -> Talk:
    return smtp(source, *mail("crowd@example.net", ALICE))


def _guess(source: str) -> Talk:
    return guess(source, "admin", "password", port=587)


def _relay(source: str) -> Talk:
    return smtp(source, *ask("crowd@example.net", "a@example.com", "b@example.com"))


def _mailbox(source: str) -> Talk:
    return mailbox(source, login("admin", "password"), port=143)


def postfix_counts(lines: Iterable[str]) -> Counter[str]:
    """Return the sums of the counters of smtpd's disconnect lines, for the crowd's addresses.

    `connections`; `auth`, `data` and the like: how often it worked; `auth tried` and so on.
    """
    total: Counter[str] = Counter()
    for match in filter(None, map(_LEFT.match, lines)):
        if match["ip"] not in LOAD:
            continue
        total["connections"] += 1
        for counter in _COUNTER.finditer(match["counters"]):
            total[counter["name"]] += int(counter["worked"])
            total[f"{counter['name']} tried"] += int(counter["tried"] or counter["worked"])
    return total


def reader_counts(events: pd.DataFrame) -> Counter[str]:
    """Return the same sums as far as the package's sessions have them."""
    mine = mf.sessions(events[events["source_ip"].isin(LOAD)])
    smtpd = mine[mine["program"].str.endswith("smtpd")]
    sums = smtpd[["auth_ok", "auth_failed", "accepted", "rejected", "commands_tried"]].sum()
    return Counter(
        {
            "connections": len(smtpd),
            "auth tried": int(sums["auth_ok"] + sums["auth_failed"]),
            "data": int(sums["accepted"]),
            "refused rcpt": int(sums["rejected"]),
            "commands tried": int(sums["commands_tried"]),
        }
    )


def same_counts(events: pd.DataFrame, lines: Iterable[str]) -> dict[str, Any]:
    """Return each count as (Postfix's, the reader's) where the two differ."""
    ours, theirs = reader_counts(events), postfix_counts(lines)
    theirs["refused rcpt"] = theirs["rcpt tried"] - theirs["rcpt"]
    return {name: (theirs[name], ours[name]) for name in ours if theirs[name] != ours[name]}
