"""Signs of one clock behind many addresses: a common beat, or turns taken in one order.

What was seen is compared with the same tries after each address was moved in time by itself. That
breaks what ties the addresses to one another, and keeps each one's own rhythm: steady bots of the
same make also take turns, and that is no sign of a common hand. The moves come from a fixed seed,
so that the same log gives the same answer.

Sources:
    Palm (1943) and Khintchine (1960): unrelated sources together make a Poisson process.
    Davison, Hinkley, "Bootstrap Methods and their Application" (1997), section 4.3, for tests by
    random rearrangement.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mailforensics.analysis.campaigns_chance import Sign, binomial_at_least, normal_below

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
# How much of a sequence (times, addresses) keeps a pattern: (kept, looked at).
Pattern = Callable[[Floats, Codes], tuple[int, int]]

FEWEST: Final = 8
BAND: Final = (0.5, 1.5)
# Stamps are whole seconds: a gap may be a second shorter or longer than it seems.
RESOLUTION_SECONDS: Final = 1.0
MOVES: Final = 99
# What plain counting already explains needs no moving.
WORTH_MOVING: Final = 0.001
# An address of more tries keeps its hours: it is moved by up to three of its own gaps.
ROAMING_TRIES: Final = 3
LOCAL_GAPS: Final = 3.0
# The first tries of a stretch are proof enough, and each is moved a hundred times.
MOST_TRIES: Final = 5_000
NO_TIMING: Final = Sign("timing", 1.0, "")


@dataclass(frozen=True, slots=True)
class Clock:
    """What ties tries in order of time to one clock: a common beat, or turns.

    Attributes:
        times: when, in seconds.
        codes: whose try it is: the place of its address among all addresses, in order of text.
        beat: the sign of a common beat.
        turns: the sign of turns taken in one order.
    """

    times: Floats
    codes: Codes
    beat: Sign
    turns: Sign

    @property
    def sign(self) -> Sign:
        """The stronger of the two, corrected for having looked at both."""
        best = min(self.beat, self.turns, key=lambda sign: sign.p_value)
        return Sign(best.family, min(2 * best.p_value, 1.0), best.words)

    def members(self) -> Codes:
        """Return the codes of the addresses that keep the common clock, in order.

        With a common beat, those with a try in the beat on at least one side; with turns, those
        that are followed by the same address half of the time or more.
        """
        if self.turns.p_value < self.beat.p_value:
            now, same = _same_followers(self.codes)
            again, kept = np.bincount(now), np.bincount(now, weights=same)
            return np.flatnonzero((again > 0) & (2 * kept >= again))
        fits = in_beat(np.diff(self.times), usual_gap(self.times, self.codes))
        around = np.append(fits, False) | np.append(False, fits)
        return np.unique(self.codes[around])


def clock(times: Floats, codes: Codes, *, worth: float = WORTH_MOVING) -> Clock:
    """Return the signs of one clock among tries in order of time.

    Args:
        times: when, in seconds.
        codes: whose try it is, as a number.
        worth: the probability up to which a sign is looked at more closely; above it, a sign keeps
            the one of plain counting, which is never too large.
    """
    first = times[:MOST_TRIES]
    own = np.unique(codes[:MOST_TRIES], return_inverse=True)[1].astype(np.int64)
    return Clock(times, codes, _beat(first, own, worth), _order(first, own, worth))


def taking_turns(seconds: Sequence[float], sources: Sequence[str]) -> Sign:
    """Return the sign that two addresses take turns more strictly than their rhythms explain."""
    times, codes = _arrays(seconds, sources)
    changes, steps = _changes(times, codes)
    if steps < 2 * FEWEST:
        return NO_TIMING
    words = f"they take turns: {changes} changes in {steps} steps"
    busy = np.bincount(codes) / len(codes)
    p_value = binomial_at_least(changes, steps, 1 - float((busy**2).sum()))
    if p_value > WORTH_MOVING:
        return Sign("timing", p_value, words)
    return Sign("timing", max(p_value, _by_moving(_changes, times, codes)), words)


def _arrays(seconds: Sequence[float], sources: Sequence[str]) -> tuple[Floats, Codes]:
    times = np.asarray(seconds[:MOST_TRIES], dtype=np.float64)
    codes = np.unique(np.asarray(sources[:MOST_TRIES], dtype=object), return_inverse=True)[1]
    return times, codes.astype(np.int64)


def usual_gap(times: Floats, codes: Codes) -> float:
    """Return the median gap between tries in a row by two different addresses, in seconds."""
    return _middle(_sorted_gaps(times, codes))


def _sorted_gaps(times: Floats, codes: Codes) -> Floats:
    gaps: Floats = np.sort(np.diff(times)[np.diff(codes) != 0])
    return gaps


def _middle(ordered: Floats) -> float:
    """Return the median of sorted values, 0 for none."""
    half = len(ordered) // 2
    return float((ordered[~half] + ordered[half]) / 2) if len(ordered) else 0.0


def in_beat(gaps: Floats, usual: float) -> npt.NDArray[np.bool_]:
    """Say which gaps are within half of the usual one."""
    return (gaps >= BAND[0] * usual) & (gaps <= BAND[1] * usual)


def _beat(times: Floats, codes: Codes, worth: float) -> Sign:
    """Return the sign of a common scheduler: gaps that are too even."""
    kept, gaps = _even_gaps(times, codes)
    usual = usual_gap(times, codes)
    if gaps < FEWEST or usual <= 0:
        return NO_TIMING
    slack = RESOLUTION_SECONDS / usual
    # Of exponential gaps, this share lies within half of their median.
    chance = float(2 ** -max(BAND[0] - slack, 0.0) - 2 ** -(BAND[1] + slack))
    # The median itself is always in the band: it is no evidence.
    p_value = binomial_at_least(kept - 1, gaps - 1, chance)
    words = (
        f"{kept} of {gaps} gaps between tries of different addresses are within half of "
        f"{duration(usual)}; chance makes about {chance * gaps:.0f}"
    )
    if p_value > worth:
        return Sign("timing", p_value, words)
    return Sign("timing", max(p_value, _by_moving(_even_gaps, times, codes)), words)


def _even_gaps(times: Floats, codes: Codes) -> tuple[int, int]:
    gaps = _sorted_gaps(times, codes)
    usual = _middle(gaps)
    below = gaps.searchsorted(BAND[0] * usual, side="left")
    return int(gaps.searchsorted(BAND[1] * usual, side="right") - below), len(gaps)


def _order(times: Floats, codes: Codes, worth: float) -> Sign:
    """Return the sign of a round robin: the same address follows the same address again."""
    kept, again = _followers(times, codes)
    if again < FEWEST or len(np.unique(codes)) < 3:
        return NO_TIMING
    words = f"{kept} of {again} times the next address is the one that came next before"
    busy = np.bincount(codes) / len(codes)
    p_value = binomial_at_least(kept, again, float((busy**2).sum()))
    if p_value > worth:
        return Sign("timing", p_value, words)
    return Sign("timing", max(p_value, _by_moving(_followers, times, codes)), words)


def _followers(times: Floats, codes: Codes) -> tuple[int, int]:
    """Return how often an address is followed by the one that followed it last time."""
    del times
    _, same = _same_followers(codes)
    return int(same.sum()), len(same)


def _same_followers(codes: Codes) -> tuple[Codes, npt.NDArray[np.bool_]]:
    """Return each address that comes again, and whether the same one follows it as last time."""
    others = codes[np.append(True, np.diff(codes) != 0)]
    now, later = others[:-1], others[1:]
    order = np.argsort(now, kind="stable")
    again = np.flatnonzero(np.diff(now[order]) == 0)
    return now[order][again], np.diff(later[order])[again] == 0


def _changes(times: Floats, codes: Codes) -> tuple[int, int]:
    """Return the changes of address, and the steps, while all addresses are at work."""
    # Without sorting: of each address, the first and the last place in time.
    first, last = np.zeros(codes.max() + 1, np.int64), np.zeros(codes.max() + 1, np.int64)
    places = np.arange(len(codes))
    first[codes[::-1]], last[codes] = places[::-1], places
    begin, end = times[first].max(), times[last].min()
    inside = codes[(times >= begin) & (times <= end)]
    return int((np.diff(inside) != 0).sum()), max(len(inside) - 1, 0)


def _by_moving(pattern: Pattern, times: Floats, codes: Codes) -> float:
    """Return the probability of a pattern this strict when the addresses are not tied together."""
    chance = np.random.default_rng(0)
    mover = _Mover(times, codes)
    shares = []
    for _ in range(MOVES):
        kept, seen = pattern(*mover.moved(chance))
        shares.append(kept / max(seen, 1))
    kept, seen = pattern(times, codes)
    share, usual = kept / max(seen, 1), float(np.mean(shares))
    least = np.sqrt(max(usual * (1 - usual), 0.01) / max(seen, 1))
    spread = max(float(np.std(shares, ddof=1)), float(least))
    return normal_below((usual - share) / spread)


class _Mover:
    """Moves each address in time by itself: the quiet anywhere, the busy by a few of their gaps."""

    def __init__(self, times: Floats, codes: Codes) -> None:
        self._times, self._codes = times, codes
        self._begin, self._length = times.min(), max(float(np.ptp(times)), 1.0)
        tries = np.bincount(codes)
        self._roams = tries <= ROAMING_TRIES
        self._reach = np.zeros(len(tries))
        in_turn, ends = times[np.argsort(codes, kind="stable")], np.cumsum(tries)
        for code in np.flatnonzero(~self._roams):
            own = in_turn[ends[code] - tries[code] : ends[code]]
            self._reach[code] = LOCAL_GAPS * float(np.median(np.diff(own)))

    def moved(self, chance: np.random.Generator) -> tuple[Floats, Codes]:
        """Return the tries in order of their new times."""
        far = chance.random(len(self._roams)) * self._length
        near = (2 * chance.random(len(self._roams)) - 1) * self._reach
        roaming = self._times - self._begin + far[self._codes]
        # Who would come after the end comes at the beginning.
        roaming = roaming - self._length * (roaming >= self._length) + self._begin
        times = np.where(self._roams[self._codes], roaming, self._times + near[self._codes])
        return in_order(times, self._codes)


def in_order(times: Floats, codes: Codes) -> tuple[Floats, Codes]:
    """Return tries in order of time; of one instant, those that stood first come first."""
    order = np.argsort(times)
    times_then, codes_then = times[order], codes[order]
    if ((np.diff(times_then) == 0) & (np.diff(codes_then) != 0)).any():
        # To keep order takes several times longer, and is rarely needed: fractions seldom meet.
        order = np.argsort(times, kind="stable")
        return times[order], codes[order]
    return times_then, codes_then


def duration(seconds: float) -> str:
    """Return a time span in words: `45 min`."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
