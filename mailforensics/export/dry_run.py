"""What a ban script says it would do, on this very computer, without doing it."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from mailforensics.errors import UnsafeBanError
from mailforensics.export.banscript import BanScript

SECONDS: Final = 60
# The firewall of this computer is not the one that will be asked.
OF_THIS_COMPUTER: Final = ("ufw is not installed here", "ufw is inactive here")
NO_BASH: Final = (
    "This computer has no bash. Copy the script to the server and look there: bash ban.sh --plan"
)


def dry_run(script: BanScript) -> str:
    """Return what `bash ban.sh --plan` prints here; nothing is changed and no root is needed.

    On a computer without bash, a sentence that says where to look instead.

    Raises:
        UnsafeBanError: the script did not get through its plan; says what it printed.
    """
    bash = shutil.which("bash")
    if bash is None:
        return NO_BASH
    with tempfile.TemporaryDirectory() as folder:
        path = script.save(Path(folder) / "ban.sh")
        done = subprocess.run(  # our own script, in the mode that only shows
            [bash, str(path), "--plan"],
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    if done.returncode:
        raise UnsafeBanError(
            f"ban.sh --plan ended with {done.returncode}: {done.stderr.strip()[:400]} "
            "Do not apply this script."
        )
    said = done.stdout.rstrip("\n").split("\n")
    return "\n".join(line for line in said if not line.startswith(OF_THIS_COMPUTER))
