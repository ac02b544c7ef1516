"""Place local times in UTC, the doubled and the missing hour of daylight saving included."""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from mailforensics.errors import ArgumentError

_HOUR: Final = timedelta(hours=1)
# Lines may be a little out of order; a clock that was set back steps further than this.
_DISORDER: Final = timedelta(seconds=60)
_PERIOD: Final = timedelta(hours=12)


def check_zone(tz: str) -> None:
    """Check that a name is a time zone.

    Raises:
        ArgumentError: it is none.
    """
    try:
        ZoneInfo(tz)
    except (KeyError, ValueError, OSError, TypeError):
        raise ArgumentError(
            f"tz={tz!r} is no time zone; use an IANA name such as 'Europe/Berlin' or 'UTC'."
        ) from None


def to_utc(local: pl.Series, tz: str) -> tuple[pl.Series, list[str]]:
    """Return local times in UTC, in order, and notes on those that daylight saving touches.

    Args:
        local: naive times in the order of the lines; nulls stay null.
        tz: an IANA zone.

    In the doubled hour, times count as the first of the two until they step back; then as the
    second. A time in the missing hour was written by a clock that had not been set yet.
    """
    zoned = local.dt.replace_time_zone(tz, ambiguous="null", non_existent="null")
    odd = zoned.is_null() & local.is_not_null()
    utc = zoned.dt.convert_time_zone("UTC")
    if not odd.any():
        return utc, []
    times = local.filter(odd)
    first = times.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    missing = first.is_null()
    early = times.dt.offset_by("-1h").dt.replace_time_zone(tz, ambiguous="earliest")
    second = _second_time(times) & ~missing
    latest = times.dt.replace_time_zone(tz, ambiguous="latest", non_existent="null")
    placed = pl.select(
        pl.when(missing)
        .then(early.dt.convert_time_zone("UTC") + _HOUR)
        .when(second)
        .then(latest.dt.convert_time_zone("UTC"))
        .otherwise(first.dt.convert_time_zone("UTC"))
    ).to_series()
    return utc.scatter(odd.arg_true(), placed), _notes(times, missing, second)


def _second_time(times: pl.Series) -> pl.Series:
    """Say for each time of a doubled hour whether the clock had been set back before it."""
    step = times.diff()
    period = (step.abs() > _PERIOD).fill_null(value=True).cum_sum()
    back = ((step < -_DISORDER) & (step > -_PERIOD)).fill_null(value=False)
    return (
        pl.DataFrame({"period": period, "back": back})
        .select(pl.col("back").cum_max().over("period"))
        .to_series()
    )


def _notes(times: pl.Series, missing: pl.Series, second: pl.Series) -> list[str]:
    notes = []
    if (doubled := int((~missing).sum())) > 0:
        days = _days(times.filter(~missing))
        notes.append(
            f"{doubled} stamps lie in the hour that the end of daylight saving doubles ({days}): "
            f"{int(second.sum())} placed in the second, by the order of lines"
        )
    if missing.any():
        notes.append(
            f"{int(missing.sum())} stamps lie in the hour that daylight saving skips "
            f"({_days(times.filter(missing))}): taken as standard time"
        )
    return notes


def _days(times: pl.Series) -> str:
    return ", ".join(str(day) for day in times.dt.date().unique().sort().to_list()[:5])
