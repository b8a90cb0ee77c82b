"""The same with the real index of this machine, real projects and the shipped advisories."""

from __future__ import annotations

import pytest

from tests.clients import Bench
from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse

pytestmark = pytest.mark.network


@pytest.fixture
def gate(make_gate: MakeGate) -> Gatehouse:
    """A gate in front of what pip on this machine uses, with the advisories that ship."""
    return make_gate("--upstream", "", "--advisories", "")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_flask_is_refused_approved_with_what_it_needs_installed_and_imported(
    gate: Gatehouse, bench: Bench, installer: str
) -> None:
    def install(wanted: str) -> tuple[int, str]:
        done = bench.pip("26.3", gate.index, wanted) if installer == "pip" else bench.uv(gate.index, wanted)
        return done.code, " ".join(done.output.split())

    code, said = install("flask")
    assert code != 0
    assert "flask_is_not_approved" in said
    code, said = install("reqeusts")
    assert code != 0
    assert "reqeusts_looks_like_requests" in said
    gate.approve("flask", "--with-dependencies", "--acknowledge", "too-new")
    code, said = install("flask")
    assert code == 0, said
    assert bench.imports("flask")


def test_a_version_with_a_known_advisory_is_withheld_and_the_next_one_is_taken(gate: Gatehouse, bench: Bench) -> None:
    gate.approve("urllib3>=1.26.16,<=1.26.18")
    reasons = gate.facts("explain", "urllib3==1.26.17")["reasons"]
    assert (reasons[0]["code"], reasons[0]["evidence"]["advisory"]) == ("vulnerable", "PYSEC-2023-212")
    done = bench.pip("26.3", gate.index, "urllib3<2")
    assert done.code == 0, done.output
    assert "urllib3-1.26.18" in done.output


def test_a_large_real_closure_is_approved_as_one_change(gate: Gatehouse) -> None:
    closure = gate.approve(
        "fastapi[standard]".removesuffix("[standard]"), "--with-dependencies", "--acknowledge", "too-new"
    )
    assert len(closure["closure"]) >= 8
    assert gate.facts("audit", "verify")["intact"]
