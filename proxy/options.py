"""Texts by option name to values, one after the other, with every fault collected: each has a next step."""

from __future__ import annotations

import logging
import os
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from proxy.audit.destinations import BadDestination, Destination, destination
from proxy.audit.keeping import Keeping
from proxy.certificates import Pair, words
from proxy.errors import OriginRefused, SettingsError
from proxy.extras import installed, missing
from proxy.model import ROLES
from proxy.places import audit_key, data_dir, secret_key
from proxy.sealed import IN_FILES, MARK, SEALABLE, NotOpened, SecretFile, Vault, command, plain
from proxy.upstream.origins import origin_of

log = logging.getLogger(__name__)

PREFIX = "WICKETGATE_"


class Reader:
    """Reads one text after the other and collects what is wrong."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name: value.strip() for name, value in given.items() if value.strip()}
        self._faults: list[str] = []
        self.vault = Vault(secret_key(self._given.get("secret_key_file")))
        names = [option.replace("-", "_") for option in SEALABLE if option not in IN_FILES]
        said = {name: self._given[name] for name in names if name in self._given}
        self.plain = tuple(_option(name) for name, text in said.items() if plain(_option(name), text))
        """Options that hold a secret which is not sealed."""
        self._opened = {name for name, text in said.items() if MARK in text}
        self._given |= {name: self._open(name, text) for name, text in said.items()}

    def _open(self, name: str, text: str) -> str:
        try:
            return self.vault.open(_option(name), text)
        except NotOpened as error:
            self.fault(name, error.wrong, error.step)
            return ""

    def _shown(self, name: str, text: str) -> str:
        """Return what a fault may say of a text: nothing of one that was sealed, of others no credentials."""
        return "what was sealed" if name in self._opened else repr(_redacted(text))

    def fault(self, name: str, wrong: str, step: str) -> None:
        """Note what is wrong with an option, and what to do."""
        self._faults.append(f"--{_option(name)} ({PREFIX}{name.upper()}) {wrong}. {step}")

    def needs(self, name: str, library: str) -> None:
        """Note a fault where the library of an extra is not there."""
        if not installed(library):
            self.fault(name, "cannot be used", missing(library))

    def finish(self) -> None:
        """Raise SettingsError where anything was wrong."""
        if self._faults:
            raise SettingsError(self._faults)

    def text(self, name: str, default: str) -> str:
        """Return a text as it was said."""
        return self._given.get(name, default)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        text = self._given.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            self.fault(name, f"is not a whole number from {least} to {most}: {text!r}", f"Say for example {default}")
            return default
        return int(text)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes or no."""
        text = self._given.get(name, "").lower()
        if text not in {"", "true", "false", "1", "0", "yes", "no"}:
            self.fault(name, f"is neither yes nor no: {text!r}", "Say yes or no")
        return text in {"true", "1", "yes"} if text else default

    def url(self, name: str) -> str:
        """Return an http or https URL without a slash at its end, "" where nothing was said."""
        text = self._given.get(name, "")
        if text and not self._usable(text):
            wrong = f"is not an http or https URL: {self._shown(name, text)}"
            self.fault(name, wrong, "Say https://index.example/simple/")
        return text.rstrip("/")

    def origins(self, name: str) -> tuple[str, ...]:
        """Return origins (scheme, host and port), said with commas or blanks between."""
        found = []
        for text in _several(self._given.get(name, "")):
            try:
                found.append(origin_of(text))
            except OriginRefused as error:
                self.fault(name, f"is not an origin: {error}", "Say https://files.example")
        return tuple(found)

    def networks(self, name: str) -> tuple[str, ...]:
        """Return addresses and networks as CIDR."""
        found = []
        for text in _several(self._given.get(name, "")):
            try:
                found.append(str(ip_network(text)))
            except ValueError:
                self.fault(name, f"is no address and no network: {text!r}", "Say for example 192.0.2.7,10.0.0.0/8")
        return tuple(found)

    def advisories(self, name: str) -> str:
        """Return where advisory data comes from: a URL, a path, "off" or ""."""
        text, step = self._given.get(name, ""), "Say a URL, a file, a folder or off"
        if not text or text == "off" or self._usable(text):
            return text
        if "://" in text:
            self.fault(name, f"is not an http or https URL: {self._shown(name, text)}", step)
        elif not Path(text).expanduser().exists():
            self.fault(name, f"is not there: {self._shown(name, text)}", step)
        return str(Path(text).expanduser().absolute())

    def audit(self) -> Keeping:
        """How the record is kept. The key lies beside the data directory: who has that alone must not have both."""
        place = data_dir(self._given.get("data_dir"))
        key = self.path("audit_key") or audit_key(place)
        if place in key.parents:
            self.fault("audit_key", f"is inside the data directory: {key}", "Say a file elsewhere")
        days = self.number("audit_keep_days", 0, 0, 36500)
        return Keeping(key, tuple(self._destinations("audit_export")), timedelta(days=days) if days else None)

    def _destinations(self, name: str) -> Iterator[Destination]:
        for text in _several(self._given.get(name, "")):
            try:
                found = destination(text, self.vault)
            except BadDestination as error:
                wrong = "holds no destination" if name in self._opened else error
                step = "Say for example syslog+tls://siem.example:6514"
                self.fault(name, f"{wrong}: {self._shown(name, text)}", step)
                continue
            if found.secret:
                self._kept(name, found.secret)
            yield found

    def pair(self, certificate: str, key: str) -> Pair | None:
        """Return a certificate and its key, which were tried; None where neither was named."""
        shown, secret = self.path(certificate), self.path(key)
        if shown is None or secret is None:
            if shown or secret:
                self.fault(key if shown else certificate, "is missing", "A certificate goes with its key: name both")
            return None
        pair = Pair(shown, secret)
        self._tried(certificate, pair.load, "Say PEM files that belong together, the key without a passphrase")
        return pair

    def authorities(self, name: str) -> Path | None:
        """Return a file of certificate authorities, which was tried; None where none was named."""
        path = self.path(name)
        if path:
            self._tried(name, lambda context: context.load_verify_locations(path), "Say a PEM file of authorities")
        return path

    def _tried(self, name: str, load: Callable[[ssl.SSLContext], None], step: str) -> None:
        try:
            load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        except OSError as error:
            self.fault(name, f"cannot be used ({words(error)})", step)

    def path(self, name: str) -> Path | None:
        """Return an absolute path, None where nothing was said."""
        text = self._given.get(name)
        return Path(text).expanduser().absolute() if text else None

    def alert_urls(self, name: str) -> tuple[str, ...]:
        """Return Apprise's URLs."""
        urls = _several(self._given.get(name, ""))
        if urls:
            self.needs(name, "apprise")
        if not all("://" in url for url in urls):  # later only the scheme of such a one would be told
            self.fault(name, "holds what is no URL", "Say Apprise's URLs, with commas between")
        return urls

    def secret(self, name: str) -> str:
        """Return what a file holds, "" where none was named: such a secret is in no option and in no variable."""
        path = self.path(name)
        return self._kept(name, SecretFile(path, _option(name), self.vault)) if path else ""

    def _kept(self, name: str, secret: SecretFile) -> str:
        """Return what a file of an option holds, which others should not read."""
        try:
            if secret.exposed:
                step = f"Close it (chmod 600 {secret.path}), or seal what it holds: {command(secret.option)}"
                log.warning("The secret of --%s is open to others on this host. %s", secret.option, step)
            return secret.read()
        except OSError as error:
            self.fault(name, f"cannot be read: {secret.path} ({error.strerror})", "Say a file that holds the secret")
        except NotOpened as error:
            self.fault(name, f"names {secret.path}, which {error.wrong}", error.step)
        return ""

    def roles(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return pairs of group and role."""
        pairs = [text.partition("=") for text in self._given.get(name, "").split(",")]
        found = tuple((group.strip(), role.strip()) for group, _, role in pairs)
        if not all(group and role in ROLES for group, role in found):
            self.fault(name, "does not give groups roles", "Say for example security=approver,platform=administrator")
        return found

    def directory(self, name: str) -> Path:
        """Return a directory that is there, writable, and its owner's alone."""
        path = data_dir(self._given.get(name))
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.stat().st_uid == os.geteuid():
                path.chmod(0o700)  # it may have been made by somebody in a hurry
            with tempfile.TemporaryFile(dir=path):
                return path
        except OSError as error:
            self.fault(name, f"cannot be written: {path} ({error.strerror})", "Say a directory that you own")
            return path

    @staticmethod
    def _usable(text: str) -> bool:
        try:
            parts = urlsplit(text)
            return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            return False


def _option(name: str) -> str:
    return name.replace("_", "-")


def _several(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _redacted(url: str) -> str:
    """Return the URL without what stands before an ``@`` and in its query: faults end up in logs."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2].partition('?')[0]}" if mark else rest or scheme
