"""Answering a stream of questions: is this version of this project affected, by what, how badly.

One JSON object a line in, ``{"name", "version"}``, and one a line out, ``{"name", "version", "ids",
"severity"}``: name and version as they came, every matching id, the gravest rating, null where
nothing matches. A line that is no question is answered by ``{"error"}``, so lines in and out keep step.

Must not know: the store, the policy, where the index comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from packaging.utils import canonicalize_name

from proxy.feeds import osv
from proxy.model import Rating
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.severity import gravest

_BATCH: Final = 1 << 16


class Question(msgspec.Struct):
    """One line in."""

    name: str
    version: str


class Answer(msgspec.Struct):
    """One line out."""

    name: str
    version: str
    ids: list[str]
    severity: Rating | None


class Problem(msgspec.Struct):
    """One line out, where the line in was no question."""

    error: str


_ask: Final = msgspec.json.Decoder(Question).decode
_say: Final = msgspec.json.Encoder().encode
_normalised: Final = lru_cache(maxsize=65536)(canonicalize_name)


def load(sources: Iterable[Path], at: datetime) -> AdvisoryIndex:
    """Return the records of several zips or folders laid together. ``at`` is now. Raises FeedRefused."""
    readings = [osv.read_path(source, at=at) for source in sources]
    return AdvisoryIndex.of_parts(record for reading in readings for record in reading.parts())


def answer(lines: Iterable[bytes], index: AdvisoryIndex) -> Iterator[bytes]:
    """Yield an answer, with its line end, for each line that is not blank."""
    for line in lines:
        if line.strip():
            yield _say(_answer(line, index)) + b"\n"


def stream(source: BufferedReader, sink: BinaryIO, index: AdvisoryIndex) -> None:
    """Answer everything in ``source``, as it comes: whoever waits for an answer gets it at once."""
    rest = b""
    while batch := source.read1(_BATCH):
        *lines, rest = (rest + batch).split(b"\n")
        sink.write(b"".join(answer(lines, index)))
        sink.flush()
    sink.write(b"".join(answer([rest], index)))
    sink.flush()


def _answer(line: bytes, index: AdvisoryIndex) -> Answer | Problem:
    try:
        question = _ask(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Problem(f'This is no question of the form {{"name": …, "version": …}}: {error}')
    matches = index.match(_normalised(question.name), question.version)
    worst = gravest(match.severity for match in matches)
    ids = list(dict.fromkeys(match.id for match in matches))
    return Answer(question.name, question.version, ids, worst.rating if worst else None)
