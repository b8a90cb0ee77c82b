"""The product's command as a process of its own, forked from one that has loaded the product already.

Loading it takes a second of processor time, and the suite starts hundreds of gates and commands: each worker
of the suite loads it once. What runs is the command as installed, from the reading of its words to its exit code.
Only how it is loaded is not shown here: ``fresh`` gates and :mod:`tests.e2e.test_command_line` show that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory

_CONTEXT = get_context("forkserver")
_OURS = ["proxy.cli", "proxy.app", "proxy.desk", "proxy.cli.serving", "proxy.cli.policy", "proxy.serving"]
_HASHES = "cryptography.hazmat.primitives.kdf.argon2"
_LOADED = [*_OURS, _HASHES, "cryptography.fernet", "joserfc.jwt", "webauthn"]
_CONTEXT.set_forkserver_preload(_LOADED)


def load_also(module: str) -> None:
    """Have whatever is forked from now on load another module. Call it before the first."""
    _CONTEXT.set_forkserver_preload([*_LOADED, module])


@dataclass
class Forked:
    """A running command, spoken to as to a :class:`subprocess.Popen`."""

    process: ForkServerProcess

    @classmethod
    def run(
        cls, words: Sequence[str], environment: Mapping[str, str], folder: Path, out: Path, err: Path | None = None
    ) -> Forked:
        """Start ``wicketgate WORDS`` in a folder, adding what it prints to files."""
        process = _CONTEXT.Process(
            target=_become, args=(words, dict(environment), folder, out, err or out), daemon=True
        )
        process.start()
        return cls(process)

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        """Return its exit code, None while it runs; the negative number of a signal that ended it."""
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """Wait for its end and return its exit code."""
        self.process.join(seconds)
        code = self.process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(str(self.process), seconds)
        return code


def ran(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``wicketgate WORDS`` to its end."""
    with TemporaryDirectory() as kept:
        out, err = Path(kept) / "out", Path(kept) / "err"
        code = Forked.run(words, environment, folder, out, err).wait(120)
        return subprocess.CompletedProcess(list(words), code, out.read_text(), err.read_text())


def _become(words: Sequence[str], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    from proxy.cli import main
    from tests.world.news import only_said

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for path, stream in ((out, sys.stdout), (err, sys.stderr)):
        with closing(os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb")) as file:
            os.dup2(file.fileno(), stream.fileno())
    sys.argv = ["wicketgate", *words]
    with only_said():
        main()
