"""What every real test needs: root, and this folder's tests marked as real."""

import os

import pytest


@pytest.fixture(autouse=True)
def _root() -> None:
    """Fail with one clear sentence where a skip would hide that nothing was tested."""
    if os.geteuid() != 0:
        pytest.fail("real tests need root: run `sudo make test-real`", pytrace=False)
