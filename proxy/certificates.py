"""The gate's own certificate: TLS 1.2 and later, and a new certificate in use without a restart.

Decided here:

* Certificate and key are looked at every second. What changed is tried beside the one in use and put in its place when
  the two belong together; connections that stand go on. What cannot be used leaves the old in place, and is told once.
* A key that wants a passphrase is refused: nobody is there to type it when it changes.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path
from typing import NamedTuple

from proxy.errors import SettingsError

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
HSTS = ("Strict-Transport-Security", "max-age=31536000")
"""For a year browsers and installers that heed it speak TLS alone with this host."""


class Pair(NamedTuple):
    """A certificate (its chain may follow in the file) and its key, both PEM."""

    certificate: Path
    key: Path

    def load(self, context: ssl.SSLContext) -> None:
        """Show this certificate. Raises OSError (of which ssl.SSLError is one) where it cannot be used."""
        context.load_cert_chain(self.certificate, self.key, password="")


class Certificate:
    """What listeners show. ``context`` is theirs for ever; what it shows changes."""

    def __init__(self, pair: Pair) -> None:
        """Raises SettingsError where the files cannot be used."""
        self._pair, self._seen = pair, _seen(pair)
        try:
            self.context = self._current = _loaded(pair)
        except OSError as error:
            raise SettingsError([f"--tls-cert and --tls-key cannot be used: {words(error)}"]) from error
        self.context.sni_callback = self._show

    def _show(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    async def watch(self) -> None:
        """Look for a new certificate every second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Put a changed certificate in use, if it can be."""
        seen = _seen(self._pair)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._current = _loaded(self._pair)
        except OSError as error:
            log.warning("The new certificate cannot be used, the one before it stays: %s", words(error))
        else:
            log.warning("A new certificate is in use: %s", self._pair.certificate)


def _loaded(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    pair.load(context)
    return context


def _seen(pair: Pair) -> tuple[object, ...]:
    """Return what tells one state of the files from another; links are followed."""
    return tuple(_stamp(path) for path in (pair.certificate, pair.key))


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def words(error: OSError) -> str:
    """Return what is wrong, by OpenSSL's word for it or the system's, with the file where one is known."""
    reason = str(getattr(error, "reason", None) or error.strerror or error)
    return f"{error.filename}: {reason}" if error.filename else reason.replace("_", " ").lower()
