"""How bad an advisory is: CVSS vectors and labels to one :class:`~proxy.model.Severity`.

Decided here:

* The base score counts, by FIRST's CVSS specifications v2, v3.0, v3.1 and v4.0 (the ``cvss``
  library calculates). Temporal metrics of v2 and v3 make nothing look smaller.
* Bands: v3 and v4 as FIRST names them; v2 has no "critical" and no "none" (NVD's bands).
* The worst of all readable vectors is the record's; a label ("MODERATE") only where no vector is.
* ``unknown`` is a class of its own, never low: nothing readable was said. Beside a known rating of
  the same matter it says nothing; among different matters it stands between medium and high.

Must not know: records, projects, versions, terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # type: ignore[import-untyped]  # it ships no types

from proxy.model import Rating, Severity

RATINGS: Final[Mapping[Rating, int]] = {
    "none": 0,
    "low": 1,
    "medium": 2,
    "unknown": 3,
    "high": 4,
    "critical": 5,
}
"""Every rating with its rank among different matters, for comparing."""

UNKNOWN: Final = Severity()

_READERS: Final = {"CVSS_V2": CVSS2, "CVSS_V3": CVSS3, "CVSS_V4": CVSS4}
_LABELS: Final[Mapping[str, Rating]] = {
    "none": "none",
    "low": "low",
    "moderate": "medium",
    "medium": "medium",
    "important": "high",
    "high": "high",
    "critical": "critical",
}
_LONGEST_VECTOR: Final = 512


@lru_cache(maxsize=4096)
def of_vector(kind: str, vector: str) -> Severity:
    """Return the severity of one OSV ``severity`` entry: its ``type`` and its ``score`` text.

    What is of another type, or no whole vector of its type, is unknown.
    """
    reader = _READERS.get(kind)
    if reader is None or len(vector) > _LONGEST_VECTOR:
        return UNKNOWN
    try:
        score = float(reader(vector).base_score)
    except CVSSError:
        return UNKNOWN
    return Severity(_v2_rating(score) if kind == "CVSS_V2" else _rating(score), score)


def of_label(label: str) -> Severity:
    """Return the severity that a word stands for, as GitHub and others write it beside a record."""
    return Severity(_LABELS.get(label.strip().lower(), "unknown"))


def of_record(vectors: Iterable[tuple[str, str]], labels: Iterable[str] = ()) -> Severity:
    """Return a record's severity: the worst readable vector, else the worst label, else unknown."""
    scored = worst(of_vector(kind, vector) for kind, vector in vectors)
    return scored if scored.rating != "unknown" else worst(of_label(label) for label in labels)


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the worst severity said of one matter; unknown only where nothing is known."""
    known = [severity for severity in severities if severity.rating != "unknown"]
    return max(known, key=_rank) if known else UNKNOWN


def gravest(severities: Iterable[Severity]) -> Severity | None:
    """Return the worst severity among different matters, where an unknown one counts; None of none."""
    return max(severities, key=_rank, default=None)


def _rank(severity: Severity) -> tuple[int, float]:
    return RATINGS[severity.rating], severity.score or 0.0


def _rating(score: float) -> Rating:
    if score >= 9.0:
        return "critical"
    if score >= 7.0:
        return "high"
    if score >= 4.0:
        return "medium"
    return "low" if score > 0.0 else "none"


def _v2_rating(score: float) -> Rating:
    if score >= 7.0:
        return "high"
    return "medium" if score >= 4.0 else "low"
