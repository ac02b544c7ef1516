"""Figures of one network: its sessions, the map of its addresses, the cadence of one source."""

import ipaddress
from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from mailforensics.addresses import (
    Network,
    is_inside,
    is_overlapping,
    lies_in,
    parse_network,
)
from mailforensics.analysis.attacking import is_attacking
from mailforensics.analysis.in_parts import counted_parts
from mailforensics.analysis.wording import counted
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.store import Store
from mailforensics.schema import OUTCOMES, require
from mailforensics.show.plots import style

ROUND_SECONDS: Final = (0.1, 1, 10, 60, 300, 900, 3600, 4 * 3600, 86400, 7 * 86400)
CROWD: Final = 200  # sessions; more of them get smaller marks
MOST_SESSIONS: Final = 5000
MOST_ADDRESSES: Final = 40
MOST_DOTS: Final = 5000  # tries; more of them are counted in a grid
OUTCOME_LOOK: Final = {
    "login_after_failures": (style.RED, "X"),
    "login": (style.BLUE, "o"),
    "mail": (style.GREEN, "s"),
    "auth_failed": (style.ORANGE, "x"),
    "relay_refused": (style.PINK, "v"),
    "rejected": (style.PINK, "^"),
    "tls_failed": (style.GREY, "D"),
    "lost": (style.GREY, "1"),
    "probe": (style.GREY, "."),
}


def plot_network_sessions(
    sessions: pd.DataFrame, *, network: str, zone: str = "UTC", ax: Axes | None = None
) -> Axes:
    """Draw one network's sessions as bars from connect to disconnect, with a mark per outcome.

    Args:
        sessions: the table of `mf.sessions`.
        network: which network, in CIDR form; drawn are the 40 busiest addresses and 5,000 sessions
            spread over the whole time, logins and mail before others.
        zone: time zone of the axis.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks source_ip, start, end or outcome.
        ArgumentError: `network` is no network, or no such zone.
    """
    require(sessions, ["source_ip", "start", "end", "outcome"])
    inside = _within(sessions, parse_network(network))
    if inside.empty:
        return style.nothing(style.new_axes(ax, height=1.6), f"No session from {network}")
    busiest = inside["source_ip"].value_counts(sort=False).sort_values(kind="stable")[::-1]
    names = _by_address(busiest.index[:MOST_ADDRESSES])
    drawn = _drawn(inside.loc[inside["source_ip"].isin(names)])
    rows = drawn["source_ip"].map({name: row for row, name in enumerate(names)}).to_numpy()
    ax = style.new_axes(ax, height=1.8 + 0.34 * len(names))
    start, end = style.days(drawn["start"]), style.days(drawn["end"])
    segments = np.stack([np.column_stack([start, rows]), np.column_stack([end, rows])], axis=1)
    ax.add_collection(LineCollection(list(segments), colors="#555555", linewidths=3, alpha=0.6))
    handles, size = [], 7 if len(drawn) <= CROWD else 4
    for outcome in [name for name in OUTCOMES if (drawn["outcome"] == name).any()]:
        which = (drawn["outcome"] == outcome).to_numpy()
        color, mark = OUTCOME_LOOK[outcome]
        ax.plot(end[which], rows[which], mark, color=color, markersize=size, linestyle="none")
        label = f"{outcome.replace('_', ' ')} ({int(which.sum()):,})"
        handles.append(Line2D([], [], color=color, marker=mark, linestyle="none", label=label))
    ax.set_yticks(range(len(names)), names, fontsize=9)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.02)
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    style.time_axis(ax, zone)
    return style.tell(ax, _login_finding(inside, network), _cut_note(inside, drawn))


def _drawn(sessions: pd.DataFrame) -> pd.DataFrame:
    """Return as many sessions as can be told apart, spread over the whole time; logins first."""
    told = sessions["outcome"].isin(["login_after_failures", "login", "mail"])
    parts = [sessions.loc[told], sessions.loc[~told]]
    first = _spread_out(parts[0], MOST_SESSIONS // 2)
    rest = _spread_out(parts[1], MOST_SESSIONS - len(first))
    return pd.concat([first, rest]).sort_values(["start", "source_ip"], kind="stable")


def _spread_out(sessions: pd.DataFrame, most: int) -> pd.DataFrame:
    step = max(1, -(-len(sessions) // max(most, 1)))
    return sessions.iloc[::step]


def _within(table: pd.DataFrame, network: Network) -> pd.DataFrame:
    known = table.loc[table["source_ip"].notna() & table["start"].notna()]
    return known.loc[lies_in(known["source_ip"], network)].sort_values(["start", "source_ip"])


def _by_address(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=lambda text: (":" in text, int(ipaddress.ip_address(text))))


def _login_finding(inside: pd.DataFrame, network: str) -> str:
    logins = int(inside["outcome"].isin(["login", "login_after_failures"]).sum())
    total = counted(len(inside), "session")
    ending = f"{logins:,} ended in a good login" if logins else "none ended in a good login"
    return f"{network}: {total} from {counted(inside['source_ip'].nunique(), 'address')}, {ending}"


def _cut_note(inside: pd.DataFrame, drawn: pd.DataFrame) -> str:
    if len(drawn) == len(inside):
        return "a bar runs from connect to disconnect; short ones are covered by their mark"
    return f"{len(drawn):,} of {len(inside):,} sessions are drawn, spread over the whole time"


def plot_block_map(
    sources: pd.DataFrame,
    *,
    network: str,
    banned: Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a /24 as 16 × 16 addresses: attackers, legitimate sources, and what a ban covers.

    Row and column of an address: its last number is 16 × row + column. Marks tell the kinds apart
    without colour: × attacker, ○ legitimate, both for both, a dot for those that met only the
    firewall; hatching is a ban.

    Args:
        sources: the table of `mf.sources`.
        network: a /24 in CIDR form.
        banned: networks that are banned, or would be.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks source_ip, attack_weight or legit_weight.
        ArgumentError: `network` is no IPv4 /24.
    """
    require(sources, ["source_ip", "attack_weight", "legit_weight"])
    block = parse_network(network)
    if block.version != 4 or block.prefixlen != 24:
        raise ArgumentError(f"{network} is no IPv4 /24; write one like 212.70.149.0/24.")
    known = sources.loc[sources["source_ip"].notna()]
    prefix = str(block.network_address).rpartition(".")[0] + "."
    inside = known.loc[known["source_ip"].str.startswith(prefix)]
    if inside.empty:
        why = f"No address of {block} stands in this table"
        return style.nothing(style.new_axes(ax, height=1.6), why)
    last = inside["source_ip"].str.removeprefix(prefix).astype("int64").to_numpy()
    attacks, legit = is_attacking(inside).to_numpy(), inside["legit_weight"].to_numpy() > 0
    dropped = (inside["attack_weight"].to_numpy() > 0) & ~attacks
    ax = style.new_axes(ax, height=6.6, width=7.6)
    covered = _draw_bans(ax, block, banned)
    kinds = [
        (attacks, "x", style.RED, f"attacker ({int(attacks.sum())})"),
        (legit, "o", style.BLUE, f"legitimate ({int(legit.sum())})"),
        (dropped, ".", style.GREY, f"met only the firewall ({int(dropped.sum())})"),
    ]
    for which, mark, color, label in kinds if dropped.any() else kinds[:2]:
        places = (last[which] % 16, last[which] // 16 - 0.14)
        (marks,) = ax.plot(*places, mark, color=color, label=label)
        marks.set(linestyle="none", markerfacecolor="none", markersize=10, markeredgewidth=2.2)
    for number in last[attacks | legit | dropped]:
        place = (number % 16, number // 16 + 0.47)
        ax.annotate(f".{number}", place, ha="center", va="bottom", fontsize=7)
    _block_frame(ax, prefix)
    finding = (
        f"{block}: {counted(int(attacks.sum()), 'attacker')}, "
        f"{int(legit.sum()) or 'no'} legitimate "
        f"{'source' if int(legit.sum()) == 1 else 'sources'} seen"
    )
    return style.tell(ax, finding, f"{counted(256 - len(inside), 'address')} silent; {covered}")


def _draw_bans(ax: Axes, block: Network, banned: Iterable[str]) -> str:
    covered: set[int] = set()
    for ban in (parse_network(text) for text in banned):
        if is_overlapping(ban, block):
            part = ban if is_inside(ban, block) else block
            first = int(part.network_address) - int(block.network_address)
            covered |= set(range(first, first + part.num_addresses))
    for number in covered:
        corner = (number % 16 - 0.5, number // 16 - 0.5)
        cell = Rectangle(corner, 1, 1, facecolor="#E8E8E8", edgecolor="#BBBBBB", linewidth=0.3)
        cell.set_hatch("//")
        ax.add_patch(cell)
    return f"the ban covers {len(covered)} of 256 (hatched)" if covered else "no ban"


def _block_frame(ax: Axes, prefix: str) -> None:
    ax.set_xlim(-0.5, 15.5)
    ax.set_ylim(15.5, -0.5)
    ax.set_aspect("equal")
    ax.set_xticks(range(16), [f"+{column}" for column in range(16)], fontsize=8)
    ax.set_yticks(range(16), [f".{16 * row}" for row in range(16)], fontsize=8)
    ax.set_xticks(np.arange(-0.5, 16), minor=True)
    ax.set_yticks(np.arange(-0.5, 16), minor=True)
    ax.grid(which="minor", color="#CCCCCC", linewidth=0.5)
    ax.tick_params(which="both", length=0)
    ax.set_xlabel(f"last number of {prefix}…: row + column")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def plot_cadence(
    events: pd.DataFrame | Store, *, source_ip: str, zone: str = "UTC", ax: Axes | None = None
) -> Axes:
    """Draw the gaps between one source's refused logins, try by try, on a logarithmic scale.

    A program keeps a beat; a person with a wrong password does not; a phone keeps a perfect one.

    Args:
        events: mail events, or a store.
        source_ip: which source.
        zone: time zone of the axis.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks time, event, source_ip or duplicate.
        ArgumentError: no such zone.
    """
    parts = counted_parts(events, columns=["time"], kinds=("auth_failed",), source_ip=source_ip)
    tries = pd.concat(part.loc[(part["repeat"] > 0) & part["time"].notna()] for part in parts)
    tries = tries.sort_values("time")
    ax = style.new_axes(ax, height=3.4)
    if len(tries) < 3:
        tried = counted(len(tries), "refused login") if len(tries) else "no refused login"
        why = f"{style.clean(source_ip)}: {tried}, too few for a beat"
        return style.nothing(ax, why)
    at = style.days(tries["time"])
    gaps = np.diff(at) * 86400
    if len(gaps) <= MOST_DOTS:
        ax.plot(at[1:], np.maximum(gaps, 0.1), ".", color=style.BLUE, markersize=5)
    else:
        _draw_dense(ax, at[1:], np.maximum(gaps, 0.1))
    median, spread = float(np.median(gaps)), _spread(gaps)
    ax.axhline(median, color=style.RED, linestyle="--", linewidth=1)
    ax.set_yscale("log")
    ax.set_ylim(max(0.08, min(gaps.min(), median / 5)), max(gaps.max(), median * 5))
    ax.yaxis.set_major_locator(FixedLocator(ROUND_SECONDS))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: style.duration(value)))
    ax.yaxis.set_minor_formatter(NullFormatter())
    ax.set_ylabel("time since the try before")
    style.time_axis(ax, zone)
    beat = "a steady beat" if spread < 0.1 else "a loose beat" if spread < 0.6 else "no beat"
    finding = f"{source_ip} tries every {style.duration(median)} or so: {beat}"
    note = f"{len(tries):,} refused logins; dashed: the median gap; half of all gaps lie within"
    return style.tell(ax, finding, f"{note} ±{100 * spread:.0f} % of it")


def _draw_dense(
    ax: Axes, at: "np.typing.NDArray[np.float64]", gaps: "np.typing.NDArray[np.float64]"
) -> None:
    """Draw how many gaps of each length there were, where dots would only make a wall."""
    heights = np.geomspace(gaps.min(), gaps.max() * 1.0001, 60)
    counts, edges, heights = np.histogram2d(at, gaps, bins=[160, heights])
    shown = np.ma.masked_equal(counts.T, 0)
    mesh = ax.pcolormesh(edges, heights, shown, cmap="cividis_r", norm=LogNorm(1, counts.max()))
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.01)
    bar.set_label("tries")
    style.plain_numbers(bar.ax.yaxis)


def _spread(gaps: "np.typing.NDArray[np.float64]") -> float:
    """Return half the distance between the quartiles, as a share of the median."""
    low, middle, high = np.percentile(gaps, [25, 50, 75])
    return float((high - low) / 2 / middle) if middle else 0.0
