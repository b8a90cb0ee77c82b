"""The limit of the stack: a bare uvicorn that returns ready bytes, and files by a plain sender.

    python -m tests.bench.speed.bare PORT FOLDER

Every file in FOLDER is an answer; one that ends in ``.gz`` is sent as gzip. Those under 1 MiB are held in memory, the
others read from disk in pieces: no policy, no record, nothing else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

READY = 1 << 20
PIECE = 1 << 20


class Bare:
    """Answers by path, from memory or disk."""

    def __init__(self, folder: Path) -> None:
        self._ready: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}
        self._large: dict[str, tuple[list[tuple[bytes, bytes]], int, int]] = {}
        for path in folder.iterdir():
            size = path.stat().st_size
            headers = [(b"content-type", b"application/octet-stream"), (b"content-length", str(size).encode())]
            if path.suffix == ".gz":
                headers.append((b"content-encoding", b"gzip"))
            if size < READY:
                self._ready[f"/{path.name}"] = headers, path.read_bytes()
            else:
                self._large[f"/{path.name}"] = headers, os.open(path, os.O_RDONLY), size

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        ready = self._ready.get(scope["path"])
        if ready:
            await send({"type": "http.response.start", "status": 200, "headers": ready[0]})
            await send({"type": "http.response.body", "body": ready[1]})
            return
        headers, descriptor, size = self._large[scope["path"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for at in range(0, size, PIECE):
            more = at + PIECE < size
            await send({"type": "http.response.body", "body": os.pread(descriptor, PIECE, at), "more_body": more})


def main() -> None:
    """Serve until ended."""
    app = Bare(Path(sys.argv[2]))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()
