"""kill -9 at random moments: nothing wrong is served or kept, nothing that was acknowledged is lost."""

from __future__ import annotations

import os

from tests.conftest import MakeGate
from tests.world.killing import Onslaught, prohibited, recorded, wrong_files
from tests.world.upstream import Upstream

KILLS = int(os.environ.get("WICKETGATE_KILLS", "20"))


def test_a_gate_that_is_killed_under_load_loses_nothing_and_serves_nothing_wrong(
    make_gate: MakeGate, index: Upstream
) -> None:
    wheels = [index.release("flask", f"3.{number}.0", padding=number << 16) for number in range(6)]
    gate = make_gate()
    gate.approve("flask")
    onslaught = Onslaught(gate, wheels, seed=8)
    for _ in range(KILLS):
        onslaught.kill_once()
        assert onslaught.told.prohibited <= prohibited(gate), "an acknowledged change is lost"
    told = onslaught.told
    assert told.wrong == []
    assert told.files.total() > KILLS, "downloads went on between the kills"
    assert told.prohibited, "and so did the admin"
    assert wrong_files(gate.data_dir / "cache") == []
    assert gate.facts("audit", "verify")["intact"]
    gate.stop()
    assert told.files <= recorded(gate), "what a client got whole stands in the record"
    assert not list(gate.data_dir.glob("*.journal"))
