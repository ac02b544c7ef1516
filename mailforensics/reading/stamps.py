"""Find the stamp a line begins with, and read it.

Most blocks hold one layout, so its fixed places are tried on the whole column first; only lines
that do not fit go through the one regular expression that knows every layout.
"""

from functools import partial
from typing import Final

import polars as pl

from mailforensics.reading.distinct import parse_distinct
from mailforensics.reading.months import MONTH, MONTH_NUMBERS, ZONE, ZONE_MINUTES

# A year-less stamp is first placed in a leap year, so that 29 February exists.
LEAP_YEAR: Final = 2000
CLOCK: Final = pl.Enum(["yearless", "local", "absolute"])
# multilog writes Unix time + 2^62 + 10, whatever the leap seconds.
# Source: daemontools 0.76, tai_now.c and tai64nlocal.c
_TAI64_ORIGIN: Final = (1 << 62) + 10

_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)"
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
_LAYOUTS: Final = (
    # Sep  4 16:59:45   Sep 04 16:59:45.123   Fri Sep  4 16:59:45 2026   Sep 04 2026 16:59:45
    # 2026 Sep  4 16:59:45, syslog-ng's FULLDATE; 9月 04 16:59:45, journalctl's in Japanese
    rf"{_WEEKDAY}(?:(?P<year0>(?:19|20)[0-9][0-9]) )?(?P<month>{MONTH})\.? {{1,2}}"
    rf"(?P<day>[0-9]{{1,2}}) (?:(?P<year>[0-9]{{4}}) )?"
    rf"(?P<time1>{_TIME})(?:[.,](?P<fraction1>[0-9]{{1,9}}))?(?: (?P<year2>(?:19|20)[0-9][0-9]))?",
    # 2026-09-04T16:59:45.123456+09:00   2026-09-04 16:59:45 JST   2026/09/04 16:59:45+0900   …Z
    rf"{_WEEKDAY}(?P<date>[0-9]{{4}}(?:-[0-9][0-9]-|/[0-9][0-9]/)[0-9][0-9])[T ](?P<time2>{_TIME})"
    rf"(?:[.,](?P<fraction2>[0-9]{{1,9}}))? ?(?P<zone>{ZONE}|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)?",
    # @400000003b4a39c23294b13c: TAI64N, as multilog writes it
    r"@(?P<tai>[0-9a-f]{16})(?P<tai_fraction>[0-9a-f]{8})?",
    # 1757000385.123456: journalctl -o short-unix
    r"(?P<unix>[0-9]{9,10})\.(?P<unix_fraction>[0-9]{6})",
)
# <22> or <22>1 (RFC 5424) before it; dmesg -T puts it in brackets.
_STAMP: Final = (
    r"^(?P<whole>(?:<[0-9]{1,3}>(?:1 )?)?\[?(?:"
    + "|".join(f"(?:{layout})" for layout in _LAYOUTS)
    + r")\]?(?: |$))"
)


def has_stamp(text: pl.Expr) -> pl.Expr:
    """Say for each text whether it begins with a stamp."""
    return text.str.contains(_STAMP)


def read_stamps(text: pl.Series) -> pl.DataFrame:
    """Return the stamp of each line.

    Returns:
        `time` (naive, microseconds; UTC where `clock` is `absolute`, in LEAP_YEAR where it is
        `yearless`), `clock` (`yearless`, `local`, `absolute`; null without a stamp), and `width`,
        the characters that the stamp takes with the blank after it.
    """
    first = (
        text.head(100)
        .str.extract(r"^([0-9]{4}-[0-9][0-9]-[0-9][0-9]T|[A-Z][a-z]{2} [ 0-9][0-9] )")
        .drop_nulls()
    )
    is_rfc3339 = bool(len(first)) and first[0][0].isdigit()
    stamps = _fixed_rfc3339(text) if is_rfc3339 else _fixed_yearless(text)
    rows = stamps["clock"].is_null().arg_true()
    if not len(rows):
        return stamps
    rest = _any_layout(text.gather(rows))
    return pl.DataFrame([stamps[name].scatter(rows, rest[name]) for name in stamps.columns])


def _fixed_yearless(text: pl.Series) -> pl.DataFrame:
    """Read `Sep  4 16:` and `59:45 `."""
    hour = parse_distinct(text.str.slice(0, 10), _yearless_hour)["hour"]
    second = parse_distinct(text.str.slice(10, 6), partial(_second, end=" "))["second"]
    return _stamps(hour + second, "yearless", 16)


def _fixed_rfc3339(text: pl.Series) -> pl.DataFrame:
    """Read `2026-09-04T16:`, `59:45.`, `123456`, and `+09:00 `, or Docker's `789Z `."""
    hour = parse_distinct(text.str.slice(0, 14), _iso_hour)["hour"]
    second = parse_distinct(text.str.slice(14, 6), partial(_second, end="."))["second"]
    end = parse_distinct(text.str.slice(26, 10), _iso_end)
    fraction = text.str.slice(20, 6).cast(pl.Int64, strict=False)
    time = hour + second + fraction.cast(pl.Duration("us")) - end["offset"]
    return _stamps(time, "absolute", end["width"])


def _stamps(time: pl.Series, clock: str, width: int | pl.Series) -> pl.DataFrame:
    known = pl.col("time").is_not_null()
    return pl.DataFrame({"time": time}).with_columns(
        clock=pl.when(known).then(pl.lit(clock, CLOCK)),
        width=pl.when(known).then(pl.lit(width, pl.Int64)),
    )


def _yearless_hour(texts: pl.Series) -> pl.DataFrame:
    parts = pl.col("text").str.extract_groups(r"^([A-Z][a-z]{2}) ([ 0-9][0-9]) ([0-9][0-9]):$")
    date = _date(pl.lit(LEAP_YEAR), parts.struct[0], parts.struct[1])
    return texts.to_frame("text").select(hour=date + _hours(parts.struct[2]))


def _iso_hour(texts: pl.Series) -> pl.DataFrame:
    parts = pl.col("text").str.extract_groups(r"^([0-9]{4}-[0-9][0-9]-[0-9][0-9])T([0-9][0-9]):$")
    date = parts.struct[0].str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")
    return texts.to_frame("text").select(hour=date + _hours(parts.struct[1]))


def _iso_end(texts: pl.Series) -> pl.DataFrame:
    """Read what follows six decimals: up to three more, the offset and a blank."""
    parts = pl.col("text").str.extract_groups(r"^([0-9]{0,3}(Z|[+-][0-9][0-9]:[0-9][0-9])(?: |$))")
    found = texts.to_frame("text").select(
        width=parts.struct[0].str.len_chars().cast(pl.Int64) + 26, zone=parts.struct[1]
    )
    return found.hstack(_offset(found["zone"])).drop("zone")


def _second(texts: pl.Series, end: str) -> pl.DataFrame:
    """Read `59:45` and the character after it: the seconds of the hour."""
    parts = pl.col("text").str.extract_groups(rf"^([0-5][0-9]):([0-5][0-9])[{end}]$")
    minute, second = (parts.struct[n].cast(pl.Int64) for n in range(2))
    return texts.to_frame("text").select(second=pl.duration(minutes=minute, seconds=second))


def _offset(texts: pl.Series) -> pl.DataFrame:
    """Read `+09:00`, `+0900`, `-03`, `Z`, `JST`, with or without a blank after it."""
    zone = pl.col("text").str.strip_chars_end(" ")
    parts = zone.str.extract_groups(r"^([+-])([0-9][0-9]):?([0-9][0-9])?$")
    sign = pl.when(parts.struct[0] == "-").then(-1).otherwise(1)
    hours, minutes = (parts.struct[n].cast(pl.Int64) for n in (1, 2))
    named = zone.replace_strict(ZONE_MINUTES, default=None, return_dtype=pl.Int64)
    east = pl.coalesce(named, sign * (60 * hours + minutes.fill_null(0)))
    return texts.to_frame("text").select(offset=pl.duration(minutes=east))


def _date(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Return midnight of a day from texts; null where there is no such day."""
    text = pl.format(
        "{}-{}-{}",
        year,
        month.str.to_lowercase().replace_strict(MONTH_NUMBERS, default=None),
        day.str.strip_chars(" ").str.zfill(2),
    )
    return text.str.to_datetime("%Y-%m-%d", strict=False, time_unit="us")


def _hours(text: pl.Expr) -> pl.Expr:
    number = text.cast(pl.Int64, strict=False)
    return pl.when(number < 24).then(pl.duration(hours=number))


def _any_layout(text: pl.Series) -> pl.DataFrame:
    """Read a stamp of any layout, line by line through one expression."""
    groups = text.str.extract_groups(_STAMP).struct.unnest()
    year = pl.coalesce("year0", "year", "year2")
    midnight = pl.coalesce(
        _date(year.fill_null(str(LEAP_YEAR)), pl.col("month"), pl.col("day")),
        pl.col("date")
        .str.replace_all("/", "-", literal=True)
        .str.to_datetime("%Y-%m-%d", strict=False, time_unit="us"),
    )
    offset = _offset(groups["zone"].str.strip_chars(" "))["offset"]
    found = groups.with_columns(offset, local=midnight + _clock_time(), label=_label())
    known = pl.col("label").is_not_null()
    utc = pl.col("local") - pl.col("offset").fill_null(pl.duration())
    return found.select(
        time=pl.when(known).then("label").otherwise(utc),
        clock=pl.when(known | pl.col("offset").is_not_null() & pl.col("local").is_not_null())
        .then(pl.lit("absolute"))
        .when(pl.col("local").is_not_null() & pl.col("month").is_not_null() & year.is_null())
        .then(pl.lit("yearless"))
        .when(pl.col("local").is_not_null())
        .then(pl.lit("local"))
        .cast(CLOCK),
        width=pl.when(known | pl.col("local").is_not_null()).then(
            pl.col("whole").str.len_chars().cast(pl.Int64)
        ),
    )


def _clock_time() -> pl.Expr:
    text = pl.coalesce("time1", "time2")
    hours, minutes, seconds = (text.str.slice(at, 2).cast(pl.Int64) for at in (0, 3, 6))
    return pl.duration(
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        microseconds=_microseconds(pl.coalesce("fraction1", "fraction2")),
    )


def _label() -> pl.Expr:
    """Return the time of a TAI64N or Unix label."""
    tai = pl.col("tai").str.to_integer(base=16, strict=False) - _TAI64_ORIGIN
    nanoseconds = pl.col("tai_fraction").str.to_integer(base=16, strict=False).fill_null(0)
    unix = pl.col("unix").cast(pl.Int64) * 1_000_000 + _microseconds(pl.col("unix_fraction"))
    return pl.coalesce(tai * 1_000_000 + nanoseconds // 1000, unix).cast(pl.Datetime("us"))


def _microseconds(digits: pl.Expr) -> pl.Expr:
    return digits.fill_null("0").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
