"""Whether a ban holds is told from the logs after it: honestly, and with its limits."""

from pathlib import Path

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics import schema
from mailforensics.errors import ArgumentError
from mailforensics.export.check_ban import check_ban

WEEK = Path(__file__).parents[2] / "data" / "samples" / "week"
BAN = "2026-09-04 18:10:00"


def approvals(*networks: str, time: str = BAN, until: str | None = None) -> pd.DataFrame:
    """Return a decisions table in which these networks were approved."""
    rows = [
        {
            "network": network,
            "verdict": "approve",
            "reason": "guessing",
            "reviewer": "ada",
            "time": pd.Timestamp(time, tz="UTC"),
            "until": until,
            "digest": "",
        }
        for network in networks
    ]
    return schema.conform(pd.DataFrame(rows), schema.DECISIONS)


def session(clock: str, address: str, *users: str, pid: int = 7) -> str:
    """Return the lines of one SMTP session on 4 September that tries these user names."""
    head = f"Sep  4 {clock} mail postfix/smtpd[{pid}]:"
    tries = [
        f"{head} warning: unknown[{address}]: SASL LOGIN authentication failed: "
        f"(reason unavailable), sasl_username={user}"
        for user in users
    ]
    end = f"{head} disconnect from unknown[{address}] ehlo=1 auth=0/{len(users)} commands=1/2"
    return "\n".join([f"{head} connect from unknown[{address}]", *tries, end]) + "\n"


def blocked(clock: str, address: str, port: int = 25) -> str:
    """Return one ufw line on 4 September."""
    return (
        f"Sep  4 {clock} mail kernel: [1.0] [UFW BLOCK] IN=eth0 OUT= MAC=00 SRC={address} "
        f"DST=192.0.2.25 LEN=40 TOS=0x00 PREC=0x00 TTL=50 ID=1 PROTO=TCP SPT=4000 DPT={port} "
        "WINDOW=1024 RES=0x00 SYN URGP=0\n"
    )


def check(mail: str, firewall: str | None = None, **options: object) -> pd.Series:
    """Return the row of a ban of 212.70.149.0/24 at noon."""
    events = mf.read_mail_log(mail, year=2026)
    packets = None if firewall is None else mf.read_ufw_log(firewall, year=2026)
    decisions = approvals("212.70.149.0/24", time="2026-09-04 12:00")
    return check_ban(decisions, events, packets, **options).iloc[0]


BEFORE = session("11:00:00", "212.70.149.83", "info", "sales", "zoe.q")
LATER = session("13:00:00", "203.0.113.9", pid=8)


def test_the_sample_week_holds() -> None:
    """The ban of the article's network: one session outlives it, then only blocked packets."""
    events = mf.read_mail_log(str(WEEK / "mail.log*"), year=2026)
    packets = mf.read_ufw_log(WEEK / "ufw.log", year=2026)
    firewall = mf.read_firewall(WEEK / "ufw-status.txt")
    table = check_ban(approvals("212.70.149.0/24"), events, packets, firewall=firewall)
    row = table.iloc[0]
    assert list(table.columns) == schema.names(schema.CHECK_BAN)
    assert (row["status"], row["sessions_open"], row["sessions_after"]) == ("ending", 1, 0)
    assert row["last_before"] == pd.Timestamp("2026-09-04 18:09:59", tz="UTC")
    assert row["last_after"] == pd.Timestamp("2026-09-04 18:10:02", tz="UTC")
    assert row["blocked"] == 519
    assert "At least 519 packets" in row["explanation"]
    assert "The firewall bans it: rule 1: deny log from 212.70.149.0/24." in row["explanation"]


def test_a_ban_that_leaks_is_told_with_the_usual_reasons() -> None:
    """A connection that begins under the ban is a leak; the row says where, and what to look at."""
    row = check(BEFORE + session("12:30:00", "212.70.149.20", "info") + LATER)
    assert (row["status"], row["sessions_before"], row["sessions_after"]) == ("leaking", 1, 1)
    assert "below an `allow`" in row["explanation"]
    assert "30 minutes before the log ends" in row["explanation"]
    assert row["first_after"] == pd.Timestamp("2026-09-04 12:30", tz="UTC")
    assert row["evidence"] == "; ".join(f"<text>:{line}" for line in (5, 6, 7, 8))


def test_a_held_ban_and_a_quiet_one() -> None:
    """Blocked packets and no session: it holds. Neither: quiet, which proves nothing."""
    held = check(BEFORE + LATER, blocked("12:10:00", "212.70.149.4"))
    assert (held["status"], held["blocked"]) == ("holding", 1)
    assert held["last_blocked"] == pd.Timestamp("2026-09-04 12:10", tz="UTC")
    quiet = check(BEFORE + LATER, blocked("12:10:00", "198.18.0.1"))
    assert (quiet["status"], quiet["blocked"]) == ("quiet", 0)
    assert "a plain `deny` rule logs nothing" in quiet["explanation"]
    assert pd.isna(quiet["first_after"])


def test_a_log_that_ends_before_the_ban_says_nothing() -> None:
    """No line after the ban: no claim."""
    row = check(BEFORE)
    assert row["status"] == "no log"
    assert "nothing can be said yet" in row["explanation"]


def test_the_ban_may_have_come_later_than_its_approval() -> None:
    """`since` says when the rules came, for all or for one network."""
    mail = BEFORE + session("12:30:00", "212.70.149.20", "info") + LATER
    assert check(mail, since="2026-09-04 12:45")["status"] == "quiet"
    assert check(mail, since={"212.70.149.0/24": "2026-09-04 14:45+02:00"})["status"] == "quiet"
    assert check(mail, since={"198.18.0.0/15": "2026-09-04 12:45"})["status"] == "leaking"
    with pytest.raises(ArgumentError, match="since='yesterdayish' is no time"):
        check(mail, since="yesterdayish")


def test_what_comes_after_the_last_day_is_no_leak() -> None:
    """A ban with a last day is judged by the time it ran."""
    mail = BEFORE + LATER + session("12:30:00", "212.70.149.20").replace("Sep  4", "Sep  9")
    events = mf.read_mail_log(mail, year=2026)
    ended = approvals("212.70.149.0/24", time="2026-09-04 12:00", until="2026-09-08")
    assert check_ban(ended, events)["status"].tolist() == ["quiet"]
    runs = approvals("212.70.149.0/24", time="2026-09-04 12:00", until="2026-09-09")
    assert check_ban(runs, events)["status"].tolist() == ["leaking"]


@pytest.mark.parametrize(
    ("address", "users", "moved"),
    [
        ("212.70.148.7", ["bob"], "212.70.148.0/24 (next door)"),
        ("212.70.150.7", ["bob"], "212.70.150.0/24 (next door)"),
        (
            "198.18.44.7",
            ["info", "sales", "zoe.q", "eve"],
            "198.18.44.0/24 (3 of its 4 user names are the same)",
        ),
        ("198.18.44.7", ["info", "sales", "x", "y", "z", "a", "b"], ""),
        ("198.18.44.7", ["zoe.q"], ""),
        ("212.70.149.200", ["info"], ""),
    ],
    ids=["below", "above", "same list", "other list", "one name", "inside the ban"],
)
def test_where_the_attacker_may_have_gone(address: str, users: list[str], moved: str) -> None:
    """A network is named if it is new and next door, or tries the banned network's list."""
    row = check(BEFORE + session("12:30:00", address, *users) + LATER)
    assert row["moved_to"] == moved.partition(" (")[0]
    assert (f"may have moved to {moved}." in row["explanation"]) == bool(moved)


def test_common_names_and_old_neighbours_are_no_sign() -> None:
    """A list that everybody tries, or a neighbour known from before, proves no move."""
    common = "".join(
        session(f"10:{n:02}:00", f"198.18.{n}.1", "info", "sales", "zoe.q") for n in range(4)
    )
    old = session("10:30:00", "212.70.148.7", "bob")
    row = check(
        common
        + old
        + BEFORE
        + session("12:30:00", "198.18.44.7", "info", "sales", "zoe.q")
        + session("12:40:00", "212.70.148.7", "bob")
    )
    assert row["moved_to"] == ""


def test_ipv6_neighbours() -> None:
    """The next /64 of the same site is next door; the next site is not."""
    mail = (
        session("11:00:00", "240e:d9:d800:200::d4", "info")
        + session("12:30:00", "240e:d9:d800:2ff::1", "x")
        + session("12:31:00", "240e:d9:d800:700::1", "x")
    )
    decisions = approvals("240e:d9:d800:200::/64", time="2026-09-04 12:00")
    row = check_ban(decisions, mf.read_mail_log(mail, year=2026)).iloc[0]
    assert row["moved_to"] == "240e:d9:d800:2ff::/64"


def test_the_journal_itself_may_be_given(tmp_path: Path) -> None:
    """A `Decisions` journal serves as well; rejected and undone networks are no bans."""
    journal = mf.Decisions(tmp_path / "decisions.jsonl")
    journal.record("212.70.149.0/24", "approve", reason="guessing", reviewer="ada")
    journal.record("198.18.0.0/24", "reject", reason="a user", reviewer="ada")
    events = mf.read_mail_log(BEFORE + LATER, year=2026)
    table = check_ban(journal, events, since="2026-09-04 12:00")
    assert table["network"].tolist() == ["212.70.149.0/24"]


def test_empty_inputs() -> None:
    """No approvals give no rows; no events give rows that claim nothing."""
    events = mf.read_mail_log(BEFORE, year=2026)
    none = approvals("212.70.149.0/24").head(0)
    assert check_ban(none, events).equals(schema.empty(schema.CHECK_BAN))
    row = check_ban(approvals("212.70.149.0/24"), schema.empty(schema.MAIL_EVENTS)).iloc[0]
    assert row["status"] == "no log"


def test_inputs_stay_as_they_are() -> None:
    """The check writes into none of its arguments."""
    events = mf.read_mail_log(BEFORE + LATER, year=2026)
    decisions = approvals("212.70.149.0/24")
    copies = (events.copy(), decisions.copy())
    check_ban(decisions, events)
    assert events.equals(copies[0])
    assert decisions.equals(copies[1])


def test_hostile_names_stay_out_of_the_words() -> None:
    """User names are counted, never quoted: they are the attacker's own text."""
    evil = "<script>alert(1)</script>"
    mail = (
        session("11:00:00", "212.70.149.83", evil, "b", "c")
        + session("12:30:00", "198.18.44.7", evil, "b", "c")
        + LATER
    )
    row = check(mail)
    assert row["moved_to"] == "198.18.44.0/24"
    assert "script" not in row["explanation"]
