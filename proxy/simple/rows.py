"""One row of an upstream's page to a :class:`proxy.model.ReleaseFile`, or to what is wrong with it.

JSON and HTML pages both arrive here as :class:`Row`, typed but not yet believed. This file must not
know which of them it was, nor anything about the other rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from packaging.utils import NormalizedName

from proxy.model import ReleaseFile, Unreadable
from proxy.simple.addresses import last_segment, resolve
from proxy.simple.names import ANOTHER_PROJECT, FILENAME_AT_MOST, read_filename

REASON_AT_MOST = 500
SPECIFIER_AT_MOST = 256
DIGITS_AT_MOST = 15
"""Of a size in HTML; JSON's bound is the same."""

_UNSEEN = re.compile("\0+")


class Digests(msgspec.Struct, gc=False):
    """The digest that counts; other algorithms are not looked at."""

    sha256: str | None = None


class Row(msgspec.Struct, rename="kebab", gc=False):
    """A file as a page lists it: the keys of PEP 691, 700, 714 and 740, with the types they must have."""

    filename: str
    url: str
    hashes: Digests | None = None
    requires_python: str | None = None
    size: Annotated[int, msgspec.Meta(ge=0, lt=10**DIGITS_AT_MOST)] | None = None
    upload_time: str | None = None
    yanked: bool | str | None = None
    core_metadata: bool | Digests | None = None
    dist_info_metadata: bool | Digests | None = None
    provenance: str | None = None


class _Named(msgspec.Struct):
    filename: str = "?"


_read_row = msgspec.json.Decoder(Row).decode
_read_name = msgspec.json.Decoder(_Named).decode


def from_raw(texts: Iterable[msgspec.Raw]) -> Iterator[Row | Unreadable]:
    """Yield each JSON text as a row, or as unreadable where a value has a wrong type."""
    for text in texts:
        try:
            yield _read_row(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            yield _unreadable(_name_in(text), f"Its row cannot be read: {str(error)[:200]}.")


def to_file(row: Row, page: str, project: NormalizedName) -> ReleaseFile | Unreadable:
    """Return the file that a row of the page at URL ``page`` speaks of, if all of it can be believed."""
    read = read_filename(row.filename, project)
    if isinstance(read, str):
        return _unreadable(row.filename, read, inconsistent=read is ANOTHER_PROJECT)
    url = resolve(page, row.url)
    if url is None:
        return _unreadable(row.filename, "Its address is not a plain http or https URL.")
    if last_segment(url) != row.filename:
        return _unreadable(row.filename, "Its address ends in another name.", inconsistent=True)
    if row.requires_python and not _is_specifier(row.requires_python):
        return _unreadable(row.filename, "The Python versions that it requires cannot be read.")
    version, kind = read
    return ReleaseFile(
        row.filename,
        version,
        kind,
        url,
        _sha256(row.hashes.sha256) if row.hashes else None,
        row.size,
        _moment(row.upload_time) if row.upload_time else None,
        row.requires_python or None,
        _yanked(row.yanked) if row.yanked else None,
        _metadata(row) if kind == "wheel" else None,
        resolve(page, row.provenance) if row.provenance else None,
    )


def said_digests(text: str) -> Digests:
    """Return the digests in a URL's fragment or an attribute: ``sha256=HEX``, perhaps among others."""
    pairs = (pair.partition("=") for pair in text.split("&"))
    return Digests(next((value for name, _, value in pairs if name == "sha256"), None))


def cleaned(text: str) -> str:
    """Return foreign text as one short line: a blank for whatever is not seen, be it a control or a direction mark."""
    if len(text) <= REASON_AT_MOST and text.isprintable():
        return text
    seen = "".join(letter if letter.isprintable() else "\0" for letter in text[: REASON_AT_MOST * 4])
    return _UNSEEN.sub(" ", seen)[:REASON_AT_MOST]


def _unreadable(filename: str, problem: str, *, inconsistent: bool = False) -> Unreadable:
    return Unreadable(ascii(filename[:FILENAME_AT_MOST])[1:-1], problem, inconsistent)


def _name_in(text: msgspec.Raw) -> str:
    try:
        return _read_name(text).filename
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "?"


def _is_specifier(text: str) -> bool:
    """Whether a client may be shown this. Old releases have odd ones, and clients know how to read them."""
    return len(text) <= SPECIFIER_AT_MOST and text.isascii() and text.isprintable()


def _sha256(text: str | None) -> str | None:
    """Return a digest in lower case, None where the text is not one (64 hex digits are 32 bytes)."""
    try:
        return text.lower() if text and len(text) == 64 and len(bytes.fromhex(text)) == 32 else None
    except ValueError:
        return None


def _yanked(said: bool | str) -> str:
    return "" if said is True else cleaned(str(said))


def _metadata(row: Row) -> str | None:
    """Return the digest of the metadata, "" where there is some, None where that is not said (PEP 714)."""
    said = row.dist_info_metadata if row.core_metadata is None else row.core_metadata
    if isinstance(said, Digests):
        return _sha256(said.sha256) or ""
    return "" if said else None


def _moment(text: str) -> datetime | None:
    """Return a time in UTC. One without a zone could be a day off and counts as not said (PEP 700)."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
