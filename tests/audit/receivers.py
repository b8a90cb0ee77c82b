"""Real receivers on loopback: syslog over TCP and TLS, and a webhook; they go away and come back on the same port."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.world.gatehouse import free_port

Frame = tuple[str, Any]


@dataclass
class SyslogReceiver:
    """Reads frames by their counted octets, and keeps the JSON of each with its MSGID."""

    port: int = field(default_factory=free_port)
    tls: ssl.SSLContext | None = None
    frames: list[Frame] = field(default_factory=list)
    connections: int = 0
    deaf: bool = False
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"syslog+{'tls' if self.tls else 'tcp'}://127.0.0.1:{self.port}"

    async def up(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls, limit=1 << 22)

    async def down(self) -> None:
        """Stop listening and break off every connection, with whatever was not read."""
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while not self.deaf:
                length = int(await reader.readuntil(b" "))
                self._take((await reader.readexactly(length)).decode())
            await asyncio.sleep(3600)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender went, or we did
        finally:
            self._open.discard(writer)
            writer.close()

    def _take(self, text: str) -> None:
        head, _, message = text.partition("] ")
        self.frames.append((head.split(" ")[5], json.loads(message)))

    def seqs(self, kind: str) -> list[int]:
        """The numbers of the records of a kind that arrived, each once, in order."""
        return sorted({found["seq"] for name, found in self.frames if name == kind})


@dataclass
class Posted:
    """One request to the webhook."""

    headers: dict[str, str]
    body: bytes

    @property
    def records(self) -> list[Any]:
        """The records in it."""
        return [json.loads(line) for line in self.body.splitlines()]


@dataclass
class WebhookReceiver:
    """Answers every POST with ``status`` (and ``headers``), and keeps what was posted."""

    port: int = field(default_factory=free_port)
    tls: ssl.SSLContext | None = None
    status: int = 204
    headers: str = ""
    posted: list[Posted] = field(default_factory=list)
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/hook?key=hush"

    async def up(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls, limit=1 << 22)

    async def down(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.posted.append(Posted(headers, body))
            answer = f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\nconnection: close\r\n{self.headers}\r\n"
            writer.write(answer.encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender went
        finally:
            writer.close()

    def seqs(self, kind: str) -> list[int]:
        """The numbers of the records of a chain that arrived, each once, in order."""
        found = [record for posted in self.posted for record in posted.records if record["chain"] == kind]
        return sorted({record["seq"] for record in found})


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A TLS server context for 127.0.0.1, and the file of the authority that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)  # noqa: TID251  a certificate lives in the real world
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "ca.pem", folder / "server.key"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, private)
    return context, cert


@contextlib.asynccontextmanager
async def running(receiver: SyslogReceiver | WebhookReceiver) -> AsyncIterator[None]:
    """Listen while the test runs."""
    await receiver.up()
    try:
        yield
    finally:
        await receiver.down()
