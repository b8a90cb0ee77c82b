"""The bell: eight shared bytes that hold the policy's revision, so that every worker hears a change.

Reading it costs a memory access, so each request can ask whether its snapshot is still the one in
force. The database stays the truth: a bell that was not rung (a crash between commit and ring) is
mended by the watch in :mod:`proxy.live`, which reads the revision itself every second.
"""

from __future__ import annotations

import mmap
import os
import struct
from pathlib import Path

_REVISION = struct.Struct("<q")


class Bell:
    """One file of eight bytes in the data directory, mapped into every worker."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        os.ftruncate(self._file, _REVISION.size)
        self._map = mmap.mmap(self._file, _REVISION.size)

    def read(self) -> int:
        """Return the revision last rung, in this or another process."""
        return int(_REVISION.unpack_from(self._map)[0])

    def ring(self, revision: int) -> None:
        """Tell every worker that this revision is in force. Call it after the commit, never before."""
        _REVISION.pack_into(self._map, 0, revision)

    def close(self) -> None:
        """Let go of the file."""
        if not self._map.closed:
            self._map.close()
            os.close(self._file)
