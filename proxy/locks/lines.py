"""A requirements file to the lines that installers make of it, and where these do not agree.

Decided here:

* Lines are those of pip (``str.splitlines``), joined and bared of comments in its order. Where uv makes other lines of
  the same text, that is a fault: whoever reads the file would see one thing and an installer another.
* So is an encoding that the file claims for itself, other than UTF-8: pip would believe it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

LONGEST_LINE = 1 << 20

Fault = Callable[[int, str], None]
"""Hears of a line, by its number, and what is wrong with it, in a sentence."""

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_CODING = re.compile(r"coding[:=]\s*([-\w.]+)", re.ASCII)
_UTF_8 = frozenset({"utf-8", "utf8", "ascii", "us-ascii"})
_SEPARATOR = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def logical_lines(text: str, fault: Fault) -> Iterator[tuple[int, str]]:
    """Yield what stands in a file, with the number of its line; ``fault`` is told what is read in two ways."""
    _look_at_coding(text, fault)
    for number, line in _joined(text, fault):
        bare = _COMMENT.sub("", line).strip()
        if len(bare) > LONGEST_LINE:
            fault(number, f"This line is longer than {LONGEST_LINE} characters, and is not read.")
        elif bare:
            yield number, bare


def _joined(text: str, fault: Fault) -> Iterator[tuple[int, str]]:
    """Yield lines with the number of the first, joined where one ends in a backslash; a comment ends a join."""
    pending: list[str] = []
    first = 1
    for number, kept in enumerate(text.splitlines(keepends=True), 1):
        raw = kept.splitlines()[0]
        if odd := _SEPARATOR.search(kept):
            fault(number, f"It holds U+{ord(odd[0]):04X}, at which one installer ends a line and another does not.")
        first = first if pending else number
        comment = raw.lstrip().startswith("#")
        if not raw.endswith("\\") or comment:
            yield first, "".join([*pending, f" {raw}" if comment else raw])
            pending = []
            continue
        if _COMMENT.search(raw):
            fault(
                number, "A comment ends in a backslash here: pip takes the next line for a part of it, and uv does not."
            )
        pending.append(raw.strip("\\"))
    if pending:
        yield first, "".join(pending)


def _look_at_coding(text: str, fault: Fault) -> None:
    """Tell of an encoding that the file claims as pip looks for one: in a comment of its first two lines."""
    for number, line in enumerate(text.split("\n")[:2], 1):
        said = _CODING.search(line) if line.startswith("#") else None
        if said and said[1].lower().replace("_", "-") not in _UTF_8:
            fault(number, f"It says that it is written in {said[1][:20]}, and pip would read it so: write it in UTF-8.")
            return
