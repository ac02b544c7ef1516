"""One row a message: from the client that handed it in to the last delivery."""

from functools import partial
from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.analysis.bridge import NAMES_JOINED_BY, counted, to_pandas
from mailforensics.analysis.message_shares import Answer, for_each_message_share
from mailforensics.reading.stores.store import Store

# Postfix gives up after maximal_queue_lifetime (5 days) and tries at least every
# maximal_backoff_time (4000 s): a longer silence means that a short id was given out again.
# Source: postconf(5).
SILENT_DAYS: Final = 5
RECIPIENTS_SHOWN: Final = 20

_NEEDED: Final = [
    *("host", "service", "event", "queue_id", "source_ip", "source_host", "username", "sender"),
    *("recipient", "relay", "size", "delay", "message"),
]
_TRIES: Final = ("delivered", "deferred", "bounced", "expired")
_FAILED: Final = ("bounced", "expired")
_BEGINS: Final = ("accepted",)
_ORDER: Final = ["first_time", "host", "queue_id", "_first", "_rank", "first_line"]


def messages(events: pd.DataFrame | Store) -> pd.DataFrame:
    """Return one row a message, oldest first (ties by host, queue id and first line).

    Lines are joined by host and queue id over smtpd, cleanup, qmgr and the deliveries. Short ids
    are used again: a message ends with `removed`, and a new client, local submission, or five days
    of silence begin another. The outcome is that of the worst recipient after the last try for
    each; who still waited when the message expired has bounced.

    Args:
        events: mail events, in any order; or a store.

    Returns:
        The columns of `schema.MESSAGES`; times in UTC; an empty input gives an empty table.

    Raises:
        MissingColumnError: the table has no `time`, `event` or `queue_id`.
    """
    return to_pandas(of_messages(events, _summarised).sort(_ORDER), schema.MESSAGES)


def of_messages(events: pd.DataFrame | Store, answer: Answer) -> pl.DataFrame:
    """Return what an analysis says of messages, in no order; of a store a share at a time.

    Args:
        events: mail events, or a store.
        answer: takes lines that name a queue id, with `number`, the same for all of one message.
    """
    if isinstance(events, Store):
        work = partial(_of_lines, answer=answer)
        return for_each_message_share(events, work, columns=_NEEDED)
    schema.require(events, ["time", "event", "queue_id"])
    return _of_lines(counted(events, columns=schema.MAIL_EVENTS, only=_NEEDED), answer=answer)


def _of_lines(rows: pl.DataFrame, *, answer: Answer) -> pl.DataFrame:
    return answer(_numbered(rows.filter(pl.col("queue_id").is_not_null())))


def _summarised(rows: pl.DataFrame) -> pl.DataFrame:
    table = rows.group_by("number").agg(*_first_known(), *_span(), *_counts(), *_ends())
    table = table.join(_recipients(rows), on="number", how="left")
    return table.with_columns(
        pl.col("recipients").fill_null(0),
        bounced=pl.col("bounced") + _given_up(),
        message_id=pl.col("_id_line").str.extract(r"message-id=(.*)$"),
        outcome=_outcome(),
        complete=_complete(),
    )


def _numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with the number of their message: its first line's place in time."""
    key = ["host", "queue_id"]
    rows = rows.sort(*key, "order")
    other = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in key)
    before = pl.col("event").shift(1)
    silent = pl.col("time") - pl.col("time").shift(1) > pl.duration(days=SILENT_DAYS)
    # A late line of a message that is gone (a bounce of the last try) still belongs to it.
    begins = pl.col("event").is_in(_BEGINS) | pl.col("service").is_in(["pickup", "cleanup"])
    # Where the log lost `removed`: cleanup names a message once, before any delivery of it.
    ended = before.is_in(["removed", *_TRIES])
    again = ended & begins | pl.col("event").is_in(_BEGINS) | (pl.col("service") == "pickup")
    starts = pl.any_horizontal(other, silent, again).fill_null(value=False)
    starts = starts | (pl.int_range(pl.len()) == 0)
    return rows.with_columns(number=pl.when(starts).then("order").forward_fill())


def _first_known() -> list[pl.Expr]:
    client = ("source_ip", "source_host", "username", "size")
    # The queue manager knows the whole address, pickup the bare name of who called sendmail.
    queued = pl.col("sender").filter(pl.col("service") == "qmgr")
    return [
        pl.col("host", "queue_id", "file").first(),
        pl.col("line").first().alias("first_line"),
        pl.col("time").first().alias("_first"),
        pl.col("file_rank").first().alias("_rank"),
        *(pl.col(name).drop_nulls().first() for name in client),
        pl.coalesce(queued.drop_nulls().first(), pl.col("sender").drop_nulls().first()),
        pl.col("relay").drop_nulls().last(),
        pl.col("message").filter(pl.col("event") == "message_id").first().alias("_id_line"),
    ]


def _span() -> list[pl.Expr]:
    return [
        pl.col("time").min().alias("first_time"),
        pl.col("time").max().alias("last_time"),
        pl.col("delay").max(),
    ]


def _counts() -> list[pl.Expr]:
    event, repeat = pl.col("event"), pl.col("repeat")
    return [
        repeat.filter(event == "delivered").sum().alias("delivered"),
        repeat.filter(event == "deferred").sum().alias("deferred"),
        repeat.filter(event.is_in(_FAILED)).sum().alias("bounced"),
    ]


def _ends() -> list[pl.Expr]:
    event, service = pl.col("event"), pl.col("service")
    return [
        (event.is_in(_BEGINS) | (service == "pickup")).any().alias("_begun"),
        (service == "cleanup").any().alias("_cleaned"),
        (event == "removed").any().alias("_removed"),
        (event == "reject").any().alias("_refused"),
        (event.is_in(_FAILED) & pl.col("recipient").is_null()).any().alias("_expired"),
    ]


def _recipients(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what became of each message's recipients, after the last try for each."""
    tries = rows.filter(pl.col("event").is_in(_TRIES) & pl.col("recipient").is_not_null())
    last = tries.group_by("number", "recipient", maintain_order=True).agg(pl.col("event").last())
    shown = pl.col("recipient").str.replace_all(",", r"\x2c", literal=True).sort()
    return last.group_by("number").agg(
        recipients=pl.len(),
        recipient=shown.head(RECIPIENTS_SHOWN).str.join(NAMES_JOINED_BY),
        _failed=pl.col("event").is_in(_FAILED).any(),
        _waiting=(pl.col("event") == "deferred").sum(),
        _reached=(pl.col("event") == "delivered").any(),
    )


def _given_up() -> pl.Expr:
    """Return the recipients beyond the first that one line gave up: it names none of them."""
    return pl.when("_expired").then((pl.col("_waiting").fill_null(0) - 1).clip(0)).otherwise(0)


def _outcome() -> pl.Expr:
    tests = {
        "bounced": pl.col("_failed") | pl.col("_expired"),
        "deferred": pl.col("_waiting") > 0,
        "delivered": pl.col("_reached"),
        "rejected": pl.col("_refused"),
    }
    found = (pl.when(test).then(pl.lit(name)) for name, test in tests.items())
    return pl.coalesce(*found, pl.lit("unknown"))


def _complete() -> pl.Expr:
    # Of a message that was refused while it came in, no `removed` is logged.
    refused = pl.col("_refused") & pl.col("recipient").is_null()
    ended = pl.col("_removed") | refused
    return ((pl.col("_begun") | pl.col("_cleaned")) & ended).fill_null(value=False)
