"""What pytest shows of the bench: the table at the end, the server's own words on a failure."""

from collections.abc import Iterator

import pytest

from bench import report
from bench.server import words


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of deeds."""
    if report.LINES:
        terminalreporter.write_sep("=", "the bench")
        for line in report.LINES:
            terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add the last lines of the server's logs to a failure."""
    outcome = yield
    scene = getattr(item, "funcargs", {}).get("scene")
    if outcome.failed and scene is not None:
        outcome.sections.append(("the server's logs", words(scene.server)))
    return outcome
