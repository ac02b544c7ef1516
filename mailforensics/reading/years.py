"""Find the year of year-less stamps from what else is known, and say which rule gave it.

Within a log, and from one rotation to the next, time runs forward: where a stamp drops by more than
half a year, a New Year lies between. That gives years relative to each other; the newest file is
then placed as late as its evidence allows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from mailforensics.errors import ArgumentError
from mailforensics.reading.stamps import LEAP_YEAR

HALF_YEAR: Final = timedelta(days=183)
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2200
_NEW_YEAR: Final = datetime(LEAP_YEAR, 1, 1)  # noqa: DTZ001 - a local stamp has no zone yet
_LEAP_DAY: Final = datetime(LEAP_YEAR, 2, 29)  # noqa: DTZ001
_YEAR_END: Final = datetime(LEAP_YEAR + 1, 1, 1)  # noqa: DTZ001


@dataclass(slots=True)
class YearlessFile:
    """What one file tells about the years of its year-less stamps.

    Attributes:
        log: files of one log (its rotations) share it.
        spans: runs of stamps without a jump of half a year: first, last, row of the first.
        leap_spans: the spans that hold a 29 February.
        bound: no stamp is later than this; None if only the present bounds it.
        bound_from: where the bound comes from, in plain words.
        known: first and last stamp with a year in the whole set of evidence, if any.
        turns: for each span, the years since the first.
        year: the year of the first span, once found.
        year_from: the rule that gave it.
        clock_errors: spans that a wrong clock wrote.
    """

    log: str
    spans: list[tuple[datetime, datetime, int]]
    leap_spans: set[int] = field(default_factory=set)
    bound: datetime | None = None
    bound_from: str = ""
    known: tuple[datetime, datetime] | None = None
    turns: list[int] = field(default_factory=list)
    year: int = LEAP_YEAR
    year_from: str = ""
    clock_errors: int = 0

    @property
    def first(self) -> datetime:
        """The first stamp, in its year."""
        return in_year(self.spans[0][0], self.year)

    @property
    def last(self) -> datetime:
        """The last stamp, in its year."""
        return in_year(self.spans[-1][1], self.year + self.turns[-1])


def in_year(stamp: datetime, year: int) -> datetime:
    """Move a stamp of LEAP_YEAR into another year; 29 February becomes 1 March where it is none."""
    try:
        return stamp.replace(year=year)
    except ValueError:
        return stamp.replace(year=year, month=3, day=1)


def find_spans(stamps: pl.Series) -> tuple[list[tuple[datetime, datetime, int]], set[int]]:
    """Return the spans of a file's year-less stamps, and which of them hold a 29 February."""
    if not len(stamps):
        return [], set()
    jumps = (stamps.diff().abs() > HALF_YEAR).fill_null(value=False)
    starts = [0, *jumps.arg_true().to_list()]
    ends = [*(start - 1 for start in starts[1:]), len(stamps) - 1]
    spans = list(zip(stamps.gather(starts), stamps.gather(ends), starts, strict=True))
    leap = pl.Series(starts).search_sorted(on_leap_day(stamps).arg_true(), side="right") - 1
    return spans, set(leap.unique().to_list())


def on_leap_day(stamps: pl.Series) -> pl.Series:
    """Say for each year-less stamp whether it is of a 29 February."""
    return stamps.is_between(_LEAP_DAY, _LEAP_DAY + _DAY, closed="left")


def settle_years(files: Sequence[YearlessFile], year: int | None) -> None:
    """Set `turns`, `year` and `year_from` of each file; files of a log stand oldest first.

    Args:
        files: files with at least one span.
        year: the year of the oldest line of each log, as the caller gave it.

    Raises:
        ArgumentError: the given year cannot be.
    """
    for file in files:
        file.turns, file.clock_errors = _turns(file.spans)
    for log in dict.fromkeys(file.log for file in files):
        chain = [file for file in files if file.log == log]
        if year is None:
            _place_backward(chain)
        else:
            _place_forward(chain, year)


def _turns(spans: Sequence[tuple[datetime, datetime, int]]) -> tuple[list[int], int]:
    """Return for each span the New Years since the first, and how many spans a bad clock wrote."""
    turns, errors, year, last = [0], 0, 0, spans[0][1]
    for number, (first, end, _) in enumerate(spans[1:], start=1):
        after = spans[number + 1][0] if number + 1 < len(spans) else None
        if first < last and _is_excursion(last, first, end, after):
            errors += 1
        else:
            year += 1 if first < last else -1 if _is_late_line(last, first) else 0
            last = end
        turns.append(year)
    return turns, errors


def _is_excursion(before: datetime, first: datetime, end: datetime, after: datetime | None) -> bool:
    """Say whether a short span is a machine that started with a wrong clock, then set it."""
    if after is None or _YEAR_END - before < _WEEK:
        return False
    return end - first < _DAY and -_DAY < after - before < _WEEK


def _is_late_line(last: datetime, first: datetime) -> bool:
    """Say whether a line of December comes late, after the first ones of January."""
    return last - _NEW_YEAR < _WEEK and _YEAR_END - first < _WEEK


def _place_backward(chain: Sequence[YearlessFile]) -> None:
    after: YearlessFile | None = None
    for file in reversed(chain):
        file.year, file.year_from = _latest_year(file)
        while after is not None and file.last - after.first > HALF_YEAR:
            file.year -= 1
            file.year_from = "the next rotation"
        _mind_leap_years(file)
        after = file


def _latest_year(file: YearlessFile) -> tuple[int, str]:
    """Return the latest year of the first span that the file's evidence allows, and the rule."""
    now = datetime.now(UTC).replace(tzinfo=None)
    bound, rule = (file.bound, file.bound_from) if file.bound else (now, f"now ({now:%Y-%m-%d})")
    year = _year_before(file, bound + _DAY)
    if file.known is None:
        return year, rule
    known_first, known_last = file.known

    def distance(candidate: int) -> timedelta:
        file.year = candidate
        return max(known_first - file.last, file.first - known_last, timedelta(0))

    nearest = min(range(year, min(_FIRST_YEAR, year - 1), -1), key=distance)
    return (
        nearest,
        f"stamps with a year in this set ({known_first:%Y-%m-%d} to {known_last:%Y-%m-%d})",
    )


def _year_before(file: YearlessFile, bound: datetime) -> int:
    file.year = bound.year - file.turns[-1]
    if file.last > bound:
        file.year -= 1
    return file.year


def _place_forward(chain: Sequence[YearlessFile], year: int) -> None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ArgumentError(
            f"year={year} cannot be; give the year of the oldest line, such as 2026."
        )
    before: YearlessFile | None = None
    for file in chain:
        file.year = year if before is None else before.last.year
        if before is not None and before.last - file.first > HALF_YEAR:
            file.year += 1
        file.year_from = "given (year=)"
        if bad := [y for y in _leap_years(file) if not _is_leap(y)]:
            raise ArgumentError(
                f"year={year} cannot be: the log has a 29 February in {bad[0]}, which had none; "
                "give the year of the oldest line, or leave year= out."
            )
        before = file


def _mind_leap_years(file: YearlessFile) -> None:
    start = file.year
    while not all(map(_is_leap, _leap_years(file))) and start - file.year < 8:
        file.year -= 1
    if file.year != start:
        file.year_from = f"{file.year_from}; 29 February"


def _leap_years(file: YearlessFile) -> Iterator[int]:
    return (file.year + file.turns[span] for span in sorted(file.leap_spans))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
