"""What deeds are counted by: in the truth, in the bare lines, and in the package's tables."""

from collections.abc import Collection, Iterable
from typing import Any, Final

import pandas as pd

from bench import truth

Result = dict[str, Any]
# Measures that a column of `mf.sources` holds.
COLUMNS: Final = {
    "sessions": "sessions",
    "failures": "auth_failed",
    "logins": "auth_ok",
    "messages": "accepted",
    "relays": "relay_refused",
    "rejects": "rejected",
}
# Measures that are one kind of event.
EVENTS: Final = {
    "pregreets": "pregreet",
    "pipelining": "pipelining",
    "tls failures": "tls_failed",
    "timeouts": "timeout",
    "bad commands": "bad_command",
    "packets": "blocked",
}
# Measures that the server's reply itself names.
REPLIES: Final = {"unknown": "550 5.1.1 ", "bad commands": "221 2.7.0 "}


def done(measure: str, results: Iterable[Result]) -> int:
    """Return how often it really happened, by what the server told the clients."""
    if measure in COLUMNS:
        return sum(name == measure for result in results for name in truth.told(result))
    if measure in REPLIES:
        replies = (reply for result in results for _, reply in result["said"])
        return sum(reply.startswith(REPLIES[measure]) for reply in replies)
    met = "timeout" if measure == "packets" else "open"
    return sum(result["met"] == met for result in results)


def found(
    measure: str, events: pd.DataFrame, sources: pd.DataFrame, addresses: Collection[str]
) -> int:
    """Return how often the package found it, for these addresses together."""
    if measure in COLUMNS:
        mine = sources[sources["source_ip"].isin(addresses)]
        return int(mine[COLUMNS[measure]].sum())
    mine = events[events["source_ip"].isin(addresses)]
    if measure == "unknown":
        return int((mine["dsn"] == "5.1.1").sum())
    return int(mine.loc[mine["event"] == EVENTS[measure], "repeat"].sum())
