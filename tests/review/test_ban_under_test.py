"""The ban that a notebook looks at: approved and loudest, or honestly none."""

from pathlib import Path

import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError

LINE = (
    "2026-09-0{day}T10:{minute:02}:00+00:00 mail postfix/smtpd[9]: warning: unknown[{ip}]: "
    "SASL LOGIN authentication failed: UGFzc3dvcmQ6\n"
)
EVENTS = mf.read_mail_log(
    "".join(
        LINE.format(day=day, minute=minute, ip=ip)
        for ip, day, count in (
            ("212.70.149.83", 4, 9),
            ("198.18.3.4", 4, 5),
            ("240e:d9:d800:200::7", 4, 3),
        )
        for minute in range(count)
    )
)


@pytest.fixture
def decisions(tmp_path: Path) -> mf.Decisions:
    """Return an empty journal."""
    return mf.Decisions(tmp_path / "decisions.jsonl")


@pytest.mark.parametrize(
    ("network", "inside"),
    [
        ("212.70.149.0/24", 9),
        ("212.70.148.0/23", 9),
        ("198.18.3.4/32", 5),
        ("240e:d9:d800:200::/56", 3),
        ("240e:d9:d800:200::7/128", 3),
    ],
)
def test_every_size_of_network_holds_its_own(
    decisions: mf.Decisions, network: str, inside: int
) -> None:
    """A ban of any size counts the lines of its addresses, no more and no less."""
    decisions.record(network, "approve", reason="it attacks", reviewer="ada")
    ban = mf.ban_under_test(decisions, EVENTS, since="2026-09-04 10:02")
    assert int(ban.holds(EVENTS["source_ip"]).sum()) == inside
    assert ban.approved
    assert "banned since 2026-09-04 10:02 UTC" in str(ban)


def test_the_loudest_of_several(decisions: mf.Decisions) -> None:
    """With several approvals the one with most refused logins is looked at, and said so."""
    for network in ("198.18.3.4/32", "212.70.149.0/24"):
        decisions.record(network, "approve", reason="it attacks", reviewer="ada")
    ban = mf.ban_under_test(decisions, EVENTS)
    assert (ban.network, ban.source_ip) == ("212.70.149.0/24", "212.70.149.83")
    assert "loudest of 2" in str(ban)
    assert "The log ends before that" in str(ban)


def test_nothing_approved(decisions: mf.Decisions) -> None:
    """Without an approval the loudest network is shown as it is, and that is said."""
    ban = mf.ban_under_test(decisions, EVENTS)
    assert not ban.approved
    assert ban.network == "212.70.149.0/24"
    assert str(ban).startswith("No network is approved yet")


def test_nothing_refused(decisions: mf.Decisions) -> None:
    """A log without a refused login has nothing to test."""
    ban = mf.ban_under_test(decisions, EVENTS.head(0))
    assert not ban.holds(EVENTS["source_ip"]).any()
    assert "nothing" in str(ban) or "no ban to test" in str(ban)


def test_no_time(decisions: mf.Decisions) -> None:
    """A time that is none is named."""
    decisions.record("198.18.3.4/32", "approve", reason="it attacks", reviewer="ada")
    with pytest.raises(ArgumentError, match="'yesterday-ish' is no time"):
        mf.ban_under_test(decisions, EVENTS, since="yesterday-ish")
