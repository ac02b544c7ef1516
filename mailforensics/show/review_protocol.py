"""What the review page asks and what Python answers, as plain messages; needs no browser."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from mailforensics.errors import DecisionConflictError, MailForensicsError
from mailforensics.show.review_session import Page, Request, ReviewSession

Message = Mapping[str, object]
ANSWERS_KEPT: Final = 500  # a page that got no answer asks again; it is recorded only once


class Conversation:
    """Answers a page's messages; every answer carries what changed in the journal since the last.

    Args:
        session: the review.
        show_rows: is called when candidates were added, so that the page gets the new table.

    Attributes:
        lock: who holds it while an answer is found and sent sends answers in their order.
    """

    def __init__(self, session: ReviewSession, *, show_rows: Callable[[], None]) -> None:
        self.session = session
        self._show_rows = show_rows
        self.lock = threading.RLock()  # JupyterLab may hand over messages in a second thread
        self._told: dict[str, Page] = {}
        self._answers: OrderedDict[tuple[str, str], Page] = OrderedDict()

    def answer(self, message: Message) -> Page:
        """Return the answer to one message; nothing that it does can raise a toolkit error.

        Messages: `hello`, `refresh`, `decide`, `open`, `split`, `preview`, each with `client`, the
        page's own name. A `decide` with a `number` that was answered before gets the same answer.
        """
        with self.lock:
            return self._answer(message)

    def _answer(self, message: Message) -> Page:
        kind, client = str(message.get("kind")), str(message.get("client"))
        asked = (client, str(message.get("number")))
        if kind == "decide" and asked in self._answers:
            return self._answers[asked] | self._changes()
        try:
            reply = self._reply(kind, message) | self._changes(whole=kind == "hello")
        except MailForensicsError as problem:
            reply = self._failure(kind, problem)
        reply |= {"client": client, "number": message.get("number")}
        if kind == "decide" and reply["kind"] == "saved":
            self._keep(asked, reply)
        return reply

    def _reply(self, kind: str, message: Message) -> Page:
        network = str(message.get("network", ""))
        if kind == "decide":
            self.session.decide(_request(message))
            return {"kind": "saved"}
        if kind == "open":
            return {"kind": "detail", "network": network} | self.session.detail(network)
        if kind == "split":
            self.session.split(network, into=str(message.get("into")))
            self._show_rows()
            return {"kind": "split", "network": network}
        if kind == "preview":
            return {"kind": "preview"} | self.session.preview()
        return {"kind": "standing", "problems": self.session.decisions.problems}

    def _failure(self, kind: str, problem: MailForensicsError) -> Page:
        refused: Page = {
            "kind": "refused" if kind == "decide" else "failed",
            "problem": str(problem),
            "conflict": isinstance(problem, DecisionConflictError),
        }
        try:
            return refused | self._changes()
        except MailForensicsError:  # the journal cannot even be read now
            return refused

    def _changes(self, *, whole: bool = False) -> Page:
        """Return the records that are new since the last answer; None where one is gone."""
        standing = self.session.standing()
        before = {} if whole else self._told
        changed: dict[str, Page | None] = {
            network: entry
            for network, entry in standing.items()
            if before.get(network) is not entry and before.get(network) != entry
        }
        changed |= dict.fromkeys(before.keys() - standing.keys())
        self._told = standing
        return {"entries": changed, "whole": whole}

    def _keep(self, asked: tuple[str, str], reply: Page) -> None:
        self._answers[asked] = {key: reply[key] for key in ("kind", "client", "number")}
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)


def _request(message: Message) -> Request:
    networks, seen = message.get("networks"), message.get("seen")
    return Request(
        verdict=str(message.get("verdict")),
        networks=[str(network) for network in networks] if isinstance(networks, list) else [],
        reason=str(message.get("reason", "")),
        reviewer=str(message.get("reviewer", "")),
        until=str(message.get("until", "")),
        seen=seen if isinstance(seen, dict) else None,
    )
