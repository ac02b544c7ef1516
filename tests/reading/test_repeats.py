"""Folded lines, and lines that several files hold."""

from pathlib import Path

import mailforensics as mf

FAILED = (
    "Sep  4 16:59:47 mail postfix/smtpd[1]: warning: unknown[212.70.149.83]: SASL LOGIN "
    "authentication failed: UGFzc3dvcmQ6\n"
)
HEAD = "Sep  4 16:59:50 mail postfix/smtpd[1]: "


def test_wrapped_repeat_counts_its_text() -> None:
    """Rsyslog's folded line is an event of the folded kind, with its number of times."""
    folded = FAILED.split("]: ", 1)[1].strip()
    text = FAILED + f"{HEAD}message repeated 3 times: [ {folded}]\n"
    events = mf.read_mail_log(text, year=2026)
    assert events["event"].tolist() == ["auth_failed", "auth_failed"]
    assert events["repeat"].tolist() == [1, 3]
    assert events["source_ip"].tolist() == ["212.70.149.83"] * 2
    assert events["message"][1].startswith("message repeated 3 times")
    assert mf.audit(events)["repeats"].tolist() == [2]


def test_bare_repeat_takes_the_line_before_it_of_its_host() -> None:
    """`last message repeated` stands for the last line of the same host."""
    other = "Sep  4 16:59:48 mx2 postfix/smtpd[9]: connect from unknown[198.18.0.1]\n"
    again = "Sep  4 17:00:20 mail last message repeated 2 times\n"
    events = mf.read_mail_log(FAILED + other + again, year=2026)
    assert events["event"].tolist() == ["auth_failed", "connect", "auth_failed"]
    assert events["repeat"].tolist() == [1, 1, 2]
    assert events["source_ip"][2] == "212.70.149.83"
    assert events["line"].tolist() == [1, 2, 3]


def test_bare_repeat_without_a_line_before_it_is_other() -> None:
    """A repeat whose line was rotated away is kept and noted."""
    events = mf.read_mail_log("Sep  4 17:00:20 mail last message repeated 2 times\n", year=2026)
    assert events["event"].tolist() == ["other"]
    assert "repeat one that is not in the file" in mf.audit(events)["notes"][0]


def test_user_text_cannot_fold() -> None:
    """A user name that looks like a folded line stays a user name."""
    text = FAILED.replace(
        "UGFzc3dvcmQ6", "UGFzc3dvcmQ6, sasl_username=message repeated 9 times: [ x]"
    )
    events = mf.read_mail_log(text, year=2026)
    assert events["repeat"].tolist() == [1]


def test_same_line_in_two_files_counts_once(tmp_path: Path) -> None:
    """mail.log and syslog repeat one another; two equal lines in one file stay two."""
    (tmp_path / "mail.log").write_text(FAILED * 2 + HEAD + "connect from unknown[198.18.0.1]\n")
    (tmp_path / "syslog").write_text(FAILED * 3)
    events = mf.read_mail_log(tmp_path, year=2026)
    assert events["duplicate"].tolist() == [False, False, True, True, False, False]
    audit = mf.audit(events).set_index("file")
    assert audit["duplicates"].to_dict() == {"mail.log": 0, "syslog": 2}
    backwards = mf.read_mail_log([tmp_path / "syslog", tmp_path / "mail.log"], year=2026)
    assert backwards.equals(events)
