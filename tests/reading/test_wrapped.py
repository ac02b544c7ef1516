"""Text pasted from a terminal, cut at its width, comes out as the lines that were."""

import hashlib
from pathlib import Path

import pytest

import mailforensics as mf

LINES = (
    "Sep  4 16:59:45 mail postfix/smtpd[12]: warning: unknown[212.70.149.83]: SASL LOGIN "
    "authentication failed: (reason unavailable), sasl_username=info@example.org",
    "Sep  4 16:59:46 mail postfix/smtpd[12]: disconnect from unknown[212.70.149.83] ehlo=1 "
    "auth=0/1 quit=1 commands=2/3",
    "Sep  4 16:59:47 mail postfix/smtpd[13]: connect from unknown[212.70.149.52]",
    "2026-09-04T16:59:48Z mail kernel: [UFW BLOCK] IN=eth0 OUT= MAC= SRC=212.70.149.83 "
    "DST=192.0.2.10 LEN=60 TOS=0x00 PREC=0x00 TTL=52 ID=1 DF PROTO=TCP SPT=40222 DPT=25",
)


def cut(width: int) -> str:
    """Return the lines as a terminal of that width shows them."""
    pieces = [line[at : at + width] for line in LINES for at in range(0, len(line), width)]
    return "\n".join(pieces) + "\n"


@pytest.mark.parametrize("width", range(72, 133))
def test_lines_cut_by_a_terminal_are_joined(width: int) -> None:
    """Whatever the width, the events are those of the whole lines; the audit says what was done."""
    text = cut(width)
    events = mf.read_mail_log(text, year=2026)
    assert (
        events["message"].tolist()
        == mf.read_mail_log("\n".join(LINES) + "\n", year=2026)["message"].tolist()
    )
    assert events["event"].tolist()[:3] == ["auth_failed", "disconnect", "connect"]
    (fact,) = events.attrs["evidence"]
    joined = text.count("\n") - len(LINES)
    assert fact["notes"] == [f"{joined} lines continue a wrapped entry and were joined to it"]
    assert fact["lines"] == text.count("\n")
    assert fact["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert fact["bytes"] == len(text)


def test_a_line_without_a_head_stays_alone_elsewhere() -> None:
    """A stray line that follows no line of full width is a row of its own."""
    text = f"{LINES[0]}\n{LINES[2]}\nstray\n"
    assert mf.read_mail_log(text, year=2026)["event"].tolist()[-1] == "unparsed"


def test_files_are_not_guessed_at(tmp_path: Path) -> None:
    """A file is read as it is: nothing was pasted."""
    path = tmp_path / "mail.log"
    path.write_text(cut(80))
    assert (mf.read_mail_log(path, year=2026)["event"] == "unparsed").any()
