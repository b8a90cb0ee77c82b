"""The real product as a process of its own, and its command line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx

from tests.world.forked import Forked, ran

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port: int = place.getsockname()[1]
        return port


ASKS_THE_RECORD = frozenset({"adopt", "audit", "inbox", "report", "simulate", "who-has"})
"""Commands that speak of what was handed out."""


class Gatehouse:
    """A running gate in front of an upstream ("": as its environment says), with a data directory of its own.

    It is forked from a process that has loaded the product, or started by itself where a test asks for it ``fresh``.
    """

    def __init__(
        self,
        data_dir: Path,
        upstream: str,
        *options: str,
        environment: dict[str, str] | None = None,
        fresh: bool = False,
        port: int = 0,
    ) -> None:
        self._fresh = fresh
        self.data_dir, self.port = data_dir, port or free_port()
        self.url = f"{'https' if '--tls-cert' in options else 'http'}://127.0.0.1:{self.port}"
        self.index = f"{self.url}/simple/"
        index = ["--upstream", upstream] if upstream else []
        self._options = ["--port", str(self.port), *index, *options]
        if "--advisories" not in options:
            self._options += ["--advisories", "off"]
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("WICKETGATE_", "PIP_", "UV_", "PYTHONDONTWRITEBYTECODE"))
        }
        home = str(data_dir.parent)
        self._environment = {
            **clean,
            "WICKETGATE_DATA_DIR": str(data_dir),
            "PYTHONPATH": str(ROOT),
            "HOME": home,
            **(environment or {}),
        }
        self._log = data_dir.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | Forked | None = None

    def begin(self) -> None:
        """Start, and wait for nothing."""
        words, folder = ["serve", *self._options], self.data_dir.parent
        if not self._fresh:
            self._process = Forked.run(words, self._environment, folder, self._log)
            return
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "proxy.cli", *words]
            self._process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log, cwd=folder)

    def start(self) -> Gatehouse:
        """Start, and wait until it is ready."""
        self.begin()
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self.running:
            try:
                if (
                    httpx.get(f"{self.url}/readyz", trust_env=False, verify=False).status_code == 200
                    and "Ctrl-C" in self.output()
                ):
                    return self
            except httpx.TransportError:
                pass  # not yet
            time.sleep(0.02)
        raise AssertionError(f"the gate did not get ready:\n{self.output()}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal and return its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(40)

    def kill(self) -> None:
        """End it without warning."""
        self.stop(signal.SIGKILL)

    def restart(self) -> Gatehouse:
        """Start it again on the same data directory and port."""
        return self.start()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    def output(self) -> str:
        """Everything it printed so far."""
        return self._log.read_text()

    @property
    def token(self) -> str:
        """The first-run token."""
        return (self.data_dir / "admin-token").read_text().strip()

    def cli(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line on the gate's own host; the record is asked when what was answered stands in it."""
        while words[0] in ASKS_THE_RECORD and self.running and self.get("/readyz").json()["decisions_waiting"]:
            time.sleep(0.01)
        return ran(words, {**self._environment, **environment}, self.data_dir.parent)

    def facts(self, *words: str) -> Any:
        """Run the command line with ``--json`` and return what it printed; it must not have failed."""
        done = self.cli(*words, "--json")
        assert done.returncode in {0, 1}, done.stderr
        return json.loads(done.stdout)

    def approve(self, requirement: str, *options: str) -> Any:
        """Approve something for a test."""
        return self.facts("approve", requirement, "--reason", "a test needs it", *options)

    def advisory(self, identity: str, project: str, **affected: object) -> None:
        """Import one advisory besides those that are in force (``affected`` as in an OSV record)."""
        record = {
            "id": identity,
            "modified": "2026-01-01T00:00:00Z",
            "summary": f"{identity} for tests",
            "affected": [{"package": {"ecosystem": "PyPI", "name": project}, **affected}],
        }
        path = self.data_dir.parent / f"{identity}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{identity}.json", json.dumps(record))
        done = self.cli("advisories", "import", str(path))
        assert done.returncode == 0, done.stderr

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask the gate for a path, as it stands."""
        return httpx.get(f"{self.url}{path}", headers=headers, trust_env=False, verify=False, timeout=30)

    def post(self, path: str, **more: Any) -> httpx.Response:
        """Send the gate something, as a developer would."""
        return httpx.post(f"{self.url}{path}", trust_env=False, verify=False, timeout=30, **more)

    def admin(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask the admin API with the first-run token."""
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return httpx.request(
            method, f"{self.url}/admin/api/v1{path}", headers=headers, trust_env=False, verify=False, timeout=60, **more
        )
