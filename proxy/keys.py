"""Keys that must not lie beside what they protect: each a file of its own, made when it is first needed.

Decided here:

* A key is 32 random bytes, written as one line of base64, readable by its owner alone (0600).
* Two processes that start together get the same key: the file appears whole or not at all.
* A key that everybody on the host can read is refused, in words.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from proxy.errors import SettingsError

SIZE = 32
"""Bytes of a key."""


def load_or_make(path: Path) -> bytes:
    """Return the key in a file, making the file (and its directory) where there is none. Raises SettingsError."""
    try:
        if not path.exists():
            _make(path)
    except OSError as error:
        raise _unusable(path, "made", error) from error
    return load(path)


def load(path: Path) -> bytes:
    """Return the key in a file that is there. Raises SettingsError."""
    try:
        return _read(path)
    except FileNotFoundError as error:
        step = "Put it back from where you keep it safe, or name its file (--secret-key-file)."
        raise SettingsError([f"The key file {path} is not there. {step}"]) from error
    except OSError as error:
        raise _unusable(path, "read", error) from error


def _unusable(path: Path, what: str, error: OSError) -> SettingsError:
    step = "Name a file that this user may write."
    return SettingsError([f"The key file {path} cannot be {what} ({error.strerror}). {step}"])


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(SIZE)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first, and its key is the one
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & stat.S_IRWXO:
        raise SettingsError([f"The key file {path} is open to everybody on this host. Close it: chmod 600 {path}"])
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != SIZE:
        raise SettingsError([f"The key file {path} does not hold a key. Restore it from where you keep it safe."])
    return key
