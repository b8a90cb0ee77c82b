"""Where files come from is learnt once, from a page that names few servers, and is one act."""

from __future__ import annotations

from pathlib import Path

from tests.world.inside import house
from tests.world.upstream import Upstream

ALLOWED, REFUSED = "upstream:origin:allowed", "upstream:origin:refused"


def elsewhere(index: Upstream, servers: int) -> None:
    for number in range(servers):
        wheel = index.release("flask", f"3.{number}.0")
        wheel.extra["url"] = f"https://files{number}.example/{wheel.filename}"


async def test_a_first_page_of_few_servers_is_learnt_in_one_change(tmp_path: Path, index: Upstream) -> None:
    elsewhere(index, 4)
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        (learnt, _own) = await gate.events(ALLOWED)
        assert learnt["detail"]["origin"].split() == [f"https://files{number}.example" for number in range(4)]
        assert len(await gate.served()) == 4


async def test_a_first_page_of_many_servers_is_not_believed(tmp_path: Path, index: Upstream) -> None:
    elsewhere(index, 5)
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        for _ in range(2):
            assert await gate.served() == []
        assert len(await gate.events(ALLOWED)) == 1, "the index itself"
        (told,) = await gate.events(REFUSED)
        assert "at 5 servers" in told["reason"]
        assert "wicketgate origins allow" in told["reason"]
