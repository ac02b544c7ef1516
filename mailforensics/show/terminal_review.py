"""The review without a browser: one candidate at a time, one key a decision, the same journal."""

import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import click
import pandas as pd

from mailforensics.analysis.wording import counted
from mailforensics.errors import ArgumentError, MailForensicsError
from mailforensics.review.decisions import Decisions
from mailforensics.review.guard import REASON_CHARACTERS, Guard
from mailforensics.show.review_evidence import Evidence
from mailforensics.show.review_session import Request, ReviewSession
from mailforensics.show.terminal_keys import QUIT, keys_of
from mailforensics.show.terminal_text import WIDTH, detail_text, row_text, standing_text

Page = dict[str, Any]
DEFAULT_UNTIL: Final = "90"  # days
DECIDING: Final = frozenset("aru")
PAUSE_SECONDS: Final = 0.12  # a key that is held down repeats every 25 to 50 ms
HELP: Final = """\
  a approve     r reject      u undo        w decide with a reason and a last day
  e evidence    h split into halves         s take single addresses
  j next        k previous    n next undecided          / filter
  b decide on all undecided rows of the filter          t how long new bans last
  p the script's commands     g read the journal again  ? this help   q quit"""


def review_in_terminal(
    candidates: pd.DataFrame,
    decisions: Decisions,
    *,
    reviewer: str,
    guard: Guard | None = None,
    evidence: Evidence | None = None,
) -> int:
    """Ask for a decision on each candidate and return how many are still undecided.

    A decision is on disk before the next row is shown. Ends with `q`, Ctrl-C or Ctrl-D.

    Args:
        candidates: what `mf.candidates` returned.
        decisions: the journal, the same as the notebook's.
        reviewer: your name as recorded.
        guard: what may not be approved, and what only with a reason.
        evidence: what `e` shows and what splits are made of; read when it is first asked for
            where it says `later`.

    Raises:
        ArgumentError: there is no terminal to ask in.
        DecisionError: the journal exists and cannot be read.
    """
    session = ReviewSession(
        candidates, decisions, guard=guard or Guard(), evidence=evidence or Evidence()
    )
    return TerminalReview(session, reviewer).run()


@dataclass
class TerminalReview:
    """One review in a terminal.

    Args:
        session: the review without a screen.
        reviewer: the name that is recorded.
    """

    session: ReviewSession
    reviewer: str
    until: str = DEFAULT_UNTIL
    place: int = 0
    words: str = ""
    all_rows: list[Page] = field(init=False, default_factory=list)
    rows: list[Page] = field(init=False, default_factory=list)
    standing: dict[str, Page] = field(init=False, default_factory=dict)
    typed: list[str] = field(init=False, default_factory=list)  # keys that wait
    seen_at: float = field(init=False, default=0.0)  # when the row, or a held key, was seen
    warned: bool = field(init=False, default=False)

    def run(self) -> int:
        """Show rows and take keys until the reviewer quits; return how many are undecided."""
        self.all_rows = self.session.rows()
        self.standing = self.session.standing()
        self._filter("")
        if not self._is_undecided():
            self._next_undecided()
        click.echo(f"{len(self.rows):,} networks. Keys:\n{HELP}")
        while self.rows:
            self._show()
            key = self._key()
            if key == QUIT:
                break
            self._act(key)
        left = sum(self._verdict(str(row["network"])) == "" for row in self.all_rows)
        click.echo(f"\n{left:,} undecided. Everything decided is in {self.session.decisions.path}")
        return left

    def _key(self) -> str:
        while True:
            fresh = not self.typed
            if fresh:
                self.typed = self._read_keys()
            key = self.typed.pop(0)
            if not (fresh and key in DECIDING and self._is_held_down()):
                return key
            self.typed = [key for key in self.typed if key not in DECIDING]

    def _is_held_down(self) -> bool:
        """Say whether a key came sooner than a person can have read the row; tell it once a row."""
        now = time.monotonic()
        soon = sys.stdin.isatty() and now - self.seen_at < PAUSE_SECONDS
        if soon:
            self.seen_at = now
            if not self.warned:
                click.echo("One press decides one row: let the key go first.")
            self.warned = True
        return soon

    def _read_keys(self) -> list[str]:
        try:
            return keys_of(click.getchar())
        except (KeyboardInterrupt, EOFError):
            return [QUIT]
        except OSError as problem:
            raise ArgumentError(
                "a review needs a terminal; without one, use: mailforensics decide NETWORK …"
            ) from problem

    def _act(self, key: str) -> None:
        act = self._acts().get(key)
        if act is None:
            click.echo("No such key; ? lists them.")
            return
        try:
            act()
        except click.Abort:
            click.echo("\nNothing changed.")
        except MailForensicsError as problem:
            click.echo(f"! {problem}")
            self._refresh()

    def _acts(self) -> dict[str, Callable[[], None]]:
        return {
            "a": lambda: self._quick("approve"),
            "r": lambda: self._quick("reject"),
            "u": lambda: self._decide("undo", [self._network()]),
            "w": self._with_words,
            "e": self._tell_evidence,
            "h": lambda: self._split("halves"),
            "s": lambda: self._split("addresses"),
            "j": lambda: self._move(1),
            "k": lambda: self._move(-1),
            "n": self._next_undecided,
            "/": lambda: self._filter(_ask("Filter", empty="all", or_else="")),
            "b": self._bulk,
            "t": self._set_until,
            "p": self._preview,
            "g": self._refresh,
            "?": lambda: click.echo(HELP),
        }

    def _show(self) -> None:
        left = sum(self._verdict(str(row["network"])) == "" for row in self.rows)
        head = f"\n[{self.place + 1:,} of {len(self.rows):,}, {left:,} undecided]  "
        row = self.rows[self.place]
        click.echo(head + row_text(row, self.standing.get(row["network"])))
        self.seen_at, self.warned = time.monotonic(), False

    def _tell_evidence(self) -> None:
        self._read_evidence()
        click.echo(f"\n{detail_text(self.session.detail(self._network()))}")

    def _read_evidence(self) -> None:
        """Read the evidence if that was put off; the rows then show when the attacks were."""
        if self.session.evidence.later is None:
            return
        self.session.evidence = self.session.evidence.later()
        self.all_rows = self.session.rows()
        fresh = {str(row["network"]): row for row in self.all_rows}
        self.rows = [fresh[str(row["network"])] for row in self.rows]

    def _network(self) -> str:
        return str(self.rows[self.place]["network"])

    def _verdict(self, network: str) -> str:
        entry = self.standing.get(network)
        undecided = entry is None or entry["verdict"] == "undo" or entry["over"]
        return "" if undecided or entry is None else str(entry["verdict"])

    def _is_undecided(self) -> bool:
        return bool(self.rows) and not self._verdict(self._network())

    def _move(self, steps: int) -> None:
        self.place = min(max(0, self.place + steps), len(self.rows) - 1)

    def _next_undecided(self) -> None:
        count = len(self.rows)
        for step in range(1, count + 1):
            place = (self.place + step) % count
            if not self._verdict(self.rows[place]["network"]):
                self.place = place
                return
        click.echo("Every row of this filter is decided.")

    def _filter(self, words: str) -> None:
        wanted = words.lower().split()
        fitting = [row for row in self.all_rows if all(w in _searched(row) for w in wanted)]
        if not fitting and self.all_rows:
            click.echo(f"No row has {words!r}; the filter stays as it was.")
            return
        self.rows, self.words, self.place = fitting, words, 0

    def _quick(self, verdict: str) -> None:
        row = self.rows[self.place]
        reason = ""
        if verdict == "approve" and row["dangers"] and not row["forbidden"]:
            click.echo(f"Approving it needs a reason: {'; '.join(row['dangers'])}")
            reason = _ask("Why is it right to ban it all the same")
            if len(reason) < REASON_CHARACTERS:
                raise click.Abort
        self._decide(verdict, [row["network"]], reason=reason, until=self.until)

    def _with_words(self) -> None:
        click.echo(f"Recorded now: {standing_text(self.standing.get(self._network()))}")
        verdict = _ask("approve or reject")
        reason = _ask("Reason")
        until = self.until
        if verdict == "approve":
            until = _ask(f"Last day: YYYY-MM-DD, days, or `for good`, not {until}", or_else=until)
        self._decide(verdict, [self._network()], reason=reason, until=until)

    def _decide(
        self, verdict: str, networks: list[str], *, reason: str = "", until: str = ""
    ) -> None:
        seen = {n: int(self.standing[n]["line"]) if n in self.standing else 0 for n in networks}
        last_day = until if verdict == "approve" else ""
        self.session.decide(
            Request(verdict, networks, reason, self.reviewer, until=last_day, seen=seen)
        )
        self._refresh()
        what = networks[0] if len(networks) == 1 else f"{len(networks):,} networks"
        words = standing_text(self.standing.get(networks[0]))
        record = f" ({words})" if len(networks) == 1 else ""
        click.echo(textwrap.fill(f"Saved: {verdict} {what}{record}", WIDTH))
        if self.typed:
            # They were meant for the row that is decided now, or typed by a stuck key.
            click.echo("Keys typed before this row was shown were not taken.")
            self.typed.clear()
        if verdict != "undo":
            self._next_undecided()

    def _bulk(self) -> None:
        verdict = _ask("approve or reject all undecided rows of this filter")
        rows = [row for row in self.rows if not self._verdict(row["network"])]
        if verdict == "approve":
            rows = [row for row in rows if not row["forbidden"] and not row["dangers"]]
        networks = [row["network"] for row in rows]
        if not networks or not click.confirm(f"{verdict} {counted(len(networks), 'network')} now?"):
            raise click.Abort
        self._decide(verdict, networks, reason=_ask("Reason"), until=self.until)

    def _set_until(self) -> None:
        self.until = _ask(f"New bans last: YYYY-MM-DD, days, or `for good`, not {self.until}")

    def _split(self, into: str) -> None:
        self._read_evidence()
        parts = self.session.split(self._network(), into=into)
        click.echo(f"New rows: {', '.join(parts) or 'none, they are here already'}")
        self.all_rows = self.session.rows()
        self._filter(self.words)

    def _preview(self) -> None:
        preview = self.session.preview()
        click.echo(f"\n{preview['title']}\n{preview['text']}")

    def _refresh(self) -> None:
        self.standing = self.session.standing()


def _ask(question: str, *, or_else: str | None = None, empty: str = "") -> str:
    """Return what is answered; an empty answer gives `or_else`, and without that cancels."""
    hint = empty or or_else or "cancel"
    answer = str(
        click.prompt(f"{question} (empty: {hint})", default="", show_default=False)
    ).strip()
    if not answer and or_else is None:
        raise click.Abort
    return answer or or_else or ""


def _searched(row: Page) -> str:
    names = ("network", "country", "reasons", "collateral", "already", "suggestion")
    return " ".join(str(row[name]) for name in names).lower()
