"""The review in a terminal does what the table does, on the same journal."""

import os
import pty
import select
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner

import mailforensics as mf
from mailforensics.review.decisions import Decisions
from mailforensics.show.review_evidence import Evidence
from mailforensics.show.terminal_keys import keys_of
from mailforensics.show.terminal_review import review_in_terminal
from mailforensics.show.terminal_text import spark
from tests.review.candidate_rows import candidate, table

NETWORK = "212.70.149.0/24"
ROWS = table(
    candidate(),
    candidate(network="198.18.7.0/24", attack_weight=90.0),
    candidate(network="198.18.8.0/24", attack_weight=80.0, collateral="2 users", legit_sources=2),
    candidate(network="10.0.0.0/24", attack_weight=70.0, suggestion="reject"),
    candidate(network="240e:d9:d800:200::/64", attack_weight=60.0),
)


@pytest.fixture
def decisions(tmp_path: Path) -> Decisions:
    """Return an empty journal."""
    return Decisions(tmp_path / "decisions.jsonl")


def type_keys(
    decisions: Decisions,
    keys: str,
    *,
    rows: pd.DataFrame = ROWS,
    evidence: Evidence | None = None,
) -> str:
    """Run a review with these keys and return what was shown."""

    @click.command()
    def command() -> None:
        review_in_terminal(rows, decisions, reviewer="ann", evidence=evidence)

    result = CliRunner().invoke(command, input=keys, catch_exceptions=False)
    return result.output


def verdicts(decisions: Decisions) -> dict[str, str]:
    """Return what stands."""
    decided = decisions.table()
    return dict(zip(decided["network"], decided["verdict"], strict=True))


def test_one_key_decides_and_the_next_undecided_row_follows(decisions: Decisions) -> None:
    """`a`, `r`, `u` record at once, approvals for 90 days, and the end says what is left."""
    shown = type_keys(decisions, "arkuq")
    assert verdicts(decisions) == {NETWORK: "approve"}
    assert list(decisions.history()["verdict"]) == ["approve", "reject", "undo"]
    last = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    assert decisions.table()["until"][0] == last
    assert "4 undecided" in shown
    assert str(decisions.path) in shown


def test_a_recorded_reason_and_an_unknown_key_stay_short(decisions: Decisions) -> None:
    """A long reason ends in a plain ellipsis; a wrong key gets one line, not the whole help."""
    shown = type_keys(decisions, "zaq", rows=table(candidate(reasons="refused login " * 30)))
    assert shown.count("a approve") == 1
    assert "No such key; ? lists them." in shown
    reason = decisions.table()["reason"][0]
    assert reason.endswith("…")
    assert "more characters" not in reason


def test_a_dangerous_approval_asks_for_a_reason(decisions: Decisions) -> None:
    """Without a reason nothing is recorded; with one it is."""
    shown = type_keys(decisions, "jja\nq")
    assert "needs a reason: legitimate use inside: 2 users" in shown
    assert verdicts(decisions) == {}
    type_keys(decisions, "jjaboth users have left\nq")
    assert decisions.table()["reason"][0] == "both users have left"


def test_an_empty_answer_cancels_and_the_record_is_shown(decisions: Decisions) -> None:
    """`w` shows what is recorded; whatever is left empty records nothing."""
    decisions.record(NETWORK, "reject", reason="a customer", reviewer="bob")
    shown = type_keys(decisions, "kw\nwapprove\n\nbreject\ny\n\nq")
    assert "Recorded now: REJECTED by bob" in shown
    assert shown.count("Nothing changed.") == 3
    assert len(decisions.history()) == 1
    assert "Saved: undo 212.70.149.0/24 (undecided)" in type_keys(decisions, "kuq")


def test_the_evidence_is_read_when_it_is_first_asked_for(decisions: Decisions) -> None:
    """The logs are read once, at the first `e`; rows then show when the attacks were."""
    events = mf.read_mail_log("data/samples/week")
    sources = mf.sources(events)
    rows = mf.candidates(sources, mf.networks(sources))
    read: list[int] = []

    def later() -> Evidence:
        read.append(1)
        return Evidence(sources=sources, events=events)

    type_keys(decisions, "jjq", rows=rows, evidence=Evidence(later=later))
    assert read == []
    shown = type_keys(decisions, "eejq", rows=rows, evidence=Evidence(later=later))
    assert read == [1]
    assert "Addresses inside" in shown
    assert "█" in shown


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("jj", ["j", "j"]),
        ("\x1b[B\x1b[Aa", ["j", "k", "a"]),
        ("\x1b[3~n", ["\x1b[3~", "n"]),
        ("a\x03", ["a", "q"]),
        ("é\r", ["é", "e"]),
        ("", ["q"]),
    ],
)
def test_keys_that_arrive_together_are_told_apart(typed: str, keys: list[str]) -> None:
    """Two keys are two keys, an arrow is one, and the end of the input quits."""
    assert keys_of(typed) == keys


def test_a_second_decision_waits_for_its_row(tmp_path: Path) -> None:
    """`jr` in one go moves and rejects; of `ra` only the first counts: the next row was unseen."""
    typed = (
        *((b"[1 of 5", b"jr", 0.2), (b"Saved: reject", b"ra", 0.2)),
        (b"were not taken", b"\x04", 0.2),
    )
    shown = in_a_terminal(tmp_path / "d.jsonl", typed)
    assert b"No such key" not in shown
    history = Decisions(tmp_path / "d.jsonl").history()
    assert list(history["network"]) == ["198.18.7.0/24", "198.18.8.0/24"]
    assert list(history["verdict"]) == ["reject", "reject"]


def test_a_protected_network_cannot_be_approved(decisions: Decisions) -> None:
    """The guard answers in words and records nothing."""
    shown = type_keys(decisions, "jjjaq")
    assert "10.0.0.0/24 cannot be approved: it touches 10.0.0.0/8" in shown
    assert verdicts(decisions) == {}


def test_words_and_a_last_day_can_be_given(decisions: Decisions) -> None:
    """`w` asks for verdict, reason and last day; `t` changes how long new bans last."""
    type_keys(decisions, "wapprove\nit never stops\nfor good\nt7\naq")
    decided = decisions.table()
    assert decided["reason"][0] == "it never stops"
    assert pd.isna(decided["until"][0])
    assert decided["until"][1] == (datetime.now(UTC).date() + timedelta(days=7)).isoformat()


def test_senseless_words_record_nothing(decisions: Decisions) -> None:
    """A verdict or a day that cannot be is told, and the review goes on."""
    shown = type_keys(decisions, "wban\nx\nwapprove\nx\nsoon\nzq")
    assert "'ban' is no verdict" in shown
    assert "until='soon' is no last day" in shown
    assert "No such key" in shown
    assert verdicts(decisions) == {}


def test_a_bulk_decision_is_counted_and_confirmed(decisions: Decisions) -> None:
    """It takes undecided, harmless rows of the filter only, after a yes."""
    assert "Nothing changed" in type_keys(decisions, "bapprove\nn\nq")
    assert verdicts(decisions) == {}
    shown = type_keys(decisions, "/198.18\nbapprove\ny\nscattered guesses\nq")
    assert "approve 1 network now?" in shown
    assert verdicts(decisions) == {"198.18.7.0/24": "approve"}


def test_another_reviewer_is_not_overwritten(decisions: Decisions) -> None:
    """A decision of somebody else since the row was shown is told; the second try counts."""
    session = table(candidate())
    other = Decisions(decisions.path)

    class Meanwhile(Decisions):
        """A journal in which bob decides just before ann's first record."""

        def add(self, *drafts: object, **more: object) -> object:
            """Let bob decide once, then record."""
            if not other.path.exists():
                other.record(NETWORK, "reject", reason="a customer", reviewer="bob")
            return super().add(*drafts, **more)

    shown = type_keys(Meanwhile(decisions.path), "aq", rows=session)
    assert "bob decided reject" in shown
    assert verdicts(decisions) == {NETWORK: "reject"}
    type_keys(decisions, "aq", rows=session)
    assert verdicts(decisions) == {NETWORK: "approve"}


def test_the_evidence_of_the_sample_week(decisions: Decisions) -> None:
    """`e` shows addresses, map, lines and sizes; `s` adds the single addresses; `p` the script."""
    events = mf.read_mail_log("data/samples/week")
    sources = mf.sources(events)
    rows = mf.candidates(sources, mf.networks(sources))
    evidence = Evidence(sources=sources, events=events)
    shown = type_keys(decisions, "es/212.70.149.4\nap/\nq", rows=rows, evidence=evidence)
    assert "All 5 attackers are in 212.70.149.0/25: half the size would do." in shown
    assert "  . . . . # . . . . . . . . . . ." in shown
    assert "mail.log.2.gz:26" in shown
    new = next(line for line in shown.splitlines() if line.startswith("New rows: "))
    assert {f"212.70.149.{n}/32" for n in (4, 20, 36, 52, 83)} <= set(new[10:].split(", "))
    assert "ufw prepend deny from 212.70.149.4" in shown


def test_hostile_text_cannot_steer_the_terminal(decisions: Decisions) -> None:
    """Escape sequences, line breaks and direction marks are spelled out."""
    evil = "\x1b[2J\x1b]0;owned\x07 \u202e moc \r\n[1 of 1] 203.0.113.0/24 approved"
    decisions.record(NETWORK, "reject", reason=evil, reviewer=evil)
    shown = type_keys(decisions, "eq", rows=table(candidate(reasons=evil, collateral=evil)))
    assert not set(shown) & {"\x1b", "\x07", "\u202e", "\r"}
    assert "\n[1 of 1] 203" not in shown


def test_nothing_to_review_ends_at_once(decisions: Decisions) -> None:
    """An empty table is no error and asks nothing."""
    assert "0 undecided" in type_keys(decisions, "", rows=table())


def test_sparks_show_the_smallest_and_the_largest() -> None:
    """One event is visible beside thousands, and none is a dot."""
    assert spark([0, 1, 5000, 2500]) == "·▂█▅"
    assert spark([]) == spark([0, 0]) == ""


def test_arrow_keys_and_control_d_in_a_real_terminal(tmp_path: Path) -> None:
    """On a pseudo-terminal the arrows move, `r` records, Ctrl-D ends."""
    typed = (*((b"[1 of 5", b"\x1b[B", 0.2), (b"[2 of 5", b"r", 0.2), (b"[3 of 5", b"\x04", 0.2)),)
    in_a_terminal(tmp_path / "d.jsonl", typed)
    assert verdicts(Decisions(tmp_path / "d.jsonl")) == {"198.18.7.0/24": "reject"}


@pytest.mark.parametrize("at_a_time", [1, 4])
def test_a_key_held_down_decides_one_row(tmp_path: Path, at_a_time: int) -> None:
    """Its repeats, which come one by one or a few at once, meet rows that nobody has read yet."""
    repeat = b"r" * at_a_time
    repeats = ((b"Saved: reject 212.70.149.0/24", repeat, 0), *((b"", repeat, 0.03),) * 8)
    typed = ((b"[1 of 5", b"r", 4), *repeats, (b"let the key go", b"q", 0))
    in_a_terminal(tmp_path / "d.jsonl", typed, slow_reader=3)
    assert verdicts(Decisions(tmp_path / "d.jsonl")) == {NETWORK: "reject"}


def in_a_terminal(
    journal: Path, typed: tuple[tuple[bytes, bytes, float], ...], *, slow_reader: float = 0.12
) -> bytes:
    """Review on a pseudo-terminal; return what was shown.

    Args:
        journal: where the decisions go.
        typed: words to wait for, what to type after them, and the seconds before it.
        slow_reader: seconds that nobody can read a row in.
    """
    code = (
        "import sys; from tests.show.test_terminal_review import ROWS\n"
        "from mailforensics.review.decisions import Decisions\n"
        "from mailforensics.show import terminal_review\n"
        f"terminal_review.PAUSE_SECONDS = {slow_reader}\n"
        "terminal_review.review_in_terminal(ROWS, Decisions(sys.argv[1]), reviewer='ann')"
    )
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(journal)],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown, key, deadline = b"", b"", time.monotonic() + 60
    for after, answer, pause in typed:
        while after not in shown:
            assert time.monotonic() < deadline, shown
            # What is typed before the terminal listens is lost: a key may be needed twice.
            if select.select([ours], [], [], 1)[0]:
                shown += os.read(ours, 4096)
            else:
                os.write(ours, key)
        key = answer
        time.sleep(pause)
        os.write(ours, key)
    while run.poll() is None:
        assert time.monotonic() < deadline, shown
        time.sleep(0.5)
        os.write(ours, key)
    assert run.returncode == 0
    os.close(ours)
    return shown
