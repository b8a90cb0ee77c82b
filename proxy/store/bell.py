"""The bell: eight shared bytes that hold the number of the newest event, so that every worker hears a change.

Reading it costs a memory access, so each request can ask whether what it knows of policy and tokens is still in
force. The database stays the truth: a bell that was not rung (a crash between commit and ring) is
mended by the watch in :mod:`proxy.live`, which reads the revision itself every second.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

_BYTES = 8


class Bell:
    """One file of eight bytes in the data directory, mapped into every worker."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        os.ftruncate(self._file, _BYTES)
        self._map = mmap.mmap(self._file, _BYTES)
        self._seq = memoryview(self._map).cast("q")

    def read(self) -> int:
        """Return the number of the event last rung for, in this or another process."""
        return self._seq[0]

    def ring(self, seq: int) -> None:
        """Tell every worker that this event was committed. Call it after the commit, never before."""
        self._seq[0] = seq

    def close(self) -> None:
        """Let go of the file."""
        if not self._map.closed:
            self._seq.release()
            self._map.close()
            os.close(self._file)
