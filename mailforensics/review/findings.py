"""The whole way from a case's logs to the candidates, in one call."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.addresses import network_of
from mailforensics.analysis.breaches import breaches
from mailforensics.analysis.campaigns import Campaigns, campaigns
from mailforensics.analysis.campaigns_notes import with_campaigns
from mailforensics.analysis.cover import Cover, cover
from mailforensics.analysis.joined import joined
from mailforensics.analysis.networks import networks
from mailforensics.analysis.sessions import sessions
from mailforensics.analysis.sources import sources
from mailforensics.analysis.trust import Trust, trust
from mailforensics.analysis.verdict import Verdict, verdict
from mailforensics.errors import EvidenceError
from mailforensics.reading.firewall import Firewall
from mailforensics.review.candidates import candidates
from mailforensics.review.case import Case

CANDIDATES_FILE: Final = "candidates.parquet"
STEPS: Final = 7


@dataclass(frozen=True, slots=True)
class Findings:
    """What a case's evidence says: every table of the flow, and the case it came from."""

    case: Case
    events: pd.DataFrame
    firewall_events: pd.DataFrame | None
    firewall: Firewall | None
    trust: Trust
    sessions: pd.DataFrame
    sources: pd.DataFrame
    networks: pd.DataFrame
    cover: Cover
    campaigns: Campaigns
    verdict: Verdict
    candidates: pd.DataFrame

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
    events = case.mail_events()
    progress("reading the firewall")
    firewall_events, firewall = case.firewall_events(), case.firewall_rules()
    progress(f"joining {len(events):,} lines to sessions")
    ready = joined(events)
    progress("looking for addresses that act together")
    hands = campaigns(ready)
    progress("weighing the sources")
    weighed = with_campaigns(sources(ready, firewall_events=firewall_events), hands)
    by_network = networks(weighed)
    progress("choosing networks")
    plan = cover(
        weighed, rules=rules, protect=case.protect, allow_documentation=case.allow_documentation
    )
    progress("looking for break-ins")
    answer = verdict(ready, signs=breaches(ready, found=hands))
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
        sessions=sessions(ready),
        sources=weighed,
        networks=by_network,
        cover=plan,
        campaigns=hands,
        verdict=answer,
        candidates=listed,
    )


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
