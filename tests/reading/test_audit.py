"""What the audit says of a log: what is missing, what is wrong, and what was not understood."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mailforensics as mf
from mailforensics import schema
from mailforensics.errors import ArgumentError, MissingColumnError
from mailforensics.reading.audit_silences import Silences

START = pd.Timestamp("2026-09-01T00:00:00Z")
HELLO = "mail postfix/smtpd[1]: connect from unknown[198.18.0.1]"


def log(minutes: Iterable[float], text: str = HELLO) -> str:
    """Return a line for each of some minutes after the start."""
    return "".join(f"{(START + pd.Timedelta(minutes=at)).isoformat()} {text}\n" for at in minutes)


def notes(text: str) -> str:
    """Return what the audit notes on a text."""
    return str(mf.audit(mf.read_mail_log(text))["notes"].item())


def test_a_silence_beyond_the_usual_is_named() -> None:
    """Nights are quiet every day; half a day of silence is not, and says when it begins."""
    day = [*range(0, 360, 120), *range(360, 1440, 10)]
    minutes = [1440 * number + at for number in range(6) for at in day]
    assert notes(log(minutes)) == ""
    gone = [at for at in minutes if not 3 * 1440 + 480 < at < 3 * 1440 + 1200]
    assert notes(log(gone)) == (
        "silent for 12 h from 2026-09-04 08:00 UTC; on a usual day the longest silence is 2 h"
    )


def test_a_short_log_is_measured_by_its_own_gaps() -> None:
    """Without days to compare with, only a silence far beyond all others is named."""
    assert notes(log([*range(0, 100, 5), *range(400, 500, 5)])).startswith("silent for 5 h 5 min")
    assert notes(log([0, 10, 40, 60, 90])) == ""


def test_a_clock_that_goes_back_is_named() -> None:
    """A step back says how far and where; lines a few seconds out of order do not."""
    assert notes(log([0, 10, 9.9, 11])) == ""
    assert notes(log([0, 10, 5, 11])) == "the clock goes back 1 time(s), by up to 5 min (line 3)"
    assert notes(log([0, 60, 1, 11])).endswith(
        "(line 3); an hour is what the end of daylight saving looks like: is tz= right?"
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (
            "mail rsyslogd-2177: imuxsock lost 123 messages from pid 7 due to rate-limiting",
            "at least 123 lines are missing",
        ),
        (
            "mail rsyslogd[5]: imuxsock[pid: 7, name: x]: 40 messages lost due to rate-limiting "
            "(500 allowed within 5 seconds)",
            "at least 40 lines are missing",
        ),
        (
            "mail rsyslogd[5]: imuxsock[pid: 7]: begin to drop messages due to rate-limiting",
            "lines are missing",
        ),
        (
            "mail systemd-journald[9]: Suppressed 4321 messages from postfix.service",
            "at least 4,321 lines are missing",
        ),
        (
            "mail kernel: [1.5] net_ratelimit: 12 callbacks suppressed",
            "at least 12 lines are missing",
        ),
    ],
)
def test_lines_that_the_logger_threw_away_are_named(text: str, note: str) -> None:
    """What rsyslog, journald and the kernel drop is counted, with the line that says so."""
    found = notes(log([0, 1, 2, 3]) + log([4], text))
    assert found == f"{note}: the logger threw them away (it says so in line 5)"


def test_a_client_cannot_claim_that_lines_are_lost() -> None:
    """The same words from any other program are text."""
    assert notes(log([0, 1]) + log([2], "mail x: imuxsock lost 9 messages")) == ""


def test_a_leaked_password_is_flagged() -> None:
    """A password in clear is named by its line, never by its text."""
    leak = "mail dovecot: auth: pam(bob,198.18.4.77): unknown user (given password: hunter2)"
    found = notes(log([0, 1]) + log([2], leak))
    assert found.startswith("1 lines hold a password in clear (the first is line 3)")
    assert "hunter2" not in found


def test_a_log_of_another_program_is_doubted() -> None:
    """A file of which no line is understood is likely not a mail log; the share is told."""
    nginx = log(range(9), "mail nginx: GET / 200")
    (mixed,) = mf.audit(mf.read_mail_log(nginx + log([9]))).to_dict("records")
    assert mixed["understood"] == pytest.approx(0.1)
    assert notes(nginx) == "no line of it is understood: is it the log of another program?"


def test_an_audit_without_facts_still_looks_at_the_events() -> None:
    """A table that lost its attrs says so, and still gets its notes."""
    events = mf.read_mail_log(log([0, 10, 5]))
    events.attrs.clear()
    assert mf.audit(events)["notes"].item() == (
        "the table carries no facts of its files (attrs were lost on the way); "
        "the clock goes back 1 time(s), by up to 5 min (line 3)"
    )


ODD = (
    "mail frob[7]: job 4711 of bob@example.org from mx.example.com[192.0.2.7]: took 3.5 s, id "
    "0xdeadbeef <1@example.com> at 16:59:45 by 2001:db8::7"
)
SHAPE = "job <n> of <mail> from <host>[<ip>]: took <n> s, id <id> <…> at <time> by <ip>"


def test_unknown_lines_are_counted_by_their_shape() -> None:
    """Numbers, addresses and ids do not tell shapes apart; the oldest line is the example."""
    other = ODD.replace("4711", "4712").replace("192.0.2.7", "192.0.2.8")
    text = log([0], ODD) + log([1], other) + log([2], "mail frob: hello") + log([3])
    table = mf.unknown(mf.read_mail_log(text))
    assert list(table.columns) == schema.names(schema.UNKNOWN)
    assert table[["shape", "program", "count", "line"]].to_numpy().tolist() == [
        [SHAPE, "frob", 2, 1],
        ["hello", "frob", 1, 3],
    ]
    assert table["share"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert table["example"].iloc[0] == ODD.removeprefix("mail frob[7]: ")


def test_unknown_counts_folded_lines_and_masks_passwords() -> None:
    """A folded line counts as often as it stands for; no example shows a password."""
    text = log([0], "mail frob: message repeated 4 times: [ query: SELECT passwd = 'hunter2' ]")
    (row,) = mf.unknown(mf.read_mail_log(text)).to_dict("records")
    assert row["count"] == 4
    assert "hunter2" not in row["example"]


def test_unknown_shows_the_commonest_only() -> None:
    """`most` bounds the rows; where all was understood there are none."""
    words = ["alpha", "beta", "gamma", "delta"]
    text = "".join(log([at], f"mail frob: {word}") for at, word in enumerate(words))
    assert len(mf.unknown(mf.read_mail_log(text), most=2)) == 2
    empty = mf.unknown(mf.read_mail_log(log([0, 1])))
    assert empty.empty
    assert list(empty.columns) == schema.names(schema.UNKNOWN)


def test_unknown_refuses_what_it_cannot_use() -> None:
    """No rows asked for, or a table of something else, is an error that says so."""
    with pytest.raises(ArgumentError, match="most=0 shows nothing"):
        mf.unknown(mf.read_mail_log(log([0])), most=0)
    with pytest.raises(MissingColumnError, match="lacks event"):
        mf.unknown(pd.DataFrame({"message": []}))


def test_firewall_logs_have_unknown_lines_too() -> None:
    """A kernel line that tells of no packet is shown by its shape."""
    events = mf.read_ufw_log(log([0, 1], "mail kernel: [12.5] eth0: link up, 1000 Mbps"))
    assert mf.unknown(events)["shape"].tolist() == ["[<n>] eth<n>: link up, <n> Mbps"]


@given(cuts=st.sets(st.integers(1, 4)))
def test_of_equal_silences_the_first_is_the_longest(cuts: set[int]) -> None:
    """In however many stretches the times are told."""
    times = [datetime(2026, 9, 4, tzinfo=UTC) + timedelta(days=day) for day in range(5)]
    silences = Silences()
    for begin, end in pairwise([0, *sorted(cuts), len(times)]):
        told = pl.Series("time", times[begin:end], dtype=pl.Datetime("us", "UTC"))
        silences.add(pl.DataFrame([told]).with_columns(file=pl.lit("mail.log")))
    assert silences.longest() == (times[0], times[1])
