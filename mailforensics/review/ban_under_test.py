"""The one ban that a notebook looks at closely: the loudest approved network, and since when."""

from dataclasses import dataclass

import pandas as pd

from mailforensics.addresses import lies_in, parse_network
from mailforensics.analysis.in_parts import newest
from mailforensics.analysis.loudest import loudest
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store
from mailforensics.review.decisions import Decisions
from mailforensics.schema import require


@dataclass(frozen=True, slots=True)
class BanUnderTest:
    """A banned network and the time from which on nobody there should get through.

    Attributes:
        network: in CIDR form.
        since: when the ban began to work, UTC.
        source_ip: its loudest address, to try against the rules.
        approved: false where no ban was approved: then `network` is the loudest one, and `since`
            the end of the log.
        said: what is tested, in a sentence or two.
    """

    network: str
    since: pd.Timestamp
    source_ip: str
    approved: bool
    said: str

    def __str__(self) -> str:
        return self.said

    @property
    def an_hour_before(self) -> pd.Timestamp:
        """One hour before the ban, to see what it cut off."""
        return self.since - pd.Timedelta("1h")

    def holds(self, addresses: "pd.Series[str]") -> "pd.Series[bool]":
        """Say for each address whether it lies in the network; missing ones do not."""
        return lies_in(addresses, parse_network(self.network))


def ban_under_test(
    decisions: Decisions, events: pd.DataFrame | Store, *, since: str | None = None
) -> BanUnderTest:
    """Return the approved network with the most refused logins, or the loudest if none is.

    Args:
        decisions: the journal; its running approvals are the bans.
        events: mail events, or a store.
        since: when the ban script ran, UTC unless it says its zone; none: when it was approved.

    Raises:
        ArgumentError: `since` is no time.
        MissingColumnError: the table lacks columns.
    """
    if not isinstance(events, Store):
        require(events, ["time", "source_ip", "event", "repeat", "duplicate"])
    last, bans = newest(events), decisions.approved()
    if bans.empty:
        return _unbanned(events, last)
    failed = _failed(events, bans["network"])
    loudness = [_inside(failed, str(network))["repeat"].sum() for network in bans["network"]]
    row = bans.assign(loudness=loudness).nlargest(1, "loudness").iloc[0]
    network = str(row["network"])
    start = _time(since) if since else pd.Timestamp(row["time"])
    words = f"Under test: {network}, banned since {start:%Y-%m-%d %H:%M} UTC."
    if len(bans) > 1:
        words += f" It is the loudest of {len(bans)} approved networks."
    if not last > start:
        words += f" The log ends before that, at {last:%Y-%m-%d %H:%M}: read newer logs."
    return BanUnderTest(network, start, _loudest(failed, network), approved=True, said=words)


def _failed(events: pd.DataFrame | Store, networks: "pd.Series[str]") -> pd.DataFrame:
    """Return the refused logins; of a store those from these networks."""
    if not isinstance(events, Store):
        return events.loc[events["event"] == "auth_failed"]
    inside = tuple(parse_network(network) for network in networks)
    refused = Question(values=(("event", ("auth_failed",)),), networks=inside)
    return events.picked(refused, columns=["source_ip", "repeat"])


def _unbanned(events: pd.DataFrame | Store, last: pd.Timestamp) -> BanUnderTest:
    end = pd.Timestamp(0, tz="UTC") if pd.isna(last) else last + pd.Timedelta("1us")
    found = loudest(events)
    words = "No network is approved, and no login was refused: there is no ban to test."
    if found.refused:
        words = (
            "No network is approved yet, so there is no ban to test. Below stands "
            f"{found.network}, the loudest one, as it is without a ban."
        )
    return BanUnderTest(found.network, end, found.source_ip, approved=False, said=words)


def _inside(failed: pd.DataFrame, network: str) -> pd.DataFrame:
    return failed.loc[lies_in(failed["source_ip"], parse_network(network))]


def _loudest(failed: pd.DataFrame, network: str) -> str:
    modes = _inside(failed, network)["source_ip"].mode()
    return str(modes.iloc[0]) if len(modes) else str(parse_network(network).network_address)


def _time(text: str) -> pd.Timestamp:
    try:
        time = pd.Timestamp(text)
    except ValueError:
        raise ArgumentError(
            f"since={text[:60]!r} is no time; write one like 2026-09-04 18:10 (UTC)."
        ) from None
    return time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")
