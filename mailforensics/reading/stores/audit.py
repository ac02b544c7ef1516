"""The audit of a store: counts from its manifest, without reading any event."""

from collections.abc import Iterable

import pandas as pd

from mailforensics import schema
from mailforensics.reading.repeats import orphan_notes
from mailforensics.reading.stores.manifest import Entry
from mailforensics.reading.stores.settle import span_of


def facts(entry: Entry) -> dict[str, object]:
    """Return what events cannot carry of a file, as `Evidence.facts` does."""
    total = entry.total
    counts = [
        (total.blank, "blank lines"),
        (total.joined, "lines continue a wrapped entry and were joined to it"),
    ]
    notes = [f"{count} {what}" for count, what in counts if count]
    return {
        "file": entry.name,
        "sha256": entry.sha256,
        "bytes": entry.size,
        "lines": total.lines,
        "year_from": entry.year_from,
        "notes": [*notes, *entry.notes, *orphan_notes(total.orphans), *entry.said],
    }


def audit_table(entries: Iterable[Entry], seen: dict[str, list[str]]) -> pd.DataFrame:
    """Return one row a file, in the order of their names.

    Args:
        entries: the files, settled.
        seen: what the events of each file tell (`audit_notes.notes_of`).
    """
    rows = [facts(entry) | _counts(entry, seen.get(entry.name, [])) for entry in entries]
    table = pd.DataFrame(rows, columns=schema.names(schema.AUDIT))
    unread = table["other"] + table["unparsed"]
    table["understood"] = (1 - unread / table["events"]).where(table["events"] > 0)
    return schema.conform(table.sort_values("file", ignore_index=True), schema.AUDIT)


def _counts(entry: Entry, seen: list[str]) -> dict[str, object]:
    first, last = span_of(entry)
    read = facts(entry)["notes"]
    return {
        "events": sum(part.rows for part in entry.parts),
        "other": sum(part.other for part in entry.parts),
        "unparsed": sum(part.unparsed for part in entry.parts),
        "duplicates": entry.duplicates,
        "repeats": sum(part.repeats for part in entry.parts),
        "first_time": first,
        "last_time": last,
        "notes": "; ".join([*read, *seen]),  # type: ignore[misc]
    }
