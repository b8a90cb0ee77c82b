"""Points for what is worth a look, each in a row of its own, and what adds up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding
from proxy.policy.risk import Risk, risk
from proxy.policy.snapshot import Names
from tests.policy.facts import AT, FLASK, sdist, wheel

POPULAR = ["flask", *(f"project-{number}" for number in range(1_200))]
NAMES = Names({name: rank for rank, name in enumerate([*POPULAR, "late"], 1)})


def found(code: Code, effect: Effect = Effect.OBSERVE, **evidence: str) -> Finding:
    return Finding(code, effect, "because", evidence=evidence)


@pytest.mark.parametrize(
    ("facts", "score", "because"),
    [
        ({}, 0, []),
        ({"clients": 1}, 5, ["wanted by one client alone"]),
        ({"project": NormalizedName("nobody-knows")}, 20, ["not among the popular projects"]),
        ({"project": NormalizedName("project-1100")}, 5, ["little known"]),
        ({"project": NormalizedName("late")}, 5, ["little known"]),
        ({"files": [sdist()]}, 15, ["a source archive: it runs code on install"]),
        ({"files": [wheel(upload_time=AT - timedelta(days=3))]}, 20, ["3 days old"]),
        ({"files": [wheel(), wheel(upload_time=AT - timedelta(days=20))]}, 10, ["20 days old"]),
        ({"files": [wheel(upload_time=None)]}, 20, ["without an upload time"]),
        ({"findings": [found(Code.LOOK_ALIKE, target="requests")]}, 40, ["looks like requests"]),
        ({"findings": [found(Code.LOOK_ALIKE, Effect.ADVISE, target="requests")]}, 10, ["looks like requests"]),
        (
            {
                "findings": [
                    found(Code.VULNERABLE, advisory="X-1", severity="low"),
                    found(Code.VULNERABLE, advisory="X-2", severity="critical"),
                ]
            },
            40,
            ["X-2 (critical)"],
        ),
        ({"findings": [found(Code.VULNERABLE, advisory="X-1", severity="unknown")]}, 20, ["X-1 (unknown)"]),
        (
            {"findings": [found(Code.LOOK_ALIKE, target="requests")], "clients": 1, "files": [sdist()]},
            60,
            ["looks like requests", "a source archive: it runs code on install", "wanted by one client alone"],
        ),
    ],
)
def test_points(facts: dict[str, Any], score: int, because: list[str]) -> None:
    defaults: dict[str, Any] = {"project": FLASK, "files": [wheel()], "findings": [], "clients": 9}
    weighed = risk(**{**defaults, **facts}, names=NAMES, at=AT)
    assert (weighed.score, list(weighed.because)) == (score, because)


def test_points_end_at_a_hundred() -> None:
    findings = [found(Code.LOOK_ALIKE, target="x"), found(Code.VULNERABLE, advisory="X-1", severity="critical")]
    files = [sdist(upload_time=None)]
    assert risk(NormalizedName("nobody-knows"), files, findings, 1, NAMES, AT).score == 100


@pytest.mark.parametrize(("score", "level"), [(0, "low"), (19, "low"), (20, "medium"), (40, "high"), (100, "high")])
def test_levels(score: int, level: str) -> None:
    assert Risk(score, ()).level == level
