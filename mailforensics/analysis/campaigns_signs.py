"""Signs of one list of names, or of one make, behind the tries of many addresses.

One list: it is walked through in order, shared out evenly, taken by the alphabet, without the
repeats that elsewhere are usual; or its names are hardly tried by anybody else.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from mailforensics.analysis.campaigns_chance import (
    SMALLEST,
    Sign,
    binomial_at_least,
    poisson_at_most,
    same_order,
    too_even,
)

FEWEST: Final = 8
FEWEST_ADDRESSES: Final = 5
# Where the rest of the log says nothing, one account gets half of the unrelated tries.
PRIOR_TRIES: Final = 5
PRIOR_HITS: Final = 2.5
FEWEST_ELSEWHERE: Final = 20
# Unrelated bots are often of one make: at most this share of them has the commonest manner.
COMMON_MANNER: Final = 0.6


NO_NAMES: Final = Sign("names", 1.0, "")
NO_FINGERPRINT: Final = Sign("fingerprint", 1.0, "")


def names(named: Sequence[tuple[str, str]], elsewhere: Counter[str]) -> Sign:
    """Return the strongest sign of a common list of names among tries in order of time.

    Args:
        named: address and name of each try that has a name.
        elsewhere: by how many other addresses of the log each name is tried.
    """
    # A list that one address walks through by itself joins it to nobody: only tries that follow
    # one of another address count.
    befores = [("", ""), *named[:-1]]
    tried = [name for (before, _), (now, name) in zip(befores, named, strict=True) if before != now]
    found = [
        _in_order(tried),
        _evenly(tried),
        _by_alphabet(tried),
        _without_repeats(tried, elsewhere),
        _one_account(named, elsewhere),
        _own_names(named, elsewhere),
    ]
    return _strongest(found, NO_NAMES)


def fingerprint(manners: Sequence[str]) -> Sign:
    """Return the sign of one make among addresses that were not chosen by their manner."""
    if len(manners) < FEWEST or any("?" in manner for manner in manners):
        return NO_FINGERPRINT
    manner, users = min(Counter(manners).items(), key=lambda item: (-item[1], item[0]))
    p_value = binomial_at_least(users, len(manners), COMMON_MANNER)
    words = f"{users} of {len(manners)} addresses log in in the same manner ({manner})"
    return Sign("fingerprint", p_value, words)


def _strongest(found: list[Sign], nothing: Sign) -> Sign:
    """Return the sign with the smallest p-value, corrected for having looked at all of them."""
    best = min(found, key=lambda sign: sign.p_value, default=nothing)
    return Sign(best.family, min(best.p_value * len(found), 1.0), best.words)


def _in_order(tried: Sequence[str]) -> Sign:
    """Return the sign of one list: the same name follows the same name again."""
    follower: dict[str, str] = {}
    kept = again = 0
    for name, later in pairwise(tried):
        if name in follower:
            again += 1
            kept += follower[name] == later
        follower[name] = later
    if again < FEWEST or len(follower) < 3:
        return NO_NAMES
    chance = sum((count / len(tried)) ** 2 for count in Counter(tried).values())
    words = f"the names come in the order of one list: {kept} of {again} times as before"
    return Sign("names", binomial_at_least(kept, again, chance), words)


def _evenly(tried: Sequence[str]) -> Sign:
    """Return the sign of one list shared out: each name is used about equally often."""
    counts = Counter(tried)
    if len(counts) < FEWEST or len(tried) < 1.5 * len(counts):
        return NO_NAMES
    words = (
        f"{len(counts)} names are shared out evenly over {len(tried)} tries, "
        f"{min(counts.values())} to {max(counts.values())} each"
    )
    return Sign("names", too_even(list(counts.values())), words)


def _by_alphabet(tried: Sequence[str]) -> Sign:
    """Return the sign of a sorted list: first uses of the names follow the alphabet."""
    first_uses = list(dict.fromkeys(tried))
    if len(first_uses) < FEWEST:
        return NO_NAMES
    rank = {name: place for place, name in enumerate(sorted(first_uses))}
    p_value = same_order([rank[name] for name in first_uses])
    return Sign("names", p_value, f"{len(first_uses)} names come in the order of the alphabet")


def _without_repeats(tried: Sequence[str], elsewhere: Counter[str]) -> Sign:
    """Return the sign of a list split among the addresses: fewer repeats than others make."""
    others = sum(elsewhere.values())
    if others < FEWEST_ELSEWHERE or len(tried) < FEWEST:
        return NO_NAMES
    meet = sum(n * (n - 1) for n in elsewhere.values()) / (others * (others - 1))
    expected = meet * len(tried) * (len(tried) - 1) / 2
    repeats = sum(n * (n - 1) // 2 for n in Counter(tried).values())
    words = (
        f"{len(tried)} tries repeat a name {repeats} times, where other attackers would about "
        f"{expected:.0f} times"
    )
    return Sign("names", poisson_at_most(repeats, expected), words)


def _one_account(named: Sequence[tuple[str, str]], elsewhere: Counter[str]) -> Sign:
    """Return the sign of a common target: one account that the rest of the log hardly tries."""
    accounts: dict[str, set[str]] = {}
    for source, name in named:
        accounts.setdefault(source, set()).add(name)
    single = [next(iter(own)) for own in accounts.values() if len(own) == 1]
    if len(single) < FEWEST_ADDRESSES:
        return NO_NAMES
    name, hits = min(Counter(single).items(), key=lambda item: (-item[1], item[0]))
    chance = (elsewhere[name] + PRIOR_HITS) / (sum(elsewhere.values()) + PRIOR_TRIES)
    p_value = binomial_at_least(hits, len(single), chance) * len(set(single))
    words = f"{hits} of {len(single)} addresses try one account and no other"
    return Sign("names", min(p_value, 1.0), words)


def _own_names(named: Sequence[tuple[str, str]], elsewhere: Counter[str]) -> Sign:
    """Return the sign of a list of their own: few names, which others hardly try."""
    others = sum(elsewhere.values())
    pairs = set(named)
    listed = {name for _, name in pairs}
    if others < FEWEST_ELSEWHERE or len(pairs) < FEWEST:
        return NO_NAMES
    chance = min((sum(elsewhere[name] for name in listed) + 1) / (others + PRIOR_TRIES), 1.0)
    # The list was picked after the fact, name by name, from all the names of the log.
    picked = len(listed) * math.log(len(listed | set(elsewhere)))
    p_value = math.exp(min(len(pairs) * math.log(chance) + picked, 0.0))
    words = f"{len(pairs)} tries share {len(listed)} names, which others hardly try"
    return Sign("names", max(p_value, SMALLEST), words)
