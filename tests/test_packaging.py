"""The places that name dependencies agree with one another, and the pins hold them."""

import re
import tomllib
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
