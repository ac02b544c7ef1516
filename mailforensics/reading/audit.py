"""What was read, and how far it can be trusted: one row for each file of evidence."""

import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics.reading.audit_notes import TELLING, notes_of
from mailforensics.reading.passwords import CHECKERS
from mailforensics.reading.stores.cluster import current_client, on_workers
from mailforensics.reading.stores.store import Store
from mailforensics.schema import AUDIT, conform, require

_NO_FACTS = "the table carries no facts of its files (attrs were lost on the way)"


def audit(events: pd.DataFrame | Store) -> pd.DataFrame:
    """Return one row for each evidence file, in the order of their names.

    `notes` says what the reader decided on the way (blank and joined lines, years, zones), and what
    the events show: silences beyond the log's own rhythm, a clock that goes back, lines that the
    logger threw away, passwords in clear, a log of another program.

    Args:
        events: mail or firewall events as the reader returned them; or a store.

    Returns:
        The columns of `schema.AUDIT`; counts are rows. Without `events.attrs["evidence"]` the
        facts that events cannot carry (fingerprint, bytes, lines, year) are missing.

    Raises:
        MissingColumnError: `events` is no table of events.
    """
    if isinstance(events, Store):
        return on_workers([events.audit], client=current_client(events.client))[0]
    require(events, ["file", "line", "event", "duplicate", "repeat", "time", "message"])
    counts = (
        events.assign(
            other=events["event"] == "other",
            unparsed=events["event"] == "unparsed",
            further=events["repeat"] - 1,
        )
        .groupby("file", as_index=False)
        .agg(
            events=("event", "size"),
            other=("other", "sum"),
            unparsed=("unparsed", "sum"),
            duplicates=("duplicate", "sum"),
            repeats=("further", "sum"),
            first_time=("time", "min"),
            last_time=("time", "max"),
        )
    )
    table = _facts(events).merge(counts, on="file", how="outer")
    totals = ["events", "other", "unparsed", "duplicates", "repeats"]
    table[totals] = table[totals].fillna(0).astype("int64")
    unread = table["other"] + table["unparsed"]
    table["understood"] = (1 - unread / table["events"]).where(table["events"] > 0)
    table["notes"] = with_notes(table, _seen(events))
    return conform(table.sort_values("file", ignore_index=True), AUDIT)


def _seen(events: pd.DataFrame) -> dict[str, list[str]]:
    """Return what the events tell of each file."""
    telling = events["event"].isin(TELLING)
    if "service" in events.columns:
        telling |= events["service"].isin(CHECKERS)
    said = [name for name in ("file", "line", "program", "message") if name in events.columns]
    tables = (events[["file", "line", "time", "event"]], events.loc[telling, said])
    return notes_of(
        *(pl.DataFrame(pa.Table.from_pandas(table, preserve_index=False)) for table in tables)
    )


def with_notes(table: pd.DataFrame, seen: dict[str, list[str]]) -> list[str]:
    """Return for each file the notes of its reading, and then those of its events."""
    return [
        "; ".join([*([note] if isinstance(note, str) and note else []), *seen.get(file, [])])
        for file, note in zip(table["file"], table["notes"], strict=True)
    ]


def _facts(events: pd.DataFrame) -> pd.DataFrame:
    facts = events.attrs.get("evidence")
    names = ["file", "sha256", "bytes", "lines", "year_from", "notes"]
    if facts is None:
        files = pd.DataFrame({"file": sorted(events["file"].dropna().unique())}, dtype="str")
        return files.assign(notes=_NO_FACTS).reindex(columns=names)
    return pd.DataFrame(facts, columns=names).assign(
        notes=["; ".join(fact["notes"]) for fact in facts]
    )
