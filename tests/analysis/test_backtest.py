"""The trial on the past: what bans would have stopped and cost, and how long attackers stay."""

import math
import random

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailforensics import schema
from mailforensics.analysis.backtest import BacktestOptions, backtest
from mailforensics.analysis.backtest_fail2ban import Fail2banRule, bans, is_banned, most_at_once
from mailforensics.analysis.backtest_plans import POLICIES, covered
from mailforensics.analysis.backtest_trials import at_most
from mailforensics.analysis.survival import kaplan_meier, survival
from mailforensics.errors import ArgumentError
from mailforensics.reading.mail import read_mail_log
from tests.frames import events, failed, session

DAY = 86_400


def bad_block(days: int = 40) -> pd.DataFrame:
    """Return a log: a new address of one /24 each day, a steady one, and a user every day."""
    rows = []
    for day in range(days):
        for turn in range(3):
            at = day * DAY + turn * 5000
            rows += session(f"198.18.7.{10 + day}", failed("info"), at=at, pid=1 + turn)
        rows += session("198.19.1.1", failed("admin"), at=day * DAY + 40_000, pid=9)
        good = {"event": "auth_ok", "username": "anna"}
        rows += session("192.0.2.80", good, at=day * DAY + 50_000, pid=20)
    return events(rows)


def test_optimum_stops_new_addresses_of_a_bad_network_and_costs_nobody() -> None:
    """Only a network, not an address, stops attackers that were never seen before."""
    result = backtest(bad_block(), rules=5)
    week = result.table.loc[result.table["test_days"] == 7].set_index("policy")
    assert list(week.index) == list(POLICIES)
    assert week.loc["optimum", "stopped_share"] == 1
    assert week.loc["optimum", "new_share"] > 0.5
    assert week.loc["top /32", "stopped_share"] < 0.5
    assert week.loc["top /32", "new_share"] == 0
    assert week["legit_sessions"].gt(0).all()
    assert week.loc["optimum", "legit_lost"] == 0
    assert week.loc["optimum", "legit_at_most"] == pytest.approx(
        3 / week.loc["optimum", "legit_sessions"]
    )
    assert week.loc["optimum", "churn"] == 0
    assert "would have stopped 100.0%" in result.text


def test_a_ban_that_hits_a_user_is_counted() -> None:
    """A user in the attackers' /24 loses sessions under the article's policy, not the optimum."""
    user = session("198.18.7.200", {"event": "auth_ok", "username": "carla"}, pid=77)
    rows = [row | {"time": day * DAY + 60_000 + row["time"]} for day in range(40) for row in user]
    both = pd.concat([bad_block(), events(rows)], ignore_index=True)
    table = backtest(both, rules=5).table.set_index(["policy", "test_days"])
    assert table.loc[("top /24", 7.0), "legit_lost"] > 0
    assert table.loc[("optimum", 7.0), "legit_lost"] == 0
    assert table.loc[("optimum", 7.0), "stopped"] > 0


def test_policies_see_only_the_past() -> None:
    """What happens after the moment of a trial does not change its plan."""
    log = bad_block()
    first = backtest(log).trials
    cut = log.loc[log["time"] <= log["time"].max() - pd.Timedelta(hours=1)]
    again = backtest(cut).trials
    same = first.merge(again, on=["policy", "test_days", "origin"], suffixes=("", "_cut"))
    assert (same["rules"] == same["rules_cut"]).all()


def test_trials_do_not_overlap() -> None:
    """Tests of one length begin where the one before has ended, or later."""
    trials = backtest(bad_block()).trials
    for (_, days), part in trials.groupby(["policy", "test_days"]):
        steps = part["origin"].diff().dropna()
        assert (steps >= pd.Timedelta(days=days) - pd.Timedelta(seconds=1)).all()


def test_short_log_says_so() -> None:
    """A log of a week cannot show two weeks of training: the notes say what was done instead."""
    result = backtest(read_mail_log("data/samples/week", year=2026), rules=20)
    assert "too short to learn from 14" in result.notes[0]
    assert any("stand for 14 days" in note for note in result.notes)
    best = result.table.set_index(["policy", "test_days"]).loc[("optimum", 1.0)]
    assert best["legit_lost"] == 0
    assert best["stopped_share"] > 0.5


@pytest.mark.parametrize("days", [0.0, -1.0, math.inf, math.nan])
def test_bad_days_are_refused(days: float) -> None:
    """Days that make no trial are named."""
    with pytest.raises(ArgumentError, match="days make no trial"):
        BacktestOptions(train_days=days)


def test_empty_log_gives_empty_tables() -> None:
    """No events: all columns, no rows, and a sentence that says why."""
    result = backtest(schema.empty(schema.MAIL_EVENTS))
    pd.testing.assert_frame_equal(result.table, schema.empty(schema.BACKTEST))
    pd.testing.assert_frame_equal(result.trials, schema.empty(schema.BACKTEST_TRIALS))
    assert "No line of a mail server's client is in this log" in result.text


def test_a_log_of_hours_is_not_said_to_teach_anything() -> None:
    """Where no ban could be tried, no note claims that a policy learned from a part of the log."""
    result = backtest(events(session("198.18.7.7", failed("info"))))
    assert result.table.empty
    assert [note for note in result.notes if "learned" in note] == []
    assert len(result.notes) == 3
    assert result.text == "The log is too short to try any policy on its own past."


def test_not_quite_two_days_are_enough_for_a_day() -> None:
    """A policy learns from a little less than half of the log, if a test then has its day."""
    rows = [
        row
        for turn in range(46)
        for row in session("198.18.7.7", failed("info"), at=3600 * turn, pid=turn)
    ]
    result = backtest(events(rows))
    assert result.table["test_days"].unique().tolist() == [1.0]
    assert "Set at 1 moment of this log and left for 1 day each" in result.text
    assert "cost nobody that the log shows" in result.text


def test_nothing_to_stop() -> None:
    """Without an attack in any trial the text says so, and no share of nothing."""
    rows = [
        row
        for day in range(30)
        for row in session("192.0.2.80", {"event": "auth_ok", "username": "anna"}, at=day * DAY)
    ]
    assert backtest(events(rows)).text.startswith("No attack came while the bans stood")


def test_tables_follow_the_schema() -> None:
    """The tables have the columns and dtypes that the schema promises."""
    result = backtest(bad_block())
    pd.testing.assert_frame_equal(result.table, schema.conform(result.table, schema.BACKTEST))
    pd.testing.assert_frame_equal(
        result.trials, schema.conform(result.trials, schema.BACKTEST_TRIALS)
    )


def failures(*seconds: float) -> pl.DataFrame:
    """Return failures of one address at given seconds."""
    return pl.DataFrame(
        {
            "source_ip": ["198.18.0.1"] * len(seconds),
            "seconds": [float(s) for s in seconds],
            "failures": [1] * len(seconds),
        },
        schema={"source_ip": pl.String, "seconds": pl.Float64, "failures": pl.Int64},
    )


def test_fail2ban_bans_on_the_fifth_failure_in_ten_minutes() -> None:
    """Five failures within the window ban for ten minutes; what comes in the ban is stopped."""
    rows = failures(0, 10, 20, 30, 40, 50, 639, 641)
    found = bans(rows, Fail2banRule())
    assert found.rows() == [("198.18.0.1", 40.0, 640.0)]
    assert is_banned(rows, found).to_list() == [False] * 5 + [True, True, False]
    assert most_at_once(found, 0, 100) == 1
    assert most_at_once(found, 700, 800) == 0


def test_fail2ban_misses_the_patient() -> None:
    """One failure every three minutes never fills the window."""
    assert bans(failures(*range(0, 36_000, 180)), Fail2banRule()).is_empty()


def test_covered_knows_both_families() -> None:
    """Addresses are matched with networks of every length, IPv4 and IPv6."""
    addresses = ["198.18.0.1", "198.18.0.129", "240e:d9:d800:200::9", "198.19.0.1"]
    networks = ["198.18.0.0/25", "240e:d9:d800:200::/64", "198.19.0.1/32"]
    assert covered(addresses, networks).tolist() == [True, False, True, True]
    assert covered(addresses, []).tolist() == [False] * 4


def test_upper_bounds_of_lost_sessions() -> None:
    """None of n leaves 3/n, some leave more than their share, and no trial leaves everything."""
    assert at_most(0, 300) == pytest.approx(0.01)
    assert at_most(0, 2) == 1
    assert at_most(0, 0) == 1
    assert 0.1 < at_most(10, 100) < 0.2


def test_kaplan_meier_matches_the_textbook() -> None:
    """The remission data of Kaplan-Meier's usual example give the published estimates."""
    days = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
    gone = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    table = kaplan_meier(days.astype(float), gone)
    assert table["days"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert table["active_share"].round(3).tolist() == [
        0.857,
        0.807,
        0.753,
        0.69,
        0.627,
        0.538,
        0.448,
    ]
    assert table["low"].iloc[0] == pytest.approx(0.620, abs=0.001)
    assert table["high"].iloc[0] == pytest.approx(0.952, abs=0.001)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=40))
def test_kaplan_meier_falls_from_one_to_zero(lives: list[tuple[int, bool]]) -> None:
    """Whatever the lives, the share never rises and its bounds hold it."""
    days = np.array([age for age, _ in lives], dtype=float)
    table = kaplan_meier(days, np.array([gone for _, gone in lives], dtype=bool))
    assert table["active_share"].is_monotonic_decreasing
    assert table["active_share"].between(0, 1).all()
    inside = table.dropna()
    assert (inside["low"] <= inside["active_share"] + 1e-9).all()
    assert (inside["active_share"] <= inside["high"] + 1e-9).all()


def test_half_life_of_made_up_attackers() -> None:
    """Lives drawn with a half-life of three days give about three days back."""
    rng = random.Random(8)
    rows = []
    for number in range(200):
        start, ip = rng.random() * 40 * DAY, f"198.18.{number}.1"
        life = rng.expovariate(math.log(2) / (3 * DAY))
        rows += [{"event": "auth_failed", "source_ip": ip, "time": start, "pid": number}]
        rows += [{"event": "auth_failed", "source_ip": ip, "time": start + life, "pid": number}]
    found = survival(events(sorted(rows, key=lambda row: row["time"])))
    assert found.half_life_days == pytest.approx(3, abs=1)
    assert found.expiry_days is not None
    assert 7 <= found.expiry_days <= 14
    assert found.attackers == 200
    assert "Half of them are gone" in found.text


def test_nothing_to_survive() -> None:
    """Without a second visit there is no life to measure, and the text says so."""
    found = survival(schema.empty(schema.MAIL_EVENTS))
    assert (found.half_life_days, found.expiry_days, found.attackers) == (None, None, 0)
    assert "No attacker was seen more than once" in found.text
    pd.testing.assert_frame_equal(found.table, schema.empty(schema.SURVIVAL))


def test_bad_arguments_of_survival_are_refused() -> None:
    """An unknown kind of attacker and a silence of nothing are named."""
    with pytest.raises(ArgumentError, match="by='country'"):
        survival(schema.empty(schema.MAIL_EVENTS), by="country")
    with pytest.raises(ArgumentError, match="quiet_days=0"):
        survival(schema.empty(schema.MAIL_EVENTS), quiet_days=0)
