"""Tables for people at a terminal: columns as wide as they must be, long cells folded."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import zip_longest


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int]) -> str:
    """Return a table without a line break at its end; 0 in ``widths`` folds a column at nothing but its line breaks."""
    folded = [[_folded(str(cell), width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    lines = [line for row in folded for line in zip_longest(*row, fillvalue="")]
    broad = [max(map(len, column)) for column in zip(headers, *lines, strict=True)]
    ruled = [headers, ["-" * width for width in broad], *lines]
    return "\n".join("  ".join(map(str.ljust, line, broad)).rstrip() for line in ruled)


def _folded(text: str, width: int) -> list[str]:
    lines = text.splitlines() or [""]
    return [piece for line in lines for piece in (textwrap.wrap(line, width) if width else [line]) or [""]]
