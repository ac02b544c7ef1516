"""Lines that stand for others: `message repeated 3 times: [ … ]`, `last message repeated 3 times`.

rsyslog writes the first, with the text; older daemons the second, without it and without a tag.
"""

from typing import Final, cast

import polars as pl
import pyarrow as pa

# rsyslog cuts the text at 800 characters, so the bracket may be missing.
_WRAPPED: Final = r"(?s)^message repeated (?P<count>[0-9]{1,9}) times?: \[ ?(?P<inner>.*?) ?\]?$"
_LAST: Final = (
    r"^(?:(?P<host>\S+) )?(?:-+ )?last message repeated (?P<count>[0-9]{1,9}) times?(?: -+)?$"
)
# These stay as the folded line has them; the rest comes from the line that it repeats.
_OWN: Final = ("time", "clock", "message", "line", "repeat")


def unfold(heads: pl.DataFrame) -> pl.DataFrame:
    """Add to heads `inner`, the message to understand, `repeat`, and `again`.

    Args:
        heads: `host` and `message`, among others.

    Returns:
        The heads with `inner` (the wrapped text, or else the message), `repeat` (times the line
        stands for) and `again` (the line says only that the one before it came again).
    """
    message = heads["message"]
    plain = heads.with_columns(inner=message, repeat=pl.lit(1, pl.Int64), again=pl.lit(value=False))
    candidates = message.str.contains("message repeated ", literal=True)
    if not candidates.any():
        return plain
    text = pl.when(candidates).then(message)
    wrapped, last = text.str.extract_groups(_WRAPPED), text.str.extract_groups(_LAST)
    return plain.with_columns(
        inner=pl.coalesce(wrapped.struct.field("inner"), "inner"),
        host=pl.coalesce("host", last.struct.field("host")),
        again=last.struct.field("count").is_not_null(),
        repeat=pl.coalesce(
            wrapped.struct.field("count").cast(pl.Int64),
            last.struct.field("count").cast(pl.Int64),
            "repeat",
        ),
    )


def fill_repeats(events: pa.Table) -> tuple[pa.Table, int]:
    """Give each line that repeats the one before it that line's fields.

    The line before it is the last one of the same host in the file that is no such line itself.

    Args:
        events: the events of one file in the order of its lines, with `again`.

    Returns:
        The events without `again`, and how many lines repeat one that is not there.
    """
    rows = cast("pl.DataFrame", pl.from_arrow(events.select(["again", "host"])))
    names = [name for name in events.column_names if name != "again"]
    if not rows["again"].any():
        return events.select(names), 0
    origin = pl.when(~pl.col("again")).then("row").forward_fill().over("host")
    origins = rows.with_row_index("row").select("row", origin=origin)
    taken = events.take(origins.select(pl.coalesce("origin", "row")).to_series().to_arrow())
    filled = pa.table({name: (events if name in _OWN else taken)[name] for name in names})
    return filled, origins["origin"].null_count()


def orphan_notes(orphans: int) -> list[str]:
    """Return what to say of lines that repeat one that is not in their file."""
    return [f"{orphans} lines repeat one that is not in the file"] if orphans else []
