"""Text made safe to look at holds nothing that can move, hide or reverse what is shown."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailforensics.show.visible import all_visible, visible


@settings(deadline=None)
@given(st.text(max_size=400))
def test_nothing_invisible_is_left(text: str) -> None:
    """No control, format, separator or broken character survives."""
    bad = {"Cc", "Cs", "Zl", "Zp"}
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in bad]
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ü 日本語", "plain ü 日本語"),
        ("a\u202eb", r"a\u202eb"),
        ("a\nb\x1b[31m", r"a\x0ab\x1b[31m"),
        ("a\tb", "a b"),
        (None, ""),
        (np.nan, ""),
        (5, "5"),
        ("x" * 400, "x" * 300 + "… (100 more characters)"),
    ],
    ids=ascii,
)
def test_text_is_spelled_out(text: object, shown: str) -> None:
    """Readable text stays, the rest is spelled, missing is empty, long is cut and says so."""
    assert visible(text) == shown


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["plain", "words"],
        ["plain", None, float("nan")],
        ["plain", "x\u202ey"],
        ["long " * 99, "plain"],
        ["sql(bob): unknown, password 'hunter2'", "plain"],
        ["plain", "given password: hunter2"],
    ],
)
def test_a_column_is_what_its_texts_are(texts: list[object]) -> None:
    """Looked at as one or one by one, every text becomes the same."""
    assert all_visible(texts) == [visible(text) for text in texts]
