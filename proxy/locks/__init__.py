"""Locks, requirements files and SBOMs: from the bytes of a file to what it pins, and where it goes for it.

Decided here:

* One file a format, and one answer for all of them: :class:`~proxy.locks.nouns.Reading`.
* Every fault is found, with its line or its entry; what can be read is read in spite of it.
* A lock is read for all the environments that it was made for: its markers select nothing here.
* Whatever the bytes are, nothing is raised, and time and memory are linear in a bounded size.

This room is pure: it is handed bytes, and other files by a callback. It does not know what is approved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from proxy.locks import cyclonedx, pdm, pipfile, poetry, pylock, requirements, spdx, uv
from proxy.locks.decoding import Document, decoded, json_document, toml_document
from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Address, Locked, Reading, Remark, Where
from proxy.locks.recognising import KINDS, kind_of
from proxy.locks.requirements import Include

__all__ = ["KINDS", "Address", "Include", "Locked", "Reading", "Remark", "Where", "read"]

_TOML: Mapping[str, Callable[[Document, str, Gathering], None]] = {
    "uv": uv.read,
    "poetry": poetry.read,
    "pdm": pdm.read,
    "pylock": pylock.read,
}
_JSON: Mapping[str, Callable[[Document, Gathering], None]] = {
    "pipfile": pipfile.read,
    "cyclonedx": cyclonedx.read,
    "spdx": spdx.read,
}


def read(name: str, content: bytes, kind: str = "", include: Include | None = None) -> Reading:
    """Read a file that is called ``name`` (with ``/``). ``kind`` is one of :data:`KINDS`, "" to recognise it.

    ``include`` gives the files that a requirements file includes.
    """
    found = Gathering(name)
    text = decoded(content)
    if isinstance(text, Remark):
        return _unreadable(found, text, kind)
    kind = kind or kind_of(name, text)
    if kind == "requirements":
        requirements.read(text, found, include)
    elif kind in _TOML or kind in _JSON:
        document = toml_document(text) if kind in _TOML else json_document(text)
        if isinstance(document, Remark):
            return _unreadable(found, document, kind)
        if kind in _TOML:
            _TOML[kind](document, text, found)
        else:
            _JSON[kind](document, found)
    else:
        known = ", ".join(KINDS)
        found.fault(Where(name), f"It is none of the kinds that are read. Say which one it is: --as {known}.")
    return found.reading(kind)


def _unreadable(found: Gathering, remark: Remark, kind: str) -> Reading:
    found.fault(Where(found.file, remark.where.line), remark.sentence)
    return found.reading(kind)
