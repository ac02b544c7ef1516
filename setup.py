"""Put the notebooks and the glossary into the built package, where `new-case` finds them."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
TRAVELLERS = (*sorted(ROOT.glob("notebooks/[0-9]*.ipynb")), ROOT / "docs" / "glossary.md")


class WithNotebooks(build_py):
    """Build as usual, then copy; a clone installed with `-e` uses the originals beside it."""

    def run(self) -> None:
        """Build the package with the notebooks in it."""
        super().run()
        if not self.editable_mode:
            place = Path(self.build_lib) / "mailforensics" / "notebooks"
            place.mkdir(parents=True, exist_ok=True)
            for path in TRAVELLERS:
                shutil.copyfile(path, place / path.name)


setup(cmdclass={"build_py": WithNotebooks})
