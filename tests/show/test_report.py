"""The report: what it says of addresses that act together."""

from pathlib import Path

import pandas as pd

import mailforensics as mf
from mailforensics.review.case import Case
from mailforensics.review.findings import Findings, investigate
from mailforensics.show.report import render_report
from mailforensics.show.report_answers import together


def found(tmp_path: Path, *kinds: str) -> Findings:
    """Return the findings of a day with these attacks, seen through a case of its own."""
    days = [mf.simulate_attack(kind, sources=96, tries=96) for kind in kinds]
    lines = pd.concat(days).sort_values("time")["line"]
    log = tmp_path / "mail.log"
    log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return investigate(Case(folder=tmp_path, logs=(str(log),)))


def test_campaign_in_the_report(tmp_path: Path) -> None:
    """A campaign is told in a sentence, a table with its lines, and a figure."""
    findings = found(tmp_path, "quiet", "slow_distributed")
    assert together(findings).startswith("96 addresses in 96 networks act together: 96 refused")
    page = render_report(findings)
    assert together(findings) in page
    assert page.count("96 addresses in 96 networks act as one") == 1
    assert 'alt=""' not in page
    assert findings.campaigns.table["evidence"].iloc[0] in page
    assert (
        findings.candidates["reasons"].str.contains("one of 96 addresses that act together").any()
    )


def test_no_campaign(tmp_path: Path) -> None:
    """Without a campaign the report says so, and shows neither table nor figure."""
    page = render_report(found(tmp_path, "quiet"))
    assert "No addresses were found to act together." in page
    assert '<table class="campaigns">' not in page
