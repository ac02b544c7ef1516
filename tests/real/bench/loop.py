"""From the logs to the ban and back: candidates, decisions, the script, the same deeds again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

import pandas as pd

import mailforensics as mf
from bench import logs, truth
from bench.admin import Admin
from bench.deeds import Deed
from bench.places import ADMIN, CARRIER_ATTACKERS, PEERS, USERS
from bench.stage import Stage
from bench.story import Played

STYLE: Final = "rfc3339"
PROTECT: Final = (*USERS, *PEERS, ADMIN)
REVIEWER: Final = "ada"
BANNED_WAIT_SECONDS: Final = 2
# What a careful reviewer makes of networks that the package only says to look at.
JUDGED: Final = {
    "198.18.64.0/24": "asks for mailboxes by a list; the one it guessed makes it no friend",
    "198.18.66.0/24": "guessed alice's password, which is changed now",
    "198.19.66.0/24": "sent spam with alice's password",
    "198.18.73.0/24": "its mail is made of log lines",
    **{f"{address}/32": "alone: carla's carrier is next door" for address in CARRIER_ATTACKERS},
}


@dataclass(frozen=True)
class Case:
    """A reviewed case: the table, the journal, and the networks that were approved."""

    candidates: pd.DataFrame
    decisions: mf.Decisions

    @property
    def banned(self) -> list[str]:
        """The networks whose ban was approved."""
        return self.decisions.approved()["network"].tolist()

    def bans(self, address: str) -> bool:
        """Say whether an approved network holds an address."""
        wanted = ip_address(address)
        return any(wanted in ip_network(network) for network in self.banned)


def review(played: Played, stage: Stage, journal: Path) -> Case:
    """Return the case of what was played, every candidate decided as a careful person would."""
    sources = mf.sources(played.mail(STYLE), firewall_events=played.firewall(STYLE))
    near = sources[sources["source_ip"].isin(CARRIER_ATTACKERS)]
    networks = pd.concat([mf.networks(sources), mf.networks(near, v4=32)], ignore_index=True)
    table = mf.candidates(
        sources, networks, firewall=server_firewall(stage), allow_documentation=True
    )
    decisions = mf.Decisions(journal)
    for row in table.itertuples():
        reason = JUDGED.get(row.network, "")
        approved = row.suggestion == "approve" or bool(reason)
        decisions.record(
            row.network,
            "approve" if approved else "reject",
            reason=reason or row.reasons,
            reviewer=REVIEWER,
        )
    return Case(table, decisions)


def put_script(case: Case, stage: Stage) -> None:
    """Write the ban script to the server's /root, beside a copy of the firewall as it was."""
    script = mf.ban_script(
        case.candidates, case.decisions, protect=PROTECT, case="bench", allow_documentation=True
    )
    stage.server.run("cp -a /etc/ufw /root/before; ufw show added > /root/added")
    script.save(stage.server.root / "root/ban.sh")


def apply(admin: Admin) -> pd.Timestamp:
    """Let the administrator apply the script and return from when on it works."""
    admin.runs("bash /root/ban.sh --plan")
    admin.runs("bash /root/ban.sh --apply")
    return pd.Timestamp.now("UTC")


def again(deeds: Iterable[Deed], case: Case) -> list[Deed]:
    """Return the same deeds; who is banned tries all at once and does not wait for long."""
    return [_impatient(deed) if case.bans(min(deed.sources)) else deed for deed in deeds]


def _impatient(deed: Deed) -> Deed:
    talks = (talk for chain in deed.chains for talk in chain)
    return replace(deed, chains=tuple(({**t, "wait": BANNED_WAIT_SECONDS},) for t in talks))


def repeat(stage: Stage, played: Played, case: Case, folder: Path) -> Played:
    """Do the deeds of both acts again under the ban and return them with the longer logs."""
    deeds = again(played.deeds, case)
    results = stage.perform(deeds)
    logs.settle(stage.server)
    return Played(tuple(deeds), results, logs.fetch(stage.server, folder))


def verdicts(before: Played, after: Played, case: Case) -> list[str]:
    """Return for each deed what the ban did to it: `got nothing`, `goes on`, or what is wrong."""
    return [_verdict(deed, before, after, case) for deed in before.deeds]


def _verdict(deed: Deed, before: Played, after: Played, case: Case) -> str:
    results = after.results[deed.name]
    if all(case.bans(source) for source in deed.sources):
        passed = truth.open_talks(results)
        return "got nothing" if passed == 0 else f"{passed} CONNECTIONS GOT THROUGH"
    first, second = (truth.totals(p.results[deed.name]) for p in (before, after))
    return "goes on" if first == second else f"CHANGED: {first} became {second}"


def banned_of(deed: Deed, case: Case) -> str:
    """Return how many of a deed's addresses are banned, in words."""
    number = sum(case.bans(source) for source in deed.sources)
    return {0: "none", len(deed.sources): "all"}.get(number, f"{number} of {len(deed.sources)}")


def knocks_again(stage: Stage, deeds: Sequence[Deed]) -> list[str]:
    """Return what the first connection of each deed meets."""
    first = [replace(d, chains=((({**d.chains[0][0], "steps": []}),),)) for d in deeds]
    results = stage.perform(first)
    return [result["met"] for talks in results.values() for result in talks]


def server_firewall(stage: Stage) -> mf.Firewall:
    """Return the rules that the server's ufw has now."""
    return mf.read_firewall(stage.server.run("ufw status verbose").stdout)
