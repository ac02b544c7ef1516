"""The exercises' answers, sealed: `check` compares, praises or hints, and gives nothing away."""

import hashlib
import json
import numbers
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final

from mailforensics.errors import ArgumentError
from mailforensics.show.tables import Prose, prose

LESSONS: Final = "lessons.json"
NO_ANSWERS: Final = (None, ...)


def check(question: str, answer: object) -> Prose:
    """Return a kind word about an answer: right with the reason, or not yet with a hint.

    The right answers are stored as fingerprints only, so that looking does not spoil the game.

    Args:
        question: the exercise's name, as its cell gives it.
        answer: a number, a word, an address or network, yes or no (True or False), or a list of
            those in any order; None or `...` asks for the hint.

    Raises:
        ArgumentError: no such question.
    """
    lessons = _lessons()
    if question not in lessons:
        raise ArgumentError(f"{question!r} is no question; there are {', '.join(lessons)}.")
    lesson = lessons[question]
    if any(answer is nothing for nothing in NO_ANSWERS):
        return prose(f"Not answered yet. A hint: {lesson['hint']}")
    if seal(question, answer) == lesson["seal"]:
        return prose(f"Right. {lesson['praise']}")
    return prose(f"Not yet; {_shown(answer)} is not it. A hint: {lesson['hint']}")


def seal(question: str, answer: object) -> str:
    """Return the fingerprint of an answer; how it is spelt does not matter."""
    text = f"mailforensics/{question}/{_plain(answer)}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]


def _plain(answer: object) -> str:
    if isinstance(answer, str):
        return " ".join(answer.casefold().split()).rstrip(":.")
    if type(answer).__name__ in {"bool", "bool_"}:
        return "yes" if answer else "no"
    if isinstance(answer, numbers.Real):
        return f"{float(answer):.10g}"
    if isinstance(answer, Iterable):
        return ",".join(sorted(map(_plain, answer)))
    return _plain(str(answer))


def _shown(answer: object) -> str:
    text = str(answer)
    return text if len(text) <= 60 else text[:59] + "…"


@cache
def _lessons() -> dict[str, dict[str, str]]:
    text = (files("mailforensics.show") / LESSONS).read_text("utf-8")
    return dict(json.loads(text))
