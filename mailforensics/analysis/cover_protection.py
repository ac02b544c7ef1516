"""What a plan must never touch: protected networks, and sources that logged in properly of late."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mailforensics.addresses import Network, is_overlapping, parse_address, protected_networks
from mailforensics.analysis.attacking import is_attacking
from mailforensics.analysis.cover_hosts import Flags, Hosts, Integers
from mailforensics.analysis.cover_options import CoverOptions
from mailforensics.schema import COVER_PROTECTED, TIME_DTYPE, conform

LOGIN: Final = "a login worked from here in the last {days:g} days"

STALE: Final = "a known user's device that keeps sending an old password"


@dataclass(frozen=True, slots=True)
class Protection:
    """What must never be banned.

    Attributes:
        listed: the protected networks, each with the reason.
        safe: for each row of the sources, whether it must never be banned.
        why: for each row of the sources, the reason, or empty text.
    """

    listed: tuple[tuple[Network, str], ...]
    safe: Flags
    why: npt.NDArray[np.object_]

    def reason(self, network: Network, rows: Integers) -> str:
        """Say why a network, which holds those rows of the sources, is never banned; or nothing."""
        for protected, reason in self.listed:
            if is_overlapping(network, protected):
                return f"{protected}: {reason}"
        return next((str(reason) for reason in self.why[rows] if reason), "")


def protection(
    sources: pd.DataFrame,
    families: Iterable[Hosts],
    options: CoverOptions,
    *,
    protect: Iterable[str] = (),
    allow_documentation: bool = False,
) -> Protection:
    """Return what must never be banned among some sources and around them.

    Raises:
        ArgumentError: an entry of `protect` is no network.
    """
    listed = protected_networks(protect, allow_documentation=allow_documentation)
    why = np.full(len(sources), "", dtype=object)
    why[_recent_logins(sources, options)] = LOGIN.format(days=options.login_protects_days)
    if "standing" in sources.columns:
        why[sources["standing"].eq("stale_password").to_numpy(dtype=bool)] = STALE
    for hosts in families:
        # Reversed, so that the first entry (the caller's own list) has the last word.
        for network, reason in reversed(listed):
            if network.version == hosts.version:
                begin, end = hosts.span(network)
                why[hosts.row[begin:end]] = f"{network}: {reason}"
    return Protection(tuple(listed), why != "", why)


def _recent_logins(sources: pd.DataFrame, options: CoverOptions) -> Flags:
    """Say which sources had a good login of late: by last_login, or by auth_ok and last_seen."""
    columns = sources.columns
    if not {"last_login", "auth_ok"} & set(columns):
        return np.zeros(len(sources), dtype=bool)
    unknown = pd.Series(pd.NaT, index=sources.index, dtype=TIME_DTYPE)
    seen = sources["last_seen"] if "last_seen" in columns else unknown
    if "last_login" in columns:
        when, logged_in = sources["last_login"], sources["last_login"].notna()
    else:
        when, logged_in = seen, sources["auth_ok"].fillna(0) > 0
    end = max((time for time in (seen.max(), when.max()) if pd.notna(time)), default=pd.NaT)
    logged_in &= ~(when < end - pd.Timedelta(days=options.login_protects_days))
    return np.asarray(logged_in, dtype=bool)


def without_hostile_use(sources: pd.DataFrame, options: CoverOptions) -> pd.DataFrame:
    """Return the sources, those that `options.hostile` names without any sign of proper use."""
    hostile = {str(address) for address in map(parse_address, options.hostile) if address}
    rows = sources["source_ip"].isin(hostile)
    if not rows.any():
        return sources
    nothing = {"legit_weight": 0.0, "auth_ok": 0, "last_login": pd.NaT, "standing": "attacker"}
    cleared = {
        name: sources[name].mask(rows, value)
        for name, value in nothing.items()
        if name in sources.columns
    }
    return sources.assign(**cleared)


def attackers_under_protection(sources: pd.DataFrame, protection: Protection) -> pd.DataFrame:
    """Return the sources that attacked but must not be banned, and why (COVER_PROTECTED).

    Packets that the firewall blocked, as a network's own devices send them all day, are no attack.
    """
    attacked = is_attacking(sources).to_numpy(dtype=bool)
    rows = np.flatnonzero(attacked & protection.safe)
    return (
        sources.iloc[rows]
        .assign(why=protection.why[rows])
        .pipe(conform, COVER_PROTECTED)
        .sort_values(["attack_weight", "source_ip"], ascending=[False, True], ignore_index=True)
    )
