"""The lines about messages of a store, a share of the queue ids at a time.

A message is known by its host and queue id, so what is said of it is said from one share.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import polars as pl
import pyarrow.dataset as ds

from mailforensics.analysis.bridge import put_in_order
from mailforensics.analysis.shares import shares_on_disk
from mailforensics.analysis.stores import for_each_host
from mailforensics.reading.stores.question import of_host
from mailforensics.reading.stores.store import Store

Answer = Callable[[pl.DataFrame], pl.DataFrame]
# Only of these lines somebody looks at the words again.
_WORDS: Final = (pl.col("service") == "smtp") | (pl.col("event") == "message_id")


def for_each_message_share(store: Store, answer: Answer, *, columns: list[str]) -> pl.DataFrame:
    """Return what an analysis says of the lines about messages, share by share, in no order.

    With a cluster, the messages of each server are looked at on one of its workers.

    Args:
        store: mail events.
        answer: the analysis of counted lines that name a queue id, oldest first, with all lines
            of each message.
        columns: which columns of events it looks at.
    """
    parts = for_each_host(store, partial(_of_host, answer=answer, columns=columns))
    return pl.concat(parts, how="vertical_relaxed")


def _of_host(store: Store, host: str | None, *, answer: Answer, columns: list[str]) -> pl.DataFrame:
    question = of_host(host, also=ds.field("queue_id").is_valid())
    number = sum(part.rows for _, part in store.parts(question))
    with shares_on_disk(number, at_a_time=store.rows_at_a_time) as shares:
        share = pl.concat_str(pl.col("host").fill_null(""), "queue_id", separator="\0").hash()
        wanted = list(dict.fromkeys(["repeat", *columns]))
        for frame in store.frames(question, columns=wanted):
            lines = frame.filter(~pl.col("duplicate")).drop("duplicate")
            words = pl.when(_WORDS.fill_null(value=False)).then("message")
            shares.add(
                lines.with_columns(pl.col("file").cast(pl.String), message=words),
                by=share % shares.number,
            )
        shares.close()
        every = (shares.read(one) for one in range(shares.number))
        parts = [answer(put_in_order(rows, store.begins)) for rows in every]
    return pl.concat(parts, how="vertical_relaxed")
