"""Secrets in the operator's settings that nobody can read there: ``sealed:`` and what the gate's own key opens.

Decided here:

* What was sealed for one option opens for no other: who may write settings cannot have a secret sent elsewhere.
* The key is read when the first of them is opened, and never made for that: a new key opens nothing.
* What was opened stays in memory; nothing here says it, faults neither.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from os import geteuid
from pathlib import Path

from proxy import keys
from proxy.errors import SettingsError
from proxy.sealing import Seal
from proxy.upstream.origins import split_credentials

MARK = "sealed:"
SEALABLE = ("upstream", "upstream-proxy", "advisories", "alert-url", "audit-export", "oidc-client-secret-file")
"""Options whose text may be sealed, or what the file holds that they name: the last that of the client's secret, and
``audit-export`` both its address and the file of ``#secret=``."""
IN_FILES = ("oidc-client-secret-file",)
"""Those of them whose own text is the name of a file, and never sealed."""
_EVER = datetime.fromtimestamp(0, UTC)
"""When something is opened: no matter, for what is sealed here has no end."""
_PIECE = re.compile(rf"(?<![^\s,]){MARK}[^\s,]*")


class NotOpened(Exception):
    """A sealed secret that does not open. ``wrong`` ends a sentence about where it stands, ``step`` is what to do."""

    def __init__(self, wrong: str, step: str) -> None:
        super().__init__(f"{wrong}. {step}")
        self.wrong, self.step = wrong, step


class Vault:
    """Seals and opens secrets of settings with the key in a file."""

    def __init__(self, key_file: Path) -> None:
        self.key_file = key_file

    def close(self, option: str, text: str, at: datetime) -> str:
        """Return a secret sealed for an option, making the key where there is none. Raises SettingsError."""
        return MARK + _seal(keys.load_or_make(self.key_file), option).close(text, at)

    def open(self, option: str, text: str) -> str:
        """Return a text with everything opened that is sealed in it. Raises NotOpened."""
        return _PIECE.sub(lambda found: self._opened(option, found[0].removeprefix(MARK)), text)

    def _opened(self, option: str, sealed: str) -> str:
        if (text := _open(self._key, option, sealed)) is not None:
            return text
        other = next((name for name in SEALABLE if _open(self._key, name, sealed) is not None), "")
        if other:
            raise NotOpened(f"was sealed for --{other}", f"Seal it anew: {command(option)}")
        wrong = f"was sealed with another key than {self.key_file}, or damaged"
        raise NotOpened(wrong, f"Put that key back, or seal it anew: {command(option)}")

    @cached_property
    def _key(self) -> bytes:
        try:
            return keys.load(self.key_file)
        except SettingsError as error:
            raise NotOpened("is sealed, and there is no key to open it", " ".join(error.faults)) from error


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file that holds a secret of an option, plain or sealed."""

    path: Path
    option: str
    vault: Vault

    def read(self) -> str:
        """Return the secret, without what is blank around it. Raises OSError, NotOpened."""
        return self.vault.open(self.option, self._text())

    @property
    def exposed(self) -> bool:
        """Whether others on the host can read a plain secret here. Raises OSError, NotOpened.

        A group is another where the file is the gate's own; of a file that is somebody else's, the group is how the
        gate reads it.
        """
        found = self.path.stat()
        others = stat.S_IRWXO | (stat.S_IRWXG if found.st_uid == geteuid() else 0)
        return bool(found.st_mode & others) and not self._text().startswith(MARK)

    def _text(self) -> str:
        try:
            return self.path.read_text().strip()
        except UnicodeDecodeError:
            raise NotOpened(f"is no text: {self.path}", "Say a file that holds the secret") from None


def plain(option: str, text: str) -> bool:
    """Whether a text holds a secret that is not sealed: credentials, an address of alerts, a receiver's query."""
    pieces = [piece for piece in text.replace(",", " ").split() if not piece.startswith(MARK)]
    if option == "audit-export":
        return any("?" in piece.partition("#")[0] for piece in pieces)
    return any(option == "alert-url" or split_credentials(piece)[1] is not None for piece in pieces)


def command(option: str) -> str:
    """Return the command that seals something for an option."""
    return f"wicketgate seal --for {option}"


def _seal(key: bytes, option: str) -> Seal:
    return Seal(key, f"setting:{option}")


def _open(key: bytes, option: str, sealed: str) -> str | None:
    return _seal(key, option).open(sealed, _EVER)
