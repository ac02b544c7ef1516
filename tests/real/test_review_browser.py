"""The review table in a real JupyterLab and a real Chromium: whole reviews, and what goes wrong."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import Lab, jupyterlab, menu, restart_kernel, run_all, run_cell, wait_idle
from playwright.sync_api import Page, expect

from mailforensics.review.decisions import Decisions

pytestmark = pytest.mark.real

HEAD = """
import os
import mailforensics as mf
from tests.review.candidate_rows import candidate, many, table
from pathlib import Path
rows = table(
    candidate(),
    candidate(network="198.18.7.0/24", attack_weight=90.0, events=95, auth_failed=95),
    candidate(network="198.18.8.0/24", attack_weight=80.0, legit_sources=2,
              collateral="2 users log in", suggestion="look"),
    candidate(network="10.0.0.0/24", attack_weight=70.0, suggestion="reject"),
    candidate(network="240e:d9:d800:200::/64", attack_weight=60.0),
)
decisions = mf.Decisions("CASE/decisions.jsonl")
Path("CASE/kernel").write_text(str(os.getpid()))
"""
SHOW = "mf.review(rows, decisions, reviewer='ann')"
EXPORT = "print(mf.ban_script(rows, decisions).rules['network'].tolist())"


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab and Chromium once for all tests of this module."""
    with jupyterlab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def lab(started: Lab) -> Iterator[Lab]:
    """Return the running JupyterLab, and close its pages and kernels after the test."""
    yield started
    started.tidy()


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Return an empty case folder."""
    folder = tmp_path / "case"
    folder.mkdir()
    return folder


def start(lab: Lab, case: Path, *, show: str = SHOW, name: str = "") -> Page:
    """Open a new notebook on the case and run it."""
    name = name or f"{case.parent.name}.ipynb"
    lab.write(name, [HEAD.replace("CASE", str(case)), show, EXPORT])
    page = lab.open(name)
    run_all(page)
    return page


def row(page: Page, network: str):  # noqa: ANN201  a Playwright locator
    """Return the row of a network."""
    return page.locator(f'.mf-row[data-network="{network}"]')


def verdicts(case: Path) -> dict[str, str]:
    """Return what the journal says, read anew by another process's eyes."""
    table = Decisions(case / "decisions.jsonl").table()
    return dict(zip(table["network"], table["verdict"], strict=True))


def said(page: Page, text: str, *, seconds: float = 10) -> None:
    """Wait until the live region has announced a text."""
    expect(page.locator(".mf-status")).to_contain_text(text, timeout=seconds * 1000)


def test_a_whole_review_by_mouse(lab: Lab, case: Path) -> None:
    """Approve, reject, undo, give a reason, choose a time, and find the script right."""
    page = start(lab, case)
    row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    expect(row(page, "212.70.149.0/24")).to_contain_text("Approved until")
    row(page, "198.18.7.0/24").get_by_role("button", name="Reject").click()
    expect(row(page, "198.18.7.0/24")).to_contain_text("Rejected")
    row(page, "198.18.7.0/24").get_by_role("button", name="Undo").click()
    expect(row(page, "198.18.7.0/24")).not_to_contain_text("Rejected")
    row(page, "198.18.8.0/24").get_by_role("button", name="Approve").click()
    said(page, "needs a reason")
    assert "198.18.8.0/24" not in verdicts(case)
    pane = page.locator(".mf-pane")
    pane.get_by_label("Reason for the decision on 198.18.8.0/24").fill("both users have left")
    pane.get_by_label("Ban of 198.18.8.0/24 lasts", exact=True).select_option("7")
    pane.get_by_role("button", name="Approve with this reason").click()
    expect(row(page, "198.18.8.0/24")).to_contain_text("Approved until")
    expect(row(page, "10.0.0.0/24").get_by_role("button", name="Approve")).to_have_count(0)
    page.get_by_role("button", name="Script preview").click()
    expect(page.locator(".mf-review pre")).to_contain_text("deny from 198.18.8.0/24")
    assert verdicts(case) == {"212.70.149.0/24": "approve", "198.18.8.0/24": "approve"}
    run_cell(page, 2)
    exported = page.locator(".jp-Cell").nth(2).locator(".jp-OutputArea-output")
    expect(exported).to_contain_text("['198.18.8.0/24', '212.70.149.0/24']")


def test_a_whole_review_by_keyboard_alone(lab: Lab, case: Path) -> None:
    """Every step of a review has a key, and no key leaks into the notebook."""
    page = start(lab, case)
    cells = page.locator(".jp-Cell").count()
    row(page, "212.70.149.0/24").focus()
    press = page.keyboard.press
    press("?")
    expect(page.get_by_role("region", name="Keys")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("region", name="Keys")).to_have_count(0)
    press("a")
    said(page, "Saved: 212.70.149.0/24 approved")
    press("r")
    said(page, "Saved: 198.18.7.0/24 rejected")
    press("a")
    said(page, "needs a reason: legitimate use inside: 2 users log in")
    page.keyboard.type("both users have left")
    press("Enter")
    said(page, "Saved: 198.18.8.0/24 approved")
    press("a")
    said(page, "10.0.0.0/24 cannot be approved")
    press("j")
    press("k")
    press("r")
    said(page, "Saved: 10.0.0.0/24 rejected")
    press("k")
    press("u")
    said(page, "Saved: 10.0.0.0/24 undone")
    press("n")
    press("e")
    expect(page.get_by_role("region", name="Evidence on 240e:d9:d800:200::/64")).to_be_visible()
    press("e")
    press("w")
    page.keyboard.type("d d x")
    press("Escape")
    press("d")
    press("d")
    press("/")
    page.keyboard.type("240e")
    press("Escape")
    expect(page.locator(".mf-row")).to_have_count(1)
    press("p")
    expect(page.locator(".mf-review pre")).to_contain_text("deny from 212.70.149.0/24")
    assert page.locator(".jp-Cell").count() == cells
    assert verdicts(case) == {
        "212.70.149.0/24": "approve",
        "198.18.7.0/24": "reject",
        "198.18.8.0/24": "approve",
    }


def test_a_bulk_decision_takes_two_clicks_and_leaves_the_dangerous_out(
    lab: Lab, case: Path
) -> None:
    """Only the filtered, undecided, harmless rows are taken, after their count was shown."""
    page = start(lab, case)
    page.get_by_role("button", name="Approve all shown").click()
    expect(page.locator(".mf-box")).to_contain_text("Approve 3 undecided networks of this filter?")
    expect(page.locator(".mf-box")).to_contain_text("2 rows of this filter are left out")
    assert verdicts(case) == {}
    page.get_by_role("button", name="Approve 3 now").click()
    said(page, "Saved: 3 networks approved. 2 networks undecided.")
    assert set(verdicts(case)) == {"212.70.149.0/24", "198.18.7.0/24", "240e:d9:d800:200::/64"}


def test_a_kernel_restart_loses_nothing(lab: Lab, case: Path) -> None:
    """After a restart a click says NOT SAVED, and running the cell again shows what stood."""
    page = start(lab, case)
    row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    said(page, "Saved: 212.70.149.0/24 approved")
    restart_kernel(page)
    row(page, "198.18.7.0/24").get_by_role("button", name="Reject").click()
    expect(page.locator(".mf-alarm")).to_contain_text("1 decision NOT SAVED", timeout=8000)
    expect(row(page, "198.18.7.0/24")).to_contain_text("NOT SAVED")
    assert verdicts(case) == {"212.70.149.0/24": "approve"}
    menu(page, "Run", "Run All Cells")
    expect(page.locator(".mf-alarm")).to_have_count(0)
    wait_idle(page)
    expect(row(page, "212.70.149.0/24")).to_contain_text("Approved until")
    row(page, "198.18.7.0/24").get_by_role("button", name="Reject").click()
    said(page, "Saved: 198.18.7.0/24 rejected")
    assert len(verdicts(case)) == 2


def test_a_decision_made_while_a_cell_runs_is_saved_once(lab: Lab, case: Path) -> None:
    """At once where the kernel has subshells, else when the cell has ended; never lost."""
    page = start(lab, case)
    run_cell(page, 2, "import time; time.sleep(6); print('cell ended')")
    row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    said(page, "Saved: 212.70.149.0/24 approved", seconds=20)
    expect(page.locator(".mf-alarm")).to_have_count(0)
    assert len(Decisions(case / "decisions.jsonl").history()) == 1


def test_a_kernel_that_hangs_is_told_and_the_decision_is_saved_once(lab: Lab, case: Path) -> None:
    """Without an answer the row says NOT SAVED yet; when the kernel goes on it is saved, once."""
    page = start(lab, case)
    kernel = int((case / "kernel").read_text())
    os.kill(kernel, signal.SIGSTOP)
    try:
        row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
        expect(page.locator(".mf-alarm")).to_contain_text("has not answered", timeout=8000)
        expect(row(page, "212.70.149.0/24")).to_contain_text("NOT SAVED yet")
        page.get_by_role("button", name="Try again").click()
        assert verdicts(case) == {}
    finally:
        os.kill(kernel, signal.SIGCONT)
    said(page, "Saved: 212.70.149.0/24 approved")
    expect(page.locator(".mf-alarm")).to_have_count(0)
    assert len(Decisions(case / "decisions.jsonl").history()) == 1


def test_a_reloaded_page_shows_what_stands(lab: Lab, case: Path) -> None:
    """A reload with a living kernel brings the table back with every decision."""
    page = start(lab, case)
    row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    said(page, "Saved: 212.70.149.0/24 approved")
    menu(page, "File", "Save Notebook")
    page.wait_for_timeout(500)
    page.reload()
    wait_idle(page)
    expect(row(page, "212.70.149.0/24")).to_contain_text("Approved until")
    row(page, "198.18.7.0/24").get_by_role("button", name="Reject").click()
    said(page, "Saved: 198.18.7.0/24 rejected")


def _fill(disk: Path, decisions: Decisions) -> None:
    """Fill the disk and the last block of the journal, so that not one more line fits."""
    before = decisions.path.stat().st_size
    decisions.record("198.19.0.0/24", "reject", reason="", reviewer="filler")
    empty = decisions.path.stat().st_size - before
    rest = 4096 - decisions.path.stat().st_size % 4096 - empty - 10
    decisions.record("198.19.0.0/24", "reject", reason="x" * rest, reviewer="filler")
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_is_told_and_nothing_is_torn(lab: Lab, case: Path) -> None:
    """NOT SAVED names the full disk; when there is room again the same click is saved."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", case], check=True)
    try:
        page = start(lab, case)
        row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
        said(page, "Saved: 212.70.149.0/24 approved")
        decisions = Decisions(case / "decisions.jsonl")
        _fill(case, decisions)
        row(page, "198.18.7.0/24").get_by_role("button", name="Approve").click()
        expect(page.locator(".mf-alarm")).to_contain_text("The disk is full: free some space")
        assert "198.18.7.0/24" not in verdicts(case)
        (case / "filler").unlink()
        row(page, "198.18.7.0/24").get_by_role("button", name="Approve").click()
        said(page, "Saved: 198.18.7.0/24 approved")
        expect(page.locator(".mf-alarm")).to_have_count(0)
        assert decisions.problems == []
    finally:
        subprocess.run(["umount", "-l", case], check=True)


def test_two_reviewers_at_once_see_each_other(lab: Lab, case: Path) -> None:
    """A second reviewer's different decision is shown as a conflict, not written over the first."""
    first = start(lab, case, name="first.ipynb")
    second = start(lab, case, name="second.ipynb", show=SHOW.replace("ann", "bob"))
    row(first, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    said(first, "Saved: 212.70.149.0/24 approved")
    row(second, "212.70.149.0/24").get_by_role("button", name="Reject").click()
    expect(row(second, "212.70.149.0/24")).to_contain_text("ann decided approve")
    expect(row(second, "212.70.149.0/24")).to_contain_text("Approved until")
    assert verdicts(case) == {"212.70.149.0/24": "approve"}
    row(second, "212.70.149.0/24").get_by_role("button", name="Reject").click()
    said(second, "Saved: 212.70.149.0/24 rejected")
    first.locator(".mf-review").get_by_role("button", name="Refresh").click()
    expect(row(first, "212.70.149.0/24")).to_contain_text("Rejected")
    expect(row(first, "212.70.149.0/24")).to_contain_text("bob")


def test_two_tabs_of_one_notebook_stay_in_step(lab: Lab, case: Path) -> None:
    """What is decided in one browser tab shows in the other without a refresh."""
    page = start(lab, case)
    menu(page, "File", "Save Notebook")
    page.wait_for_timeout(500)
    other = lab.open(f"{case.parent.name}.ipynb")
    row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    expect(row(other, "212.70.149.0/24")).to_contain_text("Approved until")
    row(other, "198.18.7.0/24").get_by_role("button", name="Reject").click()
    expect(row(page, "198.18.7.0/24")).to_contain_text("Rejected")
    assert len(verdicts(case)) == 2


def test_a_notebook_that_was_only_opened_shows_the_still_copy(lab: Lab, case: Path) -> None:
    """Saved, its kernel gone, opened again, not run: the table is there, and no error line."""
    page = start(lab, case)
    expect(page.locator(".mf-static")).to_be_hidden()
    menu(page, "File", "Save Notebook")
    page.wait_for_timeout(500)
    menu(page, "Kernel", "Shut Down Kernel")
    page.context.close()
    name = f"{case.parent.name}.ipynb"
    outputs = json.loads((lab.folder / name).read_text("utf-8"))["cells"][1]["outputs"]
    assert len(outputs) == 2
    page = lab.open(name)
    expect(page.locator(".mf-static")).to_be_visible()
    expect(page.locator(".mf-static")).to_contain_text("212.70.149.0/24")
    page.wait_for_timeout(4000)
    expect(page.get_by_text("Error displaying widget").locator("visible=true")).to_have_count(0)


def test_hostile_text_is_inert(lab: Lab, case: Path) -> None:
    """No script runs, no picture loads, no mathematics is set, nothing is turned round."""
    hostile = (
        "evil = '<img src=x onerror=\"window.hurt=1\"><script>window.hurt=1</script> $x^2$ '"
        " '**b** [l](javascript:alert(1)) \\u202egnp.exe' + 'A' * 10240\n"
        "rows = table(candidate(reasons=evil, collateral=evil, already=evil, evidence=evil))\n"
        "decisions.record('212.70.149.0/24', 'reject', reason=evil, reviewer=evil[:80])\n"
    )
    page = start(lab, case, show=hostile + SHOW)
    row(page, "212.70.149.0/24").focus()
    page.keyboard.press("e")
    expect(page.locator(".mf-pane")).to_contain_text("What was decided before")
    page.keyboard.press("p")
    page.wait_for_timeout(500)
    assert page.evaluate("window.hurt") is None
    for place in (".mf-review", ".mf-static"):
        assert page.locator(f"{place} img, {place} script, {place} a").count() == 0
        assert page.locator(f"{place} mjx-container, {place} .MathJax").count() == 0
    text = page.locator(".mf-review").inner_text()
    assert "<img src=x" in text
    assert "\u202e" not in text
    box = page.locator(".mf-review").bounding_box()
    assert page.evaluate("document.querySelector('.mf-review').scrollWidth") <= box["width"] + 1


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1280, 700])
def test_a_screen_reader_can_use_it(lab: Lab, case: Path, theme: str, width: int) -> None:
    """axe-core finds nothing to complain about, with everything open, in both themes."""
    lab.theme(theme)
    page = start(lab, case)
    page.set_viewport_size({"width": width, "height": 900})
    row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    said(page, "Saved")
    row(page, "198.18.8.0/24").get_by_role("button", name="Evidence").click()
    page.get_by_role("button", name="Approve all shown").click()
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("button", name="Script preview").click()
    expect(page.locator(".mf-review pre")).to_be_visible()
    found = Axe().run(page, context=".mf-review")
    lab.theme("JupyterLab Light")
    assert found.violations_count == 0, found.generate_report()


MANY = SHOW.replace("rows,", "many(120),")
FIRST, SECOND, THIRD = "198.0.0.0/24", "198.0.1.0/24", "198.0.2.0/24"


@contextlib.contextmanager
def stopped(case: Path) -> Iterator[None]:
    """Hold the kernel still, as a machine that swaps does."""
    kernel = int((case / "kernel").read_text())
    os.kill(kernel, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(kernel, signal.SIGCONT)


def focused(page: Page) -> str:
    """Return the name of what has the focus, empty when that is outside the table."""
    script = """() => {
        const one = document.activeElement;
        if (!one.closest(".mf-review")) return "";
        return one.dataset.network || one.getAttribute("aria-label") || one.textContent;
    }"""
    return str(page.evaluate(script))


def records(case: Path, network: str) -> list[str]:
    """Return every verdict that the journal holds about a network, oldest first."""
    history = Decisions(case / "decisions.jsonl").history()
    return list(history.loc[history["network"] == network, "verdict"])


def test_second_thoughts_before_the_answer_are_kept_in_order(lab: Lab, case: Path) -> None:
    """What is pressed about one network while Python is slow is recorded as it was pressed."""
    page = start(lab, case)
    row(page, "212.70.149.0/24").focus()
    with stopped(case):
        page.keyboard.type("akuakr")
        page.wait_for_timeout(300)
    said(page, "Saved: 212.70.149.0/24 rejected")
    assert records(case, "212.70.149.0/24") == ["approve", "undo", "approve", "reject"]
    expect(page.locator(".mf-alarm")).to_have_count(0)


def test_one_press_decides_one_row(lab: Lab, case: Path) -> None:
    """A key that is held down decides the row where it was pressed, and no other."""
    page = start(lab, case, show=MANY)
    row(page, FIRST).focus()
    for _ in range(8):
        page.keyboard.down("a")
    page.keyboard.up("a")
    said(page, f"Saved: {FIRST} approved")
    assert verdicts(case) == {FIRST: "approve"}


def test_a_key_decides_only_the_row_that_has_the_focus(lab: Lab, case: Path) -> None:
    """The row that was focused by whatever means; from a button above, the first press shows it."""
    page = start(lab, case, show=MANY)
    row(page, THIRD).focus()
    page.keyboard.press("a")
    said(page, f"Saved: {THIRD} approved")
    page.locator("[data-standing='approve']").click()
    page.keyboard.press("r")
    said(page, f"The key acts on {THIRD}: press it again.")
    assert focused(page) == THIRD
    assert verdicts(case) == {THIRD: "approve"}


def test_a_reason_stays_a_reason_while_many_answers_come(lab: Lab, case: Path) -> None:
    """The letters of a reason never become keys, whatever is redrawn around it."""
    page = start(lab, case, show=MANY)
    page.get_by_role("button", name="Reject all shown").click()
    with stopped(case):
        page.get_by_role("button", name="Reject 120 now").click()
        page.keyboard.press("w")
        page.keyboard.type("their ")
    said(page, "Saved: 120 networks rejected")
    expect(page.locator(".mf-pane")).to_contain_text("Where it stands in the log")
    page.keyboard.type("rack is a customer's")
    field = page.get_by_label(f"Reason for the decision on {FIRST}")
    expect(field).to_have_value("their rack is a customer's")
    assert records(case, FIRST) == ["reject"]


def test_the_focus_never_falls_out_of_the_table(lab: Lab, case: Path) -> None:
    """Not when evidence arrives, a box goes, or text is clicked: keys would be the notebook's."""
    page = start(lab, case)
    cells = page.locator(".jp-Cell").count()
    row(page, "212.70.149.0/24").focus()
    with stopped(case):
        page.keyboard.press("w")
        page.keyboard.press("Tab")
    expect(page.locator(".mf-pane")).to_contain_text("Where it stands in the log")
    assert focused(page) == "Ban of 212.70.149.0/24 lasts"
    page.keyboard.press("Escape")
    page.locator(".mf-facts").click()
    assert focused(page) == "212.70.149.0/24"
    (case / "decisions.jsonl").mkdir()
    page.keyboard.press("r")
    page.get_by_role("button", name="Dismiss").press("Enter")
    expect(page.locator(".mf-alarm")).to_have_count(0)
    assert focused(page) == "198.18.7.0/24"
    page.locator(".mf-status").click()
    page.keyboard.press("b")
    assert page.locator(".jp-Cell").count() == cells


def test_a_bulk_decision_leaves_alone_what_was_decided_meanwhile(lab: Lab, case: Path) -> None:
    """A row that is rejected while the question stands stays rejected; a new filter ends it."""
    page = start(lab, case, show=MANY)
    page.get_by_role("button", name="Approve all shown").click()
    row(page, SECOND).get_by_role("button", name="Reject").click()
    said(page, f"Saved: {SECOND} rejected")
    page.get_by_role("button", name="Approve 120 now").click()
    said(page, "Saved: 119 networks approved. 0 networks undecided.")
    assert records(case, SECOND) == ["reject"]
    page.get_by_role("button", name="Reject all shown").click()
    page.get_by_role("searchbox").fill("198.0.2.")
    expect(page.get_by_role("group", name="Reject many rows")).to_have_count(0)


def test_a_ban_lasts_as_long_as_the_page_shows(lab: Lab, case: Path) -> None:
    """A date that was not chosen yet is never for good, and the choice above holds for all rows."""
    page = start(lab, case, show=MANY)
    above = page.get_by_label("New bans last", exact=True)
    row(page, FIRST).focus()
    page.keyboard.press("e")
    own = page.get_by_label(f"Ban of {FIRST} lasts", exact=True)
    expect(own).to_have_value("90")
    above.select_option("7")
    expect(own).to_have_value("7")
    own.select_option("date")
    page.get_by_role("button", name="Approve with this reason").click()
    said(page, "Choose the last day of the ban first")
    above.select_option("date")
    row(page, SECOND).focus()
    page.keyboard.press("a")
    said(page, "Choose the last day of the ban first")
    assert verdicts(case) == {}
    above.select_option("30")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    said(page, f"Saved: {SECOND} approved")
    ends = Decisions(case / "decisions.jsonl").table()["until"].tolist()
    assert ends == [(datetime.now(UTC).date() + timedelta(days=30)).isoformat()]


def test_a_name_that_was_typed_stays_through_a_reload(lab: Lab, case: Path) -> None:
    """Who works in a colleague's notebook goes on to sign as himself."""
    page = start(lab, case)
    name = page.get_by_label("Your name, as it is recorded")
    name.fill("bob")
    name.press("Enter")
    page.reload()
    wait_idle(page)
    run_all(page)
    expect(page.get_by_label("Your name, as it is recorded")).to_have_value("bob")
    row(page, "212.70.149.0/24").get_by_role("button", name="Approve").click()
    said(page, "Saved")
    assert Decisions(case / "decisions.jsonl").table()["reviewer"].tolist() == ["bob"]


def test_a_refusal_stands_in_the_row(lab: Lab, case: Path) -> None:
    """What stops a key is said where the reviewer looks, and goes when he goes on."""
    page = start(lab, case)
    row(page, "10.0.0.0/24").focus()
    page.keyboard.press("a")
    expect(row(page, "10.0.0.0/24").locator(".mf-hint")).to_contain_text("cannot be approved")
    page.keyboard.press("j")
    expect(page.locator(".mf-hint")).to_have_count(0)
