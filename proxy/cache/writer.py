"""A file on its way into the cache: written aside, hashed on the way, and given its name when it is whole."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from proxy.cache.files import NEW, Handle

Adopt = Callable[[Path, str], None]
"""Gives a finished file its name: where it is, and its SHA-256."""


class Writer:
    """A blob on its way in: bytes are counted and hashed as they are written.

    Not thread-safe; its methods block and may run in any one thread at a time. They raise OSError.
    """

    def __init__(self, adopt: Adopt, root: Path) -> None:
        self._adopt = adopt
        self._path = root / f"tmp-{os.getpid()}-{secrets.token_hex(8)}"
        self.handle = Handle(os.open(self._path, NEW, 0o600))
        fcntl.flock(self.handle.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, pieces: Iterable[bytes]) -> None:
        """Append pieces."""
        # Joined, since each call lets go of the interpreter and must wait its turn to get it back.
        whole = b"".join(pieces)
        view = memoryview(whole)
        while view:
            view = view[os.write(self.handle.fd, view) :]
        self._hash.update(whole)
        self.size += len(whole)

    def digest(self) -> str:
        """Return the SHA-256 of what was written, in hex."""
        return self._hash.hexdigest()

    def publish(self) -> None:
        """Put the blob under its digest, durably. The handle stays open for its readers."""
        os.fsync(self.handle.fd)
        self._adopt(self._path, self.digest())

    def discard(self) -> None:
        """Leave nothing behind. The handle stays open for its readers."""
        self._path.unlink(missing_ok=True)
