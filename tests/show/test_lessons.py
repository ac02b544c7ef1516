"""The exercises: right answers are praised, others hinted at, and the sealed ones are true."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError
from mailforensics.simulation.second_case import second_case

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
TRUTH = json.loads((SAMPLES / "truth.json").read_text("utf-8"))
QUESTIONS = json.loads((files("mailforensics.show") / "lessons.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def second() -> pd.DataFrame:
    """Return the second case's lines with their labels."""
    return second_case()


def one_word(lines: "pd.Series[str]", pattern: str) -> list[str]:
    """Return what a pattern finds in each line, without repeats, in order."""
    return list(dict.fromkeys(lines.str.extract(pattern)[0].dropna()))


def test_answers_about_the_week_are_its_truth() -> None:
    """The first case's sealed answers are those of truth.json."""
    answers: dict[str, Any] = {
        "week-lines": TRUTH["mail_lines"],
        "week-prompt": "Username:",
        "week-loudest": TRUTH["ban"]["network"],
        "week-after-ban": 0,
        "week-shared": False,
    }
    for question, answer in answers.items():
        assert repr(mf.check(question, answer)).startswith("Right."), question


def test_answers_about_the_second_case_follow_from_its_labels(second: pd.DataFrame) -> None:
    """The second case's sealed answers are counted from the lines that each story wrote."""
    of = {label: rows["line"] for label, rows in second.groupby("label")}
    stolen = of["stolen_password"]
    sent = stolen[stolen.str.contains("sasl_method=")]
    senders = sent.str.extract(r"client=unknown\[([0-9.]+)\]")[0]
    answers: dict[str, Any] = {
        "second-loudest": "198.18.66.0/24",
        "second-attackers": len(one_word(of["brute_force"], r"unknown\[([0-9.]+)\]")),
        "second-account": one_word(stolen, r"sasl_username=(\S+)")[0],
        "second-first-login": senders.iloc[0],
        "second-spam": int(senders.value_counts().max()),
        "second-phone": one_word(of["broken_phone"], r"user=<([^>]+)>")[0],
        "second-harvest": int(of["harvest"].str.contains("NOQUEUE").sum()),
        "second-ban": ["198.18.66.0/24"],
    }
    for question, answer in answers.items():
        assert repr(mf.check(question, answer)).startswith("Right."), question


def test_every_question_is_answered_here() -> None:
    """No sealed answer goes untested."""
    assert len(QUESTIONS) == 13


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_answer_and_a_wrong_one_get_the_hint(question: str) -> None:
    """Before an answer there is a hint; after a wrong one too, and no scolding."""
    assert "A hint:" in repr(mf.check(question, None))
    assert repr(mf.check(question, "the butler")).startswith("Not yet; the butler is not it.")


@pytest.mark.parametrize(
    "spelling",
    [8057, 8057.0, np.int64(8057), "8057"],
    ids=["whole", "with a point", "numpy", "text"],
)
def test_spelling_does_not_matter(spelling: object) -> None:
    """The same number is right however it was computed."""
    assert repr(mf.check("week-lines", spelling)).startswith("Right.")


def test_answers_are_not_in_the_package_in_clear() -> None:
    """Neither hints nor praise give a sealed answer of the second case away."""
    text = (files("mailforensics.show") / "lessons.json").read_text("utf-8")
    for secret in ("carla", "tom@", "198.18.190.210", "101", "198.18.66"):
        assert secret not in text


def test_an_unknown_question_is_named() -> None:
    """A question that does not exist is an error that lists those that do."""
    with pytest.raises(ArgumentError, match="'week-linse' is no question; there are week-lines"):
        mf.check("week-linse", 1)
