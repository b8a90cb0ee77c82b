"""What a page that cannot be read leaves behind: its sentence, and nothing of the page."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from proxy.errors import UpstreamBroken
from tests.world.inside import house
from tests.world.upstream import JSON, Answer, Upstream


async def test_a_failure_holds_on_to_nothing_that_was_read(tmp_path: Path, index: Upstream) -> None:
    """An exception in a task is kept until somebody looks for cycles, with all that its frames hold."""
    index.misbehave("/simple/flask/", Answer(200, {"content-type": JSON}, b'{"files": [' + b"1," * 30_000 + b"1]}"))
    async with house(tmp_path / "gate", index.url) as gate:
        with pytest.raises(UpstreamBroken, match="lists 30001 files") as caught:
            await gate.gate.rounds._gateway._shelf.get(NormalizedName("flask"))
        frames = {frame.name for frame in traceback.extract_tb(caught.value.__traceback__)}
        assert not frames & {"_asked", "_read", "_replace", "parse", "_from_json"}
        assert caught.value.__context__ is caught.value.__cause__ is None
