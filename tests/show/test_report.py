"""The report: what it says of addresses that act together."""

from pathlib import Path

import pandas as pd

import mailforensics as mf
from mailforensics.review.case import Case
from mailforensics.review.findings import Findings, investigate
from mailforensics.show.report import render_report
from mailforensics.show.report_answers import answers, headline, together


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
    assert "No addresses were found to act together beyond one network." in page
    assert '<table class="campaigns">' not in page


def test_numbers_on_one_page_agree(tmp_path: Path) -> None:
    """A try that only the counters of a disconnect show is one refused login everywhere."""
    log = tmp_path / "mail.log"
    log.write_text(
        "Nov 22 03:17:07 mx postfix/smtpd[15]: connect from unknown[198.19.140.148]\n"
        "Nov 22 03:17:08 mx postfix/smtpd[15]: disconnect from unknown[198.19.140.148] ehlo=1 "
        "auth=0/1 commands=1/2\n"
    )
    findings = investigate(Case(folder=tmp_path, logs=(str(log),), year=2026))
    assert headline(findings) == (
        "1 address attacked: 1 refused login; no sign that anybody got in"
    )
    assert "not one login attempt worked" in findings.verdict.headline
    assert any(line.startswith("1 refused login in") for line in findings.verdict.found)
    assert answers(findings)[0].lead.startswith("1 address in 1 network")


def test_only_who_attacked_counts(tmp_path: Path) -> None:
    """The title counts addresses that attacked; a user's mistyped password is told apart."""
    findings = found(tmp_path, "quiet", "slow_distributed")
    attacked = findings.sources["attack_events"] > findings.sources["firewall_blocked"]
    hostile = findings.sources[attacked & (findings.sources["standing"] == "attacker")]
    assert headline(findings).startswith(f"{len(hostile)} addresses attacked: ")
