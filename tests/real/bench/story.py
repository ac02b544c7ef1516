"""The story of the bench up to the ban: deeds are done, logs are read, both are compared."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

import mailforensics as mf
from bench import deeds, logs, measures, truth
from bench.deeds import Deed
from bench.hostile import hostile_deeds
from bench.server import STYLES
from bench.stage import Stage

Result = dict[str, Any]
YEARLESS: Final = "traditional"


@dataclass(frozen=True)
class Played:
    """What was done, and the folder with the logs that tell of it."""

    deeds: Sequence[Deed]
    results: dict[str, list[Result]]
    folder: Path

    def mail(self, style: str) -> pd.DataFrame:
        """Return the mail events, as the package reads them."""
        return mf.read_mail_log(self.folder / style / "mail.log", year=self._year(style))

    def firewall(self, style: str) -> pd.DataFrame:
        """Return the firewall events, as the package reads them."""
        return mf.read_ufw_log(self.folder / style / "ufw.log", year=self._year(style))

    def lines(self, style: str) -> list[str]:
        """Return the bare lines of both logs, as text.

        A mail line that holds the words of the firewall stands in both logs: it counts once.
        """
        texts = [(self.folder / style / name).read_bytes() for name in logs.LOG_NAMES]
        mail, firewall = (text.decode("utf-8", "replace").split("\n") for text in texts)
        return mail + [line for line in firewall if " mail kernel: [" in line]

    def of(self, sources: Collection[str]) -> list[Result]:
        """Return all that was done from these addresses."""
        every = (result for results in self.results.values() for result in results)
        return [result for result in every if result["source"] in sources]

    @property
    def year(self) -> int:
        """The year in which it began, UTC."""
        start = min(result["start"] for results in self.results.values() for result in results)
        return pd.Timestamp(start, unit="s").year

    def _year(self, style: str) -> int | None:
        return self.year if style == YEARLESS else None


def play(stage: Stage, acts: Iterable[Sequence[Deed]], folder: Path) -> Played:
    """Let each act be done, one after the other, and return it with the logs, complete."""
    done: list[Deed] = []
    results: dict[str, list[Result]] = {}
    for act in acts:
        done += act
        results |= stage.perform(act)
    logs.settle(stage.server)
    return Played(tuple(done), results, logs.fetch(stage.server, folder))


def first_acts() -> list[Sequence[Deed]]:
    """Return the acts before the ban: the users' history, then everything at once."""
    attacks = (*deeds.attacks(), *deeds.probes(), *hostile_deeds())
    return [deeds.history(), (*deeds.ordinary(), *attacks)]


def differences(played: Played, style: str, *, only: Collection[str] | None = None) -> list[str]:
    """Return each count of each address in which the package and the truth differ, in words.

    Args:
        played: what was done, and the logs.
        style: which of the logs.
        only: the addresses to look at; None: all, and nobody else may be there.
    """
    expected = truth.totals(result for some in played.results.values() for result in some)
    events = played.mail(style)
    events = events if only is None else events[events["source_ip"].isin(only)]
    sources = mf.sources(events).set_index("source_ip")
    strangers = [f"{address}: nobody of that name was there" for address in sources.index
                 if address not in expected]  # fmt: skip
    return strangers + [
        f"{address}: {name} {counts[name]}, found {_value(sources, address, column)}"
        for address, counts in expected.items()
        for name, column in measures.COLUMNS.items()
        if counts[name] != _value(sources, address, column)
    ]


def rows(played: Played) -> pd.DataFrame:
    """Return a row for each deed: what was done, logged and found, for its addresses."""
    style = STYLES[-1]
    mail, firewall, lines = played.mail(style), played.firewall(style), played.lines(style)
    sources = mf.sources(mail)
    table = [
        {
            "deed": deed.name,
            "counted": deed.measure,
            "done": measures.done(deed.measure, played.of(deed.sources)),
            "logged": _of(logs.counted(deed.measure, lines), deed.sources),
            "found": measures.found(
                deed.measure,
                firewall if deed.measure == "packets" else mail,
                sources,
                deed.sources,
            ),
        }
        for deed in played.deeds
    ]
    return pd.DataFrame(table)


def _value(sources: pd.DataFrame, address: str, column: str) -> int:
    return int(sources[column].get(address, 0))


def _of(counts: Counter[str], addresses: Collection[str]) -> int:
    return sum(counts[address] for address in addresses)
