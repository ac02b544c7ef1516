"""The dry run is the script's own."""

import shutil
from pathlib import Path

import pytest

import mailforensics as mf
from mailforensics.export.dry_run import NO_BASH, dry_run

LINES = "\n".join(
    f"Sep  4 17:{minute:02}:01 mail postfix/smtpd[9]: warning: unknown[212.70.149.83]: "
    "SASL LOGIN authentication failed: UGFzc3dvcmQ6"
    for minute in range(30)
)


def script(folder: Path, *, approve: bool = True) -> mf.BanScript:
    """Return the script of a small case."""
    sources = mf.sources(mf.read_mail_log(LINES + "\n", year=2026))
    decisions = mf.Decisions(folder / "decisions.jsonl")
    if approve:
        decisions.record("212.70.149.0/24", "approve", reason="thirty tries", reviewer="ada")
    return mf.ban_script(mf.candidates(sources, mf.networks(sources)), decisions, case="small")


def test_it_shows_command_reason_and_reviewer(tmp_path: Path) -> None:
    """Each ban stands there with its command, who approved it, and why."""
    said = dry_run(script(tmp_path))
    assert "ufw prepend deny from 212.70.149.0/24" in said
    assert "approved by ada" in said
    assert "thirty tries" in said
    assert "nothing is changed" in said


def test_a_script_without_bans_says_so(tmp_path: Path) -> None:
    """Nothing approved is nothing to do, not an error."""
    assert "0 networks to ban" in dry_run(script(tmp_path, approve=False))


def test_without_bash_it_says_where_to_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a computer without bash the notebook runs on."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("bash") is None
    assert dry_run(script(tmp_path)) == NO_BASH
