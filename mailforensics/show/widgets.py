"""The review table in a notebook: an anywidget around a review session."""

import getpass
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Final

import pandas as pd

from mailforensics.addresses import Address, Network
from mailforensics.analysis.countries import home_countries
from mailforensics.errors import MissingExtraError, extra_hint
from mailforensics.reading.firewall import Firewall
from mailforensics.reading.stores.store import Store
from mailforensics.review.candidates import homes
from mailforensics.review.decisions import Decisions
from mailforensics.review.guard import Guard
from mailforensics.show.review_evidence import Evidence, Plan
from mailforensics.show.review_protocol import Conversation
from mailforensics.show.review_rows import rows_of
from mailforensics.show.review_session import ReviewSession
from mailforensics.show.review_static import ROWS_SHOWN, static_html

try:
    import anywidget
    import traitlets
    from IPython.display import display
except ImportError as missing:
    raise MissingExtraError(
        f"the review table needs the notebooks extra: {extra_hint('notebooks')}. "
        "Without it, `mailforensics review case/` does the same in a terminal."
    ) from missing

# One module in parts, so that each can be read: they are joined in this order, no build step.
SCRIPTS: Final = ("dom", "store", "view", "row", "pane", "tools", "table")
WIDGET_VIEW: Final = "application/vnd.jupyter.widget-view+json"
_FOLDER: Final = files("mailforensics.show") / "review_table"


class ReviewTable(anywidget.AnyWidget):
    """The review table; use `mf.review` to make one.

    Attributes:
        session: the review without a screen, which a test can drive.
        table: what the page shows of the candidates, column by column, as JSON.
        about: the reviewer's name and the journal's path.
    """

    _esm = "\n".join((_FOLDER / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    _css = (_FOLDER / "review.css").read_text("utf-8")
    table = traitlets.Unicode().tag(sync=True)
    about = traitlets.Dict().tag(sync=True)

    def __init__(self, session: ReviewSession, *, reviewer: str) -> None:
        self.session = session
        self._conversation = Conversation(session, show_rows=self._show_rows)
        about = {"reviewer": reviewer, "journal": str(session.decisions.path)}
        super().__init__(table=self._as_json(), about=about)
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        """Return a constant, so that a stored notebook does not change with every run."""
        return "ReviewTable()"

    @property
    def candidates(self) -> pd.DataFrame:
        """The candidates under review, those that were split off included."""
        return self.session.candidates

    def _as_json(self) -> str:
        """Return the columns of the table as one text: that travels faster than many values."""
        self._columns = self.session.columns()
        return json.dumps(self._columns, separators=(",", ":"), allow_nan=False)

    @property
    def rows(self) -> list[dict[str, object]]:
        """What the page shows of each candidate."""
        return rows_of(self._columns)

    def _show_rows(self) -> None:
        self.table = self._as_json()

    def _answer(self, _: object, message: Mapping[str, object], __: object) -> None:
        if message.get("kind") == "nudge":  # it has done its work on the way here
            return
        with self._conversation.lock:  # answers leave in the order in which they were found
            self.send(self._conversation.answer(message))

    def _ipython_display_(self) -> None:
        """Show the still copy and the live table, of which the style sheet hides one."""
        still = self._still()
        display({"text/html": still, "text/plain": repr(self)}, raw=True)  # type: ignore[no-untyped-call]
        display(self._live(), raw=True)  # type: ignore[no-untyped-call]

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:  # type: ignore[override]
        """Return the live view with the still copy for whoever cannot show it."""
        return {**self._live(), "text/html": self._still()}

    def _still(self) -> str:
        first = {name: values[:ROWS_SHOWN] for name, values in self._columns.items()}
        return static_html(self.session, rows_of(first), total=len(self._columns["network"]))

    def _live(self) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 1, "model_id": self.model_id}
        return {"text/plain": repr(self), WIDGET_VIEW: view}


def review(  # noqa: PLR0913  the table, the journal, and what the evidence pane may show
    candidates: pd.DataFrame,
    decisions: Decisions,
    *,
    reviewer: str | None = None,
    sources: pd.DataFrame | None = None,
    events: pd.DataFrame | Store | None = None,
    cover: Plan | None = None,
    firewall: Firewall | None = None,
    protect: Iterable[str | Address | Network] = (),
    allow_documentation: bool = False,
) -> ReviewTable:
    """Return the review table: decide on each candidate by mouse or key, on disk at once.

    Args:
        candidates: what `mf.candidates` returned.
        decisions: the journal; a decision counts when the row says so, it is on disk by then.
        reviewer: your name as recorded; by default the login name. The page can change it.
        sources: what `mf.sources` returned; shows the addresses inside, their map, and lets a
            network be split.
        events: what `mf.read_mail_log` returned, or a store; shows sample log lines and when it
            happened.
        cover: what `mf.cover` returned; says why a network has its size.
        firewall: what `mf.read_firewall` returned; for the parts of a split network.
        protect: networks that can never be approved, beside the built-in list.
        allow_documentation: let documentation networks be approved (lessons, tests).

    Raises:
        ArgumentError: an entry of `protect` is no network.
        DecisionError: the journal exists and cannot be read.
        MissingColumnError: the table is not one of candidates.
    """
    evidence = Evidence(sources=sources, events=events, firewall=firewall, cover=cover)
    at_home = frozenset() if sources is None else home_countries(sources)
    guard = Guard(
        protect=[protect] if isinstance(protect, str) else list(protect),
        allow_documentation=allow_documentation,
        home_countries=homes(candidates) | at_home,
    )
    session = ReviewSession(candidates, decisions, guard=guard, evidence=evidence)
    return ReviewTable(session, reviewer=reviewer or login_name())


def login_name() -> str:
    """Return the login name, or `reviewer` where the system has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "reviewer"
