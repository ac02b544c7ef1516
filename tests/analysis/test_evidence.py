"""Evidence: each summary row can list the events behind it."""

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError
from tests.frames import events, failed, session

ROWS = [
    *session("198.18.5.1", failed("info"), failed("root")),
    *session("198.18.5.2", failed("info"), at=60),
    *session("240e:d9::1", failed("info"), at=90),
]
EVENTS = events([*ROWS, *(row | {"duplicate": True, "file": "syslog"} for row in ROWS[:4])])


def test_a_source_lists_its_events() -> None:
    """A source's failures are among its events, as many as it counts."""
    for _, source in mf.sources(EVENTS).iterrows():
        behind = mf.evidence(EVENTS, of=source)
        assert behind["event"].eq("auth_failed").sum() == source["auth_failed"]
        assert not behind["duplicate"].any()


def test_a_session_lists_its_lines() -> None:
    """A session's lines run from its first to its last."""
    for _, row in mf.sessions(EVENTS).iterrows():
        lines = mf.evidence(EVENTS, of=row)["line"].tolist()
        assert (lines[0], lines[-1]) == (row["first_line"], row["last_line"])


def test_a_network_lists_the_events_of_its_addresses() -> None:
    """Networks of either family and candidates list what happened inside."""
    sources = mf.sources(EVENTS)
    networks = mf.networks(sources)
    for table in (networks, mf.candidates(sources, networks)):
        for _, row in table.iterrows():
            failures = mf.evidence(EVENTS, of=row)["event"].eq("auth_failed").sum()
            assert failures == row["auth_failed"]


def test_a_message_lists_its_lines() -> None:
    """A message's lines are those of its queue id."""
    sent = {"event": "accepted", "queue_id": "4Xy"}
    table = events(session("198.18.5.1", sent) + session("198.18.5.1", at=60))
    assert len(mf.evidence(table, of=mf.messages(table).iloc[0])) == 1


def test_a_row_of_nothing() -> None:
    """A row that names no events is refused."""
    with pytest.raises(ArgumentError, match="none of these names its events"):
        mf.evidence(EVENTS, of=pd.Series({"colour": "red"}))
