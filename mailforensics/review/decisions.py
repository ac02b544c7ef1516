"""What people decided about networks: an append-only journal that no crash can shorten."""

import os
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from mailforensics.addresses import Address, Network, parse_network
from mailforensics.errors import DecisionConflictError
from mailforensics.review import decisions_file
from mailforensics.review.decisions_digest import digest, digests
from mailforensics.review.decisions_lines import (
    Decision,
    Until,
    checked,
    from_line,
    parse_day,
    to_line,
)
from mailforensics.schema import DECISIONS, conform, empty, names

__all__ = ["Decision", "Decisions", "digest", "digests"]


@dataclass(slots=True)
class _Journal:
    """The journal as far as it has been read: its bytes and what they say."""

    raw: bytes = b""
    records: list[tuple[int, Decision]] = field(default_factory=list)  # line number, decision
    problems: list[str] = field(default_factory=list)


class Decisions:
    """The decisions about one case: one JSON object a line, only ever added to.

    A record counts as saved when `record` returns: it is on disk by then (fsync). Two processes
    may write at once. A line that a crash tore or that something damaged is reported (`problems`,
    and a warning) and skipped; it hides nothing before or after it. The later record on a network
    supersedes the earlier one, by the order in the journal; the history stays.

    Args:
        path: the journal, usually `decisions.jsonl` beside the case. It need not exist yet, its
            folder must when the first decision is recorded.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._journal = _Journal()
        self._lock = threading.RLock()  # a notebook answers its widgets in a thread of its own
        self._warned: set[str] = set()

    def __repr__(self) -> str:
        return f"Decisions({str(self.path)!r})"

    def record(  # noqa: PLR0913  one keyword a field of the journal
        self,
        network: str | Address | Network,
        verdict: str,
        *,
        reason: str,
        reviewer: str,
        until: Until = None,
        digest: str = "",
    ) -> Decision:
        """Record one decision, on disk before this returns, and return it as recorded.

        Args:
            network: an address or network; host bits are cleared.
            verdict: approve, reject, or undo (the network is undecided again).
            reason: the reviewer's words; may be empty.
            reviewer: who decides.
            until: last day of a ban: a date, `YYYY-MM-DD` or a number of days; None for good.
            digest: `digest(row)` of the candidate row that was shown.

        Raises:
            DecisionError: it cannot be recorded; nothing was, and the message says what to do.
        """
        return self.add([self.draft(network, verdict, (reason, reviewer, digest), until=until)])[0]

    @staticmethod
    def draft(
        network: str | Address | Network,
        verdict: str,
        words: tuple[str, str, str],
        *,
        until: Until = None,
    ) -> Decision:
        """Return a checked decision, dated now, that is not recorded yet (see `add`).

        Args:
            network: an address or network.
            verdict: approve, reject or undo.
            words: reason, reviewer, digest.
            until: last day of a ban; None for good.

        Raises:
            DecisionError: a field makes no sense.
        """
        reason, reviewer, shown = words
        now = datetime.now(UTC)
        return checked(
            Decision(str(network), verdict, reason, reviewer, time=now, digest=shown), until=until
        )

    def add(
        self, decisions: Sequence[Decision], *, seen: Mapping[str, int] | None = None
    ) -> list[Decision]:
        """Record several decisions in one go, all or none of them.

        Args:
            decisions: what `draft` gave.
            seen: for each network the `line` of the latest record that the reviewer saw, 0 for
                none. With it, nothing is recorded when somebody else decided in the meantime.

        Raises:
            DecisionConflictError: somebody else's newer decision stands; names it.
            DecisionError: nothing could be recorded; the message says what to do.
        """

        def check(raw: bytes) -> None:
            journal = self._absorb(raw)
            if seen is not None:
                _raise_conflicts(journal.records, seen)

        if decisions:
            lines = b"".join(to_line(decision) for decision in decisions)
            decisions_file.append(self.path, lines, check=check)
        return list(decisions)

    def undo(
        self, network: str | Address | Network, *, reviewer: str, reason: str = ""
    ) -> Decision:
        """Make a network undecided again; the records about it stay in the history.

        Raises:
            DecisionError: it cannot be recorded.
        """
        return self.record(network, "undo", reason=reason, reviewer=reviewer)

    @property
    def problems(self) -> list[str]:
        """Each line that was skipped, as `file:line: what is wrong`; empty when all is well."""
        return list(self._read().problems)

    def latest(self) -> dict[str, tuple[int, Decision]]:
        """Return the latest record of each network with its line number, undo included."""
        return {decision.network: (line, decision) for line, decision in self._read().records}

    def history(self) -> pd.DataFrame:
        """Return every record (columns: schema.DECISIONS, time in UTC), oldest line first."""
        return _frame([decision for _, decision in self._read().records])

    def table(self) -> pd.DataFrame:
        """Return what stands now: the latest record of each network, in journal order.

        Columns: schema.DECISIONS, time in UTC. A network whose latest record is an undo is
        undecided and not in the table.
        """
        latest = sorted(self.latest().values(), key=lambda entry: entry[0])
        return _frame([decision for _, decision in latest if decision.verdict != "undo"])

    def approved(self, on: date | str | None = None) -> pd.DataFrame:
        """Return the approvals that run on a day (default: today, UTC), in journal order.

        Columns: schema.DECISIONS. `until` is the last day of a ban, itself included.

        Raises:
            DecisionError: `on` is no date.
        """
        day = datetime.now(UTC).date() if on is None else parse_day(on)
        table = self.table()
        runs = table["until"].isna() | (table["until"] >= day.isoformat())
        return table.loc[(table["verdict"] == "approve") & runs].reset_index(drop=True)

    def verdict_on(self, network: str | Address | Network) -> str:
        """Return approve or reject as it stands for exactly this network, or empty text."""
        entry = self.latest().get(str(parse_network(network)))
        return "" if entry is None or entry[1].verdict == "undo" else entry[1].verdict

    def _read(self) -> _Journal:
        journal = self._absorb(decisions_file.read_bytes(self.path))
        for problem in journal.problems:
            if problem not in self._warned:
                self._warned.add(problem)
                warnings.warn(problem, stacklevel=4)
        return journal

    def _absorb(self, raw: bytes) -> _Journal:
        """Take in what the journal holds now; usually that is only what was added to it."""
        with self._lock:
            self._journal = self._read_on(raw)
            return self._journal

    def _read_on(self, raw: bytes) -> _Journal:
        known = self._journal
        whole = known.raw.endswith(b"\n") and raw.startswith(known.raw)
        if not whole:
            known = _Journal()
        first = known.raw.count(b"\n") + 1
        for number, line in enumerate(raw[len(known.raw) :].split(b"\n"), start=first):
            if not line.strip():
                continue
            try:
                known.records.append((number, from_line(line)))
            except ValueError as problem:
                known.problems.append(f"{self.path.name}:{number}: {problem}; skipped")
        known.raw = raw
        return known


def _raise_conflicts(records: list[tuple[int, Decision]], seen: Mapping[str, int]) -> None:
    now = {decision.network: (line, decision) for line, decision in records}
    for network, line in seen.items():
        found, decision = now.get(network, (0, None))
        if decision is not None and found != line:
            raise DecisionConflictError(
                f"NOT SAVED: {decision.reviewer} decided {decision.verdict} on {network} at "
                f"{decision.time:%Y-%m-%d %H:%M} UTC, after your page was drawn. Look at that "
                "decision, then decide again."
            )


def _frame(decisions: list[Decision]) -> pd.DataFrame:
    if not decisions:
        return empty(DECISIONS)
    return conform(
        pd.DataFrame([asdict(d) for d in decisions], columns=names(DECISIONS)), DECISIONS
    )
