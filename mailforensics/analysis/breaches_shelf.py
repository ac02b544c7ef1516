"""The case of a store: of its rows only those that can be part of a sign that somebody got in."""

from functools import partial
from typing import Final

import polars as pl

from mailforensics.analysis.accounts import account_key
from mailforensics.analysis.attempts import FAILED, WORKED
from mailforensics.analysis.breaches_case import Case, case_of, places_of
from mailforensics.analysis.breaches_mail import deliveries, sent_mail
from mailforensics.analysis.breaches_thresholds import Thresholds
from mailforensics.analysis.messages import of_messages
from mailforensics.analysis.shelf import Shelf
from mailforensics.reading.stores.store import Store

_MAIL: Final = pl.col("mails") > 0
# Which line of which file, as one number.
_PLACE: Final = pl.col("file_rank").cast(pl.Int64) * 2**40 + pl.col("line")


def case_of_shelf(shelf: Shelf, store: Store, thresholds: Thresholds) -> tuple[Case, pl.DataFrame]:
    """Return the case of a store, and its messages as `sent_mail` gives them.

    Every sign but those of a relay begins with a login. So of the refused logins only those count
    that share their address, network or account with one that worked; and of the messages those
    of a client that logged in, and those that went on to the outside.
    """
    logins = shelf.rows(WORKED)
    sender = pl.col("username").is_not_null() | _is_in("session", logins)
    senders = shelf.rows(_MAIL & sender).select(place=_PLACE)
    sent = of_messages(store, partial(_telling_messages, senders=senders["place"]))
    sent = sent.with_columns(place=_PLACE).drop("order", "file_rank", "line")
    passed_on = _MAIL & _PLACE.is_in(sent["place"].implode())
    telling = FAILED & _shares_with(logins, shelf, thresholds)
    rows = shelf.rows(WORKED | (_MAIL & sender) | passed_on | telling)
    numbers = rows.filter(_MAIL).select("order", place=_PLACE)
    case = case_of(rows, thresholds, shelf.begin, apart=len(shelf.hosts) > 1)
    return case, sent_mail(case.rows, sent.join(numbers, on="place").drop("place"))


def _telling_messages(lines: pl.DataFrame, *, senders: pl.Series) -> pl.DataFrame:
    found = deliveries(lines)
    return found.filter((pl.col("relayed") > 0) | _PLACE.is_in(senders.implode()))


def _shares_with(logins: pl.DataFrame, shelf: Shelf, thresholds: Thresholds) -> pl.Expr:
    """Say which rows share address, network or the name of an account with a login."""
    places = places_of(logins, thresholds).select("place").unique()
    tried = pl.DataFrame({"source_ip": list(shelf.addresses)}, schema={"source_ip": pl.String})
    near = places_of(tried, thresholds).join(places, on="place", how="semi")
    accounts = logins.select(account=account_key())
    return _is_in("source_ip", near) | _is_in("account", accounts, account_key())


def _is_in(name: str, table: pl.DataFrame, value: pl.Expr | None = None) -> pl.Expr:
    known = table[name].drop_nulls().unique()
    column = pl.col(name) if value is None else value
    return column.is_in(known.implode()).fill_null(value=False)
