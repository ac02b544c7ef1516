"""Sessions: what belongs together, what counts once, and what a cut log shows."""

from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import mailforensics as mf
from mailforensics import schema
from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.stitching import stitch
from mailforensics.errors import MissingColumnError
from tests.frames import events, failed, session

ATTACKER = "212.70.149.83"
POSTSCREEN = {"service": "postscreen", "program": "postfix/postscreen", "pid": 7}
AUTH = {"service": "auth", "program": "dovecot", "pid": None}
IMAP = {"service": "imap-login", "program": "dovecot", "pid": None}


def counters(tried: int, worked: int = 0) -> dict[str, Any]:
    """Return the disconnect line with its login counters."""
    return {"event": "disconnect", "auth_tried": tried, "auth_ok": worked}


def test_one_attempt_counts_once() -> None:
    """The SASL warning, the lost connection and the counters tell of one attempt."""
    rows = session(ATTACKER, failed("info"), "lost_connection", counters(1))[:-1]
    table = mf.sessions(events(rows))
    assert table["auth_failed"].tolist() == [1]
    assert table["outcome"].tolist() == ["auth_failed"]
    assert table["complete"].tolist() == [True]


def test_the_last_line_is_the_last_in_time_whatever_stands_beside() -> None:
    """Where a clock was set back the lines of a session fall, in one file or in several."""
    stepped = [row | {"line": 9 - number} for number, row in enumerate(session(ATTACKER))]
    spread = session("198.18.4.77", at=10, pid=101)
    spread[-1]["file"] = "mail.info"
    for rows in (stepped, [*stepped, *spread]):
        table = mf.sessions(events(rows))
        assert table.loc[0, ["first_line", "last_line"]].tolist() == [9, 8]


def test_auth_service_does_not_count_again() -> None:
    """Dovecot's own line about a login that smtpd refused joins that session and adds nothing."""
    behind = {"event": "auth_failed", "username": "info", "source_ip": ATTACKER, "time": 1.5}
    table = mf.sessions(events([*session(ATTACKER, failed()), AUTH | behind]))
    assert table["auth_failed"].tolist() == [1]
    assert table["usernames"].tolist() == ["info"]


def test_auth_service_knows_the_name() -> None:
    """Old Postfix names no account; the auth service does, and the try counts once."""
    behind = {"event": "auth_failed", "username": "info", "source_ip": ATTACKER, "time": 1.5}
    alone = {"event": "server", "username": "eve", "source_ip": ATTACKER, "time": 900}
    table = events([*session(ATTACKER, failed()), AUTH | behind, AUTH | alone])
    assert mf.sessions(table)["auth_failed"].tolist() == [1]
    assert mf.sources(table)[["auth_failed", "accounts"]].to_numpy().tolist() == [[1, "info"]]


def test_counters_speak_where_no_line_does() -> None:
    """`auth=0/3` without a SASL warning is three failed attempts."""
    table = mf.sessions(events(session(ATTACKER, counters(3))[:-1]))
    assert table["auth_failed"].tolist() == [3]


def test_unexplained_login_is_a_login() -> None:
    """`auth=1` counts as a login although no line names an account."""
    table = mf.sessions(events(session(ATTACKER, counters(1, worked=1))[:-1]))
    assert table["auth_ok"].tolist() == [1]
    assert table["outcome"].tolist() == ["login"]


def test_several_messages_are_one_login() -> None:
    """A client that logs in once and sends two messages logged in once."""
    sent = [{"event": "accepted", "username": "anna", "queue_id": f"A{n}"} for n in (1, 2)]
    table = mf.sessions(events(session("198.18.0.1", *sent, counters(1, worked=1))[:-1]))
    assert table[["auth_ok", "accepted"]].to_numpy().tolist() == [[1, 2]]


def test_folded_lines_count_as_often_as_they_stand_for() -> None:
    """`message repeated 3 times` is three attempts."""
    table = mf.sessions(events(session(ATTACKER, failed("info", repeat=3))))
    assert table["auth_failed"].tolist() == [3]


def test_lines_read_twice_count_once() -> None:
    """A line that was already read from another file is in no session."""
    rows = session(ATTACKER, failed("info"))
    twice = [row | {"file": "mail.warn", "duplicate": True} for row in rows]
    assert mf.sessions(events([*rows, *twice]))["auth_failed"].tolist() == [1]


def test_one_process_serves_many_clients() -> None:
    """A new connect begins a new session of the same process."""
    rows = session(ATTACKER, failed()) + session("198.18.0.2", at=60)
    assert mf.sessions(events(rows))["source_ip"].tolist() == [ATTACKER, "198.18.0.2"]


def test_missing_disconnect() -> None:
    """A connect without a disconnect before it leaves the earlier session incomplete."""
    rows = session(ATTACKER, failed())[:-1] + session("198.18.0.2", at=60)
    assert mf.sessions(events(rows))["complete"].tolist() == [False, True]


def test_cut_log() -> None:
    """A log that begins and ends in the middle gives incomplete sessions, and loses no attempt."""
    rows = session(ATTACKER, failed())[1:] + session("198.18.0.2", failed(), at=60)[:-1]
    table = mf.sessions(events(rows))
    assert table["complete"].tolist() == [False, False]
    assert table["auth_failed"].tolist() == [1, 1]


def test_process_number_used_again() -> None:
    """After an hour of silence a process number belongs to somebody else."""
    rows = session(ATTACKER, failed())[:-1] + session(ATTACKER, failed(), at=7200)[1:]
    assert len(mf.sessions(events(rows))) == 2


def test_hosts_and_instances_stay_apart() -> None:
    """The same process number on another host or of another instance is another process."""
    other = {"host": "mx2"}, {"program": "postfix/submission/smtpd"}
    rows = session(ATTACKER, failed())
    rows += [row | more | {"time": row["time"] + 0.5} for more in other for row in rows]
    table = mf.sessions(events(rows))
    assert len(table) == 3
    assert table["complete"].all()


def test_reverse_name_warning_belongs_to_the_client_that_follows() -> None:
    """Smtpd complains about a reverse name before it says `connect from`."""
    rows = session("198.18.0.1")
    warning = {"event": "rdns_mismatch", "source_ip": ATTACKER, "time": 59}
    table = mf.sessions(events([*rows, warning, *session(ATTACKER, at=60)]))
    assert table["first_line"].tolist() == [1, 3]
    assert table["complete"].tolist() == [True, True]


def test_postscreen_hands_over_to_smtpd() -> None:
    """A client that postscreen passes on is one session, from its first line to smtpd's last."""
    screen = {"source_ip": "198.18.0.9", "source_port": 4711} | POSTSCREEN
    rows = [screen | {"event": "screen_connect", "time": 0}]
    rows += [screen | {"event": "screen_pass", "time": 6}]
    table = mf.sessions(events(rows + session("198.18.0.9", failed("info"), at=6)))
    assert table[["program", "seconds", "auth_failed"]].to_numpy().tolist() == [
        ["postfix/smtpd", 8.0, 1]
    ]


def test_a_user_name_cannot_name_a_session() -> None:
    """Two clients whose user name holds one session's name are two sessions, a try each."""
    name = "a,192.0.2.44,<bbbbbbbbbbbbbbbb>): session=<aaaaaaaaaaaaaaaa>"
    disallowed = "Username character disallowed by auth_username_chars: 0x3d"
    text = "".join(
        f"2026-09-04T16:59:01Z mail dovecot: auth: plain(?,198.18.70.20,<{own}>): {disallowed} "
        f"(username: {name})\n2026-09-04T16:59:02Z mail dovecot: imap-login: Disconnected (auth "
        f"failed, 1 attempts in 1 secs): user=<{name}>, method=PLAIN, rip=198.18.70.20, "
        f"lip=203.0.113.10, session=<{own}>\n"
        for own in ("GU6giQZhzaTGEkYU", "IeKjiQZhOe7GEkYU")
    )
    behind = f"2026-09-04T16:59:09Z mail dovecot: auth: login(?,198.18.70.20): {disallowed} "
    smtpd = "2026-09-04T16:59:{:02}Z mail postfix/smtpd[7]: {} unknown[198.18.70.20]{}\n"
    text += smtpd.format(8, "connect from", "") + f"{behind}(username: {name})\n"
    text += smtpd.format(9, "disconnect from", " ehlo=1 auth=0/1 commands=1/2")
    table = mf.sessions(mf.read_mail_log(text))
    assert table[["source_ip", "auth_failed"]].to_numpy().tolist() == [["198.18.70.20", 1]] * 3


def test_postscreen_may_hand_over_without_a_word() -> None:
    """Of a busy peer postscreen may only write that it came; smtpd's session is still its own."""
    screen = {"source_ip": "192.0.2.44", "event": "screen_connect"} | POSTSCREEN
    rows = [screen | {"source_port": port, "time": 0} for port in (57805, 40851)]
    rows += session("192.0.2.44", "accepted", at=1)
    rows += session("192.0.2.44", "accepted", at=2, pid=8)
    table = mf.sessions(events(rows))
    assert table[["program", "accepted"]].to_numpy().tolist() == [["postfix/smtpd", 1]] * 2


def test_postscreen_serves_many_at_once() -> None:
    """Interleaved clients of postscreen are told apart by address and port."""
    told = [("screen_connect", 1), ("screen_connect", 2), ("pregreet", 1)]
    told += [("screen_disconnect", 2), ("screen_disconnect", 1)]
    rows = [
        POSTSCREEN | {"event": event, "source_ip": ATTACKER, "source_port": port, "time": time}
        for time, (event, port) in enumerate(told)
    ]
    table = mf.sessions(events(rows))
    assert table["seconds"].tolist() == [4.0, 2.0]
    assert table["complete"].all()


def test_dovecot_session_id() -> None:
    """Lines of Dovecot with one session id are one session, whatever stands between them."""
    tag = "session=<Xk3+8n4aUNsKAAAB>"
    behind = "passwd-file(info,198.18.0.1,<Xk3+8n4aUNsKAAAB>): Password mismatch"
    rows = [
        AUTH | {"event": "auth_failed", "username": "info", "message": behind, "time": 0},
        IMAP | {"event": "auth_failed", "message": "session=<other123>", "time": 1},
        IMAP
        | {"event": "auth_failed", "username": "info", "auth_tried": 2, "time": 5}
        | {"message": f"Aborted login (auth failed, 2 attempts): {tag}"},
    ]
    table = mf.sessions(events([row | {"source_ip": "198.18.0.1"} for row in rows]))
    assert table["auth_failed"].tolist() == [2, 1]
    assert table["first_line"].tolist() == [1, 2]


def test_tables_without_rows() -> None:
    """An empty log gives an empty table with every column."""
    table = mf.sessions(schema.empty(schema.MAIL_EVENTS))
    assert table.empty
    assert list(table) == schema.names(schema.SESSIONS)


def test_wrong_table() -> None:
    """A table that is none of events is refused by name."""
    with pytest.raises(MissingColumnError, match="lacks time, event"):
        mf.sessions(pd.DataFrame({"source_ip": []}))


KINDS = ["connect", "disconnect", "auth_failed", "auth_ok", "reject", "lost_connection", "accepted"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "event": st.sampled_from([*KINDS, "rdns_mismatch", "other", "server", "screen_pass"]),
            "source_ip": st.sampled_from([None, "198.18.0.1", "198.18.0.2", "240e:d9::1"]),
            "pid": st.sampled_from([None, 1, 2]),
            "service": st.sampled_from(["smtpd", "postscreen", "imap-login", "auth", "qmgr"]),
            "host": st.sampled_from([None, "a", "b"]),
            "time": st.integers(0, 9000),
            "repeat": st.integers(1, 3),
            "auth_tried": st.sampled_from([None, 0, 1, 3]),
            "auth_ok": st.sampled_from([None, 0, 1]),
        }
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(ROWS)
def test_sessions_partition_the_events(rows: list[dict[str, Any]]) -> None:
    """Each line is in one session or none, and every line of a client daemon with a peer in one."""
    table = events(rows)
    stitched = stitch(table)
    assert sorted(stitched["row"].to_list()) == list(range(len(table)))
    assert stitched["address"].cast(pl.String).equals(stitched["source_ip"])
    lines = stitched.to_pandas()
    client = lines["service"].isin(["smtpd", "postscreen", "imap-login"])
    client |= (lines["service"] == "auth") & lines["event"].isin(["auth_failed", "auth_ok"])
    assert lines.loc[client & lines["source_ip"].notna(), "session"].notna().all()
    found = mf.sessions(table)
    assert len(found) == lines["session"].nunique()
    counts = count_once(stitched).to_pandas()
    counts = counts[counts["session"].notna()]
    assert found["auth_failed"].sum() == counts["failures"].sum()
    assert (found["end"] >= found["start"]).all()


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    """Shuffled events give the same sessions and the same sources."""
    table = events(rows)
    order = list(range(len(table)))
    random.shuffle(order)
    shuffled = table.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(mf.sessions(table), mf.sessions(shuffled))
    pd.testing.assert_frame_equal(mf.sources(table), mf.sources(shuffled))
