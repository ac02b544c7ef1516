"""The administrator of the bench's server, logged in over real SSH."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.places import SERVER
from bench.stage import Stage

_KEY: Final = "/root/.ssh/id_bench"
_SSH: Final = (
    *("ssh", "-q", "-i", _KEY, "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes"),
    *("-o", "ConnectTimeout=10", f"root@{SERVER}"),
)


class Admin:
    """Somebody who has one SSH session open all the time, and can open more."""

    def __init__(self, stage: Stage) -> None:
        """Put a new key on the server and log in."""
        self._host = stage.admin
        self._host.run(f"mkdir -p -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N '' -f {_KEY}")
        public = (self._host.root / f"{_KEY[1:]}.pub").read_text()
        keys = stage.server.root / "root/.ssh/authorized_keys"
        keys.write_text(public)
        keys.chmod(0o600)
        self._session = self._host.talk([*_SSH, "cat"])

    def still_there(self) -> bool:
        """Say whether the session that was opened first still answers."""
        word = f"still here at {time.time()}\n"
        self._session.stdin.write(word)
        self._session.stdin.flush()
        return self._session.stdout.readline() == word

    def runs(self, command: str, *, seconds: float = 300) -> str:
        """Log in anew, run a command on the server and return what it said.

        Raises:
            AssertionError: the login or the command failed.
        """
        done = self._host.run([*_SSH, command], timeout=seconds, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def leave(self) -> None:
        """End the session."""
        self._session.kill()
        self._session.communicate()


@contextmanager
def logged_in(stage: Stage) -> Iterator[Admin]:
    """Give the administrator with a session that lasts as long as the block."""
    admin = Admin(stage)
    try:
        yield admin
    finally:
        admin.leave()
