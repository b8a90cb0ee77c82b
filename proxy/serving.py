"""Listening: the index and, where it lives apart, the admin; and stopping without cutting anybody off.

Decided here:

* Ctrl-C gives running downloads five seconds, SIGTERM thirty; a second signal ends at once.
* No header of a client changes who it is or what it asked: uvicorn's proxy headers are off, but for the proxies that
  the operator named. Behind one, everybody would else come from one address, and be slowed down for one another.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from proxy.app import Gate
from proxy.connections import GuardedProtocol
from proxy.errors import SettingsError
from proxy.settings import Settings
from proxy.web.forward import AskedBy

GRACE = {signal.SIGINT: 5, signal.SIGTERM: 30}
BACKLOG = 2048
IDLE_SECONDS = 75
SWITCH_SECONDS = 0.001
"""For how long work in a thread keeps the loop waiting, each time that the loop has something to do."""


class _Server(uvicorn.Server):
    """A uvicorn server whose signals are ours: there may be two of them in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


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
    """An application and where it is reached: a socket taken already, or the path of a Unix one."""

    app: ASGIApp
    place: socket.socket | Path


def listeners(gate: Gate, sockets: list[socket.socket], previews: socket.socket, *, desk: bool) -> list[Listener]:
    """Return what one worker listens with: every one serves the index, the desk the admin and previews as well."""
    found = [Listener(gate.index, sockets[0])]
    if desk:
        found.append(Listener(gate.previews, previews))
        found += [Listener(gate.admin, place) for place in sockets[1:]]
        if gate.settings.workers > 1:
            found.append(Listener(AskedBy(gate.admin), gate.desk_socket))
    elif len(sockets) > 1:
        found.append(Listener(gate.admin, sockets[1]))
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
    as judging, and a full look stops every request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def serve(gate: Gate, listening: list[Listener], ready: Callable[[], None]) -> None:
    """Run until a signal comes; ``ready`` is called when the addresses answer."""
    async with gate.running():
        calm_collector()
        sys.setswitchinterval(SWITCH_SECONDS)
        servers = [_server(listener, gate.settings.trusted_proxies) for listener in listening]
        _stop_on_signals(servers)
        running = [asyncio.create_task(_run(server, item)) for server, item in zip(servers, listening, strict=True)]
        while not all(server.started for server in servers) and not any(task.done() for task in running):
            await asyncio.sleep(0.005)  # uvicorn has a flag here, no event
        ready()
        await asyncio.gather(*running)


async def _run(server: _Server, listener: Listener) -> None:
    await server.serve(sockets=[listener.place] if isinstance(listener.place, socket.socket) else None)


def _server(listener: Listener, trusted: Sequence[str]) -> _Server:
    config = uvicorn.Config(
        listener.app,
        uds=str(listener.place) if isinstance(listener.place, Path) else None,
        http=GuardedProtocol,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=list(trusted),
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        backlog=BACKLOG,
    )
    return _Server(config)


def _stop_on_signals(servers: list[_Server]) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
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
        place.bind(address)
    except OSError as error:
        step = f"Say another --{option}, or stop what listens there."
        raise SettingsError([f"Nothing can listen on {host}:{port} ({error.strerror}). {step}"]) from error
    place.set_inheritable(True)
    return place
