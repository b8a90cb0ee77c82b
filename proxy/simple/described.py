"""What a release says of itself (core metadata): a stranger's words, made fit to be shown.

Decided here:

* Text loses what could move a cursor or turn a line round, and is cut; a link is http or https, to a host, without
  credentials. Nothing of it is taken on trust, and nothing is fetched or run because of it.
* What it needs is read as PEP 508; what cannot be read is kept as it was written, for a person to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from packaging.metadata import RawMetadata, parse_email

from proxy.simple.licences import spdx

HEAD = 256 << 10
"""The fields stand at the top; of a long file no more is read."""
LONGEST = 200
LINKS_AT_MOST = 20
PEOPLE_AT_MOST = 10
NEEDS_AT_MOST = 500
_LICENCE = "License :: "


@dataclass(frozen=True, slots=True)
class Described:
    """A release in its own words. ``licence`` is an SPDX expression where ``spdx`` says so, else what it calls it.

    ``links`` are pairs of a label and an address; ``requires`` are the requirements as written.
    """

    summary: str
    licence: str
    spdx: bool
    requires_python: str
    people: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    requires: tuple[str, ...]


def describe(content: bytes) -> Described:
    """Read a ``METADATA`` file."""
    raw, unread = parse_email(content[:HEAD])
    licence = spdx(raw.get("license_expression"), raw.get("license", ""), raw.get("classifiers", []))
    return Described(
        summary=_plain(raw.get("summary", "")),
        licence=licence or _licence(raw),
        spdx=bool(licence),
        requires_python=_plain(raw.get("requires_python", "")),
        people=tuple(dict.fromkeys(_people(raw)))[:PEOPLE_AT_MOST],
        links=tuple(dict.fromkeys(_links(raw, unread.get("project-url", []))))[:LINKS_AT_MOST],
        requires=tuple(map(_plain, raw.get("requires_dist", [])[:NEEDS_AT_MOST])),
    )


def _plain(text: str, longest: int = LONGEST) -> str:
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: longest * 4]).split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _licence(raw: RawMetadata) -> str:
    """Return how a release calls a licence that is not one by SPDX: by its classifiers, else in its own words."""
    said = [line.rpartition(" :: ")[2] for line in raw.get("classifiers", []) if line.startswith(_LICENCE)]
    words = (", ".join(said), raw.get("license", ""), raw.get("license_expression", ""))
    return next(filter(None, map(_plain, words)), "")


def _people(raw: RawMetadata) -> Iterator[str]:
    for role in ("author", "author_email", "maintainer", "maintainer_email"):
        said = _plain(str(raw.get(role, "")))
        if said:
            yield said


def _links(raw: RawMetadata, more: Iterable[str]) -> Iterator[tuple[str, str]]:
    said = [("Home page", raw.get("home_page", "")), *raw.get("project_urls", {}).items()]
    said += [(label, address.strip()) for label, _, address in (line.partition(",") for line in more)]
    said += [("Download", raw.get("download_url", ""))]
    for label, address in said:
        if is_link(address):
            yield _plain(label, 40) or "Link", address


def is_link(address: str) -> bool:
    """Whether an address may be shown as a link: http or https, plain ASCII, to a host, without credentials."""
    if (
        len(address) > 2 * LONGEST
        or not address.isascii()
        or not address.isprintable()
        or set(address) & set(" \\<>\"'")
    ):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
