"""The command line: the whole way in a temporary folder, and what bad input gets."""

import gzip
import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from mailforensics.cli import main
from mailforensics.cli.memory import TIMES_THE_LOG, warn_of_memory
from mailforensics.cli.reporting import told_if_stopped
from mailforensics.export.forms import FILE_NAMES
from mailforensics.review.case import open_case
from mailforensics.review.findings import load_candidates, save_candidates

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
WEEK = SAMPLES / "week"


def run(*words: str | Path) -> Result:
    """Run the command line; an exception that escapes it fails the test."""
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case folder with the report of the sample week."""
    folder = tmp_path_factory.mktemp("week") / "case"
    logs = sorted(WEEK.glob("mail.log*"))
    firewall = WEEK / "ufw-status-before.txt"
    options = ("--ufw-log", WEEK / "ufw.log", "--firewall", firewall, "--year", "2026")
    result = run("report", *logs, *options, "--out", folder)
    assert result.exit_code == 0, result.output
    return folder


def test_report_answers_the_three_questions(case: Path) -> None:
    """The page says who attacked, that somebody got in, and whom to ban; it needs no other file."""
    page = (case / "report.html").read_text("utf-8")
    for words in ("Who attacks?", "Did anyone get in?", "Whom to ban?", "212.70.149.0/24", "vera"):
        assert words in page
    assert "data:image/png;base64," in page
    assert "http://" not in page
    assert "https://" not in page


def test_report_is_reproducible(case: Path, tmp_path: Path) -> None:
    """The same evidence gives the same page, to the byte."""
    first = (case / "report.html").read_bytes()
    made = open_case(case)
    again = run("report", *made.logs, "--ufw-log", made.ufw_logs[0], "--firewall", made.firewall,
                "--year", "2026", "--out", tmp_path / "case")  # fmt: skip
    assert again.exit_code == 0
    second = (tmp_path / "case" / "report.html").read_bytes()
    assert second.replace(str(tmp_path / "case").encode(), str(case).encode()) == first


def test_from_decision_to_script(case: Path) -> None:
    """Only what was approved is in the script, with reason and reviewer."""
    words = ("--case", case, "--reviewer", "ada")
    approved = run("decide", "212.70.149.0/24", "approve", "--reason", "681 tries", *words)
    rejected = run("decide", "198.51.100.0/24", "reject", "--reason", "Tom's phone", *words)
    assert approved.exit_code == rejected.exit_code == 0
    result = run("script", case)
    assert result.exit_code == 0, result.output
    script = (case / "ban.sh").read_text("utf-8")
    assert "212.70.149.0/24" in script
    assert "681 tries" in script
    assert "ada" in script
    assert "198.51.100.0/24" not in script


def test_review_asks_and_saves(case: Path) -> None:
    """`a` approves the candidate shown, `q` ends; the next step is named."""
    before = open_case(case).decisions.history()
    result = CliRunner().invoke(main, ["review", str(case), "--reviewer", "ada"], input="aq")
    assert result.exit_code == 0, result.output
    assert "mailforensics script" in result.output
    history = open_case(case).decisions.history()
    assert len(history) == len(before) + 1
    assert history.iloc[-1][["verdict", "reviewer"]].tolist() == ["approve", "ada"]


def test_review_shows_the_lines_behind_a_candidate(case: Path) -> None:
    """`e` shows addresses and log lines with their place, before anything is decided."""
    result = CliRunner().invoke(main, ["review", str(case), "--reviewer", "ada"], input="eq")
    assert result.exit_code == 0, result.output
    assert re.search(r"mail\.log(\.\d)?(\.gz)?:\d+", result.output)
    assert "attack" in result.output


def test_review_goes_on_without_its_logs(tmp_path: Path) -> None:
    """Logs that were rotated away cost the evidence, not the review."""
    log = tmp_path / "mail.log"
    log.write_bytes((SAMPLES / "article.log").read_bytes())
    assert run("report", log, "--out", tmp_path / "case").exit_code == 0
    log.unlink()
    words = ["review", str(tmp_path / "case"), "--reviewer", "ada"]
    assert "no evidence" not in CliRunner().invoke(main, words, input="q").output
    result = CliRunner().invoke(main, words, input="eq")
    assert result.exit_code == 0, result.output
    assert "no evidence to show" in result.output


def test_a_case_keeps_what_it_protects(tmp_path: Path) -> None:
    """Notebooks for a reported case, or a report on newer logs, do not open it to bans."""
    log, case = SAMPLES / "article.log", tmp_path / "case"
    options = ("--tz", "Asia/Tokyo", "--protect", "203.0.113.7")
    assert run("report", log, *options, "--out", case).exit_code == 0
    written = run("new-case", case)
    assert written.exit_code == 0, written.output
    assert "10 written" in written.output
    assert (open_case(case).tz, open_case(case).protect) == ("Asia/Tokyo", ("203.0.113.7",))
    newer = run("report", log, "--protect", "198.51.100.0/24", "--out", case)
    assert "kept: protected 203.0.113.7" in newer.output
    assert open_case(case).tz == "Asia/Tokyo"
    assert open_case(case).protect == ("198.51.100.0/24", "203.0.113.7")


def test_a_report_on_newer_logs_keeps_the_rest_of_the_case(tmp_path: Path) -> None:
    """Firewall, ufw logs and zone stay unless given anew; what was kept or changed is told."""
    log, case = SAMPLES / "article.log", tmp_path / "case"
    wall, ufw = WEEK / "ufw-status-before.txt", WEEK / "ufw.log"
    options = ("--firewall", wall, "--ufw-log", ufw, "--tz", "Europe/Paris")
    assert run("report", log, *options, "--out", case).exit_code == 0
    made = open_case(case)
    newer = run("report", log, "--tz", "Asia/Tokyo", "--out", case)
    assert newer.exit_code == 0, newer.output
    for told in (f"kept: firewall logs {ufw}", f"kept: firewall rules {wall}",
                 "changed: zone Asia/Tokyo (was Europe/Paris)"):  # fmt: skip
        assert told in newer.output
    now = open_case(case)
    assert (now.ufw_logs, now.firewall, now.tz) == (made.ufw_logs, made.firewall, "Asia/Tokyo")


def test_a_report_that_fails_leaves_the_case_as_it_was(tmp_path: Path) -> None:
    """Case, candidates and report change together at the end of the work, or not at all."""
    case = tmp_path / "case"
    assert run("report", SAMPLES / "article.log", "--out", case).exit_code == 0
    before = {path.name: path.read_bytes() for path in case.iterdir()}
    assert run("report", tmp_path / "no.log", "--protect", "203.0.113.7", "--out", case).exit_code
    assert {path.name: path.read_bytes() for path in case.iterdir()} == before


def test_a_stopped_report_says_that_nothing_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends with one line and the exit code that shells know."""
    with pytest.raises(SystemExit, match="130"), told_if_stopped(tmp_path):
        raise KeyboardInterrupt
    assert capsys.readouterr().err == f"… stopped; the case in {tmp_path} is as it was\n"


@pytest.mark.parametrize("form", sorted(FILE_NAMES))
def test_every_form_holds_the_approved_network(case: Path, form: str) -> None:
    """Each form is written beside the case and names what was approved, and only that."""
    run("decide", "212.70.149.0/24", "approve", "--reason", "681 tries", "--case", case)
    result = run("script", case, "--form", form)
    assert result.exit_code == 0, result.output
    text = (case / FILE_NAMES[form]).read_text("utf-8")
    assert "212.70.149.0/24" in text
    assert "198.51.100.0/24" not in text


def test_decide_refuses_a_protected_network(case: Path) -> None:
    """A private network cannot be approved; the message names it and nothing is recorded."""
    before = open_case(case).decisions.history()
    result = run("decide", "10.0.0.0/8", "approve", "--reason", "x" * 9, "--case", case)
    assert result.exit_code == 1
    assert "10.0.0.0/8" in result.output
    assert "Nothing was recorded" in result.output
    assert len(open_case(case).decisions.history()) == len(before)


def test_own_country_needs_a_reason_without_a_browser_too(tmp_path: Path) -> None:
    """`decide` and the review at a prompt know where the users are, before any log is read."""
    folder = tmp_path / "case"
    assert run("report", SAMPLES / "article.log", "--out", folder).exit_code == 0
    listed = load_candidates(open_case(folder))
    save_candidates(at_home(listed, "BG"), open_case(folder))
    refused = run("decide", "212.70.149.0/24", "approve", "--case", folder)
    assert refused.exit_code == 1
    assert "needs a reason: it is in BG, where your own users are" in refused.output
    asked = CliRunner().invoke(main, ["review", str(folder), "--reviewer", "ada"], input="aq")
    assert "it is in BG, where your own users are" in asked.output
    assert open_case(folder).decisions.history().empty


def at_home(listed: pd.DataFrame, country: str) -> pd.DataFrame:
    """Return candidates of a server whose users are in that country."""
    listed.attrs["home_countries"] = [country]
    return listed


def test_explain_reads_the_prompt() -> None:
    """The base64 word of the classic line is decoded."""
    line = (
        "Sep  4 16:59:45 mail postfix/smtpd[1]: warning: unknown[212.70.149.83]: "
        "SASL LOGIN authentication failed: UGFzc3dvcmQ6"
    )
    result = run("explain", line)
    assert result.exit_code == 0
    assert "Password:" in result.output
    assert "212.70.149.83" in result.output


def test_explain_reads_standard_input_and_files(tmp_path: Path) -> None:
    """`-` and a file are read, also packed; a long one only at its beginning, and that is said."""
    text = (SAMPLES / "article.log").read_text("utf-8")
    piped = CliRunner().invoke(main, ["explain", "-"], input=text)
    assert "Password:" in piped.output
    (tmp_path / "lines.log.gz").write_bytes(gzip.compress(text.encode() * 9))
    read = run("explain", tmp_path / "lines.log.gz")
    assert read.exit_code == 0, read.output
    assert "212.70.149.83" in read.stdout
    assert "only the first 50 lines" in read.stderr
    assert "no line to explain" in CliRunner().invoke(main, ["explain", "-"], input="\n").output


def test_a_torn_journal_is_one_plain_line(case: Path) -> None:
    """A line of the journal that a crash tore is told without Python's words."""
    journal = case / "decisions.jsonl"
    before = journal.read_bytes() if journal.exists() else b""
    journal.write_bytes(before + b'{"netw\n')
    said = run("check-ban", case).stderr
    journal.write_bytes(before)
    assert re.search(
        r"^mailforensics: note: decisions\.jsonl:\d+: torn .*skipped$", said, re.MULTILINE
    )
    assert "Warning" not in said


def test_audit_answers_first(tmp_path: Path) -> None:
    """Yes, in part or no is the first word; a report names the same limits under its headline."""
    whole = gzip.compress((WEEK / "mail.log").read_bytes())
    log = tmp_path / "mail.log.1.gz"
    log.write_bytes(whole[: len(whole) // 2])
    assert run("audit", WEEK / "mail.log").stdout.startswith("Can it be trusted? Yes, if this")
    assert run("audit", log).stdout.startswith("Can it be trusted? In part: ")
    told = run("report", log, "--ufw-log", WEEK / "ufw.log", "--out", tmp_path / "case")
    assert "What limits these answers:\n- mail.log.1.gz: truncated" in told.stdout
    assert "- The stamps name no zone and were read as UTC" in told.stdout
    page = (tmp_path / "case" / "report.html").read_text("utf-8")
    assert page.index("What limits these answers?") < page.index("What these logs could not")
    assert page.count("only its first") == 2  # beside the answers, and in the table of evidence


def test_evidence_of_every_kind_has_its_fingerprint(case: Path) -> None:
    """Mail logs, firewall logs and the firewall's rules stand in one table with their SHA-256."""
    page = (case / "report.html").read_text("utf-8")
    made = open_case(case)
    for path in (*made.logs, *made.ufw_logs, str(made.firewall)):
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() in page
    for kind in ("mail log", "firewall log", "firewall rules"):
        assert f">{kind}</div>" in page


def test_a_log_larger_than_memory_is_told_before_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a report needs is told beside what is free; packed logs count ten times."""
    (tmp_path / "mail.log").write_bytes(b"x" * 1000)
    (tmp_path / "mail.log.1.gz").write_bytes(b"x" * 100)
    warn_of_memory((str(tmp_path),), free=TIMES_THE_LOG * 2000)
    assert capsys.readouterr().err == ""
    warn_of_memory((str(tmp_path / "mail.log*"),), free=TIMES_THE_LOG * 2000 - 1)
    assert "mailforensics ingest" in capsys.readouterr().err


def test_candidates_breaches_audit_and_check_ban_speak(case: Path) -> None:
    """Each table has a command."""
    assert "212.70.149.0/24" in run("candidates", case).output
    assert "vera" in run("breaches", case).output
    run("decide", "212.70.149.0/24", "approve", "--reason", "681 tries", "--case", case)
    assert "212.70.149.0/24" in run("check-ban", case).output
    assert "2555" in run("audit", WEEK / "mail.log", "--year", "2026").output.replace(",", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("report", "/no/such/mail.log"), "/no/such/mail.log"),
        (("report", str(WEEK / "mail.log"), "--tz", "Mars/Base"), "Mars/Base"),
        (("report", str(WEEK / "mail.log"), "--year", "20260"), "20260"),
        (("candidates", "/no/such/case"), "/no/such/case"),
        (("script", "/no/such/case"), "mailforensics report"),
        (("decide", "not-a-network", "approve", "--reason", "long enough"), "case"),
    ],
)
def test_bad_input_gets_one_paragraph(
    words: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong file, zone, year or case is one message with the value, never a traceback."""
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == 1
    assert told in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02" * 99, b"hello\nworld\n"])
def test_a_file_that_is_no_mail_log(content: bytes, tmp_path: Path) -> None:
    """An empty, a binary and a foreign file end in a message or in an honest report."""
    log = tmp_path / "mail.log"
    log.write_bytes(content)
    result = run("report", log, "--out", tmp_path / "case")
    assert result.exit_code in (0, 1)
    assert "Traceback" not in result.output
    if result.exit_code == 1:
        assert "mail.log" in result.output


def test_standard_input_is_kept_in_the_case(tmp_path: Path) -> None:
    """Lines piped in are evidence too, and later commands find them again."""
    text = (SAMPLES / "article.log").read_text("utf-8")
    made = CliRunner().invoke(main, ["report", "-", "--out", str(tmp_path / "case")], input=text)
    assert made.exit_code == 0, made.output
    assert "212.70.149.0/24" in run("candidates", tmp_path / "case").output
    looked = CliRunner().invoke(main, ["audit", "-"], input=text)
    assert "lines       15" in looked.output


def test_audit_shows_what_was_not_understood() -> None:
    """Lines of no known kind follow the audit, by shape, with an example and its place."""
    text = (
        "Sep  4 16:59:45 mail frob[7]: job 4711 done\nSep  4 16:59:46 mail frob[7]: job 12 done\n"
    )
    looked = CliRunner().invoke(main, ["audit", "-", "--year", "2026"], input=text)
    assert "job <n> done" in looked.output
    assert "job 4711 done" in looked.output


def test_help_lists_every_command() -> None:
    """`--help` names the commands and the usual way."""
    text = run("--help").output
    for name in ("report", "candidates", "review", "decide", "script", "explain", "check-ban"):
        assert name in text


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_help(command: str) -> None:
    """Each command explains itself."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 100


def test_help_lists_the_commands_in_the_order_of_work() -> None:
    """A newcomer reads the usual way line by line, and the commands from report to explain."""
    text = run("--help").output
    assert "\n    mailforensics review case\n" in text
    listed = [text.index(f"\n  {name} ") for name in ("report", "review", "script", "explain")]
    assert listed == sorted(listed)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "{file}"), "File exists"),
        (("--out", "/proc/case"), "name another place"),
        (("--out", "{folder}/case", "--protect", "banana"), "'banana' is no network"),
    ],
)
def test_a_place_or_word_that_cannot_be_is_told_before_the_work(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    """A case folder that cannot be made, or a senseless network, ends in one paragraph at once."""
    (tmp_path / "a file").write_text("x")
    named = [word.format(file=tmp_path / "a file", folder=tmp_path) for word in words]
    result = run("report", SAMPLES / "article.log", *named)
    assert result.exit_code == 1
    assert told in result.output
    assert "reading the mail logs" not in result.output


def test_the_log_of_another_program_says_nothing(tmp_path: Path) -> None:
    """Lines that are not understood are no proof of peace."""
    (tmp_path / "web.log").write_text("Sep  4 10:00:00 web nginx[1]: started\nhello\n")
    result = run("report", tmp_path / "web.log", "--year", "2026", "--out", tmp_path / "case")
    assert "Nothing can be said: 2 lines read, none of a known mail server" in result.output
    assert "Nothing can be said" in run("breaches", tmp_path / "case").output


def test_a_quiet_log_leaves_nothing_to_decide(tmp_path: Path) -> None:
    """Without an attack each step says so, and the script bans nobody."""
    line = "Sep  4 10:00:00 mail postfix/smtpd[1]: connect from mx.example.org[192.0.2.25]\n"
    (tmp_path / "mail.log").write_text(line)
    folder = tmp_path / "case"
    made = run("report", tmp_path / "mail.log", "--out", folder)
    assert "No attack" in made.output
    assert "mailforensics review" not in made.output
    assert "nothing to draw" in (folder / "report.html").read_text("utf-8")
    assert "nothing to decide" in run("candidates", folder).output
    assert "nothing to review" in run("review", folder).output.lower()
    assert "0 networks approved" in run("script", folder).output
    assert "No ban is approved" in run("check-ban", folder).output


def test_a_decision_ends_and_later_logs_check_it(tmp_path: Path) -> None:
    """An approval lasts 90 days unless told otherwise; check-ban reads later logs as they are."""
    case, later = tmp_path / "case", tmp_path / "later.log"
    assert run("report", SAMPLES / "article.log", "--out", case).exit_code == 0
    words = ("decide", "212.70.149.0/24", "approve", "--case", case, "--reviewer", "ada")
    last = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    assert f"until {last}, saved" in run(*words).output
    assert "for good, saved" in run(*words, "--until", "never").output
    later.write_text(
        "2099-01-01T00:00:00Z mail postfix/smtpd[1]: connect from unknown[192.0.2.9]\n"
    )
    before = (case / "case.json").read_bytes()
    checked = run("check-ban", case, later)
    assert checked.exit_code == 0, checked.output
    assert "quiet" in checked.output
    assert (case / "case.json").read_bytes() == before
