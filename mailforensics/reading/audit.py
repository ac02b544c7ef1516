"""What was read, and how far it can be trusted: one row for each file of evidence."""

import pandas as pd

from mailforensics.schema import AUDIT, conform, require

_NO_FACTS = "the table carries no facts of its files (attrs were lost on the way)"


def audit(events: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each evidence file, in the order of their names.

    Args:
        events: mail or firewall events as the reader returned them.

    Returns:
        The columns of `schema.AUDIT`; counts are rows. Without `events.attrs["evidence"]` the
        facts that events cannot carry (fingerprint, bytes, lines, year) are missing.

    Raises:
        MissingColumnError: `events` is no table of events.
    """
    require(events, ["file", "event", "duplicate", "repeat", "time"])
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
    return conform(table.sort_values("file", ignore_index=True), AUDIT)


def _facts(events: pd.DataFrame) -> pd.DataFrame:
    facts = events.attrs.get("evidence")
    names = ["file", "sha256", "bytes", "lines", "year_from", "notes"]
    if facts is None:
        files = pd.DataFrame({"file": sorted(events["file"].dropna().unique())}, dtype="str")
        return files.assign(notes=_NO_FACTS).reindex(columns=names)
    return pd.DataFrame(facts, columns=names).assign(
        notes=["; ".join(fact["notes"]) for fact in facts]
    )
