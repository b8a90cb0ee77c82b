"""What a command is given to read: requirements in words, and files with what they include.

Decided here:

* A word that is a file of this disk is a file; one that looks like a file's name and is none is a mistake.
* In a check, requirements whose marker does not hold on this machine are left out, as an installer would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec

import click
from packaging.markers import Marker

from proxy import locks
from proxy.cli.desk import give_up
from proxy.locks.decoding import BYTES_AT_MOST, decoded

P = ParamSpec("P")
WORDS = "the command line"
_FILE_NAME = re.compile(r".*(?:[/\\]|\.(?:txt|in|toml|lock|json)$)", re.IGNORECASE)


def kind_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--as``."""
    text = "Of which kind the files are (told by their names and contents)."
    return click.option("--as", "kind", type=click.Choice(locks.KINDS), default=None, help=text)(command)


class Shelf:
    """Reads files of this disk, and keeps what it read under the names that were asked for."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def get(self, name: str) -> bytes | None:
        """Return a file's content (cut behind what a reader takes), None where there is no such file."""
        if name not in self.kept:
            try:
                with Path(name).open("rb") as file:
                    self.kept[name] = file.read(BYTES_AT_MOST + 1)
            except (OSError, ValueError):
                return None
        return self.kept[name]


def read(paths: Iterable[str], kind: str | None, shelf: Shelf) -> list[locks.Reading]:
    """Read files and what they include; exits where one is not there."""
    readings = []
    for path in paths:
        name = Path(path).as_posix()
        content = shelf.get(name)
        if content is None:
            give_up(f"There is no file {path} that can be read.")
        readings.append(locks.read(name, content, kind or "", shelf.get))
    return readings


def text_of(name: str, content: bytes) -> str:
    """Return the text of a file; exits, with the line, where it is none."""
    text = decoded(content)
    if not isinstance(text, str):
        give_up(f"{replace(text.where, file=name)}: {text.sentence}")
    return text


def given(words: Sequence[str], files: Sequence[str], kind: str | None) -> list[locks.Reading]:
    """Read files, and words that are files or requirements."""
    named = [word for word in words if _is_file(word)]
    rest = "\n".join(" ".join(word.split()) for word in words if not _is_file(word))
    readings = read([*files, *named], kind, Shelf())
    return [*readings, locks.read(WORDS, rest.encode(), "requirements")] if rest else readings


def _is_file(word: str) -> bool:
    return Path(word).is_file() or ("://" not in word and _FILE_NAME.match(word) is not None)


def applying(reading: locks.Reading) -> Iterator[locks.Locked]:
    """Yield what a file names for this machine."""
    return (locked for locked in reading.locked if not locked.marker or Marker(locked.marker).evaluate())
