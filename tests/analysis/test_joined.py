"""Events that are joined to sessions once serve every analysis as the events themselves do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from mailforensics.analysis.breaches import breaches
from mailforensics.analysis.campaigns import campaigns
from mailforensics.analysis.joined import joined
from mailforensics.analysis.sessions import sessions
from mailforensics.analysis.sources import sources
from mailforensics.analysis.verdict import verdict
from mailforensics.errors import MissingColumnError
from mailforensics.reading.mail import read_mail_log

WEEK = Path(__file__).parents[2] / "data/samples/week"
ANALYSES: dict[str, Callable[[Any], pd.DataFrame]] = {
    "sessions": sessions,
    "sources": sources,
    "campaigns": lambda events: campaigns(events).members,
    "breaches": breaches,
    "verdict": lambda events: pd.DataFrame({"said": str(verdict(events)).splitlines()}),
}


@pytest.fixture(scope="module")
def week() -> pd.DataFrame:
    """Return the events of the sample week."""
    return read_mail_log(WEEK)


@pytest.mark.parametrize("name", ANALYSES)
def test_joined_events_give_the_answers_of_events(name: str, week: pd.DataFrame) -> None:
    """An analysis says of joined events what it says of the same events."""
    answer = ANALYSES[name]
    assert_frame_equal(answer(joined(week)), answer(week), check_exact=True)


def test_joined_events_are_not_joined_again(week: pd.DataFrame) -> None:
    """What is joined already comes back as it is."""
    ready = joined(week)
    assert joined(ready) is ready


def test_a_table_without_addresses_is_refused(week: pd.DataFrame) -> None:
    """Only a table of events can be joined."""
    with pytest.raises(MissingColumnError, match="lacks source_ip"):
        joined(week.drop(columns="source_ip"))
