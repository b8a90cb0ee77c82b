"""The stand-in upstream index: a real server on loopback with real-shaped pages that can misbehave.

Pages and files have an origin each, as in the real world. ``misbehave`` lays an answer over a path;
everything asked is in ``requests``.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import html
import json
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TypeVar

from packaging.utils import canonicalize_name

from tests.world import packages

Made = TypeVar("Made")
JSON = "application/vnd.pypi.simple.v1+json"
REASONS = {
    200: "OK",
    301: "Moved",
    302: "Found",
    304: "Not Modified",
    403: "Forbidden",
    404: "Not Found",
    500: "Oops",
    503: "Away",
}


def now() -> datetime:
    """The time, for ages that are real."""
    return datetime.now(UTC)  # noqa: TID251  the stand-in upstream lives in the real world


@dataclass
class Listed:
    """One file as the index lists it. Change a field to make the index lie."""

    project: str
    version: str
    filename: str
    content: bytes
    uploaded: datetime
    metadata: bytes | None = None
    requires_python: str = ""
    yanked: str | bool = False
    sha256: str = ""
    path: str = ""
    hidden_metadata: bool = False
    provenance: bytes | None = None
    extra: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give it the digest of its content and a path as the real index has."""
        self.sha256 = self.sha256 or hashlib.sha256(self.content).hexdigest()
        blake = hashlib.blake2b(self.content + self.filename.encode(), digest_size=32).hexdigest()
        self.path = self.path or f"/packages/{blake[:2]}/{blake[2:4]}/{blake[4:]}/{self.filename}"


@dataclass(frozen=True)
class Asked:
    """One request that arrived: at which origin, for what, with which headers (lower-case names).

    ``showed`` tells whether the client had shown a certificate.
    """

    origin: str
    method: str
    path: str
    headers: dict[str, str]
    showed: bool = False


@dataclass
class Answer:
    """An answer, byte by byte if need be. ``raw`` replaces everything; ``stop_after`` cuts the body off."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    drip: float = 0.0
    stop_after: int | None = None
    endless: bool = False
    raw: bytes | None = None


Behaviour = Callable[[Asked], Answer | None]


class Upstream:
    """An index and its file host, as a context manager. ``tls`` has them speak that, by ``index`` and ``files``."""

    def __init__(self, tls: Mapping[str, ssl.SSLContext] | None = None) -> None:
        self._tls = tls or {}
        self.files: dict[str, list[Listed]] = {}
        self.requests: list[Asked] = []
        self.json = True
        self.etags = True
        self.relative = False
        self.compressed = False
        self.status: dict[str, dict[str, str]] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._loop = asyncio.new_event_loop()
        self._servers: dict[str, asyncio.Server] = {}
        self._ports: dict[str, int] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Upstream:
        """Listen."""
        self._thread.start()
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.down()
        self._call(self._cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # --- what there is ---

    @property
    def url(self) -> str:
        """The index URL."""
        return f"{self._scheme('index')}://127.0.0.1:{self._ports['index']}/simple/"

    @property
    def files_origin(self) -> str:
        """The origin of the files."""
        return f"{self._scheme('files')}://127.0.0.1:{self._ports['files']}"

    def _scheme(self, name: str) -> str:
        return "https" if name in self._tls else "http"

    def release(
        self,
        project: str,
        version: str,
        requires: Sequence[str] = (),
        *,
        days: float = 400,
        requires_python: str = "",
        padding: int = 0,
        build: str = "",
        says: str | None = None,
        licence: str = "",
        publisher: str = "",
    ) -> Listed:
        """Publish a wheel, uploaded ``days`` ago; a ``publisher`` (``GitHub:owner/repo``) attests it (PEP 740)."""
        content = packages.wheel(
            project,
            version,
            requires,
            requires_python=requires_python,
            padding=padding + len(build),
            says=says,
            licence=licence,
        )
        stem = f"{project.replace('-', '_')}-{version}{f'-{build}' if build else ''}"
        described = packages.metadata(says or project, version, requires, requires_python, licence)
        listed = Listed(
            project,
            version,
            f"{stem}-py3-none-any.whl",
            content,
            now() - timedelta(days=days),
            described,
            requires_python,
        )
        listed.provenance = packages.provenance(publisher, listed.sha256) if publisher else None
        return self.publish(listed)

    def sdist(self, project: str, version: str, *, days: float = 400, licence: str = "") -> Listed:
        """Publish a source archive."""
        content = packages.sdist(project, version, licence)
        return self.publish(
            Listed(project, version, f"{project}-{version}.tar.gz", content, now() - timedelta(days=days))
        )

    def publish(self, listed: Listed) -> Listed:
        """List a file."""
        self.files.setdefault(canonicalize_name(listed.project), []).append(listed)
        return listed

    def misbehave(self, path: str, behaviour: Behaviour | Answer) -> None:
        """Answer everything under ``path`` (from its start) in another way; None from a behaviour means as usual."""
        self._behaviours[path] = (lambda _asked: behaviour) if isinstance(behaviour, Answer) else behaviour

    def behave(self) -> None:
        """Answer as usual again."""
        self._behaviours.clear()

    def asked(self, path: str) -> list[Asked]:
        """Every request whose path contains this text."""
        return [request for request in self.requests if path in request.path]

    def down(self) -> None:
        """Refuse connections."""
        for server in self._servers.values():
            self._call(self._close(server))
        self._servers.clear()

    def up(self) -> None:
        """Listen, on the same ports as before."""
        for name in ("index", "files"):
            self._servers[name] = self._call(self._listen(name))
            self._ports[name] = self._servers[name].sockets[0].getsockname()[1]

    # --- how it answers ---

    def _call(self, work: Coroutine[object, object, Made]) -> Made:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self, name: str) -> asyncio.Server:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await self._connection(name, reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # the gate has gone; that is what some tests are about
            finally:
                writer.close()

        return await asyncio.start_server(connected, "127.0.0.1", self._ports.get(name, 0), ssl=self._tls.get(name))

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        await self._cancel_all()

    async def _cancel_all(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            method, path, _ = first.split(" ")
            headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
            asked = Asked(name, method, path, headers, bool(writer.get_extra_info("peercert")))
            self.requests.append(asked)
            if not await self._answer(asked, writer):
                return

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        answer = self._special(asked) or self._usual(asked)
        await asyncio.sleep(answer.delay)
        if answer.raw is not None:
            writer.write(answer.raw)
            await writer.drain()
            return False
        headers = {"content-length": str(len(answer.body)), **answer.headers}
        text = f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'X')}\r\n"
        text += "".join(f"{key}: {value}\r\n" for key, value in headers.items() if value)
        writer.write(f"{text}\r\n".encode("latin-1"))
        if asked.method != "HEAD" and answer.status != 304:
            await self._body(answer, writer)
        await writer.drain()
        return answer.stop_after is None and not answer.endless

    async def _body(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        body = answer.body if answer.stop_after is None else answer.body[: answer.stop_after]
        step = 1024 if answer.drip else 256 << 10
        for at in range(0, len(body), step):
            writer.write(body[at : at + step])
            await writer.drain()
            await asyncio.sleep(answer.drip)
        while answer.endless:
            writer.write(b"x" * 65536)
            await writer.drain()

    def _special(self, asked: Asked) -> Answer | None:
        for path, behaviour in self._behaviours.items():
            if asked.path.startswith(path) and (answer := behaviour(asked)):
                return answer
        return None

    def _usual(self, asked: Asked) -> Answer:
        return self._page(asked) if asked.origin == "index" and asked.path.startswith("/simple/") else self._file(asked)

    def _page(self, asked: Asked) -> Answer:
        project = asked.path.removeprefix("/simple/").strip("/")
        if project not in self.files:
            return Answer(404)
        as_json = self.json and JSON in asked.headers.get("accept", "")
        body = self._json(project) if as_json else self._html(project)
        headers = {"content-type": JSON if as_json else "text/html"}
        if self.etags:
            headers["etag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            if asked.headers.get("if-none-match") == headers["etag"]:
                return Answer(304, headers)
        if self.compressed and "gzip" in asked.headers.get("accept-encoding", ""):
            body, headers["content-encoding"] = gzip.compress(body), "gzip"
        return Answer(200, headers, body)

    def _json(self, project: str) -> bytes:
        files = [self._row(listed) for listed in self.files[project]]
        versions = list(dict.fromkeys(listed.version for listed in self.files[project]))
        page = {
            "meta": {"api-version": "1.1", "_last-serial": 7},
            "name": project,
            "versions": versions,
            "files": files,
        }
        if project in self.status:
            page["project-status"] = self.status[project]
        return json.dumps(page).encode()

    def _row(self, listed: Listed) -> dict[str, object]:
        row: dict[str, object] = {
            "filename": listed.filename,
            "hashes": {"sha256": listed.sha256},
            "requires-python": listed.requires_python or None,
            "size": len(listed.content),
            "upload-time": listed.uploaded.isoformat().replace("+00:00", "Z"),
            "url": self._address(listed),
            "yanked": listed.yanked,
        }
        if listed.metadata and not listed.hidden_metadata:
            row["core-metadata"] = {"sha256": hashlib.sha256(listed.metadata).hexdigest()}
        if listed.provenance:
            row["provenance"] = f"{self.files_origin}{listed.path}.provenance"
        return {**row, **listed.extra}

    def _html(self, project: str) -> bytes:
        anchors = "".join(
            f'<a href="{self._address(listed)}#sha256={listed.sha256}"'
            + (f' data-requires-python="{html.escape(listed.requires_python)}"' if listed.requires_python else "")
            + (f' data-yanked="{html.escape(str(listed.yanked))}"' if listed.yanked else "")
            + f">{listed.filename}</a><br/>\n"
            for listed in self.files[project]
        )
        return f"<!DOCTYPE html><html><body><h1>Links for {project}</h1>\n{anchors}</body></html>".encode()

    def _address(self, listed: Listed) -> str:
        return f"../..{listed.path}" if self.relative else f"{self.files_origin}{listed.path}"

    def _file(self, asked: Asked) -> Answer:
        for listed in (listed for files in self.files.values() for listed in files):
            if asked.path == listed.path:
                return Answer(200, {"content-type": "application/octet-stream"}, listed.content)
            if asked.path == f"{listed.path}.metadata" and listed.metadata:
                return Answer(200, {"content-type": "application/octet-stream"}, listed.metadata)
            if asked.path == f"{listed.path}.provenance" and listed.provenance:
                return Answer(200, {"content-type": "application/json"}, listed.provenance)
        return Answer(404)
