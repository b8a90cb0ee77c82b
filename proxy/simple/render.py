"""Rows to a page of ours: JSON (PEP 691, 700, 714, 740, 792) and HTML (PEP 503, 592), the same facts in both.

Decided here:

* A fact that nobody knew is left out, never invented.
* Sizes and upload times have no place in the standard's HTML; they stand in ``data-size`` and
  ``data-upload-time``, where uv and pip look for them.
* The version that a page says is the newest standard of which it has a field, 1.1 if every size is
  known, as PEP 700 demands for it.
* What is written is escaped and nothing else is done to it: texts were cleaned when they came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

import msgspec
from packaging.utils import NormalizedName

from proxy.model import ReleaseFile
from proxy.simple.negotiate import Format


class Row(msgspec.Struct, frozen=True, gc=False):
    """A file to show, and the text of its link: an absolute URL or one relative to the page."""

    file: ReleaseFile
    href: str


class _Digests(msgspec.Struct, omit_defaults=True, gc=False):
    sha256: str | None = None


class _File(msgspec.Struct, omit_defaults=True, rename="kebab", gc=False):
    filename: str
    url: str
    hashes: _Digests
    requires_python: str | None = None
    size: int | None = None
    upload_time: datetime | None = None
    yanked: bool | str = False
    # Under its older name too in HTML, and here not: pip before 23.1 breaks off at "dist-info-metadata" in JSON.
    core_metadata: bool | _Digests = False
    provenance: str | None = None


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str


class _Status(msgspec.Struct, omit_defaults=True):
    status: str
    reason: str | None = None


class _Project(msgspec.Struct, omit_defaults=True, rename="kebab"):
    meta: _Meta
    name: str
    files: list[_File]
    versions: list[str]
    project_status: _Status | None = None


class _Name(msgspec.Struct):
    name: str


class _Projects(msgspec.Struct):
    meta: _Meta
    projects: list[_Name]


_encode = msgspec.json.Encoder().encode
_NO_DIGEST = _Digests()


def render(
    project: NormalizedName,
    rows: Sequence[Row],
    form: Format,
    *,
    status: str | None = None,
    status_reason: str | None = None,
) -> bytes:
    """Return the page of a project in UTF-8: ``rows`` in their order, and a PEP 792 status where given."""
    version = _api_version(rows, status)
    if form is not Format.JSON:
        metas = {
            "repository-version": version,
            "project-status": status,
            "project-status-reason": status_reason,
        }
        return _document(f"Links for {project}", metas, map(_anchor, rows))
    return _encode(
        _Project(
            _Meta(version),
            project,
            [_file(row) for row in rows],
            list(dict.fromkeys(row.file.version for row in rows)),
            _Status(status, status_reason) if status else None,
        )
    )


def render_projects(names: Iterable[NormalizedName], form: Format) -> bytes:
    """Return the list of projects (the root of the index) in UTF-8."""
    if form is Format.JSON:
        return _encode(_Projects(_Meta("1.0"), [_Name(name) for name in names]))
    return _document("Simple index", {"repository-version": "1.0"}, (f'<a href="{name}/">{name}</a>' for name in names))


def _api_version(rows: Sequence[Row], status: str | None) -> str:
    if status:
        return "1.4"
    if any(row.file.provenance for row in rows):
        return "1.3"
    return "1.1" if all(row.file.size is not None for row in rows) else "1.0"


def _file(row: Row) -> _File:
    file = row.file
    metadata = file.metadata is not None and (_Digests(file.metadata) if file.metadata else True)
    return _File(
        file.filename,
        row.href,
        _Digests(file.sha256) if file.sha256 else _NO_DIGEST,
        file.requires_python,
        file.size,
        file.upload_time,
        file.yanked is not None and (file.yanked or True),
        metadata,
        file.provenance,
    )


def _anchor(row: Row) -> str:
    file = row.file
    href = f"{row.href}#sha256={file.sha256}" if file.sha256 else row.href
    return f'<a href="{escape(href)}"{_attributes(file)}>{escape(file.filename)}</a>'


def _attributes(file: ReleaseFile) -> str:
    said = ""
    if file.requires_python is not None:
        said += f' data-requires-python="{escape(file.requires_python)}"'
    if file.size is not None:
        said += f' data-size="{file.size}"'
    if file.upload_time is not None:
        said += f' data-upload-time="{file.upload_time.isoformat().replace("+00:00", "Z")}"'
    if file.yanked is not None:
        said += f' data-yanked="{escape(file.yanked)}"'
    if file.metadata is not None:
        metadata = escape(f"sha256={file.metadata}" if file.metadata else "true")
        said += f' data-core-metadata="{metadata}" data-dist-info-metadata="{metadata}"'
    if file.provenance is not None:
        said += f' data-provenance="{escape(file.provenance)}"'
    return said


def _document(title: str, metas: dict[str, str | None], anchors: Iterable[str]) -> bytes:
    head = "\n".join(
        f'<meta name="pypi:{name}" content="{escape(value)}">' for name, value in metas.items() if value is not None
    )
    body = "<br>\n".join(anchors)
    heading = escape(title)
    return f"""<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
{head}
<title>{heading}</title>
</head>
<body>
<h1>{heading}</h1>
{body}
</body>
</html>
""".encode()
