"""The operator's settings: options and ``WICKETGATE_…`` variables to one frozen value.

Every fault is found before any is reported, each with a next step. What the security team decides
is not here: those are the terms, which are changed like any approval.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from proxy.audit.destinations import BadDestination, Destination, destination
from proxy.audit.keeping import Keeping
from proxy.errors import OriginRefused, SettingsError
from proxy.extras import installed, missing
from proxy.model import ROLES
from proxy.places import audit_key, data_dir
from proxy.upstream.origins import is_https_or_loopback, is_loopback, origin_of

PREFIX = "WICKETGATE_"


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """The OpenID provider at which people sign in. ``roles`` are pairs of group and role; the first counts."""

    issuer: str
    client_id: str
    client_secret: str
    roles: tuple[tuple[str, str], ...]
    group_claim: str
    acr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``wicketgate serve`` was told. Sizes in bytes, times in seconds.

    ``upstream`` is "" where nothing was said: the index of pip on this machine is meant then.
    ``advisories`` is a URL, a path, "off", or "" for OSV's public export.
    """

    host: str
    port: int
    data_dir: Path
    upstream: str
    file_origins: tuple[str, ...]
    index_ttl: float
    public_url: str
    advisories: str
    anonymous: bool
    admin_host: str
    admin_port: int
    cache_size: int
    alert_urls: tuple[str, ...]
    secret_key_file: Path
    mfa_required: bool
    admin_public_url: str
    openid: OpenIdSettings | None
    workers: int
    trusted_proxies: tuple[str, ...]
    audit: Keeping
    audit_archive: Path
    revocation_max_lag: float

    @property
    def admin_apart(self) -> bool:
        """Whether the admin listens on an address of its own."""
        return (self.admin_host, self.admin_port) != (self.host, self.port)

    @property
    def url(self) -> str:
        """Where people reach the gate, without a slash at the end."""
        return self.public_url or f"http://{_bracketed(self.host)}:{self.port}"

    @property
    def admin_url(self) -> str:
        """Where people reach the admin, without a slash at the end."""
        if self.admin_public_url:
            return self.admin_public_url
        return f"http://{_bracketed(self.admin_host)}:{self.admin_port}" if self.admin_apart else self.url


def read(given: Mapping[str, str]) -> Settings:
    """Read settings from texts by option name (``data_dir``). Raises SettingsError with every fault."""
    reader = _Reader(given)
    host = reader.text("host", "127.0.0.1")
    port = reader.number("port", 8080, 1, 65535)
    settings = Settings(
        host=host,
        port=port,
        data_dir=reader.directory("data_dir"),
        upstream=reader.url("upstream"),
        file_origins=reader.origins("file_origin"),
        index_ttl=reader.number("index_ttl", 600, 0, 7 * 86400),
        public_url=reader.url("public_url"),
        advisories=reader.advisories("advisories"),
        anonymous=reader.flag("anonymous", default=is_loopback(host)),
        admin_host=reader.text("admin_host", host),
        admin_port=reader.number("admin_port", port, 1, 65535),
        cache_size=reader.number("cache_size", 10 << 30, 1 << 20, 1 << 50),
        alert_urls=reader.alert_urls("alert_url"),
        secret_key_file=Path(reader.text("secret_key_file", "~/.config/wicketgate/secret-key")).expanduser().absolute(),
        mfa_required=reader.flag("mfa_required", default=True),
        admin_public_url=reader.url("admin_public_url"),
        openid=_openid(reader),
        workers=reader.number("workers", 1, 1, 64),
        trusted_proxies=reader.networks("trusted_proxies"),
        audit=reader.audit(),
        audit_archive=reader.path("audit_archive") or data_dir(given.get("data_dir")) / "audit-archive",
        revocation_max_lag=reader.number("revocation_max_lag", 60, 0, 86400),
    )
    reader.finish()
    return settings


def _openid(reader: _Reader) -> OpenIdSettings | None:
    """Read what there is to say of an OpenID provider; saying a part of it is a fault."""
    issuer, client = reader.text("oidc_issuer", ""), reader.text("oidc_client_id", "")
    if not issuer and not client:
        return None
    reader.needs("oidc_issuer", "joserfc")
    if not is_https_or_loopback(issuer):
        reader.fault("oidc_issuer", "is not an https URL", "Say it as the provider's ID tokens spell it (iss)")
    if not client:
        reader.fault("oidc_client_id", "is missing", "Say the id under which the provider knows this gate")
    return OpenIdSettings(
        issuer,
        client,
        reader.secret("oidc_client_secret_file"),
        reader.roles("oidc_roles"),
        reader.text("oidc_group_claim", "groups"),
        tuple(reader.text("oidc_acr", "").replace(",", " ").split()),
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class _Reader:
    """Reads one text after the other and collects what is wrong."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = {name: value.strip() for name, value in given.items() if value.strip()}
        self._faults: list[str] = []

    def fault(self, name: str, wrong: str, step: str) -> None:
        option = "--" + name.replace("_", "-")
        self._faults.append(f"{option} ({PREFIX}{name.upper()}) {wrong}. {step}")

    def needs(self, name: str, library: str) -> None:
        if not installed(library):
            self.fault(name, "cannot be used", missing(library))

    def finish(self) -> None:
        if self._faults:
            raise SettingsError(self._faults)

    def text(self, name: str, default: str) -> str:
        return self._given.get(name, default)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self._given.get(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            self.fault(name, f"is not a whole number from {least} to {most}: {text!r}", f"Say for example {default}")
            return default
        return int(text)

    def flag(self, name: str, *, default: bool) -> bool:
        text = self._given.get(name, "").lower()
        if text not in {"", "true", "false", "1", "0", "yes", "no"}:
            self.fault(name, f"is neither yes nor no: {text!r}", "Say yes or no")
        return text in {"true", "1", "yes"} if text else default

    def url(self, name: str) -> str:
        text = self._given.get(name, "")
        if text and not self._usable(text):
            self.fault(name, f"is not an http or https URL: {_redacted(text)!r}", "Say https://index.example/simple/")
        return text.rstrip("/")

    def origins(self, name: str) -> tuple[str, ...]:
        found = []
        for text in self._given.get(name, "").replace(",", " ").split():
            try:
                found.append(origin_of(text))
            except OriginRefused as error:
                self.fault(name, f"is not an origin: {error}", "Say https://files.example")
        return tuple(found)

    def networks(self, name: str) -> tuple[str, ...]:
        found = []
        for text in self._given.get(name, "").replace(",", " ").split():
            try:
                found.append(str(ip_network(text)))
            except ValueError:
                self.fault(name, f"is no address and no network: {text!r}", "Say for example 192.0.2.7,10.0.0.0/8")
        return tuple(found)

    def advisories(self, name: str) -> str:
        text = self._given.get(name, "")
        if not text or text == "off" or self._usable(text):
            return text
        if "://" in text:
            self.fault(
                name,
                f"is not an http or https URL: {_redacted(text)!r}",
                "Say a URL, a file, a folder or off",
            )
        elif not Path(text).expanduser().exists():
            self.fault(name, f"is not there: {text!r}", "Say a URL, a file, a folder or off")
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
        for text in self._given.get(name, "").replace(",", " ").split():
            try:
                yield destination(text)
            except BadDestination as error:
                self.fault(name, f"{error}: {_redacted(text)!r}", "Say for example syslog+tls://siem.example:6514")

    def path(self, name: str) -> Path | None:
        text = self._given.get(name)
        return Path(text).expanduser().absolute() if text else None

    def alert_urls(self, name: str) -> tuple[str, ...]:
        urls = tuple(self._given.get(name, "").replace(",", " ").split())
        if urls:
            self.needs(name, "apprise")
        return urls

    def secret(self, name: str) -> str:
        """Return what a file holds, "" where none was named: secrets are never in an option or a variable."""
        path = self._given.get(name, "")
        try:
            return Path(path).expanduser().read_text().strip() if path else ""
        except OSError as error:
            self.fault(name, f"cannot be read: {path} ({error.strerror})", "Say a file that holds the secret")
            return ""

    def roles(self, name: str) -> tuple[tuple[str, str], ...]:
        pairs = [text.partition("=") for text in self._given.get(name, "").split(",")]
        found = tuple((group.strip(), role.strip()) for group, _, role in pairs)
        if not all(group and role in ROLES for group, role in found):
            self.fault(name, "does not give groups roles", "Say for example security=approver,platform=administrator")
        return found

    def directory(self, name: str) -> Path:
        path = data_dir(self._given.get(name))
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
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


def _redacted(url: str) -> str:
    """Return the URL without what stands before an ``@``: faults end up in logs."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else rest or scheme
