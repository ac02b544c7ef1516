"""The notebooks of a case as parts of its report: run without a browser, in one page with it."""

import html
import re
from collections.abc import Callable
from typing import Any, Final

from mailforensics.errors import MissingExtraError, extra_hint
from mailforensics.review.case import Case
from mailforensics.show.notebooks import FOLDER, GLOSSARY, NOTES, write_notebooks
from mailforensics.show.notebooks_run import run_notebook

try:
    from nbconvert.filters import markdown2html
except ImportError as missing:
    raise MissingExtraError(
        f"notebooks in a report need the notebooks extra: {extra_hint('notebooks')}."
    ) from missing

HEADING: Final = re.compile(r"<(/?)h([1-5])\b")
ANCHOR: Final = re.compile(r'<a class="anchor-link"[^>]*>[^<]*</a>')
LINK: Final = re.compile(r"\]\(([\w-]+)\.(?:ipynb|md)(?:#[^)]*)?\)")
LINK_UP: Final = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")
Part = dict[str, str]


def notebook_parts(case: Case, *, progress: Callable[[str], None]) -> list[Part]:
    """Run each notebook of a case and return `name`, `title` and `body` (HTML) of each.

    Missing notebooks are written first; the files are not changed by the run. The glossary comes
    last.

    Raises:
        EvidenceError: a cell failed; names the notebook.
    """
    write_notebooks(case)
    parts = []
    for path in sorted((case.folder / FOLDER).glob("[0-9]*.ipynb")):
        progress(f"running {path.name}")
        parts.append(_part(path.stem, run_notebook(path).cells))
    glossary = case.folder / FOLDER / GLOSSARY
    if glossary.exists():
        words = {"cell_type": "markdown", "source": glossary.read_text("utf-8")}
        parts.append(_part(glossary.stem, [words]))
    return parts


def _part(name: str, cells: list[Any]) -> Part:
    first = str(cells[0]["source"]).splitlines()[0] if cells else name
    body = "".join(_cell(cell) for cell in cells)
    return {"name": name, "title": first.lstrip("# ").replace("*", ""), "body": body}


def _cell(cell: Any) -> str:  # noqa: ANN401 (a cell of nbformat)
    if cell["cell_type"] == "markdown":
        return _prose(str(cell["source"]).replace(NOTES, ""))
    if cell["cell_type"] != "code":
        return ""
    outputs = "".join(_output(output) for output in cell["outputs"])
    return f"<pre class='code'>{html.escape(str(cell['source']))}</pre>{outputs}"


def _prose(text: str) -> str:
    """Return Markdown as HTML one heading lower; links between notebooks stay in the page."""
    within = LINK.sub(lambda link: f"](#{link[1]})", LINK_UP.sub(r"\1", text))
    made = ANCHOR.sub("", markdown2html(within))
    return HEADING.sub(lambda tag: f"<{tag[1]}h{int(tag[2]) + 1}", made)


def _output(output: Any) -> str:  # noqa: ANN401 (an output of nbformat)
    """Return one output in its richest form that needs no program; widgets have a still copy."""
    if output["output_type"] == "stream":
        return _plain(output["text"])
    data = output.get("data", {})
    if "image/png" in data:
        told = html.escape(str(data.get("text/plain", "")))
        return (
            f"<figure><img alt='{told}' src='data:image/png;base64,{data['image/png']}'></figure>"
        )
    if "text/html" in data:
        return f"<div class='scroll'>{data['text/html']}</div>"
    return _plain(data.get("text/plain", ""))


def _plain(text: object) -> str:
    return f"<pre>{html.escape(str(text))}</pre>"
