"""Hostility against a real gate, and what it costs: raw requests, who asks meanwhile, and what is left behind."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import httpx

from tests.world.gatehouse import Gatehouse

MEMORY_AT_MOST = 300 << 20
"""Bytes above idle, whatever anybody sends."""


def peak(gate: Gatehouse) -> int:
    """The most memory that the gate ever had, in bytes."""
    return _status(gate, "VmHWM")


def resident(gate: Gatehouse) -> int:
    """The memory that the gate has now, in bytes."""
    return _status(gate, "VmRSS")


def processor(gate: Gatehouse) -> float:
    """Seconds of processor time that the gate has used."""
    fields = Path(f"/proc/{gate.process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def queued(gate: Gatehouse) -> int:
    """Bytes that the system keeps for all clients of the gate, because they did not take them yet."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f":{gate.port:04X}"
    return sum(int(row[4].partition(":")[0], 16) for row in rows if row[1].endswith(port) and row[3] == "01")


def disk(gate: Gatehouse) -> int:
    """Bytes on disk of everything that the gate keeps, when all it noted is committed."""
    while gate.get("/readyz").json()["decisions_waiting"]:
        time.sleep(0.01)
    return sum(path.lstat().st_blocks * 512 for path in gate.data_dir.rglob("*"))


def _status(gate: Gatehouse, name: str) -> int:
    lines = Path(f"/proc/{gate.process_id}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) << 10


def sound(gate: Gatehouse) -> None:
    """Check that nothing wrong is kept, nothing half-written is left, and nothing was our own fault."""
    cache, until = gate.data_dir / "cache", time.monotonic() + 10
    while list(cache.rglob("tmp-*")) and time.monotonic() < until:
        time.sleep(0.05)  # what is on its way is given up when somebody has looked at it
    assert not list(cache.rglob("tmp-*"))
    for path in (cache / "blobs").rglob("*"):
        assert path.is_dir() or hashlib.sha256(path.read_bytes()).hexdigest() == path.name, "another's digest"
    assert "Traceback" not in gate.output()


def said(port: int, data: bytes, wait: float = 5.0) -> tuple[list[int], bool]:
    """Send bytes as they are; the statuses that came back, and whether the gate closed the connection.

    A connection that is quiet for a tenth of a second after an answer is taken to stay open.
    """
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(wait)
        answer, closed = b"", False
        try:
            with suppress(ConnectionError):  # it may be hung up on while it is sent, and closed it is then
                line.sendall(data)
                while piece := line.recv(1 << 16):
                    answer += piece
                    line.settimeout(0.1)
            closed = True
        except TimeoutError:
            pass
    heads = [text for text in answer.split(b"\r\n") if text.startswith(b"HTTP/1.1 ")]
    return [int(head[9:12]) for head in heads], closed


def asked(port: int, paths: Iterable[bytes], headers: bytes = b"") -> list[int]:
    """Ask for paths, as they are, one after the other on one connection; their statuses."""
    found = []
    with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as answers:
        for path in paths:
            line.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
            found.append(int(answers.readline().split()[1]))
            length = 0
            while (header := answers.readline()) != b"\r\n":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            answers.read(length)
    return found


class Meanwhile:
    """Somebody else who asks, over and over, for what is cached; ``worst`` is the longest that an answer took."""

    def __init__(self, gate: Gatehouse, wanted: Sequence[tuple[str, bytes]]) -> None:
        self._gate, self._wanted = gate, wanted
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.worst, self.answers, self.wrong = 0.0, 0, list[str]()

    def _ask(self) -> None:
        with httpx.Client(base_url=self._gate.url, trust_env=False, timeout=60) as client:
            while not self._stop.is_set():
                for path, content in self._wanted:
                    began = time.monotonic()
                    answer = client.get(path, headers={"accept-encoding": "identity"})
                    self.worst = max(self.worst, time.monotonic() - began)
                    self.answers += 1
                    if answer.status_code != 200 or content not in answer.content:
                        self.wrong.append(f"{path}: {answer.status_code}")
                time.sleep(0.02)

    def __enter__(self) -> Meanwhile:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._stop.set()
        self._thread.join()
