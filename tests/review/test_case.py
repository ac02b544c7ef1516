"""A case folder names its evidence and keeps its decisions."""

from pathlib import Path

import pytest

from mailforensics.errors import ArgumentError, EvidenceError
from mailforensics.review.case import Case, case_from_environment, new_case, open_case

LINE = (
    "Sep  4 16:59:45 mail postfix/smtpd[1]: warning: unknown[212.70.149.83]: "
    "SASL LOGIN authentication failed: UGFzc3dvcmQ6\n"
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a mail log of one line."""
    path = tmp_path / "mail.log"
    path.write_text(LINE, encoding="utf-8")
    return path


def test_a_case_opens_as_it_was_made(tmp_path: Path, log: Path) -> None:
    """What was given comes back: logs, zone, year and protected networks."""
    made = new_case(
        Case(tmp_path / "case", (str(log),), tz="Asia/Tokyo", year=2026, protect=("192.0.2.0/24",))
    )
    assert open_case(tmp_path / "case") == made
    assert open_case(tmp_path / "case").mail_events()["event"].tolist() == ["auth_failed"]


def test_relative_evidence_is_found_from_elsewhere(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case made in one folder can be read from another."""
    monkeypatch.chdir(log.parent)
    new_case(Case(tmp_path / "case", (log.name,)))
    monkeypatch.chdir("/")
    assert len(open_case(tmp_path / "case").mail_events()) == 1


def test_a_case_without_extras_has_none(tmp_path: Path, log: Path) -> None:
    """No ufw.log and no rules are nothing, not empty tables that would look like silence."""
    case = new_case(Case(tmp_path / "case", (str(log),)))
    assert case.firewall_events() is None
    assert case.firewall_rules() is None


def test_a_folder_without_a_case_says_how_to_make_one(tmp_path: Path) -> None:
    """The error names the command."""
    with pytest.raises(EvidenceError, match="holds no case; make one with `mailforensics new-case"):
        open_case(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"logs": ["a"], "colour": 1}'])
def test_a_damaged_case_says_so(tmp_path: Path, text: str) -> None:
    """A cut or foreign case.json is one paragraph, and the decisions are said to be safe."""
    (tmp_path / "case.json").write_text(text, encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"Decisions are kept in decisions\.jsonl"):
        open_case(tmp_path)


def test_a_case_needs_a_log(tmp_path: Path) -> None:
    """Without evidence there is no case."""
    with pytest.raises(ArgumentError, match="at least one mail log"):
        new_case(Case(tmp_path, ()))


def test_environment_points_notebooks_at_own_logs(tmp_path: Path) -> None:
    """Own logs drop the sample's firewall: it belongs to another server."""
    sample = Case(Path("case"), ("sample.log",), ("ufw.log",), "status.txt", year=2026)
    given = {
        "MAILFORENSICS_LOGS": "/var/log/mail.log:/var/log/mail.log.1",
        "MAILFORENSICS_TZ": "Europe/Berlin",
        "MAILFORENSICS_PROTECT": "192.0.2.0/24, 2001:db8::/32",
        "MAILFORENSICS_CASE": str(tmp_path),
    }
    assert case_from_environment(sample, environment={}) == sample
    assert case_from_environment(sample, environment=given) == Case(
        tmp_path,
        ("/var/log/mail.log", "/var/log/mail.log.1"),
        tz="Europe/Berlin",
        protect=("192.0.2.0/24", "2001:db8::/32"),
    )


def test_environment_names_a_made_case(tmp_path: Path, log: Path) -> None:
    """A folder with a case.json is that case."""
    made = new_case(Case(tmp_path / "case", (str(log),)))
    given = {"MAILFORENSICS_CASE": str(tmp_path / "case")}
    assert case_from_environment(Case(Path("x"), ("y",)), environment=given) == made
