"""What the page asks and is told: a whole review without a browser."""

import json
from pathlib import Path

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics.review.decisions import Decisions, digest
from mailforensics.review.guard import Guard
from mailforensics.show.review_evidence import Evidence
from mailforensics.show.review_protocol import Conversation
from mailforensics.show.review_session import ReviewSession
from tests.review.candidate_rows import candidate, many, table

NETWORK = "212.70.149.0/24"
HOSTILE = "<img src=x onerror=alert(1)>\u202e$x$" + "A" * 10_240


class Page:
    """Stands for a browser: numbers its questions and remembers what it was told."""

    def __init__(self, session: ReviewSession, name: str = "page") -> None:
        self.talk = Conversation(session, show_rows=lambda: None)
        self.name, self.number, self.entries = name, 0, {}
        self.ask(kind="hello")

    def ask(self, **message: object) -> dict:
        """Send a message as JSON, as a browser would, and take in the answer."""
        message = json.loads(json.dumps({"client": self.name, **message}))
        answer = json.loads(json.dumps(self.talk.answer(message), allow_nan=False))
        self.entries.update(answer.get("entries", {}))
        return answer

    def decide(self, verdict: str, *networks: str, **more: object) -> dict:
        """Decide as a click does, with what this page has seen."""
        self.number += 1
        seen = {n: (self.entries.get(n) or {}).get("line", 0) for n in networks}
        words = {"reason": "", "reviewer": "ann", "until": "", "number": self.number} | more
        asked = {"kind": "decide", "verdict": verdict, "networks": list(networks), "seen": seen}
        return self.ask(**asked, **words)


@pytest.fixture
def decisions(tmp_path: Path) -> Decisions:
    """Return an empty journal."""
    return Decisions(tmp_path / "decisions.jsonl")


@pytest.fixture
def page(decisions: Decisions) -> Page:
    """Return a page on three candidates: ordinary, dangerous, protected."""
    rows = table(
        candidate(),
        candidate(network="198.18.7.0/24", collateral="2 users", legit_sources=2),
        candidate(network="10.0.0.0/24"),
    )
    return Page(ReviewSession(rows, decisions))


def test_a_click_is_on_disk_before_it_is_acknowledged(page: Page, decisions: Decisions) -> None:
    """The answer `saved` comes with the record, which the journal holds by then."""
    answer = page.decide("approve", NETWORK, until="30")
    assert answer["kind"] == "saved"
    row = Decisions(decisions.path).table().iloc[0]
    assert (row["network"], row["verdict"], row["reviewer"]) == (NETWORK, "approve", "ann")
    assert row["reason"] == "as shown: 5 addresses, 1180 failed logins, none worked"
    assert row["digest"] == digest(candidate())
    assert page.entries[NETWORK]["until"] == row["until"]


def test_undo_is_told(page: Page, decisions: Decisions) -> None:
    """After an undo the page knows that nothing stands."""
    page.decide("reject", NETWORK)
    assert page.decide("undo", NETWORK)["kind"] == "saved"
    assert page.entries[NETWORK]["verdict"] == "undo"
    assert decisions.table().empty


@pytest.mark.parametrize(
    ("network", "problem"),
    [
        ("198.18.7.0/24", "needs a reason: legitimate use inside: 2 users"),
        ("10.0.0.0/24", "cannot be approved: it touches 10.0.0.0/8"),
        ("198.18.9.0/24", "is not among the candidates"),
        ("nonsense", "is no network"),
    ],
)
def test_python_refuses_what_the_page_should_not_have_sent(
    page: Page, decisions: Decisions, network: str, problem: str
) -> None:
    """The guard stands in Python: a page that skips its own checks records nothing."""
    answer = page.decide("approve", network)
    assert answer["kind"] == "refused"
    assert problem in answer["problem"]
    assert not decisions.path.exists()


def test_a_bulk_decision_is_all_or_nothing(page: Page, decisions: Decisions) -> None:
    """One protected network among many stops them all."""
    assert page.decide("approve", NETWORK, "10.0.0.0/24")["kind"] == "refused"
    assert decisions.table().empty
    assert page.decide("reject", NETWORK, "10.0.0.0/24")["kind"] == "saved"
    assert len(decisions.table()) == 2


def test_a_repeated_click_is_recorded_once(page: Page, decisions: Decisions) -> None:
    """A page that got no answer asks again with the same number."""
    page.decide("approve", NETWORK)
    page.number -= 1
    assert page.decide("approve", NETWORK)["kind"] == "saved"
    assert len(decisions.history()) == 1


def test_two_reviewers_see_conflicts_instead_of_overwriting(decisions: Decisions) -> None:
    """The second of two different decisions is refused with the first one's words, then free."""
    ann, bob = (Page(ReviewSession(table(candidate()), decisions), name) for name in ("a", "b"))
    assert ann.decide("approve", NETWORK)["kind"] == "saved"
    refused = bob.decide("reject", NETWORK, reviewer="bob")
    assert refused["conflict"]
    assert "ann decided approve" in refused["problem"]
    assert bob.entries[NETWORK]["verdict"] == "approve"
    assert bob.decide("reject", NETWORK, reviewer="bob")["kind"] == "saved"
    ann.ask(kind="refresh")
    assert ann.entries[NETWORK]["reviewer"] == "bob"


def test_answers_carry_only_what_changed(decisions: Decisions) -> None:
    """The answer to one click among hundreds of decisions holds one entry."""
    page = Page(ReviewSession(many(300), decisions))
    networks = page.talk.session.candidates["network"].tolist()
    page.decide("reject", *networks[:-1])
    assert list(page.decide("approve", networks[-1])["entries"]) == [networks[-1]]
    assert len(page.ask(kind="hello")["entries"]) == 300


def test_a_full_journal_path_is_told(tmp_path: Path) -> None:
    """When nothing can be written the page is told so and why."""
    page = Page(ReviewSession(table(candidate()), Decisions(tmp_path / "none" / "d.jsonl")))
    answer = page.decide("approve", NETWORK)
    assert answer["kind"] == "refused"
    assert "nothing was recorded" in answer["problem"]
    assert "mkdir -p" in answer["problem"]


def test_a_decision_on_other_evidence_is_marked(decisions: Decisions) -> None:
    """When a candidate's row has changed since the decision, the page says so."""
    Page(ReviewSession(table(candidate()), decisions)).decide("approve", NETWORK)
    later = Page(ReviewSession(table(candidate(auth_failed=5000)), decisions))
    assert later.entries[NETWORK]["stale"] is True


def test_the_preview_is_the_script_that_would_be_written(page: Page) -> None:
    """After an approval the preview holds its command, and after an undo it does not."""
    page.decide("approve", NETWORK, until="30")
    preview = page.ask(kind="preview")
    assert preview["title"].startswith("The script would ban 1 network")
    assert "ufw prepend deny from 212.70.149.0/24" in preview["text"]
    page.decide("undo", NETWORK)
    assert NETWORK not in page.ask(kind="preview")["text"]


def test_a_journal_that_must_not_be_exported_is_told(page: Page, decisions: Decisions) -> None:
    """An approval written by hand into the journal cannot hide from the preview."""
    decisions.record("10.0.0.0/8", "approve", reason="by hand", reviewer="eve")
    answer = page.ask(kind="preview")
    assert answer["kind"] == "failed"
    assert "10.0.0.0/8 is approved, but it touches" in answer["problem"]


def test_damaged_lines_are_told(page: Page, decisions: Decisions) -> None:
    """The page hears of each line that was skipped."""
    decisions.path.write_bytes(b'{"torn')
    with pytest.warns(UserWarning, match="skipped"):
        answer = page.ask(kind="refresh")
    assert answer["problems"] == ["decisions.jsonl:1: torn or damaged, no JSON; skipped"]


@pytest.fixture(scope="module")
def week() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return events and sources of the sample week."""
    events = mf.read_mail_log("data/samples/week")
    return events, mf.sources(events)


@pytest.fixture
def full(week: tuple[pd.DataFrame, pd.DataFrame], decisions: Decisions) -> Page:
    """Return a page on the sample week with all its evidence."""
    events, sources = week
    candidates = mf.candidates(sources, mf.networks(sources))
    evidence = Evidence(sources=sources, events=events)
    return Page(ReviewSession(candidates, decisions, evidence=evidence))


def test_the_evidence_names_addresses_lines_and_sizes(full: Page) -> None:
    """Opening the article's network shows its five addresses, their map, lines and sizes."""
    detail = full.ask(kind="open", network=NETWORK)
    assert {a["ip"] for a in detail["addresses"]} == {
        f"212.70.149.{n}" for n in (4, 20, 36, 52, 83)
    }
    marked = [cell for cell, weight in enumerate(detail["map"]["attack"]) if weight > 0]
    assert marked == [4, 20, 36, 52, 83]
    assert all(":" in line["where"] and line["message"] for line in detail["lines"])
    assert "All 5 attackers are in 212.70.149.0/25: half the size would do." in detail["why"]
    assert detail["splits"] == {"halves": True, "addresses": True}


def test_sparklines_count_the_attacks(full: Page) -> None:
    """The bars of a row add up to its attack events of the mail log."""
    rows = {row["network"]: row for row in full.talk.session.rows()}
    assert sum(rows[NETWORK]["bars"]) == rows[NETWORK]["auth_failed"] == 681
    assert rows[NETWORK]["country"] == "BG"


@pytest.mark.parametrize(
    ("into", "parts"),
    [
        ("halves", {"212.70.149.0/25"}),
        ("addresses", {f"212.70.149.{n}/32" for n in (4, 20, 36, 52, 83)}),
    ],
)
def test_a_network_can_be_split(full: Page, into: str, parts: set[str]) -> None:
    """The parts become candidates of their own, with their share of all attack weight."""
    before = full.talk.session.candidates
    assert full.ask(kind="split", network=NETWORK, into=into)["kind"] == "split"
    after = full.talk.session.candidates
    assert set(after["network"]) - set(before["network"]) == parts
    whole = before.loc[before["network"] == NETWORK, "share"].item()
    assert after.loc[after["network"].isin(parts), "share"].sum() == pytest.approx(whole)
    [part, *_] = sorted(parts)
    assert full.decide("approve", part)["kind"] == "saved"


def test_evidence_without_sources_is_the_row_alone(page: Page) -> None:
    """Without sources and events the pane is empty, not broken, and nothing can be split."""
    detail = page.ask(kind="open", network=NETWORK)
    assert (detail["addresses"], detail["lines"], detail["map"]) == ([], [], {})
    assert page.ask(kind="split", network=NETWORK, into="halves")["kind"] == "failed"


def test_hostile_text_reaches_the_page_cut_and_spelled_out(decisions: Decisions) -> None:
    """What a log or a colleague wrote is short, visible data in every message."""
    rows = table(candidate(reasons=HOSTILE, collateral=HOSTILE, already=HOSTILE))
    page = Page(ReviewSession(rows, decisions, guard=Guard()))
    page.decide("approve", NETWORK, reason=HOSTILE, reviewer=HOSTILE[:300])
    told = json.dumps(
        [page.talk.session.rows(), page.entries, page.ask(kind="open", network=NETWORK)]
    )
    assert "\\u202e$" not in told.replace("\\\\u202e", "")
    assert len(told) < 10_000
    assert decisions.table()["reason"][0] == HOSTILE
