"""The notebooks of a case: the lesson's set, pointed at it, without outputs or sample talk."""

import json
import re
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from mailforensics.review.case import CASE_FILE, Case

FOLDER: Final = "notebooks"
GLOSSARY: Final = "glossary.md"
FOR_CASES: Final = range(1, 11)  # the numbers of those that ask about a case
SAMPLE_PARAGRAPHS: Final = ("*In the sample*", "**Own logs:**")
FOUND: Final = "## What we found"
NOTES: Final = "## What did you find?\n\nWrite it here; your notes stay in this file."
SAMPLE_TAG: Final = "sample"
PARAMETERS_TAG: Final = "parameters"
PARAMETERS: Final = 'import mailforensics as mf\n\ncase = mf.open_case("..")'
SAMPLE_CASE: Final = "case = mf.case_from_environment(SAMPLE)"
LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
Cell = dict[str, Any]


def lesson_paths() -> list[Path]:
    """Return the numbered notebooks that came with the package, in reading order.

    An installed package holds them itself; in a clone they lie beside it.
    """
    package = Path(str(files("mailforensics")))
    inside = package / FOLDER
    return sorted((inside if inside.is_dir() else package.parent / FOLDER).glob("[0-9]*.ipynb"))


def write_notebooks(case: Case) -> list[Path]:
    """Write the set of notebooks for a case into its folder; return the paths that were written.

    Notebooks that are there already may hold notes: they are kept as they are.
    """
    place = case.folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    lessons = [path for path in lesson_paths() if int(path.name[:2]) in FOR_CASES]
    names = {path.name for path in lessons}
    written = []
    for path in lessons:
        target = place / path.name
        if not target.exists():
            made = for_case(json.loads(path.read_text("utf-8")), case, names=names)
            target.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
            written.append(target)
    if lessons and not (place / GLOSSARY).exists():
        shutil.copyfile(_glossary(lessons[0].parent), place / GLOSSARY)
    return written


def for_case(notebook: dict[str, Any], case: Case, *, names: set[str]) -> dict[str, Any]:
    """Return a lesson's notebook as one about a case that lies in the folder above it.

    Dropped are outputs, cells tagged `sample`, and paragraphs that speak of the sample or tell how
    to choose other logs.

    Args:
        notebook: the lesson, as JSON.
        case: what it shall be about.
        names: the notebooks that will lie beside it; links to others are dropped.
    """
    cells = [
        _cell(cell, names)
        for cell in notebook["cells"]
        if SAMPLE_TAG not in cell["metadata"].get("tags", [])
    ]
    first, *rest = [cell for cell in cells if _text(cell).strip()]
    about = (
        f"Case `{case.name.replace('`', '')}`; [{CASE_FILE}](../{CASE_FILE}) names its evidence."
    )
    first = first | {"source": f"{_text(first)}\n\n{about}"}
    return notebook | {"cells": [first, *rest]}


def _cell(cell: Cell, names: set[str]) -> Cell:
    text = _text(cell)
    if cell["cell_type"] == "markdown":
        return cell | {"source": _prose(text, names)}
    if PARAMETERS_TAG in cell["metadata"].get("tags", []):
        text = PARAMETERS + text.partition(SAMPLE_CASE)[2]
    return cell | {"source": text, "outputs": [], "execution_count": None}


def _text(cell: Cell) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _prose(text: str, names: set[str]) -> str:
    body, found, end = text.partition(FOUND)
    kept = [part for part in body.split("\n\n") if not part.startswith(SAMPLE_PARAGRAPHS)]
    if found:
        kept += [NOTES, *(part for part in end.split("\n\n") if not part.startswith("1. "))]
    parts = [LINK.sub(lambda link: _link(link, names), part) for part in kept]
    return "\n\n".join(part for part in parts if part.strip() and "](#gone)" not in part)


def _link(link: re.Match[str], names: set[str]) -> str:
    """Point a link at what lies beside the case's notebooks; mark one that leads out of the set."""
    text, target = link.groups()
    name, hash_sign, place = target.partition("#")
    if name.endswith(GLOSSARY):
        return f"[{text}]({GLOSSARY}{hash_sign}{place})"
    return link[0] if "://" in target or name in names else f"[{text}](#gone)"


def _glossary(lessons: Path) -> Path:
    inside = lessons / GLOSSARY
    return inside if inside.exists() else lessons.parent / "docs" / GLOSSARY
