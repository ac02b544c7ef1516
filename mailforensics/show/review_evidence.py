"""What is known inside one candidate: its addresses, their map, log lines, and why this size."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
import pandas as pd

from mailforensics.addresses import Network, network_of, parse_network
from mailforensics.analysis.attacking import is_attacking
from mailforensics.analysis.countries import country_of_network
from mailforensics.errors import ArgumentError
from mailforensics.reading.firewall import Firewall
from mailforensics.reading.stores.store import Store
from mailforensics.review.candidates import candidates
from mailforensics.review.guard import Guard
from mailforensics.show.address_book import AddressBook
from mailforensics.show.sample_lines import sampler
from mailforensics.show.visible import visible

Page = dict[str, object]
ADDRESSES_SHOWN: Final = 64
LINES_SHOWN: Final = 12
MAP_CELLS: Final = 256
SHORTEST: Final = {4: 16, 6: 32}
_ADDRESS_NUMBERS: Final = ("sessions", "auth_failed", "auth_ok", "usernames", "accepted")


class Plan(Protocol):
    """What the evidence asks of a cover: why its plan chose a network."""

    def why(self, network: str) -> str:
        """Return the reasons, one a line."""


@dataclass(frozen=True)
class Evidence:
    """The tables behind the candidates, as far as the caller has them.

    Args:
        sources: schema.SOURCES; gives the addresses, the map, the sizes, countries and splits.
        events: schema.MAIL_EVENTS, or a store; gives the log lines and the sparklines.
        firewall: says which rules cover the parts of a network that is split.
        cover: says why its plan chose a network; else the sizes are compared.
        later: returns all of it, for who wants to read the logs only when they are asked for.
    """

    sources: pd.DataFrame | None = None
    events: pd.DataFrame | Store | None = None
    firewall: Firewall | None = None
    cover: Plan | None = None
    later: "Callable[[], Evidence] | None" = None

    @cached_property
    def _source_book(self) -> AddressBook | None:
        return None if self.sources is None else AddressBook(self.sources["source_ip"])

    @cached_property
    def _sample(self) -> Callable[[Network], pd.DataFrame] | None:
        return None if self.events is None else sampler(self.events, most=LINES_SHOWN)

    def detail(self, network_text: str) -> Page:
        """Return what the evidence pane shows of one network, ready for JSON.

        Keys: `addresses` (the most attacking first, at most 64), `hidden` (how many more), `map`
        (256 cells of the surrounding /24, or of the network where it is larger; empty for IPv6),
        `lines` (sample log lines with file and line), `sizes` (one bit shorter, this, one bit
        longer), `why` (what the sizes say).
        """
        network = parse_network(network_text)
        inside = self.inside(network)
        sizes = self._sizes(network)
        return {
            "addresses": [_address(row) for row in _records(inside.head(ADDRESSES_SHOWN))],
            "hidden": max(0, len(inside) - ADDRESSES_SHOWN),
            "map": self._map(network),
            "lines": self._lines(network),
            "sizes": sizes,
            "why": self._why(network_text, sizes),
            "splits": {
                "halves": network.prefixlen < network.max_prefixlen and bool(sizes),
                "addresses": network.num_addresses > 1 and bool(sizes),
            },
        }

    def _why(self, network: str, sizes: list[Page]) -> list[str]:
        return self.cover.why(network).splitlines() if self.cover else _why_this_size(sizes)

    def country(self, network: Network) -> str:
        """Return the ISO code of the country that most sources of a network are in, or "".

        Without a table of sources it is the country of the network's first address.
        """
        if self._source_book is None or self._countries is None:
            return country_of_network(network)
        inside = [self._countries[place] for place in self._source_book.rows(network)]
        known = Counter(country for country in inside if isinstance(country, str))
        return known.most_common(1)[0][0] if known else ""

    @cached_property
    def _countries(self) -> list[object] | None:
        table = self.sources
        return None if table is None or "country" not in table else table["country"].tolist()

    def split(self, network_text: str, *, into: str, guard: Guard) -> pd.DataFrame:
        """Return candidate rows for the parts of a network that attacked.

        Args:
            network_text: the network to take apart.
            into: `halves`, or `addresses` (each attacking address alone).
            guard: what must not be approved; such parts are suggested for rejection.

        Raises:
            ArgumentError: the review was opened without `sources`, or no part attacked.
        """
        network = parse_network(network_text)
        inside = self.inside(network)
        attacking = inside.loc[inside["attack_weight"] > 0, "source_ip"]
        if self.sources is None or attacking.empty:
            raise ArgumentError(f"{network} cannot be split: no attacking address is known in it.")
        step = 1 if into == "halves" else network.max_prefixlen - network.prefixlen
        bits = min(network.prefixlen + step, network.max_prefixlen)
        parts = network_of(attacking, v4=min(bits, 32), v6=bits).drop_duplicates()
        rows = candidates(
            self.sources,
            parts.to_frame("network"),
            firewall=self.firewall,
            protect=guard.protect,
            allow_documentation=guard.allow_documentation,
        )
        total = float(self.sources["attack_weight"].sum()) or 1.0
        return rows.assign(share=rows["attack_weight"] / total)

    def inside(self, network: Network) -> pd.DataFrame:
        """Return the sources in a network: the most attacking first, then the most used."""
        if self.sources is None or self._source_book is None:
            return pd.DataFrame({"source_ip": [], "attack_weight": [], "legit_weight": []})
        return self.sources.iloc[self._source_book.rows(network)].sort_values(
            ["attack_weight", "legit_weight", "source_ip"],
            ascending=[False, False, True],
            kind="stable",
            ignore_index=True,
        )

    def _map(self, network: Network) -> Page:
        if self.sources is None or network.version == 6:
            return {}
        prefix = min(network.prefixlen, 24)
        block = parse_network(f"{network.network_address}/{prefix}")
        each = block.num_addresses // MAP_CELLS
        inside = self.inside(block)
        first = int(block.network_address)
        numbers = np.array([int(parse_network(ip).network_address) for ip in inside["source_ip"]])
        cells = (numbers.astype(np.int64) - first) // each
        begin = (int(network.network_address) - first) // each
        end = begin + max(1, network.num_addresses // each)
        return {
            "block": str(block),
            "each": each,
            "begin": begin,
            "end": end,
            "attack": _cell_sums(cells, inside["attack_weight"]),
            "legit": _cell_sums(cells, inside["legit_weight"]),
        }

    def _lines(self, network: Network) -> list[Page]:
        if self._sample is None:
            return []
        return [_line(row) for row in _records(self._sample(network))]

    def _sizes(self, network: Network) -> list[Page]:
        if self.sources is None:
            return []
        sizes = [self._size(network) | {"role": "this"}]
        if network.prefixlen > SHORTEST[network.version]:
            sizes.insert(0, self._size(network.supernet()) | {"role": "wider"})
        if network.prefixlen < network.max_prefixlen:
            sizes += [self._size(half) | {"role": "half"} for half in network.subnets()]
        return sizes

    def _size(self, network: Network) -> Page:
        inside = self.inside(network)
        return {
            "network": str(network),
            "size": network.prefixlen,
            "attackers": int(is_attacking(inside).sum()),
            "legit": int((inside["legit_weight"] > 0).sum()),
            "attack_weight": round(float(inside["attack_weight"].sum()), 1),
        }


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _cell_sums(cells: "np.ndarray[tuple[int], np.dtype[np.int64]]", weights: object) -> list[float]:
    sums = np.bincount(cells, weights=np.asarray(weights, dtype=float), minlength=MAP_CELLS)
    return [round(value, 1) for value in sums.tolist()]


def _address(row: Mapping[str, object]) -> Page:
    return {
        "ip": str(row["source_ip"]),
        "host": visible(row.get("source_host"), limit=80),
        "country": visible(row.get("country"), limit=3),
        "note": visible(row.get("note"), limit=200),
        "attack_weight": round(float(str(row["attack_weight"])), 1),
        "legit_weight": round(float(str(row["legit_weight"])), 1),
        "accounts": visible(row.get("accounts"), limit=120),
        **{name: int(str(row.get(name, 0))) for name in _ADDRESS_NUMBERS},
    }


def _line(row: Mapping[str, object]) -> Page:
    time = row["time"]
    stamp = time.strftime("%Y-%m-%d %H:%M:%S") if isinstance(time, pd.Timestamp) else ""
    return {
        "where": f"{visible(row['file'], limit=120)}:{row['line']}",
        "time": stamp if time is not pd.NaT else "",
        "program": visible(row.get("program"), limit=60),
        "message": visible(row["message"], limit=400),
        "event": str(row["event"]),
    }


def _why_this_size(sizes: list[Page]) -> list[str]:
    """Say in plain words what one bit more or less would change."""
    of_role = {role: [s for s in sizes if s["role"] == role] for role in ("wider", "this", "half")}
    said = [_about_wider(of_role["this"][0], wider) for wider in of_role["wider"]]
    if of_role["half"]:
        said.append(_about_halves(of_role["this"][0], of_role["half"]))
    return said


def _about_wider(this: Page, wider: Page) -> str:
    more, legit = (_grow(wider, this, name) for name in ("attackers", "legit"))
    return (
        f"A /{wider['size']} would double the ban and reach {_count(more, 'more attacker')} "
        f"and {_count(legit, 'more legitimate source')}."
    )


def _about_halves(this: Page, halves: list[Page]) -> str:
    busy = [half for half in halves if half["attackers"]]
    if not busy:
        return "No address in it attacked the mail server: the firewall turned them all away."
    if len(busy) == 1:
        return (
            f"All {_count(int(str(this['attackers'])), 'attacker')} "
            f"are in {busy[0]['network']}: half the size would do."
        )
    counts = " and ".join(_count(int(str(half["attackers"])), "attacker") for half in halves)
    return f"Its halves hold {counts}: neither half would do alone."


def _grow(wider: Page, this: Page, name: str) -> int:
    return int(str(wider[name])) - int(str(this[name]))


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
