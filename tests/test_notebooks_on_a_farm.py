"""Notebooks made for one server's log run unchanged on a store of a hundred servers."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from fleet import FARM_HOSTS, write_farm
from test_notebooks_on_poor_logs import run

import mailforensics as mf
from mailforensics.cli import main
from mailforensics.show.notebooks import lesson_paths

# What a notebook must say of the farm, by number.
SAYS = {
    1: ("mx000/mail.log", "198.18.66.0/24 made 77 % of all 520 refused logins", "Somebody got in"),
    2: (f"{FARM_HOSTS - 12} more of {FARM_HOSTS} rows not shown", "Every message was understood"),
    3: ("The loudest network is 198.18.66.0/24: 400 refused tries",),
    4: ("198.18.66.0/24 99 mx000, mx001, mx002",),
    5: ("anna@example.org", "mx007/mail.log:88"),
    6: ("100 addresses in 1 network act as one", "99 tries share 38 names"),
    8: ("100 of 256 addresses attacked: 400 failed logins",),
    9: ("Nothing is approved yet", f"{FARM_HOSTS - 12} more of {FARM_HOSTS} rows not shown"),
}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of a hundred servers that one attacker tries all of."""
    folder = tmp_path_factory.mktemp("farm")
    store = mf.ingest(write_farm(folder / "logs"), store=folder / "store")
    assert len(store.hosts) == FARM_HOSTS
    return folder / "store"


def assert_says(path: Path) -> None:
    """A notebook runs, and says what is true of the farm."""
    said = " ".join(run(path).split())
    for words in SAYS.get(int(path.name[:2]), ()):
        assert " ".join(words.split()) in said, said


def test_the_lessons_own_notebooks(
    farm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MAILFORENSICS_LOGS may name a store, and every lesson about a case is then about it."""
    monkeypatch.setenv("MAILFORENSICS_LOGS", str(farm))
    monkeypatch.setenv("MAILFORENSICS_CASE", str(tmp_path / "case"))
    monkeypatch.chdir(tmp_path)
    for path in lesson_paths()[:10]:
        assert_says(path)
    assert not (tmp_path / "case" / "decisions.jsonl").exists(), "the sample's decisions leaked"


def test_the_notebooks_of_a_case(
    farm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`new-case` takes a store in place of logs, and so do its notebooks and `report`."""
    case = tmp_path / "case"
    done = CliRunner().invoke(main, ["new-case", str(case), str(farm)])
    assert done.exit_code == 0, done.output
    assert "sha256" not in done.output, "one line a file, where they are many"
    monkeypatch.chdir(case / "notebooks")
    for path in sorted(Path().glob("0[1459]*.ipynb")):
        assert_says(path)
    done = CliRunner().invoke(main, ["report", "--out", str(case)])
    assert done.exit_code == 0, done.output
    assert "200 addresses attacked: 520 refused logins; somebody got in" in done.output
    assert "anna@example.org" in (case / "report.html").read_text("utf-8")


def test_one_script_for_all_or_one_for_each(farm: Path, tmp_path: Path) -> None:
    """One review of the farm bans on all of its servers, but where one of them protects."""
    case = mf.Case(tmp_path / "case", (str(farm),))
    found = mf.investigate(case)
    found.save()
    case.decisions.record("198.18.66.0/24", "approve", reason="attacks all", reviewer="anna")
    assert len(mf.ban_script(found.candidates, case.decisions).rules) == 1
    own = dict.fromkeys(found.servers, ())
    scripts = mf.fleet_scripts(
        found.candidates, case.decisions, protect=own | {"mx003": ["198.18.66.9"]}
    )
    assert [name for name, script in scripts.items() if script.rules.empty] == ["mx003"]
    assert len(scripts) == FARM_HOSTS
