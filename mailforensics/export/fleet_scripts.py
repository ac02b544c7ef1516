"""Ban scripts for many servers from one review; what each must never ban differs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from mailforensics.addresses import Address, Network, is_overlapping, parse_network
from mailforensics.export.approvals import BanOptions, HasApprovals
from mailforensics.export.banscript import BanScript, ban_script
from mailforensics.schema import DECISIONS, names, require

Protected = Iterable[str | Address | Network]


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """The approvals that hold on one server: all but those for what it protects."""

    table: pd.DataFrame

    def approved(self) -> pd.DataFrame:
        """Return them."""
        return self.table


def fleet_scripts(
    candidates: pd.DataFrame,
    decisions: HasApprovals,
    *,
    protect: Mapping[str, Protected],
    allow_documentation: bool = False,
    options: BanOptions | None = None,
) -> dict[str, BanScript]:
    """Return a ban script for each server, all from one review.

    A network that one server protects (its customers' office, its backup) is left out of that
    server's script, and its `notes` say so; on the others it is banned. What nobody may ever ban
    is an error, as in `ban_script`. For one script for all, call `ban_script` with all protected
    networks together.

    Args:
        candidates: the table that was reviewed.
        decisions: the journal of the review.
        protect: for each server (its name) the networks that it must never ban; an empty list for
            a server without.
        allow_documentation: let documentation networks in, for lessons and tests.
        options: as for `ban_script`.

    Raises:
        UnsafeBanError: an approved network must not be banned anywhere.
        ArgumentError: an entry of `protect` is no network.
    """
    approved = decisions.approved()
    require(approved, names(DECISIONS))
    scripts = {}
    for host, own in protect.items():
        listed = [parse_network(item) for item in ([own] if isinstance(own, str) else own)]
        spared = _spared(approved, listed)
        script = ban_script(
            candidates,
            _Elsewhere(approved.loc[~spared]),
            protect=listed,
            case=host,
            allow_documentation=allow_documentation,
            options=options,
        )
        left = approved.loc[spared, "network"]
        notes = tuple(
            f"{network} is approved, but {host} protects it: not banned." for network in left
        )
        scripts[host] = replace(script, notes=(*script.notes, *notes))
    return scripts


def _spared(approved: pd.DataFrame, listed: list[Network]) -> "pd.Series[bool]":
    """Say which approved networks touch one that is protected."""
    networks = [parse_network(text) for text in approved["network"]]
    touched = [any(is_overlapping(network, own) for own in listed) for network in networks]
    return pd.Series(touched, index=approved.index, dtype=bool)
