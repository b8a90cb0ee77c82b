"""What is refused is written up to a bound, and what is handed out whatever is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from packaging.utils import NormalizedName

from proxy.model import Code, DecisionRecord, Effect, Finding, Subject, Verdict
from proxy.repeats import Same
from proxy.web.bursts import Bursts
from proxy.web.floods import CLIENTS_AT_MOST, IDLE, RESERVED, Floods
from proxy.web.http import Asked
from proxy.web.recording import MANY, Matter, Recorder
from tests.policy.facts import AT

NO = Finding(Code.NOT_APPROVED, Effect.FORBID, "no", "")
YES = Finding(Code.APPROVED, Effect.PERMIT, "yes", "")


@dataclass
class Kept:
    """Whoever keeps records, for a test."""

    records: list[DecisionRecord] = field(default_factory=list)
    counted: dict[Same, int] = field(default_factory=dict)

    def note(self, record: DecisionRecord, /) -> None:
        self.records.append(record)

    def note_soon(self, record: DecisionRecord, /) -> None:
        self.records.append(record)

    def repeats(self, look_up: Same, _at: object, /) -> bool:
        self.counted[look_up] = self.counted.get(look_up, -1) + 1
        return self.counted[look_up] > 0

    def note_first(self, _look_up: Same, record: DecisionRecord, /) -> None:
        self.records.append(record)


def by(client: str) -> Asked:
    return Asked(False, {}, client, "ci", 1, (), "token:1")


def verdict(name: str, finding: Finding) -> Verdict:
    return Verdict(Subject(NormalizedName(name)), 1, (finding,))


def test_refusals_beyond_the_bound_are_one_line_with_their_count() -> None:
    kept = Kept()
    recorder = Recorder(kept, lambda: AT, Floods(burst=10, a_minute=1), Bursts())
    for number in range(50):
        recorder.page(by("a"), verdict(f"n{number}", NO), "refused")
        recorder.file(by("a"), Matter.of("file", verdict(f"f{number}", NO), f"f{number}-1.tar.gz"), 403)
    alone = [record for record in kept.records if record.filename != MANY]
    together = [record for record in kept.records if record.filename == MANY]
    assert len(alone) == 10
    assert [(record.what, record.project, record.client) for record in together] == [("page", "", ""), ("file", "", "")]
    assert {(record.token, record.token_id) for record in together} == {("", "")}
    assert sum(count for look_up, count in kept.counted.items() if MANY in look_up) == 88


def test_no_flood_of_refusals_hides_what_is_handed_out() -> None:
    kept = Kept()
    recorder = Recorder(kept, lambda: AT, Floods(burst=1, a_minute=1), Bursts())
    for _ in range(50):
        recorder.file(by("a"), Matter.of("file", verdict("n", YES), "n-1.tar.gz"), 200)
    assert len(kept.records) == 50


def test_one_client_does_not_take_the_lines_of_others() -> None:
    floods = Floods(burst=10, a_minute=5)
    assert sum(floods.admits("a", AT) for _ in range(100)) == 10
    assert floods.admits("b", AT)
    later = AT + timedelta(minutes=1)
    assert sum(floods.admits("a", later) for _ in range(100)) == 5


def test_any_number_of_clients_is_bounded_too() -> None:
    floods = Floods(burst=10, a_minute=1)
    crowd = [f"c{number}" for number in range(CLIENTS_AT_MOST + 100)]
    assert sum(floods.admits(client, AT) for client in crowd) == CLIENTS_AT_MOST + 40
    assert len(floods._plain._of) == CLIENTS_AT_MOST
    assert not floods.admits("late", AT), "nor does it get anything by coming last"
    assert floods.admits("much later", AT + IDLE), "who was idle makes room"
    assert len(floods._plain._of) == CLIENTS_AT_MOST


def test_no_number_of_clients_hides_the_refusals_of_another() -> None:
    floods = Floods(burst=100, a_minute=1)
    for client in ("a", "b", "c", "d", "e", "f"):
        for _ in range(200):
            floods.admits(client, AT)
    assert sum(floods.admits("quiet", AT) for _ in range(100)) == RESERVED
    assert sum(floods.admits("quiet", AT + timedelta(minutes=30)) for _ in range(5)) == 5, "it fills up again"


def test_an_ipv6_network_is_one_client() -> None:
    floods = Floods(burst=10, a_minute=1)
    assert sum(floods.admits(f"2001:db8::{number:x}", AT) for number in range(100)) == 10
    assert floods.admits("2001:db8:0:1::1", AT)


@pytest.mark.parametrize("code", [Code.MALWARE, Code.PROHIBITED])
def test_a_flood_of_made_up_names_does_not_hide_what_is_grave(code: Code) -> None:
    kept = Kept()
    recorder = Recorder(kept, lambda: AT, Floods(burst=10, a_minute=1), Bursts())
    grave = Finding(code, Effect.FORBID, "no", "")
    for number in range(50):
        recorder.page(by("a"), verdict(f"n{number}", NO), "refused")
    for number in range(50):
        recorder.page(by("a"), verdict(f"bad{number}", grave), "refused")
        recorder.file(by("a"), Matter.of("file", verdict(f"bad{number}", grave), "bad-1.tar.gz"), 403)
    assert sum(record.project.startswith("bad") for record in kept.records) == 10, "up to a bound of their own"


def test_a_clock_that_goes_back_fills_nothing() -> None:
    floods = Floods(burst=2, a_minute=60)
    moments: Iterator[int] = iter((0, 10, -1000, -2000, -3000))
    admitted = [floods.admits("a", AT + timedelta(seconds=second)) for second in moments]
    assert admitted == [True, True, True, False, False]
