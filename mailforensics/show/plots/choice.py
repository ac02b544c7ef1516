"""Figures of the choice of networks: what each policy would block, and whom it would hit."""

from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from mailforensics.analysis.wording import counted
from mailforensics.schema import require
from mailforensics.show.plots import style

TYPICAL_RULES: Final = 50
COMPARED: Final = {"optimum": "the best networks", "top /24": "the busiest /24s"}
POLICY_LOOK: Final = {
    "top /32": (style.ORANGE, "s", "--"),
    "top /24": (style.RED, "^", ":"),
    "optimum": (style.BLUE, "o", "-"),
}


def plot_frontier(frontier: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw attack blocked against legitimate use hit: one line a policy, one dot a rule budget.

    Up is better, left is better. The number at a dot is the rules allowed.

    Args:
        frontier: the table of `Cover.frontier()`.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks policy, rules, attack_blocked or legit_hit.
    """
    require(frontier, ["policy", "rules", "attack_blocked", "legit_hit"])
    ax = style.new_axes(ax, height=4.6)
    if frontier.empty or frontier["attack_blocked"].max() == 0:
        return style.nothing(ax, "No attack weight, so no policy blocks anything")
    for name, points in frontier.sort_values("rules").groupby("policy", sort=True):
        color, mark, line = POLICY_LOOK.get(str(name), (style.BLACK, "D", "-."))
        x, y = 100 * points["legit_hit"], 100 * points["attack_blocked"]
        ax.plot(x, y, line, color=color, marker=mark, markersize=8, label=str(name), alpha=0.8)
    _label_budgets(ax, frontier)
    ax.set_xlabel("legitimate use hit (% of its weight)")
    ax.set_ylabel("attack blocked (% of its weight)")
    ax.set_ylim(0, 104)
    ax.set_xlim(left=-0.4, right=max(5.0, 110 * frontier["legit_hit"].max()))
    ax.legend(loc="center right", frameon=False, title="policy")
    return style.tell(ax, _frontier_finding(frontier), "numbers at the dots: rules allowed")


def _label_budgets(ax: Axes, frontier: pd.DataFrame) -> None:
    """Write the budgets at the dots; dots in one place share one label."""
    places = frontier.assign(
        x=(100 * frontier["legit_hit"]).round(1), y=(100 * frontier["attack_blocked"]).round(0)
    )
    for (x, y), dots in places.groupby(["x", "y"]):
        budgets = ", ".join(str(rules) for rules in sorted(set(dots["rules"])))
        ax.annotate(budgets, (x, y), xytext=(9, -4), textcoords="offset points", fontsize=9)


def _frontier_finding(frontier: pd.DataFrame) -> str:
    budgets = sorted(set(frontier["rules"]))
    budget = TYPICAL_RULES if TYPICAL_RULES in budgets else budgets[0]
    rows = frontier.loc[frontier["rules"] == budget]
    blocked = dict(zip(rows["policy"], rows["attack_blocked"], strict=True))
    hit = dict(zip(rows["policy"], rows["legit_hit"], strict=True))
    told = [
        f"{words} block {style.percent(blocked[name], 1)} and {_harm(hit[name])}"
        for name, words in COMPARED.items()
        if name in blocked
    ]
    return f"With {counted(int(budget), 'rule')} " + "; ".join(told)


def _harm(hit: float) -> str:
    return f"hit {style.percent(hit, 1)} of proper use" if hit > 0 else "hit nobody seen"
