"""How every figure looks: colours for all eyes, a finding as title, a zone on the time axis."""

import textwrap
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, NullFormatter

from mailforensics.analysis.wording import counted
from mailforensics.errors import ArgumentError
from mailforensics.reading.passwords import mask_passwords

# Okabe and Ito's palette: told apart with every kind of colour vision. Source: jfly.uni-koeln.de
BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
RED: Final = "#D55E00"
PINK: Final = "#CC79A7"
GREY: Final = "#8C8C8C"
SERIES: Final = (BLUE, ORANGE, GREEN, RED, SKY, PINK, BLACK)
LINES: Final = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MARKS: Final = ("o", "s", "^", "D", "v", "P", "X")
TITLE_LETTERS: Final = 92
LABEL_LETTERS: Final = 34
MOMENT_DAYS: Final = 10 / 86_400
HALF_HOUR_DAYS: Final = 1 / 48
DAY_MICROSECONDS: Final = 86_400_000_000
BINS: Final = (
    *("1min", "2min", "5min", "10min", "15min", "30min", "1h", "2h", "3h", "6h", "12h"),
    *("1D", "2D", "7D", "14D", "28D"),
)
BIN_WORDS: Final = {"min": "minutes", "h": "hours", "D": "days"}


def new_axes(ax: Axes | None, *, height: float = 4.0, width: float = 10.0) -> Axes:
    """Return the given axes, or those of a new figure of this size in inches."""
    if ax is not None:
        return ax
    _, fresh = plt.subplots(figsize=(width, height), layout="constrained")
    return fresh


def tell(ax: Axes, finding: str, detail: str = "") -> Axes:
    """Set the finding as title, with a smaller second line of detail, and quieten the frame."""
    lines = textwrap.fill(clean(finding, 240), TITLE_LETTERS)
    ax.set_title(lines, loc="left", fontsize=12, fontweight="bold", pad=20 if detail else 8)
    if detail:
        ax.annotate(
            clean(detail, 160),
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, 6),
            textcoords="offset points",
            fontsize=9,
            color="#444444",
        )
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def nothing(ax: Axes, why: str) -> Axes:
    """Return axes that say in words why there is nothing to draw."""
    ax.set_axis_off()
    ax.set_title(clean(why, 200), loc="left", fontsize=12, fontweight="bold")
    ax.annotate("nothing to draw", (0.5, 0.5), xycoords="axes fraction", ha="center", color=GREY)
    return ax


def clean(text: object, most: int = LABEL_LETTERS) -> str:
    """Return log text that is safe to draw: no formulas, no control characters, not too long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in mask_passwords(str(text)))
    shown = shown if len(shown) <= most else shown[: most - 1] + "…"
    return shown.replace("$", r"\$")


def days(times: "pd.Series[pd.Timestamp]") -> npt.NDArray[np.float64]:
    """Return times as days since 1970, the numbers that a time axis counts in."""
    whole = times.astype("datetime64[us, UTC]").astype("int64").to_numpy()
    return whole / DAY_MICROSECONDS


def time_axis(ax: Axes, zone: str) -> None:
    """Make the x axis one of time in this zone, and name the zone.

    Raises:
        ArgumentError: no such zone.
    """
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ArgumentError(f"{zone!r} is no time zone; write one like 'Europe/Berlin'.") from None
    locator = mdates.AutoDateLocator(tz=info, minticks=4, maxticks=10)  # type: ignore[no-untyped-call]
    _widen(ax)
    ax.xaxis.set_major_locator(locator)
    labels = mdates.ConciseDateFormatter(locator, tz=info)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(labels)
    ax.set_xlabel(f"time ({zone})")


def _widen(ax: Axes) -> None:
    """Give a single moment an hour around it: matplotlib would show years."""
    first, last = ax.dataLim.intervalx
    if 0 <= last - first < MOMENT_DAYS:
        middle = (first + last) / 2
        ax.set_xlim(middle - HALF_HOUR_DAYS, middle + HALF_HOUR_DAYS)


def bin_for(first: pd.Timestamp, last: pd.Timestamp, *, most: int = 200) -> str:
    """Return the smallest round bin that cuts the span into at most `most` pieces."""
    span = last - first
    return next((size for size in BINS if span / pd.Timedelta(size) <= most), BINS[-1])


def bin_words(size: str) -> str:
    """Return a bin in words: `15 minutes`, `hour`; other than BINS as pandas spells it."""
    number = size.rstrip("minhD")
    unit = BIN_WORDS.get(size[len(number) :])
    if unit is None or not number.isdigit():
        return size
    return f"{number} {unit}" if number != "1" else unit.removesuffix("s")


def duration(seconds: float) -> str:
    """Return a length of time in words: `15 minutes`, `40 seconds`."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}s"
    return f"{seconds:.0f} seconds" if seconds >= 1 else f"{seconds:.1f} seconds"


def plain_numbers(axis: Axis) -> None:
    """Write 1, 10, 100 on a logarithmic axis, not powers of ten."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())


def percent(part: float, whole: float) -> str:
    """Return a share in words: `65 %`, `under 1 %`, never `0 %` for something."""
    share = 100 * part / whole if whole else 0.0
    if 0 < share < 1:
        return "under 1 %"
    return f"{min(share, 99.0 if part < whole else 100.0):.0f} %"


def tries(count: int, logins: int) -> str:
    """Return refused tries in words: `all 9 refused logins`, `all 9 refused tries (7 logins)`."""
    kind = "login" if logins == count else "try"
    if count == 1:
        return f"the one refused {kind}"
    if logins == count:
        return f"all {count:,} refused logins"
    return f"all {count:,} refused tries ({counted(logins, 'login')})"
