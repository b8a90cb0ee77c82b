"""Of which kind a file is: by its name where that is settled, else by what stands in it."""

from __future__ import annotations

import posixpath
import re

from proxy.locks.decoding import Document, json_document, toml_document

KINDS = ("requirements", "pylock", "uv", "poetry", "pdm", "pipfile", "cyclonedx", "spdx")

_PYLOCK = re.compile(r"pylock(\.[^.]+)?\.toml")
_NAMES = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm", "pipfile.lock": "pipfile"}
_ENDINGS = {".cdx.json": "cyclonedx", ".spdx.json": "spdx", ".txt": "requirements", ".in": "requirements"}


def kind_of(name: str, text: str) -> str:
    """Return the kind of a file, "" where neither its name nor its content says one."""
    base = posixpath.basename(name).lower()
    if _PYLOCK.fullmatch(base):
        return "pylock"
    by_ending = next((kind for ending, kind in _ENDINGS.items() if base.endswith(ending)), "")
    return _NAMES.get(base) or by_ending or _by_content(text)


def _by_content(text: str) -> str:
    if text.lstrip()[:1] == "{":
        document = json_document(text)
        return _of_json(document) if isinstance(document, dict) else ""
    document = toml_document(text)
    if isinstance(document, dict):
        return _of_toml(document) if document else "requirements"  # a file of comments is both
    return "requirements"


def _of_json(document: Document) -> str:
    if document.get("bomFormat") == "CycloneDX":
        return "cyclonedx"
    if "spdxVersion" in document:
        return "spdx"
    return "pipfile" if "_meta" in document else ""


def _of_toml(document: Document) -> str:
    metadata = document.get("metadata")
    if "packages" in document and "lock-version" in document:
        return "pylock"
    if isinstance(metadata, dict):
        return "pdm" if "lock_version" in metadata else "poetry" if "content-hash" in metadata else ""
    return "uv" if "package" in document and "version" in document else ""
