"""Run the notebooks in place and store their outputs, without timings, widget state or random ids.

    python tools/build_notebooks.py [notebooks/03-….ipynb …]

Two builds of the same notebooks give the same files. The notebooks are their own source: edit
them in JupyterLab, then run this before you commit.
"""

import argparse
import os
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mailforensics.show.notebooks_run import run_notebook

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def main() -> None:
    """Build the notebooks named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    for name in [name for name in os.environ if name.startswith("MAILFORENSICS_")]:
        del os.environ[name]  # the stored outputs are those of the sample
    os.environ["PYTHONHASHSEED"] = "0"
    for path in parser.parse_args().notebooks or sorted(FOLDER.rglob("*.ipynb")):
        build(path)


def build(path: Path) -> None:
    """Run one notebook beside the samples, with no case of earlier runs; write it back, cleaned."""
    with tempfile.TemporaryDirectory() as fresh:
        (Path(fresh) / "data").symlink_to(FOLDER.parent / "data")
        place = Path(fresh) / path.resolve().parent.relative_to(FOLDER.parent)
        place.mkdir(parents=True)
        notebook = run_notebook(path, place=place)
    clean(notebook)
    nbformat.write(notebook, path)


def clean(notebook: NotebookNode) -> None:
    """Keep what a reader needs: sources, tags, outputs; nothing that differs between runs."""
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
        tags = cell.metadata.get("tags", [])
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
            if "metadata" in output:
                output.metadata = NotebookNode()


if __name__ == "__main__":
    main()
