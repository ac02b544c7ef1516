"""Did they get in? One row a sign, most severe first, each with its innocent reading."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.analysis.breaches_campaign import campaign_signs
from mailforensics.analysis.breaches_case import Case, as_sign, open_case
from mailforensics.analysis.breaches_guessing import (
    login_from_attacker,
    login_without_message,
    spray_then_success,
    success_after_failures,
)
from mailforensics.analysis.breaches_mail import burst, deliveries, sent_mail, stranger_relay
from mailforensics.analysis.breaches_places import (
    dormant_account,
    impossible_travel,
    many_networks,
    new_place,
    role_account,
)
from mailforensics.analysis.breaches_shelf import case_of_shelf
from mailforensics.analysis.breaches_thresholds import DEFAULT_THRESHOLDS, Thresholds
from mailforensics.analysis.bridge import places, to_pandas
from mailforensics.analysis.campaigns import Campaigns, campaigns, campaigns_of_shelf
from mailforensics.analysis.joined import Joined, joined
from mailforensics.analysis.messages import of_messages
from mailforensics.analysis.shelf import Shelf, shelved
from mailforensics.analysis.standing import DEFAULT_RULES
from mailforensics.reading.stores.store import Store

_SHOWN: Final = 10
_STOLEN_DAYS: Final = DEFAULT_RULES.stolen_days
_SIGNS: Final = (
    success_after_failures,
    spray_then_success,
    login_from_attacker,
    login_without_message,
    new_place,
    impossible_travel,
    many_networks,
    role_account,
    dormant_account,
)


def breaches(
    events: pd.DataFrame | Joined | Store,
    *,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    hostile: tuple[str, ...] = (),
    found: Campaigns | None = None,
) -> pd.DataFrame:
    """Return one row a sign that somebody got in, most severe first (ties by time and account).

    `critical` is kept for what has no good innocent reading: a login after guesses by an address
    that is a stranger to the account, a burst of mail from a place it never used. `high` should be
    asked about today; `look` is worth a glance. No row does not prove that nobody got in: see
    `verdict` for what the log could not have shown.

    Args:
        events: mail events, in any order; or a store.
        thresholds: from where on something is a sign.
        hostile: addresses known to be hostile from elsewhere, such as another server's log: a
            login from one of them is critical.
        found: what `campaigns(events)` returned, if it is at hand; else campaigns are searched
            here, wherever one could have got in.

    Returns:
        The columns of `schema.BREACHES`; an empty input gives an empty table.

    Raises:
        MissingColumnError: the table has no `time`, `event` or `source_ip`.
    """
    if isinstance(events, Store):
        with shelved(events) as shelf:
            return breaches_of_shelf(shelf, events, thresholds, hostile=hostile, found=found)
    ready = joined(events)
    case = open_case(ready.rows, thresholds)
    sent = sent_mail(case.rows, of_messages(ready.events, deliveries))
    return _signs(case, sent, Search(hostile, found, partial(campaigns, ready)))


def breaches_of_shelf(
    shelf: Shelf,
    store: Store,
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
    *,
    hostile: tuple[str, ...] = (),
    found: Campaigns | None = None,
) -> pd.DataFrame:
    """Return what `breaches` does, of a store whose telling rows lie on a shelf."""
    case, sent = case_of_shelf(shelf, store, thresholds)
    return _signs(case, sent, Search(hostile, found, partial(campaigns_of_shelf, shelf)))


@dataclass(frozen=True, slots=True)
class Search:
    """What is known beside the case: hostile addresses, campaigns, or how to find these."""

    hostile: tuple[str, ...]
    found: Campaigns | None
    campaigns: Callable[[], Campaigns]


def _signs(case: Case, sent: pl.DataFrame, known: Search) -> pd.DataFrame:
    seen = [sign(case) for sign in _SIGNS]
    seen += [burst(case, sent), stranger_relay(case, sent), _known_hostile(case, known.hostile)]
    signs = pl.concat([*seen, campaign_signs(case, known.found, known.campaigns)])
    signs = pl.concat([signs, _stolen(case, signs)]).with_row_index("number")
    return to_pandas(_ranked(_with_evidence(signs, case.rows)), schema.BREACHES)


def _known_hostile(case: Case, hostile: tuple[str, ...]) -> pl.DataFrame:
    rows = (
        case.logins.filter(pl.col("source_ip").is_in(list(hostile)))
        .sort("order")
        .group_by("source_ip", "account", maintain_order=True)
        .agg(pl.col("username", "time").first(), orders=pl.col("order").head(_SHOWN))
    )
    words = pl.format(
        "{} logged in from {}, which is known to be hostile. Innocent reading: none, unless that "
        "knowledge is wrong or old.",
        pl.coalesce("username", pl.lit("An account that the log does not name")),
        "source_ip",
    )
    return as_sign(rows, sign="known_hostile", severity=pl.lit("critical"), explanation=words)


def _stolen(case: Case, signs: pl.DataFrame) -> pl.DataFrame:
    """Return new places that use an account in the week after somebody broke into it."""
    broken = signs.filter((pl.col("severity") == "critical") & pl.col("username").is_not_null())
    # The first line behind a sign is one of its account, and names the server.
    broken = broken.with_columns(order=pl.col("orders").list.first()).join(
        case.rows.select("order", "host"), on="order", how="left"
    )
    taken = (
        case.accounts(broken)
        .select("account", taken="time", thief="source_ip")
        .sort("taken", "thief")
        .unique("account", keep="first", maintain_order=True)
    )
    after = pl.col("time") - pl.col("taken")
    soon = (after > pl.duration()) & (after <= pl.duration(days=_STOLEN_DAYS))
    rows = (
        case.arrivals.join(taken, on="account")
        .filter(soon & (pl.col("source_ip") != pl.col("thief")) & (pl.col("logins_before") > 0))
        .with_columns(orders=pl.concat_list("order"))
    )
    words = pl.format(
        "{} logged in from {}, a place it never used before, soon after {} broke into it. Thieves "
        "often guess from one address and use the account from another. Innocent reading: its "
        "owner, on a journey in that very week.",
        "username",
        "source_ip",
        "thief",
    )
    return as_sign(rows, sign="stolen_account", severity=pl.lit("high"), explanation=words)


def _with_evidence(signs: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    lines = (
        signs.select("number", order="orders")
        .explode("order")
        .unique()
        .join(rows.select("order", "file", "file_rank", "line"), on="order")
    )
    return signs.join(places(lines, by="number"), on="number", how="left", maintain_order="left")


def _ranked(signs: pl.DataFrame) -> pl.DataFrame:
    rank = pl.col("severity").replace_strict(
        list(schema.SEVERITIES), list(range(len(schema.SEVERITIES))), return_dtype=pl.Int64
    )
    return signs.sort([rank, "time", "username", "sign", "source_ip"])
