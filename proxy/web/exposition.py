"""Metrics as text, in the format that Prometheus and all that read like it take (text/plain, version 0.0.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABEL = _IN_HELP | str.maketrans({'"': r"\""})

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: its whole name, what it says, and its values by their labels."""

    name: str
    help: str
    kind: Literal["gauge", "counter"]
    samples: tuple[tuple[Labels, float], ...]


def write(families: Iterable[Family]) -> str:
    """Return the page of a scrape."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help.translate(_IN_HELP)}"
    yield f"# TYPE {family.name} {family.kind}"
    for labels, value in family.samples:
        said = ",".join(f'{name}="{text.translate(_IN_LABEL)}"' for name, text in labels)
        yield f"{family.name}{{{said}}} {_number(value)}" if said else f"{family.name} {_number(value)}"


def _number(value: float) -> str:
    return {"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}.get(text := repr(float(value)), text)
