"""A client that runs in a host of the bench and does what it is told (`client.py`)."""

import json
import queue
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

from hosts import Host

from bench.server import FOLDER
from bench.talks import Talk

PATIENCE_SECONDS: Final = 180


class Actor:
    """Hands orders to a client and keeps its answers until they are asked for."""

    def __init__(self, host: Host) -> None:
        """Start the client; it ends with its host."""
        self.name = host.name
        self._client = host.talk([sys.executable, "-W", "ignore", str(FOLDER / "client.py")])
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._waiting: dict[int, str] = {}
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def order(self, deed: str, chain: Sequence[Talk], *, seconds: float) -> None:
        """Let talks be made, one after the other, for a deed of this name."""
        self._number += 1
        self._waiting[self._number] = deed
        line = json.dumps({"id": self._number, "chain": chain, "seconds": seconds})
        self._client.stdin.write(line + "\n")
        self._client.stdin.flush()

    def answer(self, *, before: float) -> tuple[str, list[dict[str, Any]]]:
        """Return the name of a deed and the results of one of its chains, as they end.

        Raises:
            AssertionError: none ended before that moment of `time.monotonic`; names what is open.
        """
        try:
            answer = self._answers.get(timeout=max(0.0, before - time.monotonic()))
        except queue.Empty:
            open_deeds = sorted(set(self._waiting.values()))
            raise AssertionError(f"{self.name}: these deeds do not end: {open_deeds}") from None
        return self._waiting.pop(answer["id"]), answer["talks"]

    def _listen(self) -> None:
        for line in self._client.stdout:
            self._answers.put(json.loads(line))
