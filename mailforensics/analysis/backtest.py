"""Would the bans have helped? Each policy set at moments of the past, and judged by what came.

At each moment (a rolling origin) a policy sees only the events before it; its bans then stand for
1, 7 or 14 days, in which attacks stopped and sessions of proper use lost are counted. The log
cannot say what attackers do once they are banned: the counts are as if they did not react.

Sources:
    Soldo, Le, Markopoulou, "Predictive Blacklisting as an Implicit Recommendation System" (INFOCOM
    2010), for judging block lists by what comes next.
    Tashman, "Out-of-sample Tests of Forecasting Accuracy" (2000), for the rolling origin.
    Hanley, Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?" (JAMA 1983), for 3/n.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.analysis.backtest_fail2ban import Fail2banRule
from mailforensics.analysis.backtest_plans import (
    BUSY_NETWORKS,
    FAIL2BAN,
    OPTIMUM,
    POLICIES,
    TOP_ADDRESSES,
    TOP_NETWORKS,
    busiest,
    heaviest,
)
from mailforensics.analysis.backtest_rows import Hindsight, hindsight
from mailforensics.analysis.backtest_trials import (
    Moment,
    Trial,
    in_words,
    judged,
    summary,
    trial_table,
)
from mailforensics.analysis.cover import cover
from mailforensics.analysis.cover_options import RULES, CoverOptions, check_rules
from mailforensics.analysis.sources import sources
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.store import Store

DAY_SECONDS: Final = 86_400.0
MOST_TRIALS: Final = 8
_NO_CLIENT: Final = (
    "No line of a mail server's client is in this log, so no policy can be tried on it. Give the "
    "mail log; what the firewall logs is a sample."
)
# What a policy bans, given the sources seen and its plan of the trial before.
Plan = Callable[[pd.DataFrame, list[str] | None], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """How `mf.backtest` tries the policies.

    Attributes:
        train_days: days of log that a policy may look at before it bans.
        test_days: how many days the bans stand; one row of the result for each.
        fail2ban: fail2ban's rule; its defaults are 5 failures in 10 minutes, banned for 10.
        cover: options of the optimum.

    Raises:
        ArgumentError: a number of days is not above 0.
    """

    train_days: float = 14.0
    test_days: tuple[float, ...] = (1.0, 7.0, 14.0)
    fail2ban: Fail2banRule = field(default_factory=Fail2banRule)
    cover: CoverOptions = field(default_factory=CoverOptions)

    def __post_init__(self) -> None:
        """Check the days once."""
        for days in (self.train_days, *self.test_days):
            if not 0 < days < float("inf"):
                raise ArgumentError(f"{days} days make no trial; use numbers above 0.")


@dataclass(frozen=True, slots=True)
class Backtest:
    """What each policy would have done.

    Attributes:
        table: one row a policy and test length (BACKTEST).
        trials: one row a policy, test length and moment (BACKTEST_TRIALS).
        notes: where the log was too short for what was asked.
        text: the result in one paragraph.
    """

    table: pd.DataFrame
    trials: pd.DataFrame
    notes: tuple[str, ...]
    text: str


def backtest(
    events: pd.DataFrame | Store,
    *,
    rules: int = RULES,
    protect: Iterable[str] = (),
    allow_documentation: bool = False,
    options: BacktestOptions | None = None,
) -> Backtest:
    """Return how each policy would have done, had it been used at moments of this log.

    Policies: the `rules` heaviest addresses; the `rules` heaviest /24s; every /24 with 5 attackers
    or more; the plan of `mf.cover`; and fail2ban's default jail. IPv6 networks are /64s.

    Args:
        events: mail events, in any order; or a store, of which the time before each moment is
            read anew.
        rules: how many networks each policy may ban.
        protect: what `mf.cover` must never ban.
        allow_documentation: let it ban documentation networks, for lessons and tests.
        options: days of training and test, fail2ban's rule, options of the optimum.

    Raises:
        ArgumentError: rules is no whole number from 0 up, or an entry of protect no network.
        MissingColumnError: the table has no `time`, `event` or `source_ip`.
    """
    if not isinstance(events, Store):
        schema.require(events, ["time", "event", "source_ip"])
    check_rules(rules)
    chosen = options or BacktestOptions()
    past = hindsight(events, chosen.fail2ban)
    if past is None:
        return replace(_result([], (_NO_CLIENT,)), text=_NO_CLIENT)
    train, notes = _train_seconds(past, chosen)
    plans = _plans(rules, list(protect), chosen.cover, allow_documentation=allow_documentation)

    @cache
    def known(origin: float) -> pd.DataFrame:
        now = past.begin + pd.Timedelta(seconds=origin)
        return sources(_between(events, now - pd.Timedelta(seconds=train), now))

    trials: list[Trial] = []
    for days in chosen.test_days:
        origins = _origins(past, train, days * DAY_SECONDS)
        if not origins:
            span = f"{days:g} day{'' if days == 1 else 's'}"
            notes = (*notes, f"The log is too short for bans that stand for {span}.")
        for policy in POLICIES:
            before: list[str] | None = None
            for origin in origins:
                plan = plans[policy](known(origin), before)
                trials.append(judged(past, plan, Moment(policy, origin, days), before=before))
                before = plan
    return _result(trials, notes if trials else notes[-len(chosen.test_days) :])


def _between(
    events: pd.DataFrame | Store, since: pd.Timestamp, until: pd.Timestamp
) -> pd.DataFrame | Store:
    """Return the events later than one moment, up to another."""
    if not isinstance(events, Store):
        return events.loc[(events["time"] > since) & (events["time"] <= until)]
    zero, micro = pd.Timestamp(0, tz="UTC"), pd.Timedelta(microseconds=1)
    return events.between((since - zero) // micro + 1, (until - zero) // micro + 1)


def _plans(
    rules: int, protect: list[str], options: CoverOptions, *, allow_documentation: bool
) -> dict[str, Plan]:
    """Return each policy: what it bans, given the sources seen and its last plan."""

    def optimum(seen: pd.DataFrame, before: list[str] | None) -> list[str]:
        plan = cover(
            seen,
            rules=rules,
            protect=protect,
            allow_documentation=allow_documentation,
            options=replace(options, previous=before or ()),
        ).plan
        return [str(network) for network in plan["network"]]

    return {
        TOP_ADDRESSES: lambda seen, _: heaviest(seen, v4=32, v6=128, rules=rules),
        TOP_NETWORKS: lambda seen, _: heaviest(seen, v4=24, v6=64, rules=rules),
        BUSY_NETWORKS: lambda seen, _: busiest(seen)[:rules],
        OPTIMUM: optimum,
        FAIL2BAN: lambda _, __: [],
    }


def _train_seconds(past: Hindsight, options: BacktestOptions) -> tuple[float, tuple[str, ...]]:
    """Return how long a policy may look back; half of a log that is too short for more.

    A little less than half, if only so the shortest test has room.
    """
    wanted, shortest = options.train_days * DAY_SECONDS, min(options.test_days) * DAY_SECONDS
    if wanted + shortest <= past.span_seconds:
        return wanted, ()
    half, left = past.span_seconds / 2, past.span_seconds - shortest
    half = left if half / 2 <= left < half else half
    return half, (
        f"The log spans {past.span_seconds / DAY_SECONDS:.1f} days: too short to learn from "
        f"{options.train_days:g}; policies learned from {half / DAY_SECONDS:.1f} days instead.",
    )


def _origins(past: Hindsight, train: float, test: float) -> list[float]:
    """Return up to MOST_TRIALS moments, evenly spread, whose tests do not overlap."""
    room = past.span_seconds - train - test
    if room < 0:
        return []
    number = min(int(room // test) + 1, MOST_TRIALS)
    step = room / (number - 1) if number > 1 else 0.0
    return [train + place * step for place in range(number)]


def _result(trials: list[Trial], notes: tuple[str, ...]) -> Backtest:
    table = summary(trials)
    return Backtest(table, trial_table(trials), notes, in_words(table))
