"""Whatever the bytes are: no crash, no fault of ours, no wrong byte, and none takes long. The same examples each time.

Whoever changed a reader has many more, and others each time::

    WICKETGATE_EXAMPLES=20000 .venv/bin/pytest -n 0 tests/fuzz
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.gates import SECONDS, Fed, fed, no_fault, told
from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS
from tests.world.gatehouse import Gatehouse
from tests.world.hostile import sound
from tests.world.upstream import Upstream

EXAMPLES = int(os.environ.get("WICKETGATE_EXAMPLES", "0"))
CHECKS = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
FUZZ = settings(
    max_examples=EXAMPLES or 100,
    derandomize=not EXAMPLES,
    deadline=timedelta(seconds=10),
    database=None,
    suppress_health_check=CHECKS,
)
PIECES = st.binary(max_size=12) | st.sampled_from(
    [
        *(b"[" * 2000, b"9" * 5000, b"\\ud800", b"\xff", b"\x00", b"%2f", b"..", b"\r\n", b"\n", b'"', b"null", b"{}"),
        *(
            b"<",
            b"&#0;",
            b"1e999",
            b"-1",
            b"2026-13-45",
            b"\xe2\x84\xaa",
            b"'",
            b"=",
            b":",
            b"//",
            b"@",
            b"true",
            b"1!0",
        ),
    ]
)


@st.composite
def spoilt(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A good text with pieces cut, put in, or taken from another place of it."""
    text = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 5))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 30))
        other = draw(st.integers(0, len(text)))
        text[at : at + length] = draw(PIECES | st.just(bytes(text[other : other + 40])))
    return bytes(text)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_is_read(name: str) -> None:
    @FUZZ
    @given(spoilt(SEEDS[name]) | st.binary(max_size=300))
    def run(data: bytes) -> None:
        TARGETS[name](data)

    run()


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fed]:
    """One gate for all that is fed to it."""
    with fed(Path(tmp_path_factory.mktemp("fed")) / "gate") as running:
        yield running


@pytest.mark.parametrize("name", ["request", "admin"])
def test_whatever_is_sent(inside: Fed, name: str) -> None:
    feed: Callable[[bytes], None] = getattr(inside, name)

    @FUZZ
    @given(spoilt(SEEDS[name]))
    def run(data: bytes) -> None:
        feed(data)

    run()


def test_whatever_arrives_at_a_gate(index: Upstream, gate: Gatehouse) -> None:
    wheel, withheld = index.release("flask", "3.0.0"), index.release("marmalade", "1.0", padding=100)
    wheel.path, withheld.path = (f"/packages/aa/bb/{listed.filename}" for listed in (wheel, withheld))
    gate.approve("flask==3.0.0")
    assert gate.get(f"/files{wheel.path}").content == wheel.content

    @settings(FUZZ, deadline=timedelta(seconds=2 * SECONDS))
    @given(spoilt(SEEDS["request"]))
    def run(data: bytes) -> None:
        no_fault(told(gate.port, data), withheld)

    run()
    assert gate.get(f"/files{wheel.path}").content == wheel.content
    sound(gate)
