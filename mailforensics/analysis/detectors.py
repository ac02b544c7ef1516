"""Which detectors see an attack, and when: the counters that everybody runs, and the ones here."""

from collections.abc import Callable
from typing import Final

import pandas as pd

from mailforensics.addresses import network_of
from mailforensics.analysis.breaches import breaches
from mailforensics.analysis.campaigns import campaigns
from mailforensics.analysis.refusals import refused_logins
from mailforensics.analysis.stores import EVERY_LINE, takes_stores
from mailforensics.schema import DETECTORS, conform, require

# fail2ban's default jail: Source: fail2ban 1.0, config/jail.conf, maxretry and findtime.
FAIL2BAN_FAILURES: Final = 5
FAIL2BAN_SECONDS: Final = 600
NETWORK_FAILURES: Final = 20
ACCOUNT_FAILURES: Final = 20
REFUSALS: Final = 10
DAY_SECONDS: Final = 86_400
HOUR_SECONDS: Final = 3_600

Alarm = Callable[[pd.DataFrame], "pd.Series[pd.Timestamp]"]


@takes_stores(EVERY_LINE)
def detectors(events: pd.DataFrame) -> pd.DataFrame:
    """Return whether each detector sees an attack in this log, and when it would first have known.

    Args:
        events: mail events, in any order.

    Returns:
        The columns of DETECTORS, in a fixed order; `first_alarm` (UTC) is null where nothing was
        seen. An alarm is no verdict: a phone with an old password sets some off.

    Raises:
        MissingColumnError: the table has no time, event, source_ip, username or duplicate.
    """
    require(events, ["time", "event", "source_ip", "username", "duplicate"])
    known = events.loc[~events["duplicate"] & events["time"].notna() & events["source_ip"].notna()]
    # A try that two daemons told of is one; what fail2ban counts are lines.
    known = known.loc[(known["event"] != "auth_failed") | (refused_logins(known) > 0)]
    rows = [(name, rule, alarm(known).min()) for name, rule, alarm in _DETECTORS]
    table = pd.DataFrame(rows, columns=["detector", "rule", "first_alarm"])
    table["first_alarm"] = pd.to_datetime(table["first_alarm"], utc=True)
    return conform(table.assign(sees=table["first_alarm"].notna()), DETECTORS)


def _crowded(
    rows: pd.DataFrame, keys: "pd.Series[str]", number: int, seconds: int
) -> "pd.Series[pd.Timestamp]":
    """Return the times at which a key had its `number`-th row within so many seconds."""
    table = pd.DataFrame({"key": keys, "time": rows["time"]}).sort_values("time", kind="stable")
    begun = table.groupby("key")["time"].shift(number - 1)
    return table.loc[table["time"] - begun <= pd.Timedelta(seconds=seconds), "time"]


def _failures(events: pd.DataFrame) -> pd.DataFrame:
    return events.loc[events["event"] == "auth_failed"]


def _by_address(events: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    failed = _failures(events)
    return _crowded(failed, failed["source_ip"], FAIL2BAN_FAILURES, FAIL2BAN_SECONDS)


def _by_network(events: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    failed = _failures(events)
    return _crowded(failed, network_of(failed["source_ip"]), NETWORK_FAILURES, DAY_SECONDS)


def _by_account(events: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    failed = _failures(events)
    names = failed["username"]
    if "host" in failed.columns and failed["host"].nunique() > 1:
        on_server = names + " on " + failed["host"].fillna("")
        names = names.where(names.str.contains("@", regex=False, na=False), on_server)
    return _crowded(failed, names, ACCOUNT_FAILURES, DAY_SECONDS)


def _by_refusals(events: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    refused = events.loc[events["event"] == "reject"]
    return _crowded(refused, refused["source_ip"], REFUSALS, HOUR_SECONDS)


def _by_campaign(events: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    # A campaign is seen in hindsight: when the log that shows it is read.
    found = campaigns(events).table
    return pd.Series([events["time"].max()] if len(found) else [], dtype="datetime64[us, UTC]")


def _by_breach(events: pd.DataFrame) -> "pd.Series[pd.Timestamp]":
    signs = breaches(events)
    return signs.loc[signs["severity"].isin(["critical", "high"]), "time"]


_DETECTORS: Final[tuple[tuple[str, str, Alarm], ...]] = (
    ("one address", "5 refused logins in 10 minutes, as fail2ban counts", _by_address),
    ("one network", "20 refused logins in a day from one /24 or /64", _by_network),
    ("one account", "20 refused logins in a day on one account", _by_account),
    ("refusals", "10 refused recipients in an hour from one address", _by_refusals),
    ("campaigns", "addresses that share a list and a clock (mf.campaigns)", _by_campaign),
    ("breaches", "a login that should not have worked (mf.breaches)", _by_breach),
)
