"""What there is to serve: seeded projects in the shape of real ones, and an upstream that serves them.

python -m tests.bench.speed.world PORT [BYTES_PER_SECOND]
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import uvicorn
from starlette.types import Receive, Scope, Send

from tests.world import packages

JSON = b"application/vnd.pypi.simple.v1+json"
LARGE = 50 << 20
SMALL = 10 << 10
COLD_PAGES = [f"cold-page-{n}" for n in range(12)]
COLD_FILES = [f"cold-file-{n}" for n in range(4)]
HUGE_PAGES = [f"huge-page-{n}" for n in range(5)]
INSTALLED = [f"part-{n:02}" for n in range(30)]
PIECE = 1 << 18


@dataclass(frozen=True)
class Shape:
    """A project: how many files it lists, and how many bytes its newest wheel has."""

    name: str
    files: int
    size: int = SMALL


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("page-50", 50),
        Shape("page-5000", 5_000),
        Shape("small", 1),
        Shape("large", 1, LARGE),
        *(Shape(name, 50) for name in COLD_PAGES),
        *(Shape(name, 1, LARGE) for name in COLD_FILES),
        *(Shape(name, 6_000) for name in HUGE_PAGES),
        *(Shape(name, 1) for name in INSTALLED),
    )
}


@cache
def newest(name: str) -> bytes:
    """The one wheel of a project that can be downloaded: valid, of its size, the same each time."""
    shape = SHAPES[name]
    return packages.wheel(name, "9999.0", padding=shape.size - 1500)


def newest_name(name: str) -> str:
    """The file name of that wheel."""
    return f"{name.replace('-', '_')}-9999.0-py3-none-any.whl"


def path_of(name: str) -> str:
    """The path of that wheel at the upstream."""
    return f"/packages/{hashlib.sha256(name.encode()).hexdigest()[:12]}/{newest_name(name)}"


def described(name: str) -> bytes:
    """The metadata of that wheel."""
    return packages.metadata(name, "9999.0")


@cache
def page(name: str, origin: str) -> bytes:
    """The JSON page of a project (PEP 691)."""
    files = [_newest_row(name, origin), *_others(SHAPES[name], origin)]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()


@cache
def projects() -> bytes:
    """The JSON list of all projects (PEP 691)."""
    return json.dumps({"meta": {"api-version": "1.0"}, "projects": [{"name": name} for name in SHAPES]}).encode()


def _newest_row(name: str, origin: str) -> dict[str, object]:
    content = newest(name)
    return {
        "filename": newest_name(name),
        "url": origin + path_of(name),
        "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
        "size": len(content),
        "core-metadata": {"sha256": hashlib.sha256(described(name)).hexdigest()},
        "upload-time": "2024-05-01T00:00:00Z",
    }


def _others(shape: Shape, origin: str) -> Iterator[dict[str, object]]:
    """Rows of older wheels: twenty for a version, as projects with compiled wheels have them."""
    seeded = random.Random(shape.name)
    stem = shape.name.replace("-", "_")
    for number in range(shape.files - 1):
        version = f"{number // 200}.{number // 20 % 10}"
        filename = f"{stem}-{version}-cp3{number % 20 // 5 + 10}-none-platform_{number % 5}.whl"
        digest = seeded.randbytes(32).hex()
        yield {
            "filename": filename,
            "url": f"{origin}/packages/{digest[:24]}/{filename}",
            "hashes": {"sha256": digest},
            "size": seeded.randrange(1 << 24),
            "requires-python": ">=3.10",
            "core-metadata": {"sha256": digest[::-1]},
            "upload-time": f"2024-0{number % 9 + 1}-11T12:13:14Z",
            "yanked": False,
        }


class Upstream:
    """The index and its files on one origin; large files come at ``rate`` bytes a second (0: as they can)."""

    def __init__(self, origin: str, rate: int) -> None:
        self._origin, self._rate = origin, rate
        self._files = {path_of(name): name for name in SHAPES}
        self.asked: dict[str, int] = {}

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request; ``/asked/PATH`` says how often a path was asked for."""
        path = str(scope["path"])
        if path.startswith("/asked/"):
            await _send(send, b"text/plain", str(self.asked.get(path[6:], 0)).encode())
            return
        self.asked[path] = self.asked.get(path, 0) + 1
        name = path.strip("/").rpartition("/")[2]
        bare = path.removesuffix(".metadata")
        if path == "/simple/":  # some peers ask for it before anything else
            await _send(send, JSON, projects())
        elif path.startswith("/simple/") and name in SHAPES:
            await _send(send, JSON, page(name, self._origin))
        elif bare in self._files and bare != path:
            await _send(send, b"application/octet-stream", described(self._files[bare]))
        elif path in self._files:
            await self._file(send, newest(self._files[path]))
        else:
            await _send(send, b"text/plain", b"no", 404)

    async def _file(self, send: Send, content: bytes) -> None:
        rate = self._rate if len(content) > PIECE else 0
        await _start(send, b"application/octet-stream", len(content))
        began = asyncio.get_running_loop().time()
        for at in range(0, len(content), PIECE):
            await send({"type": "http.response.body", "body": content[at : at + PIECE], "more_body": True})
            if rate:
                due = began + (at + PIECE) / rate
                await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, kind: bytes, body: bytes, status: int = 200) -> None:
    await _start(send, kind, len(body), status)
    await send({"type": "http.response.body", "body": body})


async def _start(send: Send, kind: bytes, length: int, status: int = 200) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


def main() -> None:
    """Serve until ended."""
    port, rate = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    origin = f"http://127.0.0.1:{port}"
    for name in SHAPES:
        page(name, origin)
    uvicorn.run(Upstream(origin, rate), host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
