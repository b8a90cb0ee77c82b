"""Where bytes may come from: how an origin is spelt, and which addresses are nobody's business.

Pure value logic: no socket is opened and no name resolved here. Decided here:

* A URL has one accepted spelling. What two parsers could read in two ways (user names, control
  characters, backslashes, letters outside ASCII, numbers that only resemble an address) is refused
  before any parser sees it.
* An origin is its canonical text, ``https://files.example`` or ``http://10.0.0.8:8080``, compared
  as text. Files come from the origins that the operator named or the gate learnt, and no others.
* Loopback, link-local, private and other special addresses are refused, as text and as what a name
  resolves to, unless the index itself lives on such an address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote, urljoin, urlsplit

from proxy.errors import OriginRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LONGEST_URL = 4096
_PORTS = {"http": 80, "https": 443}
_LABEL = "[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*", re.ASCII)
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?(?=[/?#]|$)",
    re.ASCII | re.IGNORECASE,
)
_PLAIN = re.compile(r"[!-\[\]-~]+", re.ASCII)
_USERINFO = re.compile(r"(https?://)([^/?#@]*)@", re.ASCII | re.IGNORECASE)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Place:
    """The canonical parts of an origin: lower-case host without brackets, port always said."""

    scheme: str
    host: str
    port: int

    @property
    def address(self) -> Address | None:
        """The address that the host spells, None where it is a name."""
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None

    @property
    def text(self) -> str:
        """The origin as it is kept and compared; a scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if _PORTS[self.scheme] == self.port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def origin_of(url: str) -> str:
    """Return the canonical origin of an absolute URL (RFC 6454). Raises OriginRefused."""
    return place_of(url).text


def place_of(url: str) -> Place:
    """Return the parts of the URL's origin. Raises OriginRefused for every spelling but the plain one.

    The error names no origin: what cannot be spelt cannot be allowed.
    """
    if not plain(url):
        _refuse("it is empty, too long, or holds a space, a backslash, a control or a non-ASCII character")
    found = _URL.match(url)
    if found is None:
        _refuse("it is not http(s)://host[:port]/..., without a user name")
    scheme, host = found["scheme"].lower(), found["host"].lower()
    port = int(found["port"] or _PORTS[scheme])
    if port > 65535:
        _refuse("there is no such port")
    return Place(scheme, _host(host), port)


def plain(text: str) -> bool:
    """Whether a URL, or a reference in a ``Location``, holds printable ASCII without backslash only."""
    return len(text) <= LONGEST_URL and _PLAIN.fullmatch(text) is not None


def follow(base: str, location: str) -> str:
    """Return the absolute URL that a redirect leads to (RFC 9110 section 10.2.2). Raises OriginRefused."""
    if not plain(location):
        _refuse("a redirect leads to text that is no URL")
    try:
        return urljoin(base, location).partition("#")[0]
    except ValueError:
        _refuse("a redirect leads to text that is no URL")


def split_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """Take ``user:password@`` out of an index URL: the URL without it, and both parts decoded."""
    found = _USERINFO.match(url)
    if found is None:
        return url, None
    user, _, password = found[2].partition(":")
    return found[1] + url[found.end() :], (unquote(user), unquote(password))


def public(address: Address) -> bool:
    """Whether an address belongs to the public network, also where it is an IPv4 one in disguise."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _host(host: str) -> str:
    if host.startswith("["):
        return _ipv6(host[1:-1])
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return _ipv4(host)
    if len(host) > 253 or _HOST.fullmatch(host) is None:
        _refuse("its host is no DNS name")
    return host


def _ipv4(host: str) -> str:
    """A host that ends in a number is an address to some parser, so it must be one in plain spelling."""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError:
        _refuse("its host resembles an address and is none in plain spelling")


def _ipv6(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        _refuse("its host is no IPv6 address")
    if str(address) != host or _inner(address) is not None:
        _refuse("its host is an IPv6 address in a spelling that hides what it is")
    return host


def _refuse(why: str) -> NoReturn:
    raise OriginRefused(f"This address is not used: {why}.", "")


class Origins:
    """The rule of where files may come from, for one index.

    ``allowed`` returns the canonical origins in force at that moment; whoever keeps the policy owns them.
    """

    def __init__(self, index_url: str, allowed: Callable[[], Collection[str]]) -> None:
        self.index = place_of(split_credentials(index_url)[0])
        self._allowed = allowed
        literal = self.index.address
        self._inside: bool | None = None if literal is None else not public(literal)

    def check(self, url: str) -> str:
        """Return the origin of a file's URL. Raises OriginRefused, its ``origin`` being the one refused."""
        place = place_of(url)
        origin = place.text
        if origin not in self._allowed():
            raise OriginRefused(f"Files may not come from {origin}: nobody allowed it.", origin)
        if self.index.scheme == "https" and place.scheme == "http":
            raise OriginRefused(f"Files may not come from {origin}: the index itself is on https.", origin)
        if place.address is not None and self._inside is not None:
            self.reachable(place.host, place.port, [place.address])
        return origin

    def check_page(self, url: str) -> None:
        """Raise OriginRefused unless a page's URL, or its redirect's, is on the index's own origin."""
        origin = origin_of(url)
        if origin != self.index.text:
            raise OriginRefused(f"The index may not redirect to {origin}, only within itself.", origin)

    @property
    def settled(self) -> bool:
        """Whether it is known on which side of the fence the index lives."""
        return self._inside is not None

    def reachable(self, host: str, port: int, addresses: list[Address]) -> list[Address]:
        """Return those of the addresses of ``host`` that may be connected to. Raises OriginRefused if none.

        The index is where the operator pointed; whether that is inside is learnt when its addresses are
        first shown here, and stays, so that a later answer of its name server opens nothing.
        """
        if (host, port) == (self.index.host, self.index.port):
            if self._inside is None:
                self._inside = not all(map(public, addresses))
            return addresses
        usable = addresses if self._inside else [address for address in addresses if public(address)]
        if not usable:
            raise OriginRefused(f"{host} leads to an address inside your network; it is not asked.", host)
        return usable


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_https_or_loopback(url: str) -> bool:
    """Whether a URL leads somewhere that nobody in between can answer for: https, or http on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and is_loopback(host))
