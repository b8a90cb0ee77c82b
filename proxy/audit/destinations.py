"""Where the record goes, as the operator says it: one URL each, its options after ``#``, which no receiver sees.

* ``syslog+tcp://siem.example:514`` and ``syslog+tls://siem.example:6514#ca=/etc/ca.pem`` (RFC 5424, octet counting)
* ``https://siem.example/hook#secret=/run/secrets/hook`` (a signed webhook); ``http`` on this host alone
* ``format=ocsf`` instead of the record's own JSON

Decided here:

* A destination is the operator's word: nobody who is signed in, and nobody who answers, leads the gate elsewhere.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from proxy.sealed import SecretFile, Vault

Format = Literal["jsonl", "ocsf"]
FORMATS: tuple[Format, Format] = ("jsonl", "ocsf")
OPTION = "audit-export"
"""By which destinations are said, and for which their secrets are sealed."""
_PORTS = {"syslog+tcp": 514, "syslog+tls": 6514, "https": 443, "http": 80}
_OPTIONS = {"syslog+tcp": {"format"}, "syslog+tls": {"format", "ca"}}


class BadDestination(ValueError):
    """A destination that cannot be used. The message ends a sentence that begins with the option's name."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A place to send the record to. ``url`` is without options; ``ca`` is a file."""

    url: str
    scheme: str
    host: str
    port: int
    format: Format
    ca: Path | None
    secret: SecretFile | None

    @property
    def name(self) -> str:
        """What it is called in the log and in the audit: without what a query may hold."""
        return self.url.partition("?")[0]

    @property
    def key(self) -> str:
        """What it is called in the outbox: another query is another destination."""
        query = self.url.partition("?")[2]
        return f"{self.name}?{hashlib.sha256(query.encode()).hexdigest()[:16]}" if query else self.name


def destination(text: str, vault: Vault) -> Destination:
    """Read a destination, whose secret ``vault`` opens. Raises BadDestination."""
    url, _, said = text.partition("#")
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise BadDestination("is not a URL") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise BadDestination("is none of syslog+tcp://, syslog+tls:// and https:// with a host")
    if parts.username is not None or parts.password is not None or not url.isascii():
        raise BadDestination("holds a user name or a letter that is not ASCII")
    if parts.scheme == "http" and not _here(parts.hostname):
        raise BadDestination("would send the record over the network in clear text: say https://")
    options = _options(parts.scheme, said)
    form = options.get("format", "jsonl")
    if form not in FORMATS:
        raise BadDestination(f"asks for format {form!r}: jsonl and ocsf are known")
    ca, path = (_file(options, name) for name in ("ca", "secret"))
    secret = SecretFile(path, OPTION, vault) if path else None
    if parts.scheme.startswith("http") and secret is None:
        raise BadDestination("names no secret to sign with: add #secret=FILE")
    return Destination(url, parts.scheme, parts.hostname, port, "ocsf" if form == "ocsf" else "jsonl", ca, secret)


def _options(scheme: str, said: str) -> dict[str, str]:
    options = dict(parse_qsl(said, keep_blank_values=True))
    known = _OPTIONS.get(scheme, {"format", "ca", "secret"})
    for name in options.keys() - known:
        raise BadDestination(f"has an option {name!r} that is none of {', '.join(sorted(known))}")
    return options


def _file(options: dict[str, str], name: str) -> Path | None:
    if name not in options:
        return None
    path = Path(options[name]).expanduser().absolute()
    if not path.is_file():
        raise BadDestination(f"names a file that is not there ({name}={options[name]})")
    return path


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
