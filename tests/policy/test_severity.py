"""Severities: FIRST's scores, the bands, and unknown as a class of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Severity
from proxy.policy import severity

DATA = Path(__file__).parents[1] / "data" / "advisories"
EXPECTED: dict[str, Any] = json.loads((DATA / "severity-expected-dev.json").read_text())["records"]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_expected_record_is_rated_as_expected(name: str) -> None:
    record = EXPECTED[name]
    for entry in record["entries"]:
        found = severity.of_vector(entry["type"], entry["vector"])
        assert (found.score, found.rating) == (entry["score"], entry["rating"] or "unknown")
    vectors = [(entry["type"], entry["vector"]) for entry in record["entries"]]
    labels = [record["label"]] if record["label"] else []
    assert severity.of_record(vectors, labels).rating == (record["highest"] or "unknown")


@pytest.mark.parametrize(
    ("vector", "score", "rating"),
    [
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, "high"),
        ("AV:N/AC:M/Au:N/C:P/I:P/A:P", 6.8, "medium"),
        ("AV:L/AC:H/Au:M/C:N/I:N/A:N", 0.0, "low"),
    ],
)
def test_version_2_has_bands_of_its_own(vector: str, score: float, rating: str) -> None:
    found = severity.of_vector("CVSS_V2", vector)
    assert (found.score, found.rating) == (score, rating)


def test_temporal_metrics_make_nothing_look_smaller() -> None:
    base = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N"
    assert severity.of_vector("CVSS_V3", base) == severity.of_vector("CVSS_V3", f"{base}/E:U/RL:O/RC:U")


@pytest.mark.parametrize("vector", ["", "7.5", "CVSS:3.1/AV:N/AC:L", "x" * 5000, "CVSS:9.9/AV:N", "\0"])
@pytest.mark.parametrize("kind", ["CVSS_V2", "CVSS_V3", "CVSS_V4", "x_SSVC", ""])
def test_what_is_no_whole_vector_is_unknown(kind: str, vector: str) -> None:
    assert severity.of_vector(kind, vector) == severity.UNKNOWN


@given(st.sampled_from(["CVSS_V2", "CVSS_V3", "CVSS_V4"]), st.text(alphabet="CVSS:340.1/AVNLPRUIHx-", max_size=60))
def test_no_text_whatever_raises(kind: str, vector: str) -> None:
    assert severity.of_vector(kind, vector).rating in severity.RATINGS


def test_a_label_counts_only_where_no_vector_can_be_read() -> None:
    low = ("CVSS_V3", "CVSS:3.0/AV:L/AC:H/PR:L/UI:R/S:C/C:L/I:N/A:N")
    assert severity.of_record([low], ["CRITICAL"]).rating == "low"
    assert severity.of_record([("CVSS_V3", "broken")], ["Moderate"]).rating == "medium"
    assert severity.of_record([], ["terrible"]).rating == "unknown"


def test_of_one_matter_what_is_known_counts_and_the_worst_of_it() -> None:
    low, high, unknown = Severity("low", 2.0), Severity("high", 7.1), Severity()
    assert severity.worst([unknown, low, high]) == high
    assert severity.worst([unknown, low]) == low
    assert severity.worst([unknown]) == severity.worst([]) == unknown
    assert severity.worst([high, Severity("high", 8.8)]).score == 8.8


def test_among_different_matters_an_unknown_one_is_never_hidden_by_a_low_one() -> None:
    low, high, unknown = Severity("low", 2.0), Severity("high", 7.1), Severity()
    assert severity.gravest([low, unknown]) == unknown
    assert severity.gravest([high, unknown]) == high
    assert severity.gravest([]) is None


@given(
    st.sampled_from(["CVSS_V2", "CVSS_V3", "CVSS_V4"]),
    st.lists(
        st.sampled_from(["CVSS:3.1/AV:N/AC:L", "CVSS:4.0", "AT:N", "VC:H", "SC:N", "E:P", "RL:OF", *"/:ANCLHP", "\0"]),
        max_size=12,
    ),
)
def test_no_text_is_more_than_unknown_or_a_severity(kind: str, parts: list[str]) -> None:
    found = severity.of_vector(kind, "".join(parts))
    assert (found.rating == "unknown") == (found.score is None)
