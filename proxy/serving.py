"""Listening: the index and, where it lives apart, the admin; and stopping without cutting anybody off.

Decided here:

* Ctrl-C gives running downloads five seconds, SIGTERM thirty; a second signal ends at once.
* No header of a client changes who it is or what it asked: uvicorn's proxy headers are off, but for the proxies that
  the operator named. Behind one, everybody would else come from one address, and be slowed down for one another.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import resource
import signal
import socket
import sys
from asyncio import sslproto
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from proxy.app import Gate
from proxy.certificates import HSTS, Certificate
from proxy.connections import UNSENT_AT_FIRST, leave_unsent
from proxy.crowds import CountedProtocol, tell_seldom
from proxy.errors import SettingsError
from proxy.health import ENDING
from proxy.local import Listening, listen
from proxy.settings import Settings
from proxy.web.forward import OwnDoors

GRACE = {signal.SIGINT: 5, signal.SIGTERM: 30}
BACKLOG = 512
"""Connections that wait to be taken. The loop tries for each of them when descriptors have come to an end."""
HANDSHAKE_SECONDS = 5.0
"""For so long a client may take to agree on TLS: until then it is nobody's, and costs as much as ten others."""
IDLE_SECONDS = 75
TURN_SECONDS = 0.001
TLS_BYTES = 64 << 10
_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
_MALLOC = ((_ARENA_MAX, 2), (_MMAP_THRESHOLD, 1 << 20), (_TRIM_THRESHOLD, 16 << 20))


class _Server(uvicorn.Server):
    """A uvicorn server whose signals are ours: there may be two of them in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen as uvicorn does; handshakes that do not come to their end are broken off."""
        if sockets is None or not self.config.ssl:
            await super().startup(sockets)
            return

        def protocol() -> asyncio.Protocol:
            kind = cast(type[CountedProtocol], self.config.http_protocol_class)
            return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

        loop, tls, patience = asyncio.get_running_loop(), self.config.ssl, HANDSHAKE_SECONDS
        self.servers = [
            await loop.create_server(protocol, sock=place, ssl=tls, backlog=BACKLOG, ssl_handshake_timeout=patience)
            for place in sockets
        ]
        self.started = True


def own_socket(settings: Settings) -> Listening:
    """Listen for commands of this host, and for other workers. Raises SettingsError where the directory takes none."""
    try:
        return listen(settings.data_dir)
    except OSError as error:
        step = "Say another --data-dir, on a disk of this host."
        raise SettingsError([f"No socket can be made in {settings.data_dir} ({error.strerror}). {step}"]) from error


def bind(settings: Settings) -> list[socket.socket]:
    """Take the addresses before anything else is done. Raises SettingsError where one is taken."""
    places = [("port", settings.host, settings.port)]
    if settings.admin_apart:
        places.append(("admin-port", settings.admin_host, settings.admin_port))
    return [_bound(option, host, port) for option, host, port in places]


def lift_file_limit() -> None:
    """Let this process open as many files and connections as the system lets it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(frozen=True, slots=True)
class Listener:
    """An application and the socket at which it is reached.

    What is ``public`` speaks TLS where the operator named a certificate, and believes the proxies that he named.
    """

    app: ASGIApp
    place: socket.socket
    public: bool = True


def listeners(gate: Gate, sockets: list[socket.socket], previews: socket.socket, own: Listening) -> list[Listener]:
    """Return what one worker listens with: every one serves index and admin, the desk previews and its host as well."""
    found = [Listener(gate.index, sockets[0]), *(Listener(gate.admin, place) for place in sockets[1:])]
    if gate.desk:
        found.append(Listener(gate.previews, previews, public=False))
        found.append(Listener(OwnDoors(gate.index, gate.admin), own.place, public=False))
    return found


def loopback() -> socket.socket:
    """Take a port of this host that nobody else knows of."""
    return _bound("port", "127.0.0.1", 0)


def address_of(place: socket.socket) -> str:
    """Return the base URL of a socket on this host."""
    return f"http://127.0.0.1:{place.getsockname()[1]}"


def calm_collector() -> None:
    """Look for cyclic garbage rarely.

    Judging a page of thousands makes objects and no cycles; looking through all of them each time costs as much
    as judging, and a look through what stays stops every request for a quarter of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 1_000, 100)


def lean_memory() -> None:
    """Have the C library (glibc) hand back what was freed, in whatever thread: by itself it keeps as much again."""
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        for name, value in _MALLOC:
            option(name, value)


def lean_tls() -> None:
    """Have a connection read 64 KiB at once: asyncio sets aside that much for each, and four times more by itself."""
    sslproto.SSLProtocol.max_size = TLS_BYTES


def quick_turns() -> None:
    """Let the event loop have the interpreter back soon when a thread has it.

    A request takes it several times; Python's own 5 ms each would be felt while a large page is judged beside it.
    """
    sys.setswitchinterval(TURN_SECONDS)


async def serve(gate: Gate, listening: list[Listener], ready: Callable[[], None]) -> None:
    """Run until a signal comes; ``ready`` is called when the addresses answer."""
    async with gate.running():
        calm_collector()
        quick_turns()
        lean_memory()
        lean_tls()
        asyncio.get_running_loop().set_exception_handler(tell_seldom)
        shown = Certificate(gate.settings.tls) if gate.settings.tls else None
        servers = [_server(listener, gate.settings.trusted_proxies, shown) for listener in listening]
        _stop_on_signals(servers, gate.ending)
        running = [asyncio.create_task(_run(server, item)) for server, item in zip(servers, listening, strict=True)]
        while not all(server.started for server in servers) and not any(task.done() for task in running):
            await asyncio.sleep(0.005)  # uvicorn has a flag here, no event
        ready()
        watching = [asyncio.create_task(shown.watch())] if shown else []
        try:
            await asyncio.gather(*running)
        finally:
            for task in watching:
                task.cancel()


async def _run(server: _Server, listener: Listener) -> None:
    await server.serve(sockets=[listener.place])


def _server(listener: Listener, trusted: Sequence[str], shown: Certificate | None) -> _Server:
    secured, trusted = (shown, trusted) if listener.public else (None, ())
    config = uvicorn.Config(
        listener.app,
        http=CountedProtocol,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=list(trusted),
        server_header=False,
        headers=[HSTS] if secured else [],
        ssl_context_factory=(lambda _config, _default: secured.context) if secured else None,
        timeout_keep_alive=IDLE_SECONDS,
        backlog=BACKLOG,
    )
    return _Server(config)


def _stop_on_signals(servers: list[_Server], ending: list[str]) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        ending[:] = [ENDING]
        for server in servers:
            server.config.timeout_graceful_shutdown = GRACE[number]
            server.force_exit = server.should_exit
            server.should_exit = True

    for number in GRACE:
        loop.add_signal_handler(number, stop, number)


def _bound(option: str, host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        place = socket.socket(family, kind, protocol)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        leave_unsent(place, UNSENT_AT_FIRST)  # every connection taken here has it from it
        place.bind(address)
    except OSError as error:
        step = f"Say another --{option}, or stop what listens there."
        raise SettingsError([f"Nothing can listen on {host}:{port} ({error.strerror}). {step}"]) from error
    place.set_inheritable(True)
    return place
