"""Campaigns: one hand is seen behind many addresses, and strangers are not joined."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailforensics import schema
from mailforensics.analysis.campaigns import NO_NAMES, campaigns
from mailforensics.analysis.campaigns_clock import in_order
from mailforensics.reading.mail import read_mail_log
from mailforensics.simulation.attacks import simulate_attack

START = datetime(2026, 9, 1, tzinfo=UTC)
DAY = 86_400
# What unrelated bots try: a few names very often, many now and then (Zipf).
POPULAR = [f"name{number}" for number in range(60)]


def attempts(
    rows: list[tuple[float, str, str | None]], *, counters: str = "ehlo=1 auth=0/1 commands=1/2"
) -> list[tuple[datetime, str]]:
    """Return the log lines of refused logins: (seconds from the start, address, name)."""
    lines = []
    for number, (seconds, ip, name) in enumerate(rows):
        head = f"mail postfix/smtpd[{1000 + number}]:"
        user = f", sasl_username={name}" if name else ""
        reason = "(reason unavailable)" if name else "UGFzc3dvcmQ6"
        for later, text in (
            (0, f"connect from unknown[{ip}]"),
            (2, f"warning: unknown[{ip}]: SASL LOGIN authentication failed: {reason}{user}"),
            (3, f"disconnect from unknown[{ip}] {counters}"),
        ):
            time = START + timedelta(seconds=round(seconds) + later)
            lines.append((time, f"{time:%Y-%m-%dT%H:%M:%S}+00:00 {head} {text}"))
    return lines


def read(*parts: list[tuple[datetime, str]]) -> pd.DataFrame:
    """Return the events of all lines together, oldest first."""
    lines = sorted(line for part in parts for line in part)
    return read_mail_log("\n".join(text for _, text in lines) + "\n")


def one_try_each(seed: int, count: int = 96, days: float = 3.0) -> list[tuple[float, str, str]]:
    """Return one try per address: a loose common beat, in turn through one list of names."""
    rng = random.Random(seed)
    gap = days * DAY / count
    return [
        (gap * (n + rng.random() * 0.6), f"198.18.{n}.{n % 250 + 1}", f"user{n % 30}@example.org")
        for n in range(count)
    ]


def strangers(seed: int, count: int = 150, days: float = 7.0) -> list[tuple[float, str, str]]:
    """Return unrelated addresses: each comes when it likes, with names that all bots like."""
    rng = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(len(POPULAR))]
    rows = []
    for number in range(count):
        begin = rng.random() * days * DAY
        pace = rng.choice([20, 300, 3600])
        ip = f"198.19.{number % 256}.{1 + number // 256}"
        for turn in range(rng.choice([1, 1, 1, 2, 4, 12])):
            name = rng.choices(POPULAR, weights)[0]
            rows.append((begin + turn * pace * rng.expovariate(1), ip, name))
    return rows


@pytest.mark.parametrize("seed", range(3))
def test_one_try_per_address_is_one_campaign(seed: int) -> None:
    """96 addresses with one try each over three days are one campaign, strangers left out."""
    found = campaigns(read(attempts(one_try_each(seed)), attempts(strangers(seed))))
    assert len(found.table) == 1
    members = set(found.members["source_ip"])
    mine = {ip for _, ip, _ in one_try_each(seed)}
    assert len(members & mine) >= 90
    assert len(members - mine) <= 2
    assert found.table.loc[0, "families"] == "names, timing"
    assert found.table.loc[0, "p_value"] < 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_strangers_are_not_joined(seed: int) -> None:
    """Unrelated scanners of one make, with the same popular names, are no campaign."""
    found = campaigns(read(attempts(strangers(seed))))
    assert found.table.empty
    assert found.notes == ()


@pytest.mark.parametrize("seed", range(3))
def test_two_steady_strangers_are_not_joined(seed: int) -> None:
    """Busy bots, each at its own pace with names of its own choice, stay apart."""
    rng = random.Random(seed)
    rows = []
    for number in range(8):
        pace = rng.uniform(300, 1200)
        times = [turn * pace + rng.random() * 60 for turn in range(60)]
        rows += [(time, f"198.18.{number}.9", rng.choice(POPULAR)) for time in times]
    assert campaigns(read(attempts(rows))).table.empty


def test_sample_week_shows_its_slow_campaign() -> None:
    """In the sample week the 96 addresses are found, no more and no fewer, and no lone try."""
    found = campaigns(read_mail_log("data/samples/week", year=2026))
    slow = found.table.iloc[0]
    assert (slow["addresses"], slow["networks"], slow["attempts"]) == (96, 96, 96)
    truth = json.loads(Path("data/samples/truth.json").read_text("utf-8"))
    assert set(found.members["source_ip"]) == set(truth["stories"]["slow_campaign"]["addresses"])


def test_split_list_of_names_joins() -> None:
    """Each address has names of its own, in the order of the alphabet: one list, dealt out."""
    rng = random.Random(3)
    names = sorted(f"{rng.choice('abcdefghijklmnop')}{number:02}" for number in range(60))
    rows = [(600 * (n + rng.random() / 3), f"198.18.{n}.9", name) for n, name in enumerate(names)]
    found = campaigns(read(attempts(rows)))
    assert found.table["addresses"].tolist() == [60]
    assert "order of the alphabet" in found.table.loc[0, "signs"]


def test_round_robin_of_busy_addresses_joins() -> None:
    """Twelve addresses that take turns through one list at odd times are one campaign."""
    rng = random.Random(5)
    seconds, rows = 0.0, []
    for turn in range(240):
        seconds += rng.expovariate(1 / 400)
        rows.append((seconds, f"198.18.{turn % 12}.9", f"user{turn % 40}"))
    found = campaigns(read(attempts(rows), attempts(strangers(5, count=60))))
    assert found.table["addresses"].tolist() == [12]


def test_log_without_names_says_so_and_needs_another_sign() -> None:
    """Postfix before 3.7.8 names no accounts: the note says it; the manner is the second sign."""
    nameless = [(seconds, ip, None) for seconds, ip, _ in one_try_each(1)]
    found = campaigns(read(attempts(nameless)))
    assert NO_NAMES in found.notes
    assert found.table["addresses"].tolist() == [96]
    assert found.table.loc[0, "families"] == "fingerprint, timing"


def test_clock_alone_is_a_note_and_no_campaign() -> None:
    """A common beat without any second sign is mentioned and not claimed."""
    rng = random.Random(2)
    rows = [(s, ip, rng.choice(POPULAR[:6])) for s, ip, _ in one_try_each(2)]
    lines = [line for line in attempts(rows) if "SASL" in line[1]]
    found = campaigns(read(lines))
    assert found.table.empty
    assert "a second, independent sign is missing" in found.notes[0]


@pytest.mark.parametrize("kind", ["slow_distributed", "spray"])
def test_simulated_attack_in_a_quiet_day_is_one_campaign(kind: str) -> None:
    """A simulated attack of many networks stands out of a day of proper use."""
    attack = simulate_attack(kind, sources=40, tries=80, seed=4)
    quiet = simulate_attack("quiet", seed=4)
    both = pd.concat([attack, quiet]).sort_values(["time", "line"])
    found = campaigns(read_mail_log("\n".join(both["line"]) + "\n"))
    assert found.table["addresses"].tolist() == [40]


def test_tables_follow_the_schema() -> None:
    """Every table has the columns and dtypes that the schema promises, full or empty."""
    full = campaigns(read(attempts(one_try_each(1))))
    none = campaigns(read(attempts([(0, "198.18.0.1", "info")])))
    empty = campaigns(schema.empty(schema.MAIL_EVENTS))
    for found in (full, none, empty):
        for table, columns in (
            (found.table, schema.CAMPAIGNS),
            (found.members, schema.CAMPAIGN_MEMBERS),
            (found.links, schema.CAMPAIGN_LINKS),
        ):
            pd.testing.assert_frame_equal(table, schema.conform(table, columns))
    assert empty.table.empty
    assert len(full.links) == 2 * 95
    assert repr(full) == "Campaigns(1 of 96 addresses)"


def test_order_of_events_does_not_matter() -> None:
    """The same events in another order give the same tables."""
    events = read(attempts(one_try_each(1)), attempts(strangers(1)))
    first, second = campaigns(events), campaigns(events.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(first.table, second.table)
    pd.testing.assert_frame_equal(first.links, second.links)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=60))
def test_tries_of_one_instant_keep_their_order(tries: list[tuple[int, int]]) -> None:
    """Tries are put in order of time, and of one instant the first stay first."""
    times, codes = (np.array(column) for column in zip(*tries, strict=True))
    then, whose = in_order(times.astype(np.float64), codes)
    expected = sorted(tries, key=lambda one: one[0])
    assert list(zip(then.tolist(), whose.tolist(), strict=True)) == expected
