"""How likely chance alone makes a pattern: small exact tests, without a statistics library.

Each function returns the probability of what was seen or something more extreme (a p-value), under
the assumption that the attackers know nothing of one another.

Sources:
    Kendall, "A New Measure of Rank Correlation" (1938): order.
    Wilson, Hilferty, "The Distribution of Chi-Square" (1931).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

SMALLEST: Final = 1e-300
EXACT_ORDER: Final = 60
# Above this, the normal curve is as good, and sums as long as the log would take too long.
EXACT_MEAN: Final = 10_000
NEGLIGIBLE: Final = 1e-17
# So many deviations above its mean a count is never found, to the last digit of a float.
FAR_ABOVE: Final = 40
# So few ranks are compared all with all, faster than they are cut.
FEW_RANKS: Final = 32


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign: its family, its probability under chance, and what it says in plain words."""

    family: str
    p_value: float
    words: str


def _log_choose(total: int, taken: int) -> float:
    if taken < 0 or taken > total:
        return -math.inf
    return math.lgamma(total + 1) - math.lgamma(taken + 1) - math.lgamma(total - taken + 1)


def _tail(logs: Sequence[float]) -> float:
    """Return the sum of probabilities given as logarithms, within (SMALLEST, 1)."""
    most = max(logs, default=-math.inf)
    if most == -math.inf:
        return SMALLEST
    total = most + math.log(math.fsum(math.exp(log - most) for log in logs))
    return min(max(math.exp(max(total, -690.0)), SMALLEST), 1.0)


def binomial_at_least(hits: int, trials: int, chance: float) -> float:
    """Return the probability of at least `hits` in `trials` when each has that chance."""
    if hits <= 0:
        return 1.0
    if chance <= 0:
        return SMALLEST
    if chance >= 1:
        return 1.0
    odds = chance / (1 - chance)
    if hits <= trials * chance:
        below = (k / (trials - k + 1) / odds for k in range(hits - 1, 0, -1))
        return max(1 - math.exp(_log_binomial(hits - 1, trials, odds) + _log_series(below)), 0.0)
    above = ((trials - k) / (k + 1) * odds for k in range(hits, trials))
    log = _log_binomial(hits, trials, odds) + _log_series(above)
    return min(max(math.exp(max(log, -690.0)), SMALLEST), 1.0)


def _log_binomial(hits: int, trials: int, odds: float) -> float:
    return _log_choose(trials, hits) + hits * math.log(odds) - trials * math.log1p(odds)


def _log_series(ratios: Iterable[float]) -> float:
    """Return the logarithm of 1 + r1 + r1·r2 + …, as far as the terms matter; they fall."""
    total = term = 1.0
    for ratio in ratios:
        term *= ratio
        total += term
        if term < NEGLIGIBLE * total:
            break
    return math.log(total)


def poisson_at_most(seen: int, mean: float) -> float:
    """Return the probability of at most `seen` when `mean` are expected."""
    if mean <= 0 or seen >= mean + FAR_ABOVE * math.sqrt(mean) + FAR_ABOVE:
        return 1.0
    if mean > EXACT_MEAN:
        return normal_below((seen + 0.5 - mean) / math.sqrt(mean))
    return _tail([k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(seen + 1)])


def normal_below(deviation: float) -> float:
    """Return the probability of a standard normal value at most `deviation`."""
    return max(0.5 * math.erfc(-deviation / math.sqrt(2)), SMALLEST)


def too_even(counts: Sequence[int]) -> float:
    """Return the probability that counts of equally likely things come out this even, or more.

    The lower tail of Pearson's chi-square. Equal likelihood is the evenest that independent
    choices can be, so unequal popularity only makes the true probability smaller.
    """
    kinds = len(counts)
    if kinds < 2:
        return 1.0
    mean = sum(counts) / kinds
    square = sum((count - mean) ** 2 for count in counts) / mean
    freedom = kinds - 1
    spread = 2 / (9 * freedom)
    return normal_below(((square / freedom) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))


def same_order(ranks: Sequence[int]) -> float:
    """Return the probability that distinct ranks in random order are at least this well sorted."""
    size = len(ranks)
    if size < 2:
        return 1.0
    swaps = _inversions(list(ranks))
    if size <= EXACT_ORDER:
        return max(float(_inversion_shares(size)[: swaps + 1].sum()), SMALLEST)
    mean = size * (size - 1) / 4
    spread = math.sqrt(size * (size - 1) * (2 * size + 5) / 72)
    return normal_below((swaps + 0.5 - mean) / spread)


def _inversions(ranks: list[int]) -> int:
    """Return the pairs in wrong order, counted while merging."""
    if len(ranks) <= FEW_RANKS:
        return int(np.triu(np.greater.outer(ranks, ranks), 1).sum())
    middle = len(ranks) // 2
    left, right = ranks[:middle], ranks[middle:]
    count = _inversions(left) + _inversions(right)
    in_order = np.searchsorted(np.sort(left), right, side="right").sum()
    return count + len(left) * len(right) - int(in_order)


def _inversion_shares(size: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the share of all orders of `size` things that have 0, 1, 2, … inversions."""
    shares = np.ones(1)
    for number in range(2, size + 1):
        shares = np.convolve(shares, np.full(number, 1 / number))
    return shares
