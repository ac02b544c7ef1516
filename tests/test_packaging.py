"""The places that name dependencies agree with one another, and the pins hold them."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONDA_NAMES = {"matplotlib": "matplotlib-base"}
TEST_TOOLS = {"nbval", "pytest"}


def requirements(texts: list[str]) -> dict[str, str]:
    """Return name to version specifier, environment markers dropped."""
    parted = [re.match(r"([A-Za-z0-9_.-]+)\s*([^;\[]*)", text) for text in texts]
    return {m[1].lower(): m[2].strip() for m in parted if m}


def conda() -> dict[str, str]:
    """Return the requirements of environment.yml."""
    lines = (ROOT / "environment.yml").read_text("utf-8").splitlines()
    return requirements([line[4:] for line in lines if line.startswith("  - ") and ">=" in line])


def test_environment_yml_follows_pyproject() -> None:
    """A conda user gets the same lower bounds as a pip user, and the test tools."""
    extras = PROJECT["optional-dependencies"]
    wanted = requirements(PROJECT["dependencies"] + extras["notebooks"])
    dev = requirements(extras["dev"])
    wanted |= {name: dev[name] for name in TEST_TOOLS}
    wanted["python"] = PROJECT["requires-python"]
    assert conda() == {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}


@pytest.mark.parametrize("extra", [None, *PROJECT["optional-dependencies"]])
def test_constraints_pin_every_requirement(extra: str | None) -> None:
    """CI installs the same versions everywhere: each requirement has one pin."""
    listed = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    own = {"mailforensics"}
    assert {n.replace("_", "-") for n in requirements(listed)} - own <= pins


def test_constraints_name_no_download_address() -> None:
    """The pins say what, never where from."""
    assert not re.search(r"://|@", (ROOT / "constraints.txt").read_text("utf-8"))


def test_the_package_carries_its_notebooks(tmp_path: Path) -> None:
    """Installed by pip, away from the clone, `new-case` still has notebooks to write."""
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    clone = tmp_path / "clone"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(".*", "build", "case", "demo"))
    subprocess.run([*build, "-w", tmp_path, clone], check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = {name.rpartition("/")[2] for name in wheel.namelist() if "/notebooks/" in name}
        wheel.extractall(tmp_path / "site")
    originals = {path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    assert names == {*originals, "glossary.md"}
    log = ROOT / "data" / "samples" / "article.log"
    made = subprocess.run(
        [sys.executable, "-m", "mailforensics", "new-case", tmp_path / "case", log],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert "10 written" in made.stdout
