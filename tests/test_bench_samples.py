"""The toolkit finds the ground truth of the logs that real daemons wrote under attack."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mailforensics as mf

BENCH = Path(__file__).parents[1] / "data" / "samples" / "bench"
TRUTH: dict[str, Any] = json.loads((BENCH / "truth.json").read_text("utf-8"))
DEEDS: dict[str, Any] = {deed["deed"]: deed for deed in TRUTH["deeds"]}
EVENTS = {
    "pregreets": "pregreet",
    "pipelining": "pipelining",
    "tls failures": "tls_failed",
    "timeouts": "timeout",
}


@pytest.fixture(scope="module", params=["traditional", "rfc3339"])
def style(request: pytest.FixtureRequest) -> str:
    """Return each style of stamps in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def mail(style: str) -> pd.DataFrame:
    """Return the mail events."""
    return mf.read_mail_log(BENCH / style / "mail.log.gz", year=year_of(style))


@pytest.fixture(scope="module")
def firewall(style: str) -> pd.DataFrame:
    """Return the firewall events."""
    return mf.read_ufw_log(BENCH / style / "ufw.log.gz", year=year_of(style))


def year_of(style: str) -> int | None:
    """Return the year that the stamps of a style do not say."""
    return int(TRUTH["year"]) if style == "traditional" else None


def test_every_mail_line_is_understood(mail: pd.DataFrame) -> None:
    """Each line of Postfix and Dovecot is a row of a known kind."""
    assert len(mail) == TRUTH["lines"]["mail.log"]
    assert mail.loc[mail["event"].isin(["other", "unparsed"]), "message"].tolist() == []


def test_mail_lines_in_the_firewall_log_are_no_packets(firewall: pd.DataFrame, style: str) -> None:
    """Lines that a stranger made look like the firewall's are rows without a source."""
    text = gzip.decompress((BENCH / style / "ufw.log.gz").read_bytes())
    packets = [line for line in text.split(b"\n") if b" kernel: " in line]
    assert len(firewall) == TRUTH["lines"]["ufw.log"]
    assert (firewall["event"] == "blocked").sum() == len(packets) > 0
    assert firewall.loc[firewall["event"] != "blocked", "source_ip"].isna().all()
    scanners = DEEDS["scan of closed ports"]["addresses"]
    assert set(firewall["source_ip"].dropna()) <= set(scanners)


def test_counts_of_every_address_are_true(mail: pd.DataFrame) -> None:
    """Each address has the sessions, logins, messages and refusals that its client met."""
    found = mf.sources(mail).set_index("source_ip")
    counts = pd.DataFrame.from_dict(TRUTH["addresses"], orient="index").fillna(0)
    assert sorted(found.index) == sorted(counts.index)
    found = found.loc[counts.index, counts.columns]
    wrong = found[(found != counts).any(axis=1)]
    assert wrong.to_dict("index") == {}


def test_a_harvester_is_no_peer(mail: pd.DataFrame) -> None:
    """Who found a mailbox by guessing, and sent nothing to it, is protected by nothing."""
    found = mf.sources(mail).set_index("source_ip")
    harvesters = found.loc[DEEDS["harvest of mailboxes"]["addresses"]]
    assert set(harvesters["standing"]) == {"attacker"}
    assert set(harvesters["legit_weight"]) == {0.0}


def test_nobody_who_was_only_written_of_is_a_source(mail: pd.DataFrame) -> None:
    """Addresses in hostile names, mail and commands are the peer of no line on that account."""
    absent = set(TRUTH["decoys"]) - set(TRUTH["addresses"])
    assert absent
    assert not set(mail["source_ip"].dropna()) & absent


@pytest.mark.parametrize(
    "deed",
    [deed for deed in TRUTH["deeds"] if deed["counted"] in EVENTS],
    ids=lambda deed: deed["deed"],
)
def test_breaches_of_the_protocol_are_found(mail: pd.DataFrame, deed: dict[str, Any]) -> None:
    """Each breach of the protocol is an event of its kind, of its doer."""
    mine = mail[mail["source_ip"].isin(deed["addresses"])]
    assert (mine["event"] == EVENTS[deed["counted"]]).sum() == deed["times"]


def test_the_stolen_password_is_found(mail: pd.DataFrame) -> None:
    """The spam run with alice's password is a critical sign, put down to its sender."""
    signs = mf.breaches(mail)
    critical = signs[signs["severity"] == "critical"]
    spammers = DEEDS["spam run with it"]["addresses"]
    assert set(critical["source_ip"].dropna()) & set(spammers)
    assert "alice@example.org" in set(critical["username"].dropna())


def test_candidates_are_attackers(mail: pd.DataFrame, firewall: pd.DataFrame) -> None:
    """No network of a user or peer is suggested for a ban, and the well-known one is."""
    sources = mf.sources(mail, firewall_events=firewall)
    table = mf.candidates(sources, mf.networks(sources), allow_documentation=True)
    suggested = set(table.loc[table["suggestion"] == "approve", "network"])
    proper = [a for deed in TRUTH["deeds"] if not deed["hostile"] for a in deed["addresses"]]
    assert not suggested & set(mf.network_of(pd.Series(proper)))
    assert "212.70.149.0/24" in suggested


def test_the_page_tells_the_truth() -> None:
    """README's table has each deed with its addresses and its count."""
    page = (BENCH / "README.md").read_text("utf-8")
    for deed in TRUTH["deeds"]:
        cells = (deed["deed"], len(deed["addresses"]), deed["counted"], deed["times"])
        assert f"| {' | '.join(map(str, cells))} |" in page
