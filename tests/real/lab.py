"""A real JupyterLab on a port of its own, and a real Chromium that looks at it.

with jupyterlab(folder) as lab:
lab.write("case.ipynb", ["import mailforensics as mf", "mf.review(…)"])
page = lab.open("case.ipynb")
run_all(page)
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nbformat
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
REPOSITORY: Final = Path(__file__).resolve().parents[2]
APPUTILS: Final = "@jupyterlab/apputils-extension"
START_SECONDS: Final = 60
TOKEN: Final = "only-for-this-test"


@dataclass
class Lab:
    """One running JupyterLab; its notebooks lie in `folder`."""

    folder: Path
    address: str
    settings: Path
    browser: Browser

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of code cells."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
        )
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def theme(self, name: str) -> None:
        """Choose the theme of pages that are opened from now on."""
        _setting(self.settings, "themes", {"theme": name})

    def open(self, name: str, *, width: int = 1280, height: int = 900) -> Page:
        """Open a notebook in a browser of its own and wait until its kernel is idle."""
        page = self.browser.new_context(viewport={"width": width, "height": height}).new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{self.address}/lab/workspaces/{time.time_ns()}/tree/{name}?token={TOKEN}")
        wait_idle(page)
        return page

    def tidy(self) -> None:
        """Close every page and end every kernel."""
        for context in self.browser.contexts:
            context.close()
        for kernel in json.loads(self._ask("GET", "kernels")):
            self._ask("DELETE", f"kernels/{kernel['id']}")

    def _ask(self, method: str, what: str) -> bytes:
        head = {"Authorization": f"token {TOKEN}"}
        question = urllib.request.Request(f"{self.address}/api/{what}", headers=head, method=method)
        with urllib.request.urlopen(question, timeout=30) as answer:
            return bytes(answer.read())


@contextmanager
def jupyterlab(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab with no settings but ours, and Chromium; end both with the block."""
    settings, runtime = folder / ".settings", folder / ".runtime"
    _setting(settings, "notification", {"fetchNews": "false", "checkForUpdates": False})
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".workspaces"),
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_DATA_DIR": str(folder / ".data"),
        "IPYTHONDIR": str(folder / ".ipython"),
        "PYTHONPATH": str(REPOSITORY),
    }
    words = [
        "--allow-root",
        "--no-browser",
        "--ip=127.0.0.1",
        "--port=0",
        f"--notebook-dir={folder}",
    ]
    with (folder / ".log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words, f"--IdentityProvider.token={TOKEN}"],
            cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            yield Lab(folder, _address(runtime, server), settings, browser)
            browser.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _setting(folder: Path, plugin: str, values: dict[str, object]) -> None:
    path = folder / APPUTILS / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), "utf-8")


def _address(runtime: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        for found in runtime.glob("jpserver-*.json"):
            facts = json.loads(found.read_text("utf-8") or "{}")
            if "url" in facts:
                return str(facts["url"]).rstrip("/")
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not start; see .log in its folder")


def wait_idle(page: Page) -> None:
    """Wait until the notebook's kernel has nothing to do."""
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)


def menu(page: Page, *words: str) -> None:
    """Choose from the menu bar: `menu(page, "Run", "Run All Cells")`."""
    for word in words:  # the accessible name of an entry also holds its shortcut
        label = page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel")
        label.filter(has_text=re.compile(f"^{re.escape(word)}$")).first.click()


def run_all(page: Page) -> None:
    """Run every cell and wait for the review table and an idle kernel."""
    menu(page, "Run", "Run All Cells")
    page.wait_for_selector(".mf-review .mf-row", timeout=60_000)
    wait_idle(page)


def run_cell(page: Page, number: int, text: str | None = None) -> None:
    """Run one cell, counted from 0, with a new text if one is given."""
    page.locator(".jp-Cell").nth(number).locator(".cm-content").click()
    if text is not None:
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")


def restart_kernel(page: Page) -> None:
    """Restart the kernel as a person does, and wait until it is back."""
    page.get_by_role("button", name="Restart the kernel", exact=True).click()
    page.locator(".jp-Dialog .jp-mod-accept").click()
    page.wait_for_timeout(1500)
    wait_idle(page)
