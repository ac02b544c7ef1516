"""Whether bans hold: what the logs say about each banned network before and under its ban."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol

import pandas as pd

from mailforensics import schema
from mailforensics.addresses import parse_network
from mailforensics.analysis.in_parts import newest
from mailforensics.analysis.sessions import sessions
from mailforensics.errors import ArgumentError
from mailforensics.export.approvals import HasApprovals
from mailforensics.export.check_ban_moves import members, moves
from mailforensics.export.check_ban_words import explain_ban, places
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store

Since = str | datetime | None
_DAY: Final = pd.Timedelta(days=1)
_OF_SESSIONS: Final = ("source_ip", "start", "end", "usernames", "outcome")
_END: Final = pd.Timestamp("2262-01-01", tz="UTC")


class Covers(Protocol):
    """Anything that knows which rule bans a network: `mf.Firewall`."""

    def covers(self, network: str) -> str:
        """Return the rule that bans a whole network, or empty text."""


def check_ban(
    decisions: HasApprovals | pd.DataFrame,
    events: pd.DataFrame | Store,
    firewall_events: pd.DataFrame | None = None,
    *,
    since: Since | Mapping[str, Since] = None,
    firewall: Covers | None = None,
) -> pd.DataFrame:
    """Return one row per banned network: does its ban hold, and did the attacker move on?

    The state is `leaking` (connections began under the ban), `ending` (only sessions that were
    open when it began went on: a ufw rule does not cut those), `holding` (packets were blocked, no
    session), `quiet` (neither) or `no log` (the mail log ends before the ban). Blocked packets are
    a lower bound: ufw logs a sample, and a plain `deny` rule logs nothing.

    The attacker may have moved to a network that was not seen before the ban and that lies next
    door, or tries the same user names (at least three, half of its own, one of them no common
    name). That is a hint, not a proof.

    Args:
        decisions: the journal, or its table: the approvals are the bans.
        events: mail events, with the time before the ban and after it; or a store.
        firewall_events: firewall events; None: nothing is known of blocked packets.
        since: when the bans began to work, UTC unless it says its zone: one time for all, or one
            for each network (in CIDR form); the default is the time of each approval.
        firewall: what `mf.read_firewall` gave; then the explanation says whether a rule bans it.

    Returns:
        The columns of CHECK_BAN; leaking networks first, then by network as text. Times in UTC.
        No approvals give no rows.

    Raises:
        ArgumentError: `since` names no time.
        MissingColumnError: a table lacks columns.
    """
    if not isinstance(events, Store):
        schema.require(events, ["time", "source_ip", "file", "line"])
    bans = _bans(decisions, since)
    if bans.empty:
        return schema.empty(schema.CHECK_BAN)
    connections, log_end = sessions(events, columns=_OF_SESSIONS), newest(events)
    if isinstance(events, Store):
        banned = tuple(parse_network(network) for network in bans["network"])
        events = events.picked(Question(networks=banned), columns=["source_ip"])
    tables = [events] if firewall_events is None else [events, firewall_events]
    inside = members(pd.concat([table["source_ip"] for table in tables]), bans["network"])
    pairs = inside.merge(bans[["network", "since", "end"]], on="network")
    table = bans.set_index("network", drop=False)
    table = table.join(_seen(events, pairs)).join(_connected(connections, pairs))
    table = table.join(_blocked(firewall_events, pairs))
    counts = [column for column in table.columns if column.startswith(("sessions_", "blocked"))]
    table[counts] = table[counts].fillna(0).astype("int64")
    table = table.join(moves(connections, bans, pairs))
    table["status"] = _status(table, end=log_end)
    rules = None if firewall is None else [firewall.covers(n) for n in table["network"]]
    table["explanation"] = explain_ban(
        table, rules=rules, logged=firewall_events is not None, end=log_end
    )
    order = {state: place for place, state in enumerate(schema.BAN_STATES)}
    table = table.assign(rank=table["status"].map(order)).reset_index(drop=True)
    return schema.conform(
        table.sort_values(["rank", "network"], ignore_index=True), schema.CHECK_BAN
    )


def _bans(
    decisions: HasApprovals | pd.DataFrame, since: Since | Mapping[str, Since]
) -> pd.DataFrame:
    """Return network, since, until and end (the first moment after the ban) of each approval."""
    table = decisions if isinstance(decisions, pd.DataFrame) else decisions.approved()
    schema.require(table, ["network", "verdict", "time", "until"])
    bans = table.loc[table["verdict"] == "approve", ["network", "time", "until"]]
    bans = bans.drop_duplicates("network", keep="last").reset_index(drop=True)
    networks = [str(parse_network(network)) for network in bans["network"]]
    starts = [_start(n, since, t) for n, t in zip(networks, bans["time"], strict=True)]
    last_day = pd.to_datetime(bans["until"], utc=True).dt.as_unit("us")
    return bans.assign(
        network=pd.Series(networks, dtype="str"),
        since=pd.Series(starts, dtype="datetime64[us, UTC]"),
        end=(last_day + _DAY).fillna(_END).astype("datetime64[us, UTC]"),
    ).drop(columns="time")


def _start(network: str, since: Since | Mapping[str, Since], approved: datetime) -> pd.Timestamp:
    chosen = since.get(network) if isinstance(since, Mapping) else since
    try:
        time = pd.Timestamp(approved if chosen is None else chosen)
    except (ValueError, TypeError):
        raise ArgumentError(
            f"since={str(chosen)[:60]!r} is no time; write one like 2026-09-04 18:10 (UTC)."
        ) from None
    return time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")


def _inside(table: pd.DataFrame, pairs: pd.DataFrame, *, when: str) -> pd.DataFrame:
    """Return the rows of a table that lie in a banned network, with when and under which ban."""
    rows = table.loc[~table["duplicate"]] if "duplicate" in table.columns else table
    rows = rows.merge(pairs, on="source_ip")
    return rows.assign(
        before=rows[when] < rows["since"],
        under=(rows[when] >= rows["since"]) & (rows[when] < rows["end"]),
    )


def _seen(events: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return when the mail log speaks of each network, and where."""
    columns = [c for c in ("time", "source_ip", "file", "line", "duplicate") if c in events.columns]
    rows = _inside(events[columns], pairs, when="time").sort_values(["time", "file", "line"])
    before, under = rows.loc[rows["before"]], rows.loc[rows["under"]]
    return pd.DataFrame(
        {
            "last_before": before.groupby("network")["time"].max(),
            "first_after": under.groupby("network")["time"].min(),
            "last_after": under.groupby("network")["time"].max(),
            "evidence": places(pd.concat([before.groupby("network").tail(1), under])),
        }
    )


def _connected(connections: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return how many sessions of each network began before and under its ban."""
    rows = _inside(
        connections[["source_ip", "start", "end"]].rename(columns={"end": "closed"}),
        pairs,
        when="start",
    )
    open_then = rows["before"] & (rows["closed"] >= rows["since"])
    return pd.DataFrame(
        {
            "sessions_before": rows.loc[rows["before"]].groupby("network").size(),
            "sessions_open": rows.loc[open_then].groupby("network").size(),
            "sessions_after": rows.loc[rows["under"]].groupby("network").size(),
        }
    )


def _blocked(firewall_events: pd.DataFrame | None, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the packets of each network that the firewall logged as blocked under its ban."""
    if firewall_events is None:
        empty = pd.Series([], dtype="datetime64[us, UTC]")
        return pd.DataFrame({"blocked": pd.Series([], dtype="float64"), "last_blocked": empty})
    schema.require(firewall_events, ["time", "source_ip", "event", "repeat"])
    turned_away = firewall_events.loc[firewall_events["event"].isin(["blocked", "limited"])]
    rows = _inside(turned_away, pairs, when="time")
    groups = rows.loc[rows["under"]].groupby("network")
    return pd.DataFrame({"blocked": groups["repeat"].sum(), "last_blocked": groups["time"].max()})


def _status(table: pd.DataFrame, *, end: pd.Timestamp) -> "pd.Series[str]":
    status = pd.Series("quiet", index=table.index, dtype="str")
    status = status.mask(table["blocked"] > 0, "holding")
    status = status.mask(table["first_after"].notna(), "ending")
    status = status.mask(table["sessions_after"] > 0, "leaking")
    return status.mask(~(table["since"] <= end), "no log")
