"""The toolkit finds the ground truth of the sample week: no more, no less."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mailforensics as mf

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
TRUTH: dict[str, Any] = json.loads((SAMPLES / "truth.json").read_text("utf-8"))
STORIES: dict[str, Any] = TRUTH["stories"]
ARTICLE = "212.70.149.0/24"


@pytest.fixture(scope="module")
def mail() -> pd.DataFrame:
    """Return the mail events of the year-less week."""
    return mf.read_mail_log(SAMPLES / "week" / "mail.log*", year=2026)


@pytest.fixture(scope="module")
def firewall() -> pd.DataFrame:
    """Return the firewall events of the year-less week."""
    return mf.read_ufw_log(SAMPLES / "week" / "ufw.log", year=2026)


@pytest.fixture(scope="module")
def sources(mail: pd.DataFrame, firewall: pd.DataFrame) -> pd.DataFrame:
    """Return the sources of the week."""
    return mf.sources(mail, firewall_events=firewall)


@pytest.fixture(scope="module")
def candidates(sources: pd.DataFrame) -> pd.DataFrame:
    """Return the networks to review, by network."""
    before = mf.read_firewall(SAMPLES / "week" / "ufw-status-before.txt")
    table = mf.candidates(sources, mf.networks(sources), firewall=before)
    return table.set_index("network", drop=False)


def test_every_line_is_read_and_understood(mail: pd.DataFrame, firewall: pd.DataFrame) -> None:
    """Each line of both logs is a row of a known kind, in the right year."""
    assert len(mail) == TRUTH["mail_lines"]
    assert len(firewall) == TRUTH["firewall_lines"]
    assert not mail["event"].isin(["other", "unparsed"]).any()
    assert not firewall["event"].isin(["other", "unparsed"]).any()
    assert mail["time"].min() == pd.Timestamp(TRUTH["first_time"])
    assert mail["time"].max() == pd.Timestamp(TRUTH["last_time"])


def test_both_stamp_styles_give_the_same_events(mail: pd.DataFrame) -> None:
    """The RFC 3339 variant differs in nothing but file, line, and parts of a second."""
    other = mf.read_mail_log(SAMPLES / "week-rfc3339" / "mail.log*")
    same = [name for name in mail.columns if name not in {"time", "file", "line"}]
    # Within one second the year-less lines have no order but that of the file: neither has.
    pd.testing.assert_frame_equal(
        mail[same].sort_values(same, ignore_index=True),
        other[same].sort_values(same, ignore_index=True),
    )


@pytest.mark.parametrize("name", ["article.log", "article-wrapped.txt"])
def test_the_excerpt_holds_fifteen_events(name: str) -> None:
    """Plain or wrapped: 3 connects, 6 refused logins, 6 disconnects, from three addresses."""
    events = mf.read_mail_log(SAMPLES / name, year=2026)
    assert events["event"].value_counts().to_dict() == {
        "auth_failed": 6,
        "disconnect": 6,
        "connect": 3,
    }
    assert set(events["source_ip"]) == {f"212.70.149.{last}" for last in (83, 52, 20)}
    left = events[events["event"] == "disconnect"]
    assert (left["auth_ok"] == 0).all()
    assert (left["auth_tried"] == 1).all()


@pytest.mark.parametrize(
    "story",
    [name for name in STORIES if name not in {"residents", "server", "broken_phone"}],
)
def test_each_story_has_its_addresses_and_failures(story: str, sources: pd.DataFrame) -> None:
    """A story's addresses are sources, and their refused logins add up to its own."""
    mine = sources[sources["source_ip"].isin(STORIES[story]["addresses"])]
    assert len(mine) == len(STORIES[story]["addresses"])
    lines, attempts = (
        STORIES[story][name] for name in ("login_failure_lines", "login_attempts_refused")
    )
    assert lines <= mine["auth_failed"].sum() <= attempts


def test_the_articles_network_is_the_first_candidate(candidates: pd.DataFrame) -> None:
    """The well-known network leads the table, is suggested for a ban, and hurts nobody."""
    first = candidates.iloc[0]
    assert first["network"] == ARTICLE
    assert first["suggestion"] == "approve"
    assert first["collateral"] == "none seen"
    assert first["auth_failed"] == STORIES["article_network"]["login_failure_lines"]
    assert first["firewall_blocked"] == TRUTH["ban"]["packets_logged_after"]


def test_networks_with_users_are_never_suggested(candidates: pd.DataFrame) -> None:
    """The phone's home, the shared carrier and the peers are not suggested for a ban."""
    assert candidates.loc["198.51.100.0/24", "suggestion"] == "reject"
    assert candidates.loc["198.19.44.0/24", "suggestion"] == "look"
    assert "198.19.44.180" in candidates.loc["198.19.44.0/24", "collateral"]
    approved = candidates.loc[candidates["suggestion"] == "approve", "network"]
    assert not approved.str.startswith(("198.51.100.", "203.0.113.", "2001:db8:")).any()


def test_the_banned_network_is_covered_afterwards(sources: pd.DataFrame) -> None:
    """With the firewall's later text, the network needs no second ban."""
    after = mf.read_firewall(SAMPLES / "week" / "ufw-status.txt")
    table = mf.candidates(sources, mf.networks(sources), firewall=after).set_index("network")
    assert table.loc[ARTICLE, "already"]
    assert after.simulate("212.70.149.83", 25).verdict == "deny"


def test_mail_log_is_silent_after_the_ban(mail: pd.DataFrame) -> None:
    """After the ban the network connects no more; its open session ends within seconds."""
    inside = mail[mf.network_of(mail["source_ip"]) == ARTICLE]
    last = inside.loc[inside["event"] == "connect", "time"].max()
    assert last == pd.Timestamp(TRUTH["ban"]["last_connect"])
    assert inside["time"].max() == pd.Timestamp(TRUTH["ban"]["last_mail_line"])


def test_the_breach_is_found_and_nothing_else_is_critical(mail: pd.DataFrame) -> None:
    """Every critical or high sign is about the one account, from its two strangers."""
    signs = mf.breaches(mail)
    grave = signs[signs["severity"].isin(["critical", "high"])]
    breach = TRUTH["breach"]
    assert "critical" in set(grave["severity"])
    assert set(grave["username"]) == {breach["username"]}
    assert set(grave["source_ip"]) == {breach["guesser"], breach["spammer"]}
    assert grave["time"].min() == pd.Timestamp(breach["first_login"])


def test_the_spam_run_is_counted_right(mail: pd.DataFrame) -> None:
    """The stolen account's messages, deliveries and bounces are those of the story."""
    messages = mf.messages(mail)
    spam = messages[messages["source_ip"] == TRUTH["breach"]["spammer"]]
    assert len(spam) == TRUTH["breach"]["spam_messages"]
    assert spam["bounced"].sum() == TRUTH["breach"]["bounced"]


def test_the_slow_campaign_is_one_campaign(mail: pd.DataFrame) -> None:
    """The 96 addresses are found to act together, and nobody else is."""
    found = mf.campaigns(mail)
    assert len(found.table) == 1
    assert set(found.members["source_ip"]) == set(STORIES["slow_campaign"]["addresses"])


def test_the_phone_is_no_attacker(sources: pd.DataFrame) -> None:
    """The user's phone is told apart by its cadence and its good logins."""
    phone = sources.set_index("source_ip").loc["198.51.100.23"]
    assert phone["standing"] == "stale_password"
    assert phone["auth_failed"] == STORIES["broken_phone"]["login_failure_lines"]


def test_a_plan_hits_nobody(sources: pd.DataFrame) -> None:
    """The best plan holds the well-known network and no address of a user or a peer."""
    plan = mf.cover(sources, rules=50).plan
    assert plan["network"].iloc[0] == ARTICLE
    assert (plan["legit_sources"] == 0).all()
