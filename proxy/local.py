"""The socket by which a gate is reached on its own host: by commands, and by its other workers.

Whoever is not let into the data directory cannot take its place while the gate is down, as anybody may take a port,
and it is there whatever the addresses are that people use. A leaf without imports of ours: commands load no server.
Decided here:

* Each gate has one of its own (``gate-….sock``): two on one directory do not take each other's. One that a dead gate
  left is removed by the next that starts. All of that is done under a lock of the directory, so that nobody removes a
  socket between the moment it is there and the moment it is listened on.
* A token goes to a socket of this user or of root. Root speaks to that of the directory's owner as well, where nobody
  else may write into the directory.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = "127.0.0.1"
"""The address of whoever comes by such a socket: this host."""

WAITING = 512
"""Connections that wait to be taken."""

_PATH_AT_MOST = 104
"""Bytes of a socket's path that every system takes; Linux takes four more."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotOurs(Exception):
    """What listens in a data directory may not be sent a token; the message says why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that is listened on. ``path`` leads to it in this process and its forks."""

    place: socket.socket
    path: str
    _folder: int
    _name: str

    def remove(self) -> None:
        """Leave nothing behind. The socket itself may be closed already."""
        with suppress(FileNotFoundError):
            os.unlink(self._name, dir_fd=self._folder)
        os.close(self._folder)


def listen(folder: Path) -> Listening:
    """Listen on a new socket in a data directory, and remove those that nobody listens on. Raises OSError."""
    at = _opened(folder)
    try:
        with _alone(at):
            for name in _sockets(at):
                if not _answers(_path(folder, at, name)):
                    os.unlink(name, dir_fd=at)
            name = f"gate-{secrets.token_hex(4)}.sock"
            place, path = socket.socket(socket.AF_UNIX), _path(folder, at, name)
            place.bind(path)
            os.chmod(name, 0o600, dir_fd=at)
            place.listen(WAITING)
    except OSError:
        os.close(at)
        raise
    return Listening(place, path, at, name)


def answering(folder: Path) -> str:
    """Return the path of the newest socket that a gate listens on, "" where there is none.

    It is good for the life of this process. Raises NotOurs, and PermissionError where the directory is another user's.
    """
    try:
        at = _opened(folder)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    for name in _sockets(at):
        path = _path(folder, at, name)
        if _answers(path):
            _demand_ours(at, name, folder)
            return path
    os.close(at)
    return ""


def _demand_ours(at: int, name: str, folder: Path) -> None:
    owner = os.stat(name, dir_fd=at, follow_symlinks=False).st_uid
    if not may_be_told(owner, os.fstat(at), os.geteuid()):
        raise NotOurs(f"{folder / name} belongs to another user (number {owner}): nothing is sent to it.")


def may_be_told(owner: int, folder: os.stat_result, user: int) -> bool:
    """Whether a user's token may go to a socket of ``owner`` (both numbers of users) in a directory."""
    kept = folder.st_uid == owner and not folder.st_mode & _OTHERS_WRITE
    return owner in {0, user} or (user == 0 and kept)


def _sockets(at: int) -> list[str]:
    """Return the names of sockets of gates in a directory, the newest first."""
    found = []
    with os.scandir(at) as entries:
        for entry in entries:
            if entry.name.startswith("gate-") and entry.name.endswith(".sock"):
                with suppress(FileNotFoundError):
                    found.append((entry.stat(follow_symlinks=False), entry.name))
    sockets = [(seen.st_mtime_ns, name) for seen, name in found if stat.S_ISSOCK(seen.st_mode)]
    return [name for _, name in sorted(sockets, reverse=True)]


def _answers(path: str) -> bool:
    """Whether anybody listens. One who has no time just now does."""
    with socket.socket(socket.AF_UNIX) as tried:
        tried.setblocking(False)
        try:
            tried.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except BlockingIOError:
            pass
    return True


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _path(folder: Path, at: int, name: str) -> str:
    """Return a path that a socket can have: by way of the open directory where the plain one is too long (Linux)."""
    plain = str(folder / name)
    return plain if len(os.fsencode(plain)) < _PATH_AT_MOST else f"/proc/self/fd/{at}/{name}"


@contextmanager
def _alone(at: int) -> Iterator[None]:
    """Hold the lock of a directory."""
    fcntl.flock(at, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(at, fcntl.LOCK_UN)
