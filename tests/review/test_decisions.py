"""The journal of decisions: nothing acknowledged is ever lost, torn or taken for another."""

import errno
import json
import multiprocessing
import resource
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailforensics.errors import DecisionConflictError, DecisionError
from mailforensics.review.decisions import Decisions
from mailforensics.schema import DECISIONS, names
from tests.unprivileged import without_rights

TODAY = datetime.now(UTC).date()
MANY_TIMES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "$x$ **bold** `code`",
    "line\nbreak\r\n\u2028\u2029\x00\x1b[31m",
    "\u202emoc.elpmaxe\u202c",
    "broken \udc80 byte",
    '"}{"network": "198.18.0.0/24", "verdict": "approve"}',
    "x" * 10_240,
]


@pytest.fixture
def decisions(tmp_path: Path) -> Decisions:
    """Return a journal that does not exist yet, in a folder that does."""
    return Decisions(tmp_path / "decisions.jsonl")


def approve(decisions: Decisions, network: str = "212.70.149.0/24", **more: object) -> None:
    """Record an approval with the usual words."""
    decisions.record(network, "approve", **({"reason": "guesses", "reviewer": "ann"} | more))


def test_a_recorded_decision_is_a_line_of_json_with_every_field(decisions: Decisions) -> None:
    """A record is one readable line, its network normalised and its time in UTC."""
    decisions.record(
        "212.70.149.83/24", "approve", reason="guesses", reviewer="ann", until=30, digest="ab"
    )
    [line] = decisions.path.read_text("ascii").splitlines()
    fields = json.loads(line)
    assert list(fields) == names(DECISIONS)
    assert fields["network"] == "212.70.149.0/24"
    assert fields["until"] == (TODAY + timedelta(days=30)).isoformat()
    assert datetime.fromisoformat(fields["time"]).utcoffset() == timedelta(0)


def test_the_later_record_supersedes_and_the_history_stays(decisions: Decisions) -> None:
    """What stands is the last word on each network, in the order of the journal."""
    approve(decisions)
    approve(decisions, "198.18.7.0/24")
    decisions.record("212.70.149.0/24", "reject", reason="customer", reviewer="bob")
    table = decisions.table()
    assert list(table["network"]) == ["198.18.7.0/24", "212.70.149.0/24"]
    assert list(table["verdict"]) == ["approve", "reject"]
    assert list(decisions.history()["reviewer"]) == ["ann", "ann", "bob"]


def test_undo_makes_a_network_undecided(decisions: Decisions) -> None:
    """After an undo the network is gone from the table, not from the history."""
    approve(decisions)
    decisions.undo("212.70.149.0/24", reviewer="ann", reason="too early")
    assert decisions.table().empty
    assert decisions.verdict_on("212.70.149.0/24") == ""
    assert list(decisions.history()["verdict"]) == ["approve", "undo"]


def test_tables_have_the_columns_of_the_schema_even_when_empty(decisions: Decisions) -> None:
    """An empty journal gives empty tables with every column and dtype."""
    empty = [decisions.table(), decisions.history(), decisions.approved()]
    approve(decisions)
    for table, filled in zip(empty, [decisions.table(), decisions.history()] * 2, strict=False):
        assert list(table.columns) == names(DECISIONS)
        assert list(table.dtypes) == list(filled.dtypes)


def test_approvals_end_after_their_last_day(decisions: Decisions) -> None:
    """An approval runs up to and including the day in `until`."""
    last = TODAY + timedelta(days=7)
    approve(decisions, until=last)
    approve(decisions, "198.18.7.0/24")
    assert len(decisions.approved()) == 2
    assert len(decisions.approved(last)) == 2
    assert list(decisions.approved(last + timedelta(days=1))["network"]) == ["198.18.7.0/24"]
    assert len(decisions.approved("2999-01-01")) == 1
    with pytest.raises(DecisionError, match="no day; write YYYY-MM-DD"):
        decisions.approved("30")


@pytest.mark.parametrize(
    ("until", "days"),
    [
        (7, 7),
        ("30", 30),
        ("90 days", 90),
        ("1d", 1),
        (TODAY, 0),
        ((TODAY + timedelta(days=5)).isoformat(), 5),
        (pd.Timestamp(TODAY + timedelta(days=2)), 2),
    ],
    ids=str,
)
def test_until_is_a_date_or_a_number_of_days(
    decisions: Decisions, until: object, days: int
) -> None:
    """Each way to write the last day gives the same kind of date."""
    approve(decisions, until=until)
    assert decisions.table()["until"][0] == (TODAY + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("until", [None, "", "for good"])
def test_no_until_is_for_good(decisions: Decisions, until: str | None) -> None:
    """Without a last day an approval never ends."""
    approve(decisions, until=until)
    assert decisions.table()["until"].isna().all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": "example.org"}, "no network; write an address"),
        ({"verdict": "ban"}, "'ban' is no verdict; use one of approve, reject, undo"),
        ({"reviewer": "  "}, "needs the reviewer's name"),
        ({"reason": 5}, "reason=5 is no text"),
        ({"reason": "x" * 70_000}, "has 70000 characters; 65536 are allowed"),
        ({"until": "tomorrow"}, "no last day; write YYYY-MM-DD"),
        ({"until": "2026-02-30"}, "no last day"),
        ({"until": 0}, "no last day"),
        ({"until": True}, "no last day"),
        ({"until": pd.NaT}, "no last day"),
        ({"until": TODAY - timedelta(days=1)}, "is over; today is"),
        ({"verdict": "reject", "until": 7}, "until= belongs to an approval, not to reject"),
    ],
    ids=str,
)
def test_a_senseless_decision_is_refused_and_nothing_recorded(
    decisions: Decisions, changes: dict[str, object], words: str
) -> None:
    """An error names the value and what is allowed, and leaves no trace in the journal."""
    fields = {"network": "212.70.149.0/24", "verdict": "approve", "reason": "", "reviewer": "ann"}
    fields |= changes
    with pytest.raises(DecisionError, match=words) as caught:
        decisions.record(fields.pop("network"), fields.pop("verdict"), **fields)
    assert "Nothing was recorded" in str(caught.value)
    assert not decisions.path.exists()


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_hostile_text_is_kept_as_data(decisions: Decisions, text: str) -> None:
    """Whatever a log or a person wrote comes back as it was, in one line of the journal."""
    approve(decisions, reason=text)
    approve(decisions, "198.18.7.0/24")
    assert decisions.path.read_bytes().count(b"\n") == 2
    expected = text.strip().encode("utf-8", "backslashreplace").decode()
    assert decisions.table()["reason"][0] == expected
    assert not decisions.problems


@pytest.mark.parametrize(
    "damage",
    [b'{"network": "198.18.', b"\x00" * 300, b"\xff\xfe\n", b"[" * 100_000, b"null", b'"text"',
     b'{"network": "198.18.0.0/24", "verdict": "ban", "reason": "", "reviewer": "x"}',
     b'{"network": 5, "verdict": "approve"}',
     b'{"network": "198.18.0.0/24", "verdict": "approve", "reason": "", "reviewer": "x", '
     b'"time": "2026-09-04T10:00:00"}',
     b'{"network": "198.18.0.0/24", "verdict": "approve", "reason": "", "reviewer": "x", '
     b'"time": "2026-09-04T10:00:00Z", "until": "soon"}'],
    ids=lambda damage: damage[:60].decode("latin-1"),
)  # fmt: skip
def test_a_damaged_line_is_reported_and_skipped(decisions: Decisions, damage: bytes) -> None:
    """A torn or damaged line, last or in the middle, costs no other line, before or after it."""
    approve(decisions)
    with decisions.path.open("ab") as file:
        file.write(damage)
    with pytest.warns(UserWarning, match=r"decisions\.jsonl:2: .*; skipped"):
        assert list(decisions.table()["network"]) == ["212.70.149.0/24"]
    approve(decisions, "198.18.7.0/24")
    assert list(decisions.table()["network"]) == ["212.70.149.0/24", "198.18.7.0/24"]
    assert len(decisions.problems) == 1
    assert damage in decisions.path.read_bytes()


@pytest.mark.filterwarnings("ignore:.*skipped")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.integers(min_value=0, max_value=1_000_000), more=st.integers(1, 3))
def test_a_crash_at_any_byte_loses_nothing_that_was_saved(
    tmp_path: Path, cut: int, more: int
) -> None:
    """Cut the journal anywhere: whole lines before the cut stay, and new records stay readable."""
    path = tmp_path / f"{cut}-{more}.jsonl"
    path.unlink(missing_ok=True)
    for number in range(4):
        approve(Decisions(path), f"198.18.{number}.0/24", reason=HOSTILE[number])
    raw = path.read_bytes()
    kept = raw[: cut % (len(raw) + 1)]
    path.write_bytes(kept)
    after = Decisions(path)
    for number in range(more):
        approve(after, f"198.19.{number}.0/24")
    found = [line for _, line in sorted(after.latest().values(), key=lambda entry: entry[0])]
    whole = kept.count(b"\n") + (kept.endswith(b"}"))
    assert [d.network for d in found] == [f"198.18.{n}.0/24" for n in range(whole)] + [
        f"198.19.{n}.0/24" for n in range(more)
    ]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["approve", "reject", "undo"]), st.text(max_size=30)
        ),
        max_size=12,
    )
)
def test_the_table_is_the_last_word_on_each_network(
    tmp_path: Path, steps: list[tuple[int, str, str]]
) -> None:
    """For any sequence of decisions, read anew or kept open, the table equals a plain dict."""
    path = tmp_path / "any.jsonl"
    path.unlink(missing_ok=True)
    kept_open, expected = Decisions(path), {}
    for number, verdict, reason in steps:
        network = f"198.18.{number}.0/24"
        kept_open.record(network, verdict, reason=reason, reviewer="ann")
        expected[network] = (verdict, reason.strip().encode("utf-8", "backslashreplace").decode())
    standing = {n: words for n, words in expected.items() if words[0] != "undo"}
    for decisions in (kept_open, Decisions(path)):
        table = decisions.table()
        found = zip(
            table["network"], zip(table["verdict"], table["reason"], strict=True), strict=True
        )
        assert dict(found) == standing
        assert len(decisions.history()) == len(steps)


def _write_many(path: Path, who: str, count: int) -> None:
    for number in range(count):
        Decisions(path).record(f"198.18.{number}.0/24", "approve", reason="x" * 5000, reviewer=who)


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    """No record of either process is lost, torn or mixed with the other's."""
    path = tmp_path / "decisions.jsonl"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_write_many, args=(path, who, 60)) for who in ("ann", "bob")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    decisions = Decisions(path)
    assert decisions.history()["reviewer"].value_counts().to_dict() == {"ann": 60, "bob": 60}
    assert not decisions.problems


def test_two_threads_may_share_one_object(decisions: Decisions) -> None:
    """A notebook answers its widgets in a second thread while a cell reads the table."""
    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(approve, decisions, f"198.18.{n}.0/24") for n in range(60)]
        while not all(job.done() for job in jobs):
            table = decisions.table()
            assert table["network"].is_unique
    assert len(decisions.history()) == len(decisions.table()) == 60


def test_a_decision_on_stale_sight_is_refused(decisions: Decisions) -> None:
    """When somebody else decided since the reviewer looked, the later one is told, not obeyed."""
    draft = decisions.draft("212.70.149.0/24", "reject", ("customer", "bob", ""))
    other = Decisions(decisions.path)
    approve(other)
    with pytest.raises(DecisionConflictError, match=r"ann decided approve on 212\.70\.149\.0/24"):
        decisions.add([draft], seen={"212.70.149.0/24": 0})
    line, seen = decisions.latest()["212.70.149.0/24"]
    assert seen.reviewer == "ann"
    decisions.add([draft], seen={"212.70.149.0/24": line})
    assert decisions.verdict_on("212.70.149.0/24") == "reject"


def test_many_decisions_are_recorded_all_or_none(decisions: Decisions) -> None:
    """A conflict on one network of a bulk decision stops the whole of it."""
    approve(decisions, "198.18.1.0/24")
    drafts = [decisions.draft(f"198.18.{n}.0/24", "approve", ("bulk", "bob", "")) for n in range(3)]
    with pytest.raises(DecisionConflictError, match=r"198\.18\.1\.0/24"):
        decisions.add(drafts, seen={d.network: 0 for d in drafts})
    assert len(decisions.history()) == 1
    decisions.add(drafts)
    assert len(decisions.history()) == 4


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The error says that nothing was recorded and that the folder has to be made."""
    with pytest.raises(DecisionError, match=r"nothing was recorded.*mkdir -p"):
        approve(Decisions(tmp_path / "no" / "decisions.jsonl"))


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    """A folder's path is refused when writing and when reading."""
    with pytest.raises(DecisionError, match="name a file in it"):
        approve(Decisions(tmp_path))
    with pytest.raises(DecisionError, match="name a file in it"):
        Decisions(tmp_path).table()


def test_a_line_that_does_not_fit_is_rolled_back(decisions: Decisions) -> None:
    """When the disk takes only half of a line, that half is taken back and nothing else."""
    approve(decisions)
    before = decisions.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, hard))
    try:
        with pytest.raises(DecisionError, match="NOT SAVED, nothing was recorded") as caught:
            approve(decisions, "198.18.7.0/24")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.__cause__.errno == errno.EFBIG
    assert decisions.path.read_bytes() == before
    approve(decisions, "198.18.7.0/24")
    assert len(decisions.table()) == 2


def test_a_read_only_journal_says_so(decisions: Decisions) -> None:
    """Without permission nothing is recorded, and what stands can still be read."""
    approve(decisions)
    decisions.path.chmod(0o444)
    with without_rights(decisions.path):
        with pytest.raises(DecisionError, match="may not write there"):
            approve(decisions, "198.18.7.0/24")
        assert len(decisions.table()) == 1


def test_a_journal_edited_by_hand_is_read_anew(decisions: Decisions) -> None:
    """An object that has read the journal notices that its beginning was changed."""
    approve(decisions)
    assert len(decisions.table()) == 1
    text = decisions.path.read_text("ascii").replace("212.70.149", "198.18.200")
    decisions.path.write_text(text.rstrip("\n"), "ascii")
    assert list(decisions.table()["network"]) == ["198.18.200.0/24"]
    approve(decisions)
    assert len(decisions.table()) == 2
    assert not decisions.problems


def test_drafts_are_not_records(decisions: Decisions) -> None:
    """A draft touches no disk, and adding none touches none either."""
    draft = decisions.draft("212.70.149.0/24", "approve", ("", "ann", ""), until=date.max)
    assert decisions.add([]) == []
    assert draft.until == "9999-12-31"
    assert not decisions.path.exists()
