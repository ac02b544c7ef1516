"""Figures over time: attack pressure, any counts, and how many connections stand open."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from mailforensics.addresses import network_of
from mailforensics.analysis.in_parts import counted_parts
from mailforensics.analysis.wording import counted
from mailforensics.reading.stores.store import Store
from mailforensics.schema import require
from mailforensics.show.plots import style

ATTACK_EVENTS: Final = (
    *("auth_failed", "reject", "pregreet", "bad_command", "pipelining", "too_many_errors"),
    *("blocked", "limited"),
)
MOST_NETWORKS: Final = 20
MOST_SERIES: Final = 7
STANDS_OUT: Final = 0.05  # of all tries: less is one of many


def plot_pressure(
    events: pd.DataFrame | Store, *, every: str = "", zone: str = "UTC", ax: Axes | None = None
) -> Axes:
    """Draw attack pressure: a heat map of refused tries, network by time.

    The twenty busiest networks (/24 or /64) have a row each, the rest share the last one. The
    darker, the more, on a logarithmic scale; white is none. A user's own refused logins count too:
    what is refused is not yet an attack.

    Args:
        events: mail events or firewall events, or a store.
        every: size of a bin (`1h`, `30min`); chosen to fit when empty.
        zone: time zone of the axis.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks time, event, source_ip, repeat or duplicate.
        ArgumentError: no such zone.
    """
    attacks = _again(events)
    seen = _seen(attacks())
    if seen.addresses.empty:
        return style.nothing(style.new_axes(ax, height=1.6), "Nothing was refused in this log")
    rows, labels = _busiest(network_of(seen.addresses["source_ip"]), seen.addresses["repeat"])
    row_of = pd.Series(rows, index=seen.addresses["source_ip"])
    ax = style.new_axes(ax, height=1.6 + 0.24 * len(labels))
    size = every or style.bin_for(seen.first, seen.last)
    placed = ((part, row_of[part["source_ip"]].to_numpy()) for part in attacks())
    counts, edges = _counts(placed, (int(rows.max()) + 1, seen.first, seen.last), size)
    image = ax.imshow(
        np.ma.masked_equal(counts, 0),
        aspect="auto",
        cmap="cividis_r",
        norm=LogNorm(1, max(2, counts.max())),
        extent=(edges[0], edges[1], len(labels) - 0.5, -0.5),
        interpolation="nearest",
    )
    ax.set_yticks(range(len(labels)), labels, fontsize=8)
    ax.grid(axis="y", color="#DDDDDD", linewidth=0.4)
    ax.set_axisbelow(True)
    style.time_axis(ax, zone)
    bar = ax.figure.colorbar(image, ax=ax, pad=0.01)
    bar.set_label(f"refused tries per {style.bin_words(size)}")
    style.plain_numbers(bar.ax.yaxis)
    total, first = counts.sum(), counts[0].sum()
    share = f"made {style.percent(first, total)} of {style.tries(int(total), seen.logins)}"
    alone = "" if first >= STANDS_OUT * total else "No network stands out: the busiest, "
    finding = f"{alone}{labels[0]}{',' if alone else ''} {share}"
    return style.tell(
        ax, finding, f"one row a network, one column per {style.bin_words(size)}; white: none"
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the refused tries of a log come to: addresses with their sums, first and last time."""

    addresses: pd.DataFrame
    first: pd.Timestamp
    last: pd.Timestamp
    logins: int


def _attacks(events: pd.DataFrame | Store) -> Iterator[pd.DataFrame]:
    """Yield refused tries, each login once, however many lines tell of it."""
    columns = ["time", "source_ip"]
    for part in counted_parts(events, columns=columns, kinds=ATTACK_EVENTS):
        once = (part["event"] != "auth_failed") | (part["repeat"] > 0)
        yield part.loc[once & part["source_ip"].notna() & part["time"].notna()]


def _again(events: pd.DataFrame | Store) -> Callable[[], Iterable[pd.DataFrame]]:
    """Return what gives the refused tries as often as it is asked, of a store read anew."""
    if isinstance(events, Store):
        return partial(_attacks, events)
    held = list(_attacks(events))
    return lambda: held


def _seen(parts: Iterable[pd.DataFrame]) -> _Seen:
    sums, times, logins = [], [], 0
    for part in parts:
        sums.append(part.groupby("source_ip", as_index=False).agg(repeat=("repeat", "sum")))
        times += [part["time"].min(), part["time"].max()]
        logins += int(part.loc[part["event"] == "auth_failed", "repeat"].sum())
    whole = pd.concat(sums).groupby("source_ip", as_index=False).agg(repeat=("repeat", "sum"))
    known = [time for time in times if not pd.isna(time)] or [pd.NaT]
    return _Seen(whole, min(known), max(known), logins)


def _busiest(
    networks: "pd.Series[str]", weights: "pd.Series[int]"
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return each event's row, busiest network first, and the rows' labels."""
    codes, unique = pd.factorize(networks, sort=True)
    totals = np.bincount(codes, weights=weights.to_numpy(dtype=float), minlength=len(unique))
    order = np.argsort(-totals, kind="stable")
    rank = np.empty(len(unique), dtype=np.int64)
    rank[order] = np.arange(len(unique))
    labels = [str(unique[i]) for i in order[:MOST_NETWORKS]]
    rest = len(unique) - len(labels)
    if rest > 0:
        labels.append(f"{counted(rest, 'other network')}")
    rows: npt.NDArray[np.int64] = np.minimum(rank[codes], MOST_NETWORKS)
    return rows, labels


def _counts(
    parts: Iterable[tuple[pd.DataFrame, npt.NDArray[np.int64]]],
    shape: tuple[int, pd.Timestamp, pd.Timestamp],
    size: str,
) -> tuple[npt.NDArray[np.float64], tuple[float, float]]:
    """Return how often what counts falls into each row and bin, and the edges of all bins.

    Args:
        parts: rows with `time` and `repeat`, and the row of the figure that each belongs to.
        shape: the number of rows, and the first and last time.
        size: of a bin.
    """
    width = pd.Timedelta(size) / pd.Timedelta(days=1)
    height, begin, end = shape
    first, last = np.floor(style.days(pd.Series([begin, end])) / width)
    columns = int(last - first) + 1
    counts = np.zeros(height * columns)
    for table, rows in parts:
        at = (np.floor(style.days(table["time"]) / width) - first).astype(np.int64)
        weights = table["repeat"].to_numpy(dtype=float)
        counts += np.bincount(rows * columns + at, weights=weights, minlength=len(counts))
    edges = (float(first * width), float((first + columns) * width))
    return counts.reshape(height, columns), edges


def plot_timeline(
    table: pd.DataFrame,
    *,
    every: str = "",
    by: str = "event",
    zone: str = "UTC",
    ax: Axes | None = None,
) -> Axes:
    """Draw counts over time as steps: one line for each of the most frequent values of `by`.

    Args:
        table: mail events, firewall events, or any table with `time` and the column `by`.
        every: size of a bin (`1h`, `30min`); chosen to fit when empty.
        by: the column whose values make the lines; at most seven are drawn.
        zone: time zone of the axis.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks `time` or `by`.
        ArgumentError: no such zone.
    """
    require(table, ["time", by])
    known = table.loc[table["time"].notna() & table[by].notna()]
    if known.empty:
        lacks = (
            f"no row has a time and a {by.replace('_', ' ')}" if len(table) else "there is no row"
        )
        return style.nothing(style.new_axes(ax, height=1.6), f"Nothing to count: {lacks}")
    ax = style.new_axes(ax)
    size = every or style.bin_for(known["time"].min(), known["time"].max(), most=300)
    codes, unique = pd.factorize(known[by], sort=True)
    totals = np.bincount(codes, minlength=len(unique))
    order = np.argsort(-totals, kind="stable")[:MOST_SERIES]
    placed = [(known.assign(repeat=_repeats(known)), codes.astype(np.int64))]
    times = (len(unique), known["time"].min(), known["time"].max())
    counts, edges = _counts(placed, times, size)
    left = np.linspace(edges[0], edges[1], counts.shape[1] + 1)
    for number, code in enumerate(order):
        ax.stairs(
            counts[code],
            left,
            label=f"{style.clean(unique[code])} ({int(counts[code].sum()):,})",
            color=style.SERIES[number],
            linestyle=style.LINES[number],
            linewidth=1.6,
        )
    ax.set_ylabel(f"count per {style.bin_words(size)}")
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    style.time_axis(ax, zone)
    hidden = len(unique) - len(order)
    more = f"; {hidden} rarer not drawn" if hidden else ""
    return style.tell(ax, _peak(counts, left, zone), f"one step per {style.bin_words(size)}{more}")


def _repeats(table: pd.DataFrame) -> "pd.Series[int]":
    repeats = table["repeat"] if "repeat" in table else pd.Series(1, index=table.index)
    return repeats.where(~table["duplicate"], 0) if "duplicate" in table else repeats


def _peak(counts: npt.NDArray[np.float64], left: npt.NDArray[np.float64], zone: str) -> str:
    together = counts.sum(axis=0)
    column = int(together.argmax())
    when = pd.to_datetime(left[column], unit="D", utc=True).round("s").tz_convert(zone)
    lines = counted(int(together[column]), "line")
    return f"The busiest step began {when:%a %d %b %H:%M} ({zone}) with {lines}"


def plot_open_sessions(
    sessions: pd.DataFrame, *, zone: str = "UTC", ax: Axes | None = None
) -> Axes:
    """Draw how many connections stood open at each moment, as a step line.

    Args:
        sessions: the table of `mf.sessions`.
        zone: time zone of the axis.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks `start` or `end`.
        ArgumentError: no such zone.
    """
    require(sessions, ["start", "end"])
    known = sessions.loc[sessions["start"].notna() & sessions["end"].notna()]
    ax = style.new_axes(ax, height=3.2)
    if known.empty:
        return style.nothing(ax, "No session with a start and an end in this log")
    at = np.concatenate([style.days(known["start"]), style.days(known["end"])])
    change = np.repeat([1, -1], len(known))
    order = np.lexsort((-change, at))  # at the same moment, first the arrivals
    at, level = at[order], np.cumsum(change[order])
    drawn_at, highest = _thin(at, level)
    ax.fill_between(drawn_at, highest, step="post", color=style.SKY, alpha=0.5, linewidth=0)
    ax.step(drawn_at, highest, where="post", color=style.BLUE, linewidth=0.9)
    ax.set_ylabel("open connections")
    ax.set_ylim(bottom=0)
    style.time_axis(ax, zone)
    top = int(level.argmax())
    when = pd.to_datetime(at[top], unit="D", utc=True).round("s").tz_convert(zone)
    most = counted(int(level[top]), "connection")
    finding = f"At most {most} open at once, {when:%a %d %b %H:%M:%S} ({zone})"
    return style.tell(ax, finding, f"{counted(len(known), 'connection')} in all")


def _thin(
    at: npt.NDArray[np.float64], level: npt.NDArray[np.int64], pieces: int = 2000
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Keep the highest level of each of `pieces` bins, so that no peak is lost to the pixels."""
    if len(at) <= pieces:
        return at, level
    edges = np.linspace(at[0], at[-1], pieces + 1)
    first = np.searchsorted(at, edges)
    highest = np.where(first > 0, level[first - 1], 0)  # what the bin before left open
    busy = np.flatnonzero(np.diff(first))
    inside = np.maximum.reduceat(level, first[busy])
    highest[busy] = np.maximum(highest[busy], inside)
    return edges, highest
