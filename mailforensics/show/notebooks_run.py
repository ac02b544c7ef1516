"""Run a notebook from its first cell to its last, without a browser."""

import subprocess
import warnings
from pathlib import Path
from typing import Final

from mailforensics.errors import EvidenceError, MissingExtraError, extra_hint

try:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError
    from nbformat import NotebookNode
except ImportError as missing:
    raise MissingExtraError(
        f"to run notebooks, install the notebooks extra: {extra_hint('notebooks')}."
    ) from missing

CELL_SECONDS: Final = 900


def run_notebook(path: Path, *, place: Path | None = None) -> NotebookNode:
    """Return a notebook with the outputs of a fresh run; its file is not changed.

    Args:
        path: the notebook.
        place: the folder in which it runs; by default its own.

    Raises:
        EvidenceError: a cell failed, or took longer than 15 minutes; names the notebook.
        MissingExtraError: the notebooks extra is not installed.
    """
    text = path.read_text("utf-8")
    notebook: NotebookNode = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    resources = {"metadata": {"path": str(place or path.parent)}}
    client = NotebookClient(notebook, timeout=CELL_SECONDS, resources=resources)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # talk about event loops, as is the kernel's stderr about sockets
            client.execute(stderr=subprocess.DEVNULL)
    except (CellExecutionError, CellTimeoutError) as problem:
        said = str(problem).strip().splitlines()
        raise EvidenceError(
            f"{path.name} stopped: {said[-1] if said else 'a cell failed'}. "
            f"Open it in JupyterLab to see the cell."
        ) from problem
    return notebook
