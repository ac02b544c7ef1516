"""A review without a screen: what the page and the terminal ask, and what they are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.analysis.wording import counted
from mailforensics.errors import ArgumentError
from mailforensics.export.banscript import ban_script
from mailforensics.review.decisions import Decision, Decisions, digest
from mailforensics.review.guard import Guard
from mailforensics.schema import CANDIDATES, conform
from mailforensics.show.review_evidence import Evidence
from mailforensics.show.review_rows import page_columns, rows_of
from mailforensics.show.visible import visible

Row = Mapping[str, object]
Page = dict[str, object]
AS_SHOWN_CHARACTERS: Final = 200
COMMANDS_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Request:
    """One press of a button: the same verdict on one or many networks.

    Attributes:
        verdict: approve, reject or undo.
        seen: for each network, the journal line of the latest record that the page showed (0 for
            none); None to decide whatever others did.
        reason: the reviewer's words.
        reviewer: who decides.
        until: last day or number of days; empty for good.
    """

    verdict: str
    networks: Sequence[str]
    reason: str
    reviewer: str
    until: str = ""
    seen: Mapping[str, int] | None = None


@dataclass
class ReviewSession:
    """Candidates, the journal, and the guard between them.

    Args:
        candidates: the table to review (schema.CANDIDATES).
        decisions: the journal.
        guard: what may not be approved, and what only with a reason.
        evidence: what is known about single addresses; None shows the candidate row alone.
    """

    candidates: pd.DataFrame
    decisions: Decisions
    guard: Guard = field(default_factory=Guard)
    evidence: Evidence = field(default_factory=Evidence)

    def __post_init__(self) -> None:
        """Check the table and index it by network, as the journal writes networks."""
        self._places: dict[str, int] = {}  # network → its row in `candidates`
        self._rows: dict[str, Row] = {}
        self._digests: dict[str, str] = {}
        self._told: dict[str, tuple[Decision | None, int, str, Page]] = {}
        self.candidates = self._indexed(self.candidates)

    def _indexed(self, candidates: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that are new, their networks as the journal writes them."""
        table = conform(candidates, CANDIDATES)
        networks = [parse_network(text) for text in table["network"]]
        table = table.assign(
            network=pd.Series(map(str, networks), dtype="str", index=table.index),
            country=[self.evidence.country(network) for network in networks],
        )
        fresh = ~table["network"].isin(list(self._places)) & ~table["network"].duplicated()
        table = table.loc[fresh].reset_index(drop=True)
        self._places |= {n: place for place, n in enumerate(table["network"], len(self._places))}
        return table

    def rows(self) -> list[Page]:
        """Return what the table shows of every candidate; see `page_columns`."""
        return rows_of(self.columns())

    def columns(self) -> dict[str, list[object]]:
        """Return the same column by column."""
        return page_columns(self.candidates, guard=self.guard, events=self.evidence.events)

    def detail(self, network: str) -> Page:
        """Return what the evidence pane shows of a candidate; see `Evidence.detail`.

        Raises:
            ArgumentError: it is no candidate.
        """
        text = str(self.row(network)["network"])
        return self.evidence.detail(text) | {"history": self.history(text)}

    def split(self, network: str, *, into: str) -> list[str]:
        """Add candidates for the halves or the single addresses of a network; return the new ones.

        Raises:
            ArgumentError: it is no candidate, or nothing is known of its addresses.
        """
        text = str(self.row(network)["network"])
        parts = self._indexed(self.evidence.split(text, into=into, guard=self.guard))
        self.candidates = pd.concat([self.candidates, parts], ignore_index=True)
        self._told.clear()  # a record about a part can now be held against its row
        return list(parts["network"])

    def preview(self) -> Page:
        """Return the script that the decisions so far give: `title` and `text`.

        Raises:
            UnsafeBanError: the journal holds an approval that must never become a ban.
        """
        script = ban_script(
            self.candidates,
            self.decisions,
            firewall=self.evidence.firewall,
            protect=self.guard.protect,
            allow_documentation=self.guard.allow_documentation,
        )
        commands = script.rules["command"].tolist()
        shown = [visible(command) for command in commands[:COMMANDS_SHOWN]]
        more = len(commands) - len(shown)
        notes = [f"note: {visible(note)}" for note in script.notes[:COMMANDS_SHOWN]]
        banned = counted(len(commands), "network")
        return {
            "title": f"The script would ban {banned}; it is dry until --apply",
            "text": "\n".join([*notes, *shown, *([f"… and {more:,} more"] if more > 0 else [])]),
        }

    def row(self, network: str) -> Row:
        """Return the candidate row of a network.

        Raises:
            ArgumentError: it is no candidate.
        """
        text = str(parse_network(network))
        if text not in self._places:
            raise ArgumentError(f"{network} is not among the candidates of this review.")
        self._look_up([text])
        return self._rows[text]

    def _look_up(self, networks: Iterable[str]) -> None:
        """Keep some networks' rows as dicts: a large table is shown before it is taken apart."""
        wanted = [n for n in networks if n in self._places and n not in self._rows]
        if wanted:
            table = self.candidates.iloc[[self._places[network] for network in wanted]]
            rows = rows_of({str(name): column.tolist() for name, column in table.items()})
            self._rows |= dict(zip(wanted, rows, strict=True))

    def decide(self, request: Request) -> list[Decision]:
        """Record the verdict on every network of the request, all or none, after the guard.

        Raises:
            UnsafeBanError: one of them is protected.
            DecisionError: one needs a reason, or nothing could be recorded.
        """
        drafts = []
        self._look_up(request.networks)
        for network in request.networks:
            row = self.row(network)
            draft = self.decisions.draft(
                network,
                request.verdict,
                (request.reason, request.reviewer, self._digest(network)),
                until=request.until or None,
            )
            self.guard.check(draft, row)
            drafts.append(_with_reason(draft, row))
        return self.decisions.add(drafts, seen=request.seen)

    def standing(self) -> dict[str, Page]:
        """Return what stands about each network: the latest record, as the page shows it."""
        latest = self.decisions.latest()
        self._look_up(network for network, (_, decision) in latest.items() if decision.digest)
        today = datetime.now(UTC).date().isoformat()
        return {
            network: self._entry(line, decision, today)
            for network, (line, decision) in latest.items()
        }

    def history(self, network: str) -> list[Page]:
        """Return every record about a network, oldest first, as the page shows it."""
        history = self.decisions.history().drop(columns="digest")
        own = history.loc[history["network"] == network]
        return [
            {str(name): visible(value, limit=2000) for name, value in record.items()}
            for record in own.to_dict("records")
        ]

    def _entry(self, line: int, decision: Decision, today: str) -> Page:
        """Return how the page shows a record; only new ones are worded, however many stand."""
        told, line_told, day_told, entry = self._told.get(decision.network, (None, 0, "", {}))
        if told is decision and (line_told, day_told) == (line, today):
            return entry
        entry = self._worded(line, decision, today)
        self._told[decision.network] = (decision, line, today, entry)
        return entry

    def _worded(self, line: int, decision: Decision, today: str) -> Page:
        until = decision.until or ""
        known = decision.network in self._places
        return {
            "line": line,
            "verdict": decision.verdict,
            "reason": visible(decision.reason),
            "reviewer": visible(decision.reviewer, limit=60),
            "time": decision.time.strftime("%Y-%m-%d %H:%M UTC"),
            "until": until,
            "over": bool(until) and until < today,
            "stale": known and decision.digest not in {"", self._digest(decision.network)},
        }

    def _digest(self, network: str) -> str:
        if network not in self._digests:
            self._digests[network] = digest(self.row(network))
        return self._digests[network]


def _with_reason(draft: Decision, row: Row) -> Decision:
    """Say on what an approval without words rests: the reasons that were on the screen."""
    if draft.reason or draft.verdict != "approve":
        return draft
    shown = visible(row["reasons"], limit=10 * AS_SHOWN_CHARACTERS)
    if len(shown) > AS_SHOWN_CHARACTERS:
        shown = f"{shown[: AS_SHOWN_CHARACTERS - 1].rstrip()}…"
    return replace(draft, reason=f"as shown: {shown}")
