"""Who counts as an attacker: an address that attacked the mail server itself.

A packet that the firewall turned away is an attack event of little weight, but it makes nobody an
attacker: it may be a late packet of a proper connection, and ufw logs no more than a sample, so
that the number of such addresses says nothing.
"""

import pandas as pd
import polars as pl


def attacked_mail() -> pl.Expr:
    """Say of each source whether it attacked the mail server itself; see `is_attacking`."""
    beyond = pl.col("attack_events") > pl.col("firewall_blocked").fill_null(0)
    return pl.coalesce(beyond, pl.col("attack_weight") > 0).fill_null(value=False)


def is_attacking(sources: pd.DataFrame) -> "pd.Series[bool]":
    """Say of each source whether it has attack events beside packets that the firewall blocked.

    Of a table that does not count events, every source with attack weight is an attacker.
    """
    weighty = sources["attack_weight"].fillna(0) > 0
    if "attack_events" not in sources.columns:
        return weighty
    blocked = sources.get("firewall_blocked", pd.Series(0, index=sources.index))
    return (sources["attack_events"] > blocked.fillna(0)).where(
        sources["attack_events"].notna(), weighty
    )
