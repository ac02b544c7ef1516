"""The simulator and the exercises in a real JupyterLab, by keyboard, in light and dark."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from lab import Lab, jupyterlab, menu, run_cell, wait_idle
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.real

CELLS = ("import mailforensics as mf", "mf.simulator()", "mf.check('week-lines', 8000)")
ANSWER = "Right. Three files, and no line is lost."


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start JupyterLab and Chromium once."""
    with jupyterlab(tmp_path_factory.mktemp("lab")) as started:
        yield started


def start(lab: Lab, theme: str) -> Page:
    """Open the cells in a theme and run them all."""
    lab.theme(f"JupyterLab {theme}")
    lab.write(f"{theme}.ipynb", CELLS)
    page = lab.open(f"{theme}.ipynb")
    menu(page, "Run", "Run All Cells")
    expect(page.locator(".jp-Cell").nth(2)).to_contain_text("Not yet", timeout=60_000)
    wait_idle(page)
    return page


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_slider_by_keyboard_changes_who_sees_the_attack(lab: Lab, theme: str) -> None:
    """One address in place of ninety-six: another detector wakes up, and the table says so."""
    page = start(lab, theme)
    cell = page.locator(".jp-Cell").nth(1)
    expect(cell).to_contain_text("1 of 6 detectors sees it")
    campaigns = cell.get_by_role("row").filter(has_text="share a list and a clock")
    expect(campaigns).to_contain_text("yes")
    cell.locator(".noUi-handle").first.focus()
    page.keyboard.press("Home")
    expect(campaigns).to_contain_text("no", timeout=30_000)
    network = cell.get_by_role("row").filter(has_text="from one /24 or /64")
    expect(network).to_contain_text("yes")


def test_an_exercise_hints_and_praises(lab: Lab) -> None:
    """A wrong answer gets a hint, the right one a word of praise."""
    page = start(lab, "Light")
    run_cell(page, 2, "mf.check('week-lines', 8057)")
    expect(page.locator(".jp-Cell").nth(2)).to_contain_text(ANSWER, timeout=30_000)


def test_the_simulator_can_be_read_aloud(lab: Lab) -> None:
    """The accessibility scan of the table and the choice of attack finds nothing."""
    page = start(lab, "Light")
    found = Axe().run(page, context=".jp-Cell .widget-html, .jp-Cell .widget-dropdown")
    assert found.violations_count == 0, found.generate_report()
