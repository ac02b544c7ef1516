"""Intruders: who got in is a candidate, also if nothing of it was ever an attack."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics.errors import MissingColumnError
from mailforensics.review.case import Case
from mailforensics.review.decisions_digest import digests
from mailforensics.review.findings import investigate
from mailforensics.review.guard import Guard
from mailforensics.show.review_rows import page_rows
from tests.frames import events, failed, session

HOME, THIEF, OTHER, OTHER6 = "203.0.113.5", "198.18.201.9", "198.19.13.66", "240e:d9:d800:2ff::7"
HOUR, DAY = 3600, 86400
IMAP = {"service": "imap-login", "program": "dovecot", "pid": None, "event": "auth_ok"}


def story(other: str = OTHER, account: str = "anna@example.org") -> list[dict[str, Any]]:
    """Return an account at home, guessed from one address, then used from another for spam."""
    rows = [
        IMAP | {"source_ip": HOME, "time": 6 * HOUR * part, "username": account}
        for part in range(20)
    ]
    for turn in range(14):
        rows += session(THIEF, failed(account), at=6 * DAY + 60 * turn, pid=200 + turn)
    rows.append(IMAP | {"source_ip": THIEF, "time": 6 * DAY + HOUR, "username": account})
    closing = {"event": "disconnect", "auth_ok": 1, "auth_tried": 1}
    for number in range(40):
        sent = {"event": "accepted", "queue_id": f"Q{number}", "username": account}
        at = 6 * DAY + 2 * HOUR + 10 * number
        rows += session(other, sent, closing, at=at, pid=1000 + number)[:-1]
    return rows


def review(rows: list[dict[str, Any]], **more: Any) -> pd.DataFrame:
    """Return candidates of these events and of what broke in, by network."""
    table = events(rows)
    sources = mf.sources(table)
    networks = more.pop("networks", mf.networks(sources))
    signs = mf.breaches(table)
    return mf.candidates(sources, networks, breaches=signs, **more).set_index("network")


def test_a_second_machine_is_a_row_of_its_own() -> None:
    """It is first, to be looked at, with the sign, the account and the lines in its reasons."""
    row = review(story()).iloc[0]
    assert row.name == f"{OTHER}/32"
    assert (row["suggestion"], row["attackers"], row["events"]) == ("look", 0, 0)
    assert row["reasons"].startswith(
        f"{OTHER}: no attack of its own, 40 logins worked, 40 messages accepted, "
    )
    assert (
        f"Somebody got in from {OTHER}, by all signs: far more mail than ever from one account "
        "(anna@example.org, mail.log:65). Change that password before you ban." in row["reasons"]
    )
    assert row["evidence"].startswith("mail.log:65; mail.log:68")
    assert row["collateral"].startswith(f"{OTHER}: 40 logins worked, 40 messages accepted; look")


def test_without_breaches_nothing_is_added() -> None:
    """A table of sources alone does not make a candidate of an address that never attacked."""
    sources = mf.sources(events(story()))
    assert mf.candidates(sources, mf.networks(sources))["network"].tolist() == ["198.18.201.0/24"]


def test_of_ipv6_the_subscriber() -> None:
    """A thief with IPv6 is its /64."""
    assert review(story(OTHER6)).iloc[0].name == "240e:d9:d800:2ff::/64"


def test_a_network_that_holds_it_is_enough() -> None:
    """An address inside a candidate gets no second row, and that row says who got in."""
    plan = pd.DataFrame({"network": ["198.18.201.0/24", "198.19.13.0/24"]})
    table = review(story(), networks=plan)
    assert sorted(table.index) == sorted(plan["network"])
    assert f"Somebody got in from {OTHER}, by all" in table.loc["198.19.13.0/24", "reasons"]


@pytest.mark.parametrize(
    ("other", "protect"),
    [
        pytest.param(OTHER, ["198.19.0.0/16"], id="own"),
        pytest.param("203.0.113.77", [], id="documentation"),
        pytest.param("10.1.2.3", [], id="private"),
        pytest.param(OTHER6, ["240e:d9:d800:2ff::1"], id="own-subnet"),
    ],
)
def test_a_protected_address_never_becomes_one(other: str, protect: list[str]) -> None:
    """Own, documentation and private addresses are told of by `breaches`, not offered for a ban."""
    assert review(story(other), protect=protect).index.tolist() == ["198.18.201.0/24"]


def test_it_can_be_reviewed_and_exported(tmp_path: Path) -> None:
    """The row is shown, its approval needs a reason, and it ends in the script like any other."""
    table = review(story()).reset_index()
    shown = page_rows(table, guard=Guard())[0]
    assert shown["dangers"]
    assert not shown["forbidden"]
    decisions = mf.Decisions(tmp_path / "decisions.jsonl")
    digest = digests(table)[0]
    decisions.record(f"{OTHER}/32", "approve", reason="stolen", reviewer="ana", digest=digest)
    script = mf.ban_script(table, decisions)
    assert f"{OTHER}/32" in script.rules["network"].tolist()
    assert not [note for note in script.text.splitlines() if "other evidence" in note]


def test_the_same_evidence_gives_the_same_digest() -> None:
    """Neither the order of the lines nor a second run changes a row."""
    rows = story()
    lined = [{"line": n} | row for n, row in enumerate(rows, start=1)]
    assert digests(review(lined).reset_index()) == digests(review(lined[::-1]).reset_index())


def test_hostile_account_names_stay_one_word() -> None:
    """What a log calls an account cannot end the sentence or turn it around."""
    name = "anna'; rm -rf / #\u202e<b>).\nApprove this" + "x" * 400
    reasons = review(story(account=name)).iloc[0]["reasons"]
    assert "(anna?rm?-rf?b?.?Approve?thisxxx…, mail.log:65)" in reasons


def test_a_table_that_is_none_of_breaches() -> None:
    """Another table is refused by the name of what it lacks."""
    sources = mf.sources(events(story()))
    with pytest.raises(MissingColumnError, match="severity"):
        mf.candidates(sources, mf.networks(sources), breaches=sources)


def line(hours: float, text: str) -> str:
    """Return a line of Dovecot's login service."""
    time = pd.Timestamp("2026-09-01", tz="UTC") + pd.Timedelta(hours=hours)
    return f"{time.isoformat()} mail dovecot: imap-login: {text}, lip=192.0.2.25, TLS\n"


def test_a_case_offers_who_only_logged_in(tmp_path: Path) -> None:
    """`investigate` lists the place that used an account after the break-in, mail or none."""
    user = "user=<anna>, method=PLAIN, rip="
    lines = [line(6 * part, f"Login: {user}{HOME}") for part in range(20)]
    lines += [
        line(144 + turn / 60, f"Disconnected (auth failed, 1 attempts in 2 secs): {user}{THIEF}")
        for turn in range(14)
    ]
    lines += [line(145, f"Login: {user}{THIEF}"), line(150, f"Login: {user}{OTHER}")]
    (tmp_path / "mail.log").write_text("".join(lines), encoding="utf-8")
    found = investigate(Case(folder=tmp_path / "case", logs=(str(tmp_path / "mail.log"),)))
    row = found.candidates.iloc[0]
    assert (row["network"], row["suggestion"]) == (f"{OTHER}/32", "look")
    assert (
        "a new place using an account just after a break-in (anna, mail.log:36)" in row["reasons"]
    )
