"""The table that `make bench` prints: each deed done, logged, found, banned, verified."""

import time
from collections.abc import Iterable
from typing import Final

import pandas as pd

BEGUN: Final = time.monotonic()
# Filled by the tests, printed at the end of the run.
LINES: Final[list[str]] = []
AS_POSTFIX: Final = "as Postfix counts"
_VERIFIED: Final = ("got nothing", "goes on", AS_POSTFIX)
_NUMBERS: Final = ("done", "logged", "found")


def tell(table: pd.DataFrame) -> None:
    """Keep a table to be printed at the end, and how long it took to get there."""
    LINES[:] = [*_drawn(table), f"{len(table)} deeds in {time.monotonic() - BEGUN:.0f} s"]


def short(table: pd.DataFrame) -> list[str]:
    """Return the deeds of a table that are not logged, found, banned and verified in full.

    The firewall logs a sample of what it drops: of packets, some must be found, all that is
    logged.
    """
    packets = table["counted"] == "packets"
    whole = (table["done"] == table["logged"]) | packets
    found = (table["found"] > 0) & (table["found"] == table["logged"])
    judged = table["verified"].isin(_VERIFIED)
    return table.loc[~(whole & found & judged), "deed"].tolist()


def _drawn(table: pd.DataFrame) -> Iterable[str]:
    texts = table.astype(str)
    widths = {name: max(len(name), texts[name].str.len().max()) for name in texts.columns}
    yield _line({name: name for name in texts.columns}, widths)
    yield "  ".join("-" * width for width in widths.values())
    for row in texts.to_dict("records"):
        yield _line({str(name): str(value) for name, value in row.items()}, widths)


def _line(row: dict[str, str], widths: dict[str, int]) -> str:
    cells = (
        row[name].rjust(width) if name in _NUMBERS else row[name].ljust(width)
        for name, width in widths.items()
    )
    return "  ".join(cells).rstrip()
