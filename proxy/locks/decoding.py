"""From bytes to text, and from text to documents: bounded, and with a line for what is wrong."""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from proxy.locks.gathering import Gathering
from proxy.locks.nouns import Remark, Where

BYTES_AT_MOST = 8 << 20
"""Of one file. The largest locks that were seen have 4 MB."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LINE = re.compile(r"line (\d+)")
_HERE = Where("")

Document = Mapping[str, object]


def decoded(content: bytes) -> str | Remark:
    """Return the text of a file: UTF-8, or UTF-16 with its mark, as some shells on Windows write it."""
    if len(content) > BYTES_AT_MOST:
        return Remark(_HERE, f"It has {len(content)} bytes; at most {BYTES_AT_MOST} are read.")
    mark, encoding = next(((mark, name) for mark, name in _BOMS if content.startswith(mark)), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Remark(Where("", line), "It is not text in UTF-8.")
    if text.startswith(("\ufeff", "\ufffe")):  # pip has the second one say how the rest is read
        return Remark(Where("", 1), "It begins with two marks of an encoding.")
    return text


def json_document(text: str) -> Document | Remark:
    """Return a JSON object."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        return Remark(Where("", error.lineno), f"It is not JSON: {error.msg} in column {error.colno}.")
    except (ValueError, RecursionError):
        return Remark(_HERE, "It is not JSON that can be read: too deep, or a number too long.")
    return document if isinstance(document, dict) else Remark(_HERE, "It is JSON, and not an object.")


def toml_document(text: str) -> Document | Remark:
    """Return a TOML document."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        return Remark(Where("", int(found[1]) if found else 0), f"It is not TOML: {error}.")
    except (ValueError, RecursionError):
        return Remark(_HERE, "It is not TOML that can be read: too deep, or a number too long.")


def entries(document: Document, key: str, text: str, found: Gathering) -> Iterator[tuple[Where, object]]:
    """Yield the entries of an array of tables, each with its place and as it came."""
    listed = document.get(key, [])
    if not isinstance(listed, list):
        found.fault(Where(found.file), f"Its {key} is not a list of entries.")
        return
    header = re.compile(rf"[ \t]*\[\[[ \t]*{key}[ \t]*\]\]")
    lines = [number for number, line in enumerate(text.split("\n"), 1) if header.match(line)]
    known = len(lines) == len(listed)  # else it is written in another way, and the count is all there is
    for index, entry in enumerate(listed):
        yield Where(found.file, lines[index] if known else 0, _title(entry) or f"{key} {index + 1}"), entry


def _title(entry: object) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name[:80] if isinstance(name, str) and name.isprintable() else ""


Shape = TypeVar("Shape", bound=msgspec.Struct)


def believed(entry: object, shape: type[Shape], where: Where, found: Gathering) -> Shape | None:
    """Return an entry with the types it must have; what has others is a fault."""
    try:
        return msgspec.convert(entry, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        found.fault(where, f"This entry cannot be read: {error}.")
        return None
