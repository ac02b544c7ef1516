"""Figures of hindsight: what each policy would have stopped, and how long attackers stay."""

from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from mailforensics.analysis.backtest import Backtest
from mailforensics.analysis.survival import Survival
from mailforensics.analysis.wording import counted
from mailforensics.show.plots import style

BEST: Final = "optimum"


def plot_backtest(
    tried: Backtest, *, test_days: float | None = None, ax: Axes | None = None
) -> Axes:
    """Draw for each policy the share of attacks stopped and of proper sessions lost.

    Args:
        tried: what `mf.backtest` returned.
        test_days: how long the bans stood; the shortest test that was made when None.
        ax: axes to draw on; a new figure when None.
    """
    days = tried.table["test_days"].min() if test_days is None else test_days
    rows = tried.table.loc[(tried.table["test_days"] == days) & (tried.table["trials"] > 0)]
    if rows.empty:
        return style.nothing(style.new_axes(ax, height=1.6), "The log is too short for a trial")
    ax = style.new_axes(ax, height=1.6 + 0.6 * len(rows))
    places = range(len(rows))
    stopped = 100 * rows["stopped_share"].fillna(0)
    lost = 100 * rows["legit_lost"] / rows["legit_sessions"].clip(lower=1)
    good = ax.barh([p - 0.2 for p in places], stopped, 0.38, color=style.BLUE, hatch="///")
    harm = ax.barh([p + 0.2 for p in places], lost, 0.38, color=style.ORANGE)
    for bars in (good, harm):
        ax.bar_label(bars, fmt=lambda value: f"{value:.0f} %", padding=3, fontsize=9)
    labels = [
        f"{policy}\n{rules:.{int(0 < rules < 1)}f} rules"
        for policy, rules in zip(rows["policy"], rows["rules"], strict=True)
    ]
    ax.set_yticks(list(places), labels, fontsize=9)
    ax.invert_yaxis()
    ax.set_xlim(0, 108)
    ax.set_xlabel("share (%)")
    names = ["attacks stopped", "proper sessions lost"]
    ax.legend([good, harm], names, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    trials = counted(int(rows["trials"].max()), "trial")
    detail = f"{trials}: bans set from the past alone, then left for {_days(days)}"
    return style.tell(ax, _backtest_finding(rows), detail)


def _days(days: float) -> str:
    return f"{days:g} day" + ("" if days == 1 else "s")


def _backtest_finding(rows: pd.DataFrame) -> str:
    best = rows.loc[rows["policy"] == BEST]
    if best.empty:
        best = rows.nlargest(1, "stopped")
    row = best.iloc[0].to_dict()
    share = style.percent(row["stopped"], row["attacks"])
    lost = counted(row["legit_lost"], "proper session") if row["legit_lost"] else "none proper"
    return f"The best plan would have stopped {share} of later attacks, and lost {lost}"


def plot_survival(found: Survival, *, ax: Axes | None = None) -> Axes:
    """Draw the share of attackers still active by age (Kaplan-Meier), with its 95 % band.

    Args:
        found: what `mf.survival` returned.
        ax: axes to draw on; a new figure when None.
    """
    if found.table.empty:
        why = "No attacker came more than once: nothing to say about how long they stay"
        return style.nothing(style.new_axes(ax, height=1.6), why)
    ax = style.new_axes(ax, height=3.8)
    days = [0.0, *found.table["days"]]
    curve, low, high = (
        [100.0, *(100 * found.table[name].ffill())] for name in ("active_share", "low", "high")
    )
    ax.fill_between(days, low, high, step="post", color=style.SKY, alpha=0.35, linewidth=0)
    ax.step(days, curve, where="post", color=style.BLUE, linewidth=2)
    if found.expiry_days is not None:
        ax.axvline(found.expiry_days, color=style.RED, linestyle="--")
        words = f" nine of ten gone: {_days(found.expiry_days)}"
        ax.annotate(words, (found.expiry_days, 96), color=style.RED, fontsize=9, va="top")
    ax.set_ylim(0, 102)
    ax.set_xlim(0, max(days[-1], found.expiry_days or 0) * 1.25)
    ax.set_xlabel("days since the attacker was first seen")
    ax.set_ylabel("still active (%)")
    detail = f"{counted(found.attackers, 'attacker')} seen more than once; band: 95 % confidence"
    return style.tell(ax, _survival_finding(found), detail)


def _survival_finding(found: Survival) -> str:
    if found.half_life_days is None:
        return "The log is too short to see half of the attackers go"
    return f"Half of the attackers are gone after {style.duration(found.half_life_days * 86400)}"
