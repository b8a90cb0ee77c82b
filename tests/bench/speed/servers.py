"""Starting the servers that are compared, each on the first core, and ending them again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.world.gatehouse import ROOT, Gatehouse, free_port

SERVER_CORE, LOAD_CORE = "0", "1"
SECONDS = 60.0
QUIET_SECONDS = 1.5
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000; default_type application/octet-stream;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {root}; location ~ \\.gz$ {{ add_header Content-Encoding gzip; }} }} }}
"""


def pinned(core: str, command: list[str]) -> list[str]:
    """Return a command that runs on one core, where the system can do that."""
    return ["taskset", "-c", core, *command] if shutil.which("taskset") else command


@contextmanager
def process(command: list[str], url: str, *, core: str = SERVER_CORE, log: Path | None = None) -> Iterator[str]:
    """Run a server until the context ends; give its base URL once ``url`` answers. What it says goes to ``log``."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        said = stack.enter_context(log.open("wb")) if log else None
        running = subprocess.Popen(pinned(core, command), env=environment, cwd=ROOT, stdout=said, stderr=said)
    try:
        wait_for(lambda: httpx.get(url, trust_env=False).status_code < 500)
        yield url.rstrip("/")
    finally:
        running.terminate()
        running.wait()


@contextmanager
def upstream(rate: int = 0) -> Iterator[str]:
    """The upstream, on the core of the load: where the gate is measured it is idle."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.speed.world", str(port), str(rate)]
    with process(command, f"http://127.0.0.1:{port}/", core=LOAD_CORE) as url:
        yield url


@contextmanager
def bare(folder: Path) -> Iterator[str]:
    """A bare uvicorn over the answers in a folder."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.speed.bare", str(port), str(folder)]
    with process(command, f"http://127.0.0.1:{port}/{next(folder.iterdir()).name}") as url:
        yield url.rpartition("/")[0]


@contextmanager
def nginx(folder: Path, scratch: Path) -> Iterator[str | None]:
    """Serve the same folder with nginx; give None where it is not installed."""
    program = shutil.which("nginx")
    if program is None:
        yield None
        return
    port = free_port()
    settings = scratch / "nginx.conf"
    settings.write_text(NGINX.format(folder=scratch, port=port, root=folder))
    with process([program, "-c", str(settings)], f"http://127.0.0.1:{port}/") as url:
        yield url


class PinnedGate(Gatehouse):
    """The real gate on one core."""

    def begin(self) -> None:
        """Start on one core."""
        super().begin()
        if shutil.which("taskset"):
            command = ["taskset", "-a", "-c", "-p", SERVER_CORE, str(self.process_id)]
            subprocess.run(command, check=True, capture_output=True)

    def until_answered(self, path: str) -> None:
        """Wait until a path is answered with success. Raises TimeoutError."""
        wait_for(lambda: httpx.get(self.url + path, trust_env=False).is_success)

    def forget(self) -> None:
        """End it, empty its cache, and start it again: everything decided, nothing fetched.

        What a start does in the background (the names, the admin) is waited for: it would be measured as well.
        """
        self.stop()
        shutil.rmtree(self.data_dir / "cache")
        self.start()
        before = -1.0
        while self._spent > before:
            before = self._spent
            time.sleep(QUIET_SECONDS)

    @property
    def _spent(self) -> float:
        """Its processor time so far, in seconds, to a hundredth."""
        spent = Path(f"/proc/{self.process_id}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")

    @property
    def resident(self) -> int:
        """Its memory in use, in bytes."""
        pages = int(Path(f"/proc/{self.process_id}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def wait_for(ready: Callable[[], bool]) -> None:
    """Wait until something holds. Raises TimeoutError."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except httpx.TransportError:
            pass  # not yet
        time.sleep(0.005)
    raise TimeoutError("a server did not begin to answer")
