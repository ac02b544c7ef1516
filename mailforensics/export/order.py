"""What the writer of a form gets: the bans, the case, the day; and words that all forms share."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from mailforensics.addresses import Network, is_inside
from mailforensics.export.approvals import Ban
from mailforensics.export.text import case_word, clean


@dataclass(frozen=True, slots=True)
class Order:
    """What to write: bans sorted by address, notes for the reader, the case and the day (UTC)."""

    bans: tuple[Ban, ...]
    notes: tuple[str, ...]
    case: str
    day: date

    @property
    def word(self) -> str:
        """The case as a word of at most 20 letters, digits and dashes."""
        return case_word(self.case)

    def header(self, *lines: str) -> str:
        """Return the comment at the top of a text form: what it is, how to use it, what to know."""
        who = sorted({clean(ban.decision["reviewer"], length=40) for ban in self.bans})
        notes = [f"To know: {clean(note, length=160)}" for note in self.notes]
        whole = [
            f"Bans of case {clean(self.case, length=60)}, written by mailforensics: "
            f"{len(self.bans)} networks, approved by {', '.join(who) or 'nobody'}.",
            *lines,
            *notes,
        ]
        return "".join(f"# {line}\n" for line in whole)

    def seconds(self, ban: Ban) -> int | None:
        """Return how long a ban runs from the beginning of the day of export; None for good."""
        if ban.until is None:
            return None
        left = date.fromisoformat(ban.until) - self.day + timedelta(days=1)
        return max(1, int(left.total_seconds()))


@dataclass(frozen=True)
class Group:
    """The bans of one family, action and port list, without overlaps; `number` counts from 0."""

    number: int
    version: int
    action: str
    ports: tuple[int, ...]
    parts: tuple[tuple[Network, Ban], ...]


def groups(bans: Iterable[Ban]) -> list[Group]:
    """Return the bans in groups; a ban that holds another of its group is cut around it.

    Where a /24 is banned until May and a /32 inside for good, both must stand, and sets of
    intervals do not take networks that overlap.
    """
    found: dict[tuple[int, str, tuple[int, ...]], list[Ban]] = {}
    for ban in bans:
        found.setdefault((ban.network.version, ban.action, ban.ports), []).append(ban)
    return [
        Group(number, *key, parts=tuple(_disjoint(members)))
        for number, (key, members) in enumerate(found.items())
    ]


def _disjoint(bans: list[Ban]) -> list[tuple[Network, Ban]]:
    taken: list[Network] = []
    parts: list[tuple[Network, Ban]] = []
    for ban in sorted(bans, key=lambda b: -b.network.prefixlen):
        inside = [network for network in taken if is_inside(network, ban.network)]
        parts += [(part, ban) for part in _without(ban.network, inside)]
        taken.append(ban.network)
    return sorted(parts, key=lambda part: (int(part[0].network_address), part[0].prefixlen))


def _without(network: Network, holes: list[Network]) -> list[Network]:
    rest = [network]
    for hole in holes:
        cut: list[Network] = []
        for part in rest:
            if is_inside(hole, part):
                cut += part.address_exclude(hole)  # type: ignore[arg-type]
            elif not is_inside(part, hole):
                cut.append(part)
        rest = cut
    return rest
