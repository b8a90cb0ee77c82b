"""What a command is given to read: requirements in words, and files with what they include.

Decided here:

* A word that is a file of this disk is a file; one that looks like a file's name and is none is a mistake.
* A file is read from the working directory and from the folders of the files that were named, and from nowhere else:
  what a build checks may come from a stranger, and what it includes, or is a link to, may be a secret of the host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec

import click

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
    """Reads the files that were named, and what they include, and keeps it under the names that were asked for."""

    def __init__(self, named: Iterable[str]) -> None:
        self.named = [Path(name).as_posix() for name in named]
        self.kept: dict[str, bytes] = {}
        self._folders = [Path.cwd().resolve(), *(Path(name).parent.resolve() for name in self.named)]

    def get(self, name: str) -> bytes | None:
        """Return a file's content (cut behind what a reader takes), None where there is none that may be read."""
        if name not in self.kept:
            try:
                if not self._may_read(name):
                    return None
                with Path(name).open("rb") as file:
                    self.kept[name] = file.read(BYTES_AT_MOST + 1)
            except (OSError, ValueError, RuntimeError):  # the last: links in a circle
                return None
        return self.kept[name]

    def _may_read(self, name: str) -> bool:
        """Whether a file lies where it may be read, links followed. What a shell hands on (/dev/fd) lies nowhere."""
        place = Path(name).resolve()
        handed_on = name in self.named and not place.is_file()
        return handed_on or any(place.is_relative_to(folder) for folder in self._folders)


def read(shelf: Shelf, kind: str | None) -> list[locks.Reading]:
    """Read the files that were named and what they include; exits where one is not there."""
    readings = []
    for name in shelf.named:
        content = shelf.get(name)
        if content is None:
            step = " It leads out of its folder: name the file itself." if Path(name).is_file() else ""
            give_up(f"There is no file {name} that can be read.{step}")
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
    readings = read(Shelf([*files, *named]), kind)
    return [*readings, locks.read(WORDS, rest.encode(), "requirements")] if rest else readings


def _is_file(word: str) -> bool:
    return Path(word).is_file() or ("://" not in word and _FILE_NAME.match(word) is not None)
