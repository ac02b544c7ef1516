"""One trial of one policy at one moment, and what all trials say together."""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from mailforensics import schema
from mailforensics.analysis.backtest_fail2ban import most_at_once
from mailforensics.analysis.backtest_plans import FAIL2BAN, OPTIMUM, POLICIES, covered
from mailforensics.analysis.backtest_rows import Deeds, Flags, Hindsight
from mailforensics.analysis.wording import counted

DAY_SECONDS: Final = 86_400.0
_NORMAL_95: Final = 1.6448536269514722  # one-sided
_SUMS: Final = ("attacks", "stopped", "stopped_new", "legit_sessions", "legit_lost")


@dataclass(frozen=True, slots=True)
class Moment:
    """Which policy sets its bans when (seconds since the log began), and for how many days."""

    policy: str
    origin: float
    days: float

    @property
    def end(self) -> float:
        """When the bans end, in seconds since the log began."""
        return self.origin + self.days * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Trial:
    """What one policy's bans would have done; the fields are BACKTEST_TRIALS."""

    policy: str
    test_days: float
    origin: pd.Timestamp
    rules: int
    attacks: int
    stopped: int
    stopped_new: int
    legit_sessions: int
    legit_lost: int
    kept_rules: int | None


def judged(past: Hindsight, plan: list[str], moment: Moment, *, before: list[str] | None) -> Trial:
    """Return what a plan, set at a moment, would have done until its end."""
    banned = covered(past.addresses, plan)
    attacks, stopped = _hit(past.attacks, banned, moment)
    uses, lost = _hit(past.uses, banned, moment)
    new = past.first_attack[past.attacks.address[attacks]] > moment.origin
    count = past.attacks.count[attacks]
    fail2ban = moment.policy == FAIL2BAN
    return Trial(
        policy=moment.policy,
        test_days=moment.days,
        origin=past.begin + pd.Timedelta(seconds=round(moment.origin)),
        rules=most_at_once(past.bans, moment.origin, moment.end) if fail2ban else len(plan),
        attacks=int(count.sum()),
        stopped=int(count[stopped].sum()),
        stopped_new=int(count[stopped & new].sum()),
        legit_sessions=int(past.uses.count[uses].sum()),
        legit_lost=int(past.uses.count[uses][lost].sum()),
        kept_rules=None if before is None or fail2ban else len(set(plan) & set(before)),
    )


def _hit(deeds: Deeds, banned: Flags, moment: Moment) -> tuple[slice, Flags]:
    """Return the deeds while the bans stand, and which of them the bans would have stopped."""
    rows = deeds.between(moment.origin, moment.end)
    if moment.policy == FAIL2BAN:
        return rows, deeds.fail2ban[rows]
    return rows, banned[deeds.address[rows]]


def trial_table(trials: list[Trial]) -> pd.DataFrame:
    """Return the trials as a table, in the order they were made (BACKTEST_TRIALS)."""
    columns = schema.names(schema.BACKTEST_TRIALS)
    rows = [[getattr(trial, name) for name in columns] for trial in trials]
    if not rows:
        return schema.empty(schema.BACKTEST_TRIALS)
    return schema.conform(pd.DataFrame(rows, columns=columns), schema.BACKTEST_TRIALS)


def summary(trials: list[Trial]) -> pd.DataFrame:
    """Return one row a policy and test length: sums over the trials (BACKTEST)."""
    keys = list(dict.fromkeys((trial.policy, trial.test_days) for trial in trials))
    keys.sort(key=lambda key: (key[1], POLICIES.index(key[0])))
    rows = [
        _summed([trial for trial in trials if (trial.policy, trial.test_days) == key])
        for key in keys
    ]
    if not rows:
        return schema.empty(schema.BACKTEST)
    return schema.conform(pd.DataFrame(rows), schema.BACKTEST)


def _summed(trials: list[Trial]) -> dict[str, object]:
    sums = {name: sum(getattr(trial, name) for trial in trials) for name in _SUMS}
    rules = [trial.rules for trial in trials]
    kept = [trial.kept_rules for trial in trials if trial.kept_rules is not None]
    later = sum(trial.rules for trial in trials if trial.kept_rules is not None)
    return {
        **sums,
        "policy": trials[0].policy,
        "test_days": trials[0].test_days,
        "trials": len(trials),
        "rules": max(rules) if trials[0].policy == FAIL2BAN else float(np.mean(rules)),
        "stopped_share": _share(sums["stopped"], sums["attacks"]),
        "new_share": _share(sums["stopped_new"], sums["stopped"]),
        "legit_at_most": at_most(sums["legit_lost"], sums["legit_sessions"]),
        "churn": 1 - _share(sum(kept), later) if kept else math.nan,
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def at_most(hits: int, trials: int) -> float:
    """Return the 95 % upper bound of a share: 3/n for no hit, Wilson's bound otherwise.

    Source: Hanley, Lippman-Hand (JAMA 1983); Wilson, "Probable Inference" (JASA 1927).
    """
    if trials == 0:
        return 1.0
    if hits == 0:
        return min(3 / trials, 1.0)
    share, square = hits / trials, _NORMAL_95**2
    middle = share + square / (2 * trials)
    spread = _NORMAL_95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return min((middle + spread) / (1 + square / trials), 1.0)


def in_words(table: pd.DataFrame) -> str:
    """Return the result in one paragraph: for the longest tests in which anybody attacked."""
    if table.empty:
        return "The log is too short to try any policy on its own past."
    attacked = table.loc[table["attacks"] > 0]
    if attacked.empty:
        return "No attack came while the bans stood, so there was nothing that they could stop."
    longest = table.loc[table["test_days"] == attacked["test_days"].max()].set_index("policy")
    best = longest.loc[OPTIMUM]
    others = "; ".join(
        f"{policy} {_percent(row['stopped_share'])} with {_count(row['rules'], 'rule')}"
        f"{_and_lost(row)}"
        for policy, row in longest.drop(OPTIMUM).iterrows()
    )
    return (
        f"Set at {_count(best['trials'], 'moment')} of this log and left for "
        f"{_days(best['test_days'])}, the optimum ({_count(best['rules'], 'rule')}) would have "
        f"stopped {_percent(best['stopped_share'])} of {_count(best['attacks'], 'attack event')}"
        f"{_of_new(best)}, and {_cost(best)}. For comparison: {others}. The log cannot say what "
        "attackers would have done instead."
    )


def _count(number: float, noun: str) -> str:
    return counted(round(number), noun)


def _days(days: float) -> str:
    return f"{days:g} day{'' if days == 1 else 's'} each"


def _of_new(row: "pd.Series[Any]") -> str:
    if not row["stopped"]:
        return ""
    return f", {_percent(row['new_share'])} of those from addresses not seen before"


def _cost(row: "pd.Series[Any]") -> str:
    if not row["legit_sessions"]:
        return "cost nobody that the log shows: it has no session of proper use then"
    return (
        f"cost {row['legit_lost']:.0f} of {_count(row['legit_sessions'], 'proper session')} "
        f"(at most {_percent(row['legit_at_most'])} at 95 % confidence)"
    )


def _and_lost(row: "pd.Series[Any]") -> str:
    if not row["legit_sessions"]:
        return ""
    return f" and {_count(row['legit_lost'], 'proper session')} lost"


def _percent(share: float) -> str:
    return "none" if math.isnan(share) else f"{share:.1%}"
