"""Decide about networks: candidates, review, decide."""

from functools import partial
from pathlib import Path
from typing import Any

import click
import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.analysis.sources import sources
from mailforensics.cli.cases import case_guard
from mailforensics.cli.options import (
    case_argument,
    case_option,
    reviewer_option,
    rules_option,
    tell,
)
from mailforensics.errors import EvidenceError
from mailforensics.reading.firewall import Firewall
from mailforensics.review.case import Case, open_case
from mailforensics.review.findings import investigate, load_candidates, save_candidates
from mailforensics.review.guard import decide
from mailforensics.show.review_evidence import Evidence
from mailforensics.show.tables import as_text
from mailforensics.show.terminal_review import DEFAULT_UNTIL, review_in_terminal


@click.command("candidates")
@case_argument
@rules_option
def candidates_command(folder: Path, rules: int) -> None:
    """List the networks to decide on, with reasons and who legitimate lives there."""
    found = investigate(open_case(folder), rules=rules, progress=tell)
    save_candidates(found.candidates, found.case)
    if found.candidates.empty:
        click.echo("No network attacked, so there is nothing to decide.")
        return
    shown = ["network", "suggestion", "reasons", "collateral", "already", "evidence"]
    click.echo(as_text(found.candidates[shown], by_row=True))


@click.command("review")
@case_argument
@reviewer_option
def review_command(folder: Path, reviewer: str) -> None:
    """Decide on each candidate at a prompt; every answer is saved at once.

    `e` shows what is known inside a network: addresses, log lines, why this size. The logs are
    read when it is first pressed; where they cannot be read any more, the review goes on without.
    """
    case = open_case(folder)
    listed = load_candidates(case)
    if listed.empty:
        click.echo("No network attacked, so there is nothing to review.")
        return
    left = review_in_terminal(
        listed,
        case.decisions,
        reviewer=reviewer,
        guard=case_guard(case, listed),
        evidence=Evidence(firewall=_rules(case), later=partial(_evidence, case)),
    )
    click.echo(f"{left:,} undecided. Next: mailforensics script {folder}")


def _evidence(case: Case) -> Evidence:
    tell("reading the logs for the evidence")
    try:
        events, firewall = case.mail_source(), case.firewall_events()
        return Evidence(
            sources=sources(events, firewall_events=firewall),
            events=events,
            firewall=_rules(case),
        )
    except EvidenceError as problem:
        tell(f"no evidence to show: {problem}")
        return Evidence(firewall=_rules(case))


def _rules(case: Case) -> Firewall | None:
    try:
        return case.firewall_rules()
    except EvidenceError as problem:
        tell(f"without the firewall's rules: {problem}")
        return None


@click.command("decide")
@click.argument("network")
@click.argument("verdict", type=click.Choice(["approve", "reject", "undo"]))
@case_option("--case")
@click.option("--reason", default="", help="Why, in your words; it stands in the script.")
@reviewer_option
@click.option(
    "--until",
    metavar="DAY",
    help=f"Last day of the ban: YYYY-MM-DD, days from today, or never.  [default: {DEFAULT_UNTIL}]",
)
def decide_command(
    network: str, verdict: str, folder: Path, until: str | None, **words: str
) -> None:
    """Record a decision about one network, as the review would."""
    case = open_case(folder)
    listed = load_candidates(case)
    asked = DEFAULT_UNTIL if until is None and verdict == "approve" else until
    decision = decide(
        case.decisions,
        _candidate(listed, network),
        guard=case_guard(case, listed),
        words=(verdict, words["reason"], words["reviewer"]),
        until=None if asked == "never" else asked,
    )
    end = f" until {decision.until}" if decision.until else " for good"
    lasts = end if decision.verdict == "approve" else ""
    click.echo(f"{decision.verdict}: {decision.network}{lasts}, saved in {case.decisions.path}")


def _candidate(listed: pd.DataFrame, network: str) -> dict[str, Any] | str:
    wanted = str(parse_network(network))
    rows = listed.loc[listed["network"] == wanted].to_dict("records")
    return {str(k): v for k, v in rows[0].items()} if rows else wanted
