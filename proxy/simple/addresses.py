"""What the URL of a file may be: one grammar, checked before and after any resolving.

An upstream chooses these texts and the gate will follow them, so the URL that comes out has exactly
one reading (threats, rows 14 and 19): http or https, ASCII, no userinfo, no backslash, no control
character, no dot segment, and no escape that hides one of these. Whether its origin may be asked is
somebody else's question, answered on this very text.

``<base href>`` has no say: an address counts from the page that was asked for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import unquote, urljoin

URL_AT_MOST = 2048

# The characters of RFC 3986. No escape may stand for a control character, a slash, a backslash or a dot.
_CHARACTERS = r"(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]++|%(?!0|1|2[eEfF]|5[cC]|7[fF])[0-9A-Fa-f]{2})*+"
_REFERENCE = re.compile(_CHARACTERS)
_URL = re.compile(rf"https?://([^/?]*+)/{_CHARACTERS}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")


def resolve(page: str, address: str) -> str | None:
    """Return the absolute URL that ``address`` on the page at URL ``page`` means, without its fragment.

    None where it is not a URL of the one shape allowed here, see the top of this file.
    """
    found = _URL.fullmatch(address)
    if found is None:
        address = _absolute(page, address.partition("#")[0])
        found = _URL.fullmatch(address)
    if found is None or len(address) > URL_AT_MOST or not _is_authority(found[1]):
        return None
    return None if "/." in address and _has_dot_segment(address) else address


def last_segment(url: str) -> str:
    """Return the last segment of a URL's path, unescaped: the name that a client saves the file under."""
    if "?" in url or "#" in url or "%" in url:
        return unquote(url.partition("#")[0].partition("?")[0].rpartition("/")[2])
    return url.rpartition("/")[2]


def path_of(url: str) -> str:
    """Return the part of an upstream file URL that stands behind ``/files`` here, as the upstream spells it."""
    path = url.partition("://")[2].partition("/")[2]
    return f"/{path}".partition("#")[0].partition("?")[0]


def _absolute(page: str, reference: str) -> str:
    """Return a reference without fragment as an absolute one, "" where that cannot be."""
    # urljoin drops control characters without a word, so they are looked for before it sees them,
    # and it takes "https:foo" for relative.
    if not reference or len(reference) > URL_AT_MOST or not _REFERENCE.fullmatch(reference):
        return ""
    if _SCHEME.match(reference):
        return reference
    try:
        return urljoin(page, reference)
    except ValueError:
        return ""


def _has_dot_segment(url: str) -> bool:
    return not {".", ".."}.isdisjoint(url.partition("?")[0].split("/"))


@lru_cache(maxsize=1024)
def _is_authority(text: str) -> bool:
    """Whether ``text`` is a host name or an address, with a port or without, and nothing else."""
    found = _AUTHORITY.fullmatch(text)
    if found is None or len(text) > 260 or ".." in text or int(found[2] or 0) > 65535:
        return False
    return not text.startswith("[") or _is_ipv6(found[1][1:-1])


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
