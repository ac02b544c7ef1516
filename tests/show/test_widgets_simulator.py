"""The simulator: every position of its sliders gives an answer."""

import pytest

import mailforensics as mf
from mailforensics.simulation.attacks import ATTACKS


def test_the_answer_follows_the_sliders() -> None:
    """A slow campaign is seen by one detector only, and five tries by none."""
    widget = mf.simulator()
    assert "1 of 6 detectors sees it" in widget.answer.value
    widget.sources.value = 5
    widget.tries.value = 5
    assert "No detector sees it" in widget.answer.value


@pytest.mark.parametrize("kind", ATTACKS)
def test_every_attack_can_be_chosen(kind: str) -> None:
    """Each kind gives a sentence and a table at the ends of the sliders."""
    widget = mf.simulator()
    widget.kind.value = kind
    widget.sources.value = 1
    widget.tries.value = 1
    assert "detector" in widget.answer.value


def test_a_notebook_that_was_not_run_shows_the_table() -> None:
    """The stored form is constant text and a still copy of the answer."""
    bundle = mf.simulator()._repr_mimebundle_()
    assert bundle["text/plain"] == "Simulator()"
    assert "<table>" in bundle["text/html"]
