"""A gate that is killed again and again, under a hundred downloads at once and under writes of the admin.

What was answered whole is noted here, and compared with what the gate knows after its next start.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Listed

CLIENTS = 100
"""Each has an address of its own, so that what it takes is written one by one (:mod:`proxy.web.bursts`)."""
LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass
class Answered:
    """What clients and the admin were told, whole."""

    files: Counter[str] = field(default_factory=Counter)
    prohibited: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)


class Onslaught:
    """Clients that download and an admin that writes, until the gate is no more."""

    def __init__(self, gate: Gatehouse, wheels: Sequence[Listed], seed: int) -> None:
        self._gate, self._wheels, self._random = gate, wheels, random.Random(seed)
        self.told = Answered()
        self.kills = 0

    def kill_once(self) -> None:
        """Let everybody loose, kill the gate at some moment after some answers, and start it again."""
        if self.kills % 2:
            shutil.rmtree(self._gate.data_dir / "cache" / "blobs")  # so that files are on their way when it dies
        asyncio.run(self._everybody())
        self.kills += 1
        self._gate.restart()

    async def _everybody(self) -> None:
        self._enough, self._left = asyncio.Event(), self._random.randrange(1, 2 * CLIENTS)
        await asyncio.gather(self._kill(), self._write(), *(self._download(n) for n in range(CLIENTS)))

    async def _kill(self) -> None:
        await self._enough.wait()
        await asyncio.sleep(self._random.uniform(0, 0.03))
        await asyncio.to_thread(self._gate.kill)

    def _count(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._enough.set()

    async def _download(self, client: int) -> None:
        address = f"127.0.1.{client + 1}"
        while self._gate.running:
            wheel = self._random.choice(self._wheels)
            request = f"GET /files{wheel.path} HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n"
            answer = await self._asked(request, address)
            body = whole(answer)
            if body is None:
                continue
            if hashlib.sha256(body).hexdigest() != wheel.sha256:
                self.told.wrong.append(wheel.filename)
            self.told.files[wheel.filename] += 1
            self._count()

    async def _write(self) -> None:
        number = 0
        while self._gate.running:
            number += 1
            name = f"never-{self.kills}-{number}"
            body = f'{{"requirement": "{name}", "reason": "a test needs it"}}'
            head = f"authorization: Bearer {self._gate.token}\r\ncontent-type: application/json\r\n"
            head += f"content-length: {len(body)}\r\nHost: gate\r\nConnection: close\r\n"
            answer = await self._asked(f"POST /admin/api/v1/prohibitions HTTP/1.1\r\n{head}\r\n{body}")
            if whole(answer) is not None:
                self.told.prohibited.add(name)
                self._count()

    async def _asked(self, request: str, address: str = "127.0.0.1") -> bytes:
        """What came back to this address, however little."""
        answer = b""
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._gate.port, local_addr=(address, 0))
            with closing(writer), suppress(OSError):
                writer.write(request.encode())
                while piece := await reader.read(1 << 16):
                    answer += piece
        return answer


def whole(answer: bytes) -> bytes | None:
    """The body of an answer that succeeded and is all there, else None."""
    head, _, body = answer.partition(b"\r\n\r\n")
    said = LENGTH.search(head)
    complete = said is not None and int(said[1]) == len(body)
    return body if complete and re.match(rb"HTTP/1.1 20[01] ", head) else None


def wrong_files(cache: Path) -> list[str]:
    """The files of a cache that are not what their names say, and what a start should have cleared away."""
    found = [path for path in (cache / "blobs").rglob("*") if path.is_file()]
    return [path.name for path in found if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]


def recorded(gate: Gatehouse) -> Counter[str]:
    """How often each file stands in the record as handed out."""
    with closing(sqlite3.connect(gate.data_dir / "wicketgate.db")) as db:
        sql = "select filename, sum(count) from decisions where what = 'file' and status = 200 group by filename"
        return Counter(dict(db.execute(sql).fetchall()))


def prohibited(gate: Gatehouse) -> set[str]:
    """The projects that stand prohibited, each with the event that says so."""
    with closing(sqlite3.connect(gate.data_dir / "wicketgate.db")) as db:
        sql = "select entries.project from entries join events on seq = put_seq where kind = 'prohibition'"
        return {project for (project,) in db.execute(f"{sql} and events.project = entries.project")}
