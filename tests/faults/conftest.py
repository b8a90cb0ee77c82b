"""What fault tests share: disks that can be filled and turned read-only, and a world with something in each state."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Listed, Upstream

Mount = Callable[..., None]


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount something for a test (``mount`` as its words say); skips where this user may not."""
    mounted: list[Path] = []

    def mount(path: Path, *words: str) -> None:
        done = subprocess.run(["mount", *words, str(path)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this user mounts nothing: {done.stderr.strip()}")
        if not any("remount" in word for word in words):
            mounted.append(path)

    yield mount
    for path in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@dataclass
class World:
    """A gate with a file that is decided and cached, one that is decided alone, and one that nobody decided on."""

    gate: Gatehouse
    cached: Listed
    large: Listed
    uncached: Listed
    undecided: Listed

    def status(self, wheel: Listed) -> int:
        """How the gate answers for a file; what it hands out must be right."""
        answer = self.gate.get(f"/files{wheel.path}")
        assert answer.status_code != 200 or answer.content == wheel.content, "wrong bytes"
        return answer.status_code

    def blob(self, wheel: Listed) -> Path:
        """Where the cache keeps a file."""
        name = wheel.sha256
        return self.gate.data_dir / "cache" / "blobs" / name[:2] / name[2:4] / name

    def serves_what_was_decided_and_nothing_else(self) -> None:
        """Decided, verified and cached goes on; what nobody decided on does not begin."""
        assert [self.status(self.cached), self.status(self.large)] == [200, 200]
        assert self.status(self.undecided) in {403, 503}
        page = self.gate.get("/simple/flask/").text
        assert (self.cached.filename in page, self.undecided.filename in page) == (True, False)

    def change(self) -> tuple[int, str]:
        """How an admin's change is answered."""
        answer = self.gate.admin("POST", "/prohibitions", json={"requirement": "left-pad", "reason": "a test"})
        return answer.status_code, answer.text

    def warnings(self) -> str:
        """What ``/readyz`` warns of."""
        return "\n".join(self.gate.get("/readyz").json()["warnings"])


@pytest.fixture
def world(make_gate: MakeGate, index: Upstream) -> Callable[..., World]:
    """Make a world, with options of the gate."""

    def make(*options: str) -> World:
        wheels = [index.release("flask", f"3.{number}.0", padding=number * 300_000) for number in range(3)]
        undecided = index.release("click", "8.0")
        gate = make_gate(*options)
        gate.approve("flask")
        made = World(gate, wheels[0], wheels[1], wheels[2], undecided)
        assert [made.status(made.cached), made.status(made.large)] == [200, 200]
        until(lambda: made.blob(made.cached).exists() and made.blob(made.large).exists())
        return made

    return make
