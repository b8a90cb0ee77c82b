"""The operator's settings: options and ``WICKETGATE_…`` variables to one frozen value.

Every fault is found before any is reported, each with a next step. What the security team decides
is not here: those are the terms, which are changed like any approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proxy.audit.keeping import Keeping
from proxy.certificates import Pair
from proxy.options import Reader
from proxy.places import data_dir
from proxy.upstream.origins import is_https_or_loopback, is_loopback


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
    ``advisories`` is a URL, a path, "off", or "" for OSV's public export. ``plain_secrets`` names the options that
    hold a secret which is not sealed.
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
    tls: Pair | None
    upstream_ca: Path | None
    upstream_cert: Pair | None
    upstream_proxy: str
    plain_secrets: tuple[str, ...]

    @property
    def admin_apart(self) -> bool:
        """Whether the admin listens on an address of its own."""
        return (self.admin_host, self.admin_port) != (self.host, self.port)

    @property
    def url(self) -> str:
        """Where people reach the gate, without a slash at the end."""
        return self.public_url or f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def scheme(self) -> str:
        """What the gate's own listeners speak."""
        return "https" if self.tls else "http"

    @property
    def admin_url(self) -> str:
        """Where people reach the admin, without a slash at the end."""
        if self.admin_public_url:
            return self.admin_public_url
        return f"{self.scheme}://{_bracketed(self.admin_host)}:{self.admin_port}" if self.admin_apart else self.url


def read(given: Mapping[str, str]) -> Settings:
    """Read settings from texts by option name (``data_dir``). Raises SettingsError with every fault."""
    reader = Reader(given)
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
        secret_key_file=reader.vault.key_file,
        mfa_required=reader.flag("mfa_required", default=True),
        admin_public_url=reader.url("admin_public_url"),
        openid=_openid(reader),
        workers=reader.number("workers", 1, 1, 64),
        trusted_proxies=reader.networks("trusted_proxies"),
        audit=reader.audit(),
        audit_archive=reader.path("audit_archive") or data_dir(given.get("data_dir")) / "audit-archive",
        revocation_max_lag=reader.number("revocation_max_lag", 60, 0, 86400),
        tls=reader.pair("tls_cert", "tls_key"),
        upstream_ca=reader.authorities("upstream_ca"),
        upstream_cert=reader.pair("upstream_cert", "upstream_key"),
        upstream_proxy=reader.url("upstream_proxy"),
        plain_secrets=reader.plain,
    )
    reader.finish()
    return settings


def _openid(reader: Reader) -> OpenIdSettings | None:
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
