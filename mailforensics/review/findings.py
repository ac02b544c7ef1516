"""The whole way from a case's logs to the candidates, in one call."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.addresses import lies_in, network_of, parse_network
from mailforensics.analysis.campaigns import Campaigns, campaigns, campaigns_of_shelf
from mailforensics.analysis.campaigns_notes import with_campaigns
from mailforensics.analysis.cover import Cover, cover
from mailforensics.analysis.joined import Joined, joined
from mailforensics.analysis.networks import networks
from mailforensics.analysis.sessions import sessions
from mailforensics.analysis.shelf import shelved
from mailforensics.analysis.sources import sources
from mailforensics.analysis.trust import Trust, trust
from mailforensics.analysis.verdict import Verdict, verdict, verdict_of_shelf
from mailforensics.errors import EvidenceError
from mailforensics.reading.firewall import Firewall
from mailforensics.reading.stores.store import Store
from mailforensics.review.candidates import candidates
from mailforensics.review.case import Case

CANDIDATES_FILE: Final = "candidates.parquet"
STEPS: Final = 7


@dataclass(frozen=True, slots=True)
class Findings:
    """What a case's evidence says: every table of the flow, and the case it came from.

    `events` is a table, or the store that the case names, which every analysis takes as well; of
    a store `held_sessions` is None.
    """

    case: Case
    events: pd.DataFrame | Store
    firewall_events: pd.DataFrame | None
    firewall: Firewall | None
    trust: Trust
    held_sessions: pd.DataFrame | None
    sources: pd.DataFrame
    networks: pd.DataFrame
    cover: Cover
    campaigns: Campaigns
    verdict: Verdict
    candidates: pd.DataFrame

    @property
    def sessions(self) -> pd.DataFrame:
        """All connections; of a store they are joined when they are asked for."""
        return sessions(self.events) if self.held_sessions is None else self.held_sessions

    def sessions_of(self, network: str) -> pd.DataFrame:
        """Return the connections of one network's addresses."""
        held = self.held_sessions
        if held is None:
            return sessions(self.events, network=network)
        inside = lies_in(held["source_ip"], parse_network(network))
        return held.loc[inside].reset_index(drop=True)

    @property
    def servers(self) -> list[str]:
        """The servers that wrote the mail events, sorted."""
        if isinstance(self.events, Store):
            return self.events.hosts
        return sorted(self.events["host"].dropna().unique())

    @property
    def audit(self) -> pd.DataFrame:
        """What was read, file by file: the columns of `schema.AUDIT`."""
        return self.trust.files

    def save(self) -> Path:
        """Note in the case folder what the case is about and which candidates were found.

        Later commands (`mailforensics review`, `script`) go on from there. Returns the folder.
        """
        save_candidates(self.candidates, self.case)
        self.case.save()
        return self.case.folder


def _silent(_step: str) -> None:
    """Show no progress."""


def _numbered(progress: Callable[[str], None]) -> Callable[[str], None]:
    """Tell with each step how many there are, so that a wait has an end."""
    number = itertools.count(1)
    return lambda step: progress(f"{next(number)} of {STEPS}: {step}")


def investigate(
    case: Case, *, rules: int = 50, progress: Callable[[str], None] = _silent
) -> Findings:
    """Read a case's evidence and work out every table up to the candidates.

    Args:
        case: which logs, and their zone.
        rules: how many firewall rules the plan may use.
        progress: is told in a few words what is being done.

    Raises:
        EvidenceError: a log cannot be read.
    """
    progress = _numbered(progress)
    progress("reading the mail logs")
    events = case.mail_source()
    progress("reading the firewall")
    firewall_events, firewall = case.firewall_events(), case.firewall_rules()
    progress(f"joining {len(events):,} lines to sessions")
    ready = events if isinstance(events, Store) else joined(events)
    hands, answer = _acting(ready, progress)
    progress("weighing the sources")
    weighed = with_campaigns(sources(ready, firewall_events=firewall_events), hands)
    by_network = networks(weighed)
    progress("choosing networks")
    plan = cover(
        weighed, rules=rules, protect=case.protect, allow_documentation=case.allow_documentation
    )
    listed = candidates(
        weighed,
        plan_and_spared(plan.plan, by_network),
        firewall=firewall,
        breaches=answer.signs,
        protect=case.protect,
        allow_documentation=case.allow_documentation,
    )
    return Findings(
        case=case,
        events=events,
        firewall_events=firewall_events,
        firewall=firewall,
        trust=trust(events, firewall_events=firewall_events, tz=case.tz),
        held_sessions=None if isinstance(ready, Store) else sessions(ready),
        sources=weighed,
        networks=by_network,
        cover=plan,
        campaigns=hands,
        verdict=answer,
        candidates=listed,
    )


def _acting(events: Joined | Store, progress: Callable[[str], None]) -> tuple[Campaigns, Verdict]:
    """Return who acts together and whether anybody got in; a store is put on the shelf once."""
    progress("looking for addresses that act together")
    if isinstance(events, Store):
        with shelved(events) as shelf:
            hands = campaigns_of_shelf(shelf)
            progress("looking for break-ins")
            return hands, verdict_of_shelf(shelf, events, found=hands)
    hands = campaigns(events)
    progress("looking for break-ins")
    return hands, verdict(events, found=hands)


def plan_and_spared(plan: pd.DataFrame, by_network: pd.DataFrame) -> pd.DataFrame:
    """Return the networks to look at: the plan's, and attacked-from ones that it spared.

    A network is spared whole where proper users live in it and the plan took no part of it. A
    reviewer should see it with its reason rather than wonder why it is missing.
    """
    first_addresses = plan["network"].str.replace(r"/\d+$", "", regex=True)
    touched = set(network_of(first_addresses))
    mixed = (by_network["attackers"] > 0) & (by_network["legit_sources"] > 0)
    spared = by_network.loc[mixed & ~by_network["network"].isin(touched)]
    return pd.concat([plan, spared], ignore_index=True) if len(spared) else plan


def save_candidates(listed: pd.DataFrame, case: Case) -> Path:
    """Keep the candidates as shown, so that a later decision is about exactly this table."""
    case.folder.mkdir(parents=True, exist_ok=True)
    path = case.folder / CANDIDATES_FILE
    partial = path.with_name(f".{path.name}.partial")
    listed.to_parquet(partial, index=False)
    return partial.replace(path)


def load_candidates(case: Case) -> pd.DataFrame:
    """Return the candidates that were last shown for a case.

    Raises:
        EvidenceError: none were kept yet, or the file is damaged.
    """
    path = case.folder / CANDIDATES_FILE
    try:
        return schema.conform(pd.read_parquet(path), schema.CANDIDATES)
    except FileNotFoundError:
        raise EvidenceError(
            f"{case.folder} has no candidates yet; make them with "
            f"`mailforensics candidates {case.folder}`."
        ) from None
    except (OSError, ValueError) as problem:
        raise EvidenceError(
            f"{path} cannot be read ({problem}); make it anew with "
            f"`mailforensics candidates {case.folder}`."
        ) from None
