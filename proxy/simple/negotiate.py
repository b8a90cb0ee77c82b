"""What a client wants: format, content coding, and whether what it has is still right (RFC 9110).

Decided here:

* JSON before HTML before ``text/html`` where a client likes them equally and names them; who names
  nothing (``*/*`` or no header) gets ``text/html``, as PEP 691 advises.
* Of two ranges the more specific counts; what is named beats what a wildcard covers.
* ``*`` in Accept-Encoding alone never earns a compressed body: who sends it seldom means zstd.
* Headers beyond :data:`HEADER_AT_MOST` count as absent, so that nobody fills the memory with them.

The answers are remembered: few distinct headers arrive, and often.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

HEADER_AT_MOST = 4096


class Format(StrEnum):
    """A representation of a page; the value is its media type as we send it."""

    JSON = "application/vnd.pypi.simple.v1+json"
    HTML = "application/vnd.pypi.simple.v1+html"
    LEGACY = "text/html"


_BY_MEDIA_TYPE = {
    **{form.value: form for form in Format},
    "application/vnd.pypi.simple.latest+json": Format.JSON,
    "application/vnd.pypi.simple.latest+html": Format.HTML,
}
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")
_ETAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_CODING_ALIASES = {"x-gzip": "gzip"}


def format_for(accept: str, query: str = "") -> Format | None:
    """Return the format that fits an Accept header and a raw query string best, None for 406.

    ``?format=MEDIA-TYPE`` beats the header (PEP 691); its ``+`` may be spelt as it is.
    """
    return _format_for(_bounded(accept), _bounded(query))


def coding_for(accept_encoding: str | None, available: tuple[str, ...]) -> str:
    """Return one of ``available`` (the best first) or "identity", by an Accept-Encoding header.

    "identity" is also the answer where nothing is acceptable: RFC 9110 leaves that to the server.
    """
    return _coding_for(_bounded(accept_encoding or ""), available)


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header holds ``etag``, compared weakly (RFC 9110, 8.8.3.2 and 13.1.2)."""
    if if_none_match == etag:
        return True
    header = _bounded(if_none_match).strip()
    return header == "*" or etag.removeprefix("W/") in _ETAG.findall(header)


def _bounded(header: str) -> str:
    return header if len(header) <= HEADER_AT_MOST else ""


@lru_cache(maxsize=512)
def _format_for(accept: str, query: str) -> Format | None:
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if key == "format":
            return _BY_MEDIA_TYPE.get(unquote(value).lower())
    weights = dict(_weighted(accept))
    if not weights:
        return Format.LEGACY
    ranks = {form: _liking(form, weights) for form in Format}
    best = max(ranks.values())
    fitting = [form for form, rank in ranks.items() if rank == best]
    weight, exactness = best
    if weight == 0:
        return None
    return Format.LEGACY if exactness == 0 and Format.LEGACY in fitting else fitting[0]


def _liking(form: Format, weights: dict[str, float]) -> tuple[float, int]:
    """Return the weight of a format and how exactly it is named: 2 by itself, 1 by its type, 0 by ``*/*``."""
    named = [weights[text] for text, meant in _BY_MEDIA_TYPE.items() if meant is form and text in weights]
    if named:
        return max(named), 2
    of_type = f"{form.partition('/')[0]}/*"
    return (weights[of_type], 1) if of_type in weights else (weights.get("*/*", 0.0), 0)


@lru_cache(maxsize=512)
def _coding_for(accept_encoding: str, available: tuple[str, ...]) -> str:
    named = {_CODING_ALIASES.get(text, text): weight for text, weight in _weighted(accept_encoding)}
    liked = [(weight, coding) for coding in available if (weight := named.get(coding, 0.0)) > 0]
    weight, best = max(liked, key=lambda pair: pair[0], default=(0.0, "identity"))
    if named.get("identity", 0.0) > weight:
        return "identity"
    refused = named.get("identity", named.get("*", 1.0)) == 0
    return _any_other(named, available) if best == "identity" and refused else best


def _any_other(named: dict[str, float], available: tuple[str, ...]) -> str:
    """Return what only a wildcard covers, for a client that refuses identity."""
    return next((coding for coding in available if named.get(coding, named.get("*", 0.0)) > 0), "identity")


def _weighted(header: str) -> Iterator[tuple[str, float]]:
    """Yield each element of a list header and its weight; elements with a malformed weight are left out."""
    for element in header.lower().split(","):
        value, *parameters = (part.strip() for part in element.split(";"))
        weights = [text.removeprefix("q=") for text in parameters if text.startswith("q=")]
        if value and all(_WEIGHT.fullmatch(text) for text in weights):
            yield value, float(weights[0]) if weights else 1.0
