"""An upstream's page to a :class:`proxy.model.ProjectPage`: the door at which its text is checked.

Decided here:

* The first byte says whether it is JSON (PEP 691) or HTML (PEP 503): content types lie. They count
  where they announce another major version of the API, which is refused.
* A row that cannot be read becomes :class:`~proxy.model.Unreadable`; the others live on. A page that
  cannot be read is :class:`~proxy.errors.UpstreamBroken`, and no other exception leaves this file.
* A page is about the project it was asked for, whatever it says; a row of another project's is unreadable.
* An address and a file name that disagree, and one name with two addresses or digests, are refused.
* What an upstream did not say, or said unreadably, is None: a missing time counts as too new later.
* ``.metadata`` is a matter of wheels: the gate serves it beside nothing else.

The caller bounds the size of ``body``; time and memory here are linear in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from packaging.utils import NormalizedName

from proxy.errors import UpstreamBroken
from proxy.model import ProjectPage, ReleaseFile, Unreadable
from proxy.simple import rows
from proxy.simple.addresses import last_segment
from proxy.simple.markup import start_tags
from proxy.simple.rows import Digests, Row

FILES_AT_MOST = 25_000
"""The largest real projects list some ten thousand; what lists more is not read."""

MARKS_PER_FILE = 60
"""Commas (JSON) or blanks and brackets (HTML) that a file's row has at most, counted before anything is built."""

_MEDIA_VERSION = re.compile(r"application/vnd\.pypi\.simple\.v([0-9]{1,4})\+", re.IGNORECASE)
_API_VERSION = re.compile(r"([0-9]{1,4})\.[0-9]{1,4}")
_STATUS = re.compile(r"[a-z][a-z0-9-]{0,31}")
_SPACE = b" \t\r\n\f\xef\xbb\xbf"
_ARCHIVES = (".whl", ".zip", ".gz", ".bz2", ".xz", ".z", ".tgz", ".egg", ".exe", ".msi", ".rpm", ".deb")
"""How addresses of packages end. Other links of an HTML page are there for people."""


class _Meta(msgspec.Struct):
    api_version: str = msgspec.field(name="api-version", default="1.0")


class _Status(msgspec.Struct):
    status: str = "active"
    reason: str | None = None


class _Page(msgspec.Struct, rename="kebab"):
    files: list[Row]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    project_status: _Status | None = None


class _LoosePage(msgspec.Struct, rename="kebab"):
    files: list[msgspec.Raw]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    project_status: _Status | None = None


_read_page = msgspec.json.Decoder(_Page).decode
_read_loose_page = msgspec.json.Decoder(_LoosePage).decode

_Rows = Iterable[Row | Unreadable]


def parse(body: bytes, content_type: str, url: str, project: NormalizedName) -> ProjectPage:
    """Return what the page of ``project`` at ``url`` says, ``body`` being decoded of any coding.

    Raises UpstreamBroken, with a sentence, when it is no page of version 1 of the Simple API.
    """
    announced = _MEDIA_VERSION.match(content_type.strip())
    if announced and announced[1] != "1":
        raise UpstreamBroken(
            f"The page of {project} is of version {announced[1]} of the Simple API; this gate reads 1."
        )
    start = body.lstrip(_SPACE)[:1]
    if start not in (b"{", b"<"):
        raise UpstreamBroken(f"The page of {project} is neither JSON nor HTML of the Simple API.")
    listed, version, status = _from_json(body, project) if start == b"{" else _from_html(body, project)
    _check_version(version, project)
    return _page(project, url, listed, status)


def _from_json(body: bytes, project: NormalizedName) -> tuple[_Rows, str, _Status]:
    page: _Page | _LoosePage
    text = body.lstrip(_SPACE)
    _check_marks(text, b",[{", project)
    try:
        page = _read_page(text)
    except msgspec.ValidationError:
        page = _read_json_loosely(text, project)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _no_json(project, error) from error
    _check_count(len(page.files), project)
    listed = page.files if isinstance(page, _Page) else rows.from_raw(page.files)
    return listed, page.meta.api_version, page.project_status or _Status()


def _read_json_loosely(text: bytes, project: NormalizedName) -> _LoosePage:
    """Read a page of which something has a wrong type: if that is in a row, the page itself is fine."""
    try:
        return _read_loose_page(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise _no_json(project, error) from error


def _no_json(project: NormalizedName, error: Exception) -> UpstreamBroken:
    return UpstreamBroken(f"The page of {project} is not JSON of the Simple API: {str(error)[:200]}")


def _from_html(body: bytes, project: NormalizedName) -> tuple[_Rows, str, _Status]:
    listed: list[Row] = []
    meta: dict[str, str] = {}
    _check_marks(body, b"< =", project)
    for tag, attributes in start_tags(body.decode("utf-8", "replace")):
        if tag == "meta":
            meta.setdefault(attributes.get("name", "").lower(), attributes.get("content", ""))
        elif tag == "a" and _is_archive(attributes.get("href", "")):
            listed.append(_row(attributes))
    _check_count(len(listed), project)
    status = _Status(meta.get("pypi:project-status") or "active", meta.get("pypi:project-status-reason"))
    return listed, meta.get("pypi:repository-version", "1.0"), status


def _check_marks(body: bytes, marks: bytes, project: NormalizedName) -> None:
    """Raise UpstreamBroken for what would be built into far more than a page of files is."""
    if any(body.count(mark) > FILES_AT_MOST * MARKS_PER_FILE for mark in marks):
        raise UpstreamBroken(f"The page of {project} holds far more than {FILES_AT_MOST} files; it is not read.")


def _is_archive(href: str) -> bool:
    return href.partition("#")[0].partition("?")[0].rstrip().lower().endswith(_ARCHIVES)


def _row(anchor: dict[str, str]) -> Row:
    """Return an anchor as the row that JSON would have had; times and sizes as other indexes write them."""
    address, _, fragment = anchor["href"].strip("\t\n\f\r ").partition("#")
    size = anchor.get("data-size", "")
    return Row(
        filename=last_segment(address),
        url=address,
        hashes=rows.said_digests(fragment),
        requires_python=anchor.get("data-requires-python"),
        size=int(size) if size.isascii() and size.isdigit() and len(size) <= rows.DIGITS_AT_MOST else None,
        upload_time=anchor.get("data-upload-time"),
        yanked=anchor.get("data-yanked") or "data-yanked" in anchor,
        core_metadata=_said_metadata(anchor.get("data-core-metadata")),
        dist_info_metadata=_said_metadata(anchor.get("data-dist-info-metadata")),
        provenance=anchor.get("data-provenance"),
    )


def _said_metadata(value: str | None) -> bool | Digests | None:
    if value is None:
        return None
    return rows.said_digests(value) if "=" in value else value == "true"


def _page(project: NormalizedName, url: str, listed: _Rows, status: _Status) -> ProjectPage:
    files: dict[str, ReleaseFile] = {}
    unreadable: list[Unreadable] = []
    clashing: dict[str, None] = {}
    for row in listed:
        file = row if isinstance(row, Unreadable) else rows.to_file(row, url, project)
        if isinstance(file, Unreadable):
            unreadable.append(file)
        elif (first := files.setdefault(file.filename, file)) is not file and _clash(first, file):
            clashing[file.filename] = None
    for filename in clashing:
        del files[filename]
        problem = "It is listed twice, with different addresses or digests."
        unreadable.append(Unreadable(filename, problem, inconsistent=True))
    marker, reason = _status(status, project)
    return ProjectPage(project, tuple(files.values()), tuple(unreadable), marker, reason)


def _clash(one: ReleaseFile, other: ReleaseFile) -> bool:
    return (one.url, one.sha256) != (other.url, other.sha256)


def _status(said: _Status, project: NormalizedName) -> tuple[str, str | None]:
    marker = said.status.strip().lower()
    if not _STATUS.fullmatch(marker):
        raise UpstreamBroken(f"The page of {project} gives the project a status that cannot be read (PEP 792).")
    return marker, rows.cleaned(said.reason) if said.reason else None


def _check_version(version: str, project: NormalizedName) -> None:
    """Refuse what is not version 1.x (PEP 629): a new major version may mean anything by its fields."""
    found = _API_VERSION.fullmatch(version.strip())
    if found is None or found[1] != "1":
        raise UpstreamBroken(
            f"The page of {project} is of version {version[:20]!r} of the Simple API; this gate reads 1.x."
        )


def _check_count(count: int, project: NormalizedName) -> None:
    if count > FILES_AT_MOST:
        raise UpstreamBroken(f"The page of {project} lists {count} files; this gate reads {FILES_AT_MOST} at most.")
