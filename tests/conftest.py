"""The parts that most tests share: an upstream, a gate in front of it, and a bench for installers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.clients import Bench
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

settings.register_profile("suite", deadline=None)  # a machine with other work to do is no failure
settings.load_profile("suite")

MakeGate = Callable[..., Gatehouse]


@pytest.fixture
def index() -> Iterator[Upstream]:
    """A fresh stand-in upstream."""
    with Upstream() as upstream:
        yield upstream


@pytest.fixture
def make_gate(tmp_path: Path, index: Upstream) -> Iterator[MakeGate]:
    """Start gates with options; all of them are ended with the test."""
    gates: list[Gatehouse] = []

    def make(
        *options: str, name: str = "gate", upstream: str = "", fresh: bool = False, port: int = 0, **environment: str
    ) -> Gatehouse:
        where = upstream or ("" if "WICKETGATE_UPSTREAM" in environment else index.url)
        gate = Gatehouse(tmp_path / name, where, *options, environment=environment, fresh=fresh, port=port)
        gates.append(gate)
        return gate.start()

    yield make
    for gate in gates:
        if gate.running:
            gate.stop()


@pytest.fixture
def gate(make_gate: MakeGate) -> Gatehouse:
    """A gate with an empty data directory and the default policy."""
    return make_gate()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder for an installer to work in."""
    return Bench(tmp_path / "bench")
