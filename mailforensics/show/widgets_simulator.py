"""The simulator for lessons: sliders that make an attack, and the detectors that see it."""

import html
from typing import Any, Final

import pandas as pd

from mailforensics.analysis.detectors import detectors
from mailforensics.errors import MissingExtraError, extra_hint
from mailforensics.reading.mail import read_mail_log
from mailforensics.show.tables import readable
from mailforensics.simulation.attacks import ATTACKS, simulate_attack

try:
    import ipywidgets
except ImportError as missing:
    raise MissingExtraError(
        f"the simulator needs the notebooks extra: {extra_hint('notebooks')}. "
        "Without it, mf.simulate_attack and mf.detectors do the same."
    ) from missing

MOST_SOURCES: Final = 200
MOST_TRIES: Final = 1000
WORKING: Final = "<p>Making the day, and asking the detectors …</p>"


def attacked_day(kind: str, *, sources: int, tries: int) -> pd.DataFrame:
    """Return the mail events of a quiet day with one attack mixed in.

    Raises:
        ArgumentError: no such kind, or a number out of range.
    """
    parts = [simulate_attack("quiet")]
    if kind != "quiet":
        parts.append(simulate_attack(kind, sources=sources, tries=tries))
    lines = pd.concat(parts).sort_values("time", kind="stable")["line"]
    return read_mail_log("\n".join(lines) + "\n")


class Simulator(ipywidgets.VBox):  # type: ignore[misc]
    """Choose an attack, move the sliders, and read which detectors see it."""

    def __init__(self) -> None:
        self.kind = ipywidgets.Dropdown(
            options=list(ATTACKS), value="slow_distributed", description="attack"
        )
        slow = {"continuous_update": False, "layout": ipywidgets.Layout(width="36em")}
        self.sources = ipywidgets.IntSlider(
            value=96, min=1, max=MOST_SOURCES, description="addresses", **slow
        )
        self.tries = ipywidgets.IntSlider(
            value=96, min=1, max=MOST_TRIES, description="tries", **slow
        )
        self.answer = ipywidgets.HTML()
        controls = [self.kind, self.sources, self.tries]
        super().__init__([*controls, self.answer])
        for control in controls:
            control.observe(self._show, "value")
        self._show()

    def __repr__(self) -> str:
        """Return a constant, so that a stored notebook does not change with every run."""
        return "Simulator()"

    def _show(self, _: object = None) -> None:
        kind, sources, tries = self.kind.value, self.sources.value, self.tries.value
        self.answer.value = WORKING
        self.answer.value = in_html(kind, sources=sources, tries=tries)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:  # noqa: ANN401 (as ipywidgets)
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return {**bundle, "text/html": self.answer.value, "text/plain": repr(self)}


def in_html(kind: str, *, sources: int, tries: int) -> str:
    """Return the detectors' answer to one attacked day as a page part: a sentence and a table."""
    seen = detectors(attacked_day(kind, sources=sources, tries=tries))
    alarms = int(seen["sees"].sum())
    sees = "sees" if alarms == 1 else "see"
    words = f"{alarms} of {len(seen)} detectors {sees} it" if alarms else "No detector sees it"
    table = readable(seen.assign(sees=seen["sees"].map({True: "yes", False: "no"})))._repr_html_()
    return f"<p><strong>{html.escape(words)}.</strong></p>{table}"


def simulator() -> Simulator:
    """Return the simulator: an attack hidden in a quiet day, and what each detector makes of it."""
    return Simulator()
