"""The figure of campaigns: addresses that act together, each with its hours on stage."""

from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mailforensics.analysis.campaigns import Campaigns
from mailforensics.analysis.wording import counted
from mailforensics.show.plots import style

MOST_CAMPAIGNS: Final = 7
MOST_ROWS: Final = 300  # more are one blot


def plot_campaigns(found: Campaigns, *, zone: str = "UTC", ax: Axes | None = None) -> Axes:
    """Draw the addresses of each campaign, one row an address, from its first to its last try.

    Rows are in the order of the first try: a straight slope is one clock behind many addresses.

    Args:
        found: what `mf.campaigns` returned; at most seven campaigns are drawn, and of many
            addresses one in so many, evenly chosen, that their lines stay apart.
        zone: time zone of the axis.
        ax: axes to draw on; a new figure when None.

    Raises:
        ArgumentError: no such zone.
    """
    known = found.members.loc[found.members["campaign"] <= MOST_CAMPAIGNS]
    step = -(-len(known) // MOST_ROWS)
    members = _one_in(step, known.sort_values(["campaign", "first_seen", "source_ip"]))
    if members.empty:
        why = "No addresses were found to act together"
        return style.nothing(style.new_axes(ax, height=1.6), why)
    ax = style.new_axes(ax, height=2.2 + min(4.0, 0.03 * len(members)))
    rows = np.arange(len(members))
    start, end = style.days(members["first_seen"]), style.days(members["last_seen"])
    numbers = members["campaign"].to_numpy()
    for number in sorted(set(numbers)):
        which = numbers == number
        look = (number - 1) % len(style.SERIES)
        color, mark = style.SERIES[look], style.MARKS[look]
        ax.hlines(rows[which], start[which], end[which], color=color, linewidth=1, alpha=0.5)
        held = int(known["campaign"].eq(number).sum())
        label = f"campaign {number} ({counted(held, 'address')})"
        ax.plot(start[which], rows[which], mark, color=color, markersize=4, label=label)
    ax.set_ylabel("addresses, by first try")
    ax.set_yticks([0, len(members) - 1], ["1", f"{len(known):,}"])
    ax.invert_yaxis()
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    style.time_axis(ax, zone)
    rest = len(found.table) - len(set(numbers))
    more = f"; {counted(rest, 'more campaign')} not drawn" if rest > 0 else ""
    thin = f"; one address in {step} drawn" if step > 1 else ""
    detail = f"mark: first try; line: until the last one{thin}{more}"
    return style.tell(ax, _finding(found.table.iloc[0].to_dict()), detail)


def _one_in(step: int, members: pd.DataFrame) -> pd.DataFrame:
    """Return every step-th address of each campaign, its first always."""
    place = members.groupby("campaign").cumcount()
    return members.loc[place % max(1, step) == 0]


def _finding(largest: Mapping[Hashable, Any]) -> str:
    addresses = counted(largest["addresses"], "address")
    networks = counted(largest["networks"], "network")
    attempts = counted(largest["attempts"], "refused login")
    return f"{addresses} in {networks} act as one: {attempts} between them"
