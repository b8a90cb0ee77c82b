"""What contradicts its own name is refused whoever approved it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from proxy.model import Code, Terms
from proxy.policy.judge import judge
from proxy.policy.rules.consistent import consistent
from tests.policy.facts import AT, approval, snapshot, subject, wheel

LIAR = wheel(contradiction="Its metadata names the project 'fiask'.")


@pytest.mark.parametrize(("file", "refused"), [(wheel(), False), (LIAR, True)])
def test_a_contradiction_is_a_refusal(file: object, refused: bool) -> None:
    found = list(consistent(subject(file), snapshot(), AT))  # type: ignore[arg-type]
    assert [finding.code for finding in found] == ([Code.INCONSISTENT] if refused else [])
    assert all("fiask" in finding.sentence for finding in found)
    assert not list(consistent(subject(), snapshot(), AT))


def test_neither_an_emergency_nor_observe_mode_opens_it() -> None:
    emergency = approval(LIAR, emergency=True, until=AT + timedelta(hours=1))
    assert not judge(subject(LIAR), snapshot(emergency, Terms(mode="observe")), AT).allowed
