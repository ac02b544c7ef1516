"""A page as a PDF, printed by a browser that is on this computer already."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from mailforensics.errors import EvidenceError, MissingExtraError

BROWSERS: Final = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge", "brave-browser"),
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
SECONDS: Final = 300


def find_browser() -> str:
    """Return the path of the first browser of the Chromium family on this computer.

    Raises:
        MissingExtraError: there is none; says what to do without one.
    """
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise MissingExtraError(
        "a PDF is printed by Chromium, Chrome or Edge, and none of them was found here. Install "
        "one (Debian: apt install chromium), or leave --pdf out, open report.html in any browser "
        "and print it into a file."
    )


def print_to_pdf(page: Path) -> Path:
    """Print an HTML file into a PDF beside it, in A4, and return its path; no network is used.

    Raises:
        MissingExtraError: no browser is installed.
        EvidenceError: the browser made no PDF; says what it printed.
    """
    browser = find_browser()
    target = page.with_suffix(".pdf").absolute()
    partial = target.with_name(f".{target.name}.partial.pdf")
    partial.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(browser, "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions"),
            *(f"--user-data-dir={profile}", "--no-pdf-header-footer"),
            *(("--no-sandbox",) if is_root() else ()),
            *(f"--print-to-pdf={partial}", page.absolute().as_uri()),
        ]
        said = _run(command)
    if not partial.exists() or partial.stat().st_size == 0:
        raise EvidenceError(
            f"{browser} made no PDF of {page}: {said[-300:]} Open the page in a browser and print "
            "it into a file."
        )
    return partial.replace(target)


def is_root() -> bool:
    """Say whether this is root, for whom the browser's sandbox does not start."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _run(command: list[str]) -> str:
    """Run a program quietly and return what it said on standard error."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    return done.stderr.decode("utf-8", "replace").strip()
