"""Kill a gate many times under a hundred downloads and writes of the admin, and see that nothing was lost.

python -m tests.bench.kill [N]        # 1,000 unless said
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.world.gatehouse import Gatehouse
from tests.world.killing import Onslaught, prohibited, recorded, wrong_files
from tests.world.upstream import Upstream


def killed(times: int) -> str:
    """Kill a gate so often; say what was lost, which should be nothing."""
    with Upstream() as index, tempfile.TemporaryDirectory() as folder:
        wheels = [index.release("flask", f"3.{number}.0", padding=number << 16) for number in range(6)]
        gate = Gatehouse(Path(folder) / "gate", index.url).start()
        gate.approve("flask")
        onslaught, lost = Onslaught(gate, wheels, seed=times), 0
        for number in range(1, times + 1):
            onslaught.kill_once()
            lost = len(onslaught.told.prohibited - prohibited(gate))
            if number % 50 == 0:
                print(f"  {number} kills, {lost} changes lost, {len(onslaught.told.wrong)} wrong files", flush=True)
        kept, intact = wrong_files(gate.data_dir / "cache"), gate.facts("audit", "verify")["intact"]
        gate.stop()
        unrecorded = (onslaught.told.files - recorded(gate)).total()
    told = onslaught.told
    return (
        f"{told.files.total()} downloads, {len(told.wrong)} of them wrong, {unrecorded} not recorded; "
        f"{len(told.prohibited)} changes, {lost} lost; {len(kept)} wrong files kept; log intact: {intact}"
    )


if __name__ == "__main__":
    print(killed(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
