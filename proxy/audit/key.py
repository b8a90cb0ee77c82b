"""The key that seals the record, in a file outside the data directory, and what lies beside it.

* the key: PKCS #8, PEM, readable by its owner alone, made at the first start
* ``trusted``: verifier keys of earlier keys, whose checkpoints still count
* ``checkpoints``: what was sealed last. A database that says otherwise was cut off, rewritten, or restored
  from a backup that is older
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from proxy.errors import SettingsError
from proxy.policy import notes
from proxy.policy.notes import BadNote, Signer, Trust

log = logging.getLogger(__name__)

_BEGINS = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """The files around a key at ``path``."""

    path: Path

    def check(self) -> None:
        """Refuse a file that is no key at first sight, and a place where none can be made. Raises SettingsError."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            begins = self.path.read_bytes()[: len(_BEGINS)]
        except FileNotFoundError:
            if not os.access(self.path.parent, os.W_OK):
                raise _unusable(self.path, "it cannot be made: Permission denied") from None
        except OSError as error:
            raise _unusable(self.path, error.strerror or "it cannot be read") from error
        else:
            if begins != _BEGINS:
                raise _unusable(self.path, "it is no Ed25519 key")

    def load(self, instance: str) -> Signer | None:
        """Return the key, None where there is none yet. Raises SettingsError for a file that is no Ed25519 key."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  takes long: not before it is needed
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self.path, error.strerror or "it cannot be read") from error
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            log.warning("The audit key %s can be read by others: chmod 600", self.path)
        try:
            key = serialization.load_pem_private_key(content, None)
        except (ValueError, TypeError) as error:
            raise _unusable(self.path, "it is no private key without a password (PEM)") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _unusable(self.path, "it is no Ed25519 key")
        return Signer(instance, key)

    def make(self, instance: str, earlier: str = "") -> Signer:
        """Make a key and keep it; ``earlier`` are verifier keys that still count. Raises SettingsError."""
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  takes long: not before it is needed
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        key = Ed25519PrivateKey.generate()
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if earlier:
                _write(self._beside("trusted"), earlier)
            with _draft(self.path, key.private_bytes(*form).decode()) as draft:
                os.link(draft, self.path)
        except FileExistsError:
            return self.load(instance) or self.make(instance, earlier)  # another process was first: its key is the one
        except OSError as error:
            raise _unusable(self.path, f"it cannot be made: {error.strerror}") from error
        return Signer(instance, key)

    def trust(self, signer: Signer) -> Trust:
        """Return who is believed: the key, and those before it. Raises SettingsError for a file that is broken."""
        try:
            return Trust.of(signer.verifiers + _read(self._beside("trusted")))
        except BadNote as error:
            raise SettingsError([f"{self._beside('trusted')} cannot be read. {error}"]) from error

    def kept(self) -> list[str]:
        """Return the notes that were signed last, as far as they can be read; none before the first."""
        if not self._beside("checkpoints").exists():
            return []
        try:
            return notes.split(_read(self._beside("checkpoints")))
        except BadNote as error:
            log.warning("%s is not what the gate wrote there: %s", self._beside("checkpoints"), error)
            return []

    def keep(self, signed: list[str]) -> None:
        """Keep the notes that were signed last. Raises OSError."""
        _write(self._beside("checkpoints"), notes.joined(signed))

    def _beside(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.stem}.{name}")


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def _write(path: Path, text: str) -> None:
    with _draft(path, text) as draft:
        draft.replace(path)


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """Write a text whole beside where it is to be, under a name that is this process's alone."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _unusable(path: Path, why: str) -> SettingsError:
    return SettingsError(
        [f"--audit-key (WICKETGATE_AUDIT_KEY) cannot be used: {path}: {why}. Say a file in a directory that you own"]
    )
