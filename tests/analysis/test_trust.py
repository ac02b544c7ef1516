"""Whether logs can be trusted is said in one sentence, and each limit names its file."""

import gzip
from pathlib import Path

import pytest

import mailforensics as mf
from mailforensics.analysis.trust import MOST_OF_A_KIND, trust

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
WEEK = SAMPLES / "week"
CONNECT = "postfix/smtpd[7]: connect from mx.example.org[192.0.2.25]"
PACKET = (
    "kernel: [UFW BLOCK] IN=eth0 OUT= MAC=52:54 SRC=198.18.0.9 DST=192.0.2.1 LEN=60 TOS=0x00 "
    "PREC=0x00 TTL=51 ID=1 DF PROTO=TCP SPT=40000 DPT=23 WINDOW=64240 RES=0x00 SYN URGP=0"
)


def lines(*messages: str, host: str = "mail", day: int = 4) -> str:
    """Return dated lines of one host, a second apart."""
    return "".join(
        f"2026-09-{day:02}T10:00:{second:02}Z {host} {message}\n"
        for second, message in enumerate(messages)
    )


def test_a_whole_log_is_trusted() -> None:
    """Lines that are understood, with stamps that hold year and zone, leave nothing to say."""
    told = trust(mf.read_mail_log(lines(CONNECT, CONNECT)))
    assert told.answer.startswith("Yes: 2 lines of 1 file, 2 of them understood")
    assert (told.limits, told.assumptions) == ((), ())


def test_a_truncated_file_is_named_once_with_its_last_time(tmp_path: Path) -> None:
    """A file that was cut off limits every answer: it says where its lines end."""
    whole = gzip.compress((WEEK / "mail.log").read_bytes())
    (tmp_path / "mail.log.1.gz").write_bytes(whole[: len(whole) // 2])
    told = trust(mf.read_mail_log(tmp_path / "mail.log.1.gz", year=2026))
    (limit,) = told.limits
    assert told.answer.startswith("In part:")
    assert limit.startswith("mail.log.1.gz: truncated or damaged")
    assert "its lines end at 2026-09-0" in limit
    assert limit.count("truncated") == 1


def test_equal_faults_are_counted_not_listed(tmp_path: Path) -> None:
    """Forty damaged files are no forty sentences."""
    whole = gzip.compress((WEEK / "mail.log").read_bytes())
    for number in range(1, 8):
        (tmp_path / f"mail.log.{number}.gz").write_bytes(whole[: len(whole) // 2])
    told = trust(mf.read_mail_log(tmp_path / "mail.log*", year=2026))
    assert len(told.limits) == MOST_OF_A_KIND + 1
    assert told.limits[-1].startswith("4 more faults of this kind")


def test_a_firewall_log_is_no_mail_log() -> None:
    """A ufw.log given as mail log says nothing about mail; where it belongs is said."""
    told = trust(mf.read_mail_log(WEEK / "ufw.log"))
    assert told.answer.startswith("No: 1,082 lines of 1 file, 0 of them understood")
    assert told.limits == (
        "ufw.log is a firewall log, no mail log: name it with `--ufw-log`, and the mail log as "
        "LOG.",
    )


def test_a_mail_log_is_no_firewall_log() -> None:
    """The reverse is said as well."""
    events = mf.read_mail_log(WEEK / "mail.log", year=2026)
    told = trust(events, firewall_events=mf.read_ufw_log(WEEK / "mail.log", year=2026))
    assert told.limits == (
        "mail.log is a mail log, no firewall log: name it as LOG, not with `--ufw-log`.",
    )


def test_packets_in_a_syslog_are_offered() -> None:
    """A syslog holds both; without --ufw-log its packets go uncounted, and that is said."""
    text = lines(CONNECT, CONNECT, CONNECT, PACKET)
    told = trust(mf.read_mail_log(text))
    assert any("holds 1 line of a firewall" in limit for limit in told.limits)
    assert trust(mf.read_mail_log(text), firewall_events=mf.read_ufw_log(text)).limits == ()


def test_several_hosts_are_pointed_out() -> None:
    """Lines of two servers are added up, but a firewall belongs to one."""
    text = lines(CONNECT) + lines(CONNECT, host="mx2")
    (limit,) = trust(mf.read_mail_log(text)).limits
    assert "2 hosts (mail, mx2)" in limit
    assert "mailforensics fleet" in limit


@pytest.mark.parametrize(("tz", "said"), [("UTC", 1), ("Europe/Berlin", 0)])
def test_a_zone_that_was_assumed_is_said(tz: str, said: int) -> None:
    """Year-less stamps hold no zone: UTC is an assumption, a named zone is not."""
    events = mf.read_mail_log(f"Sep  4 10:00:00 mail {CONNECT}\n", year=2026, tz=tz)
    assert len(trust(events, tz=tz).assumptions) == said


def test_no_rows_are_no_trust() -> None:
    """An empty table is told as one."""
    events = mf.read_mail_log(lines(CONNECT)).head(0)
    assert trust(events).answer.startswith("No: 0 lines")


def test_a_store_is_trusted_like_its_log(tmp_path: Path) -> None:
    """The same lines give the same answer, read at once or kept in a store."""
    (tmp_path / "mail.log").write_text(lines(CONNECT) + lines(CONNECT, host="mx2"))
    kept = mf.ingest(tmp_path / "mail.log", store=tmp_path / "store")
    told = trust(kept)
    assert told.limits == trust(mf.read_mail_log(tmp_path / "mail.log")).limits
    assert told.answer.startswith("In part: 2 lines of 1 file")
