"""The pattern tables: each row's own sample goes through the real reader."""

import re

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics import schema
from mailforensics.reading.dovecot import DOVECOT
from mailforensics.reading.mail import TABLE
from mailforensics.reading.nginx import NGINX_PATTERNS
from mailforensics.reading.others import OTHERS
from mailforensics.reading.patterns import Pattern

BARE = (*OTHERS, *NGINX_PATTERNS)
HEAD_COLUMNS = {"time", "host", "program", "service", "pid", "event", "repeat", "duplicate"}
TEXT_COLUMNS = {"message", "file", "line"}
CAUGHT = [n for n in schema.names(schema.MAIL_EVENTS) if n not in HEAD_COLUMNS | TEXT_COLUMNS]


def line_of(row: Pattern) -> str:
    """Return a whole log line with the row's sample, as its daemon would log it."""
    tag = "dovecot" if row in DOVECOT else row.services[0]
    tag = tag if row in DOVECOT or row in BARE else f"postfix/{tag}"
    return f"2026-09-04T16:59:45+02:00 mail {tag}[4242]: {row.sample}"


def body_of(row: Pattern) -> str:
    """Return what of the row's sample is left for its expression."""
    if row in DOVECOT:
        level = "(?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?"
        return re.sub(rf"^[a-z][a-z0-9-]*(?:: {level})?", "", row.sample)
    if row in BARE:
        return row.sample
    return re.sub(
        r"^(?:NOQUEUE|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}|[0-9A-F]{6,}): ", "", row.sample
    )


def as_text(value: object) -> str:
    """Return a value as the tables' `gives` spell it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    """Return all samples, read in one go, in the order of the tables."""
    text = "\n".join(line_of(row) for row in TABLE) + "\n"
    return mf.read_mail_log(text).sort_values("line", ignore_index=True)


@pytest.mark.parametrize("index", range(len(TABLE)))
def test_a_sample_gives_its_event_and_its_columns(events: pd.DataFrame, index: int) -> None:
    """A row's sample comes out with its event, its columns, and nothing in any other column."""
    row = TABLE[index]
    event = events.loc[index]
    assert event["event"] == row.event, row.sample
    caught = {name: as_text(event[name]) for name in CAUGHT if pd.notna(event[name])}
    assert caught == row.gives, row.sample


def test_counters_that_all_worked_say_how_many_were_tried() -> None:
    """`auth=1` stands for one of one, `auth=0/2` for none of two, no counter for nothing known."""
    text = "\n".join(
        f"2026-09-04T16:59:45Z mail postfix/smtpd[1]: disconnect from a[198.18.0.1]{counters}"
        for counters in (" ehlo=1 auth=1 commands=2", " auth=0/2 commands=0/2", "")
    )
    events = mf.read_mail_log(text + "\n")
    assert events["auth_tried"].tolist() == [1, 2, pd.NA]
    assert events["commands_tried"].tolist() == [2, 2, pd.NA]


def test_every_row_decides_on_its_own_sample() -> None:
    """No earlier row for the same service takes a row's sample away: each row is reachable."""
    taken = []
    for index, row in enumerate(TABLE):
        body = body_of(row)
        rivals = [r for r in TABLE[:index] if set(r.services) & set(row.services)]
        rivals = [r for r in rivals if r.literal in body and row.services[0] in r.services]
        taken += [
            f"{r.expression} takes {row.sample}"
            for r in rivals
            if re.fullmatch(r.expression, body, re.DOTALL)
        ]
    assert taken == []
