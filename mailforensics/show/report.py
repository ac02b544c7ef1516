"""The report of a case as one self-contained HTML file: findings first, then the evidence."""

import importlib.util
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import jinja2
import markupsafe
import pandas as pd

from mailforensics import schema
from mailforensics.reading.passwords import mask_passwords
from mailforensics.review.case import REPORT_FILE
from mailforensics.review.evidence_table import evidence_table
from mailforensics.review.findings import Findings
from mailforensics.show.report_answers import answers, headline, together
from mailforensics.show.tables import html_words

_MOST_ROWS: Final = 200
_MOST_CAMPAIGNS: Final = 20
_PAGES: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("mailforensics.show", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=lambda value: mask_passwords(value) if type(value) is str else value,
)
_PAGES.filters["words"] = lambda text: markupsafe.Markup(html_words(str(text)))  # noqa: S704 (escaped)


def render_report(found: Findings, *, notebooks: Sequence[Mapping[str, str]] = ()) -> str:
    """Return the report of a case as one HTML page; times are UTC.

    Text from logs is escaped; figures are inside the page. The same evidence and decisions give
    the same page.

    Args:
        found: what the evidence says.
        notebooks: what `notebook_parts` returned; they come last, each on a page of its own.
    """
    return _PAGES.get_template("report.html.jinja").render(
        headline=headline(found),
        answers=answers(found),
        verdict=found.verdict,
        trust=found.trust,
        grounds=_grounds(found),
        together=together(found),
        campaign_notes=found.campaigns.notes,
        figures=_figures(found),
        can_draw=_can_draw(),
        parameters=_parameters(found),
        notebooks=notebooks,
        **_identity(found),
        **_tables(found),
    )


def write_report(found: Findings, *, notebooks: Sequence[Mapping[str, str]] = ()) -> Path:
    """Write the report into the case folder, at once or not at all, and return its path."""
    path = found.case.folder / REPORT_FILE
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(render_report(found, notebooks=notebooks), encoding="utf-8")
    return partial.replace(path)


def _identity(found: Findings) -> dict[str, Any]:
    return {
        "name": found.case.name,
        "folder": found.case.folder,
        "version": version("mailforensics"),
        "first": found.audit["first_time"].min(),
        "last": found.audit["last_time"].max(),
        "lines": int(found.audit["events"].sum()),
    }


def _tables(found: Findings) -> dict[str, Any]:
    decided = found.case.decisions.table()
    verdicts = dict(zip(decided["network"], decided["verdict"], strict=True))
    listed = found.candidates.assign(
        decision=[verdicts.get(network, "undecided") for network in found.candidates["network"]]
    )
    more = len(listed) - _MOST_ROWS
    return {
        "breaches": _rows(found.verdict.signs),
        "campaigns": _rows(found.campaigns.table.head(_MOST_CAMPAIGNS)),
        "candidates": _rows(listed.head(_MOST_ROWS)),
        "left_out": f"{more:,} more candidates are in the review table." if more > 0 else "",
        "evidence": _rows(evidence_table(found)),
        "history": _rows(found.case.decisions.history()),
    }


def _parameters(found: Findings) -> list[tuple[str, str]]:
    case = found.case
    return [
        ("Mail logs", ", ".join(case.logs)),
        ("Firewall logs", ", ".join(case.ufw_logs) or "none given"),
        ("Firewall rules", case.firewall or "none given"),
        ("Zone of year-less stamps", case.tz),
        ("Year of year-less stamps", str(case.year) if case.year else "found from the evidence"),
        ("Protected", ", ".join(case.protect) or "special-purpose networks only"),
        ("Rules allowed", str(found.cover.rules)),
        (
            "Software",
            f"mailforensics {version('mailforensics')}, pandas {pd.__version__}, "
            f"Python {platform.python_version()}",
        ),
    ]


def _grounds(found: Findings) -> list[str]:
    """Return what the verdict rests on; the signs themselves have a table of their own."""
    signs = tuple(f"{severity}:" for severity in schema.SEVERITIES)
    return [line for line in found.verdict.found if not line.startswith(signs)]


def _can_draw() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def _figures(found: Findings) -> list[dict[str, str]]:
    if not _can_draw():
        return []
    from mailforensics.show.plots.for_report import report_figures

    return report_figures(found)


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return table rows for the template; missing values become empty text."""
    filled = frame.astype(object).where(frame.notna(), "")
    return [{str(name): value for name, value in row.items()} for row in filled.to_dict("records")]
