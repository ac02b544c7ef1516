"""Events joined to sessions once, for all analyses that look at them."""

from dataclasses import dataclass

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.stitching import stitch


@dataclass(frozen=True, slots=True)
class Joined:
    """A table of mail events, and the same events joined to sessions.

    Analyses take it in place of events: to join the lines is most of the work of many of them.

    Attributes:
        events: mail events, as they were given; they must not be changed any more.
        rows: those that count, as `count_once` gives them.
    """

    events: pd.DataFrame
    rows: pl.DataFrame


def joined(events: pd.DataFrame | Joined) -> Joined:
    """Return events joined to sessions; what is joined already comes back as it is.

    Raises:
        MissingColumnError: the table has no `time`, `event` or `source_ip`.
    """
    if isinstance(events, Joined):
        return events
    schema.require(events, ["time", "event", "source_ip"])
    return Joined(events, count_once(stitch(events)))
