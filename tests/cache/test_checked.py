"""Downloads that somebody looks into before they complete: seen whole, broken off together, kept only when good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from proxy.cache.blobs import Blobs
from proxy.cache.fetch import Fetches
from proxy.cache.files import Handle
from proxy.cache.growing import HELD_BACK
from proxy.errors import Inconsistent, UpstreamBroken
from tests.cache.test_fetch import BODY, SHA256, Script, files, partly, settled, whole


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    blobs = Blobs(tmp_path)
    blobs.prepare()
    return blobs


class Look:
    """A check that counts, and may find something."""

    def __init__(self, problem: str = "") -> None:
        self.problem, self.seen = problem, 0

    async def __call__(self, handle: Handle, size: int) -> None:
        self.seen += 1
        assert handle.read(0, size) == BODY
        await asyncio.sleep(0)
        if self.problem:
            raise Inconsistent(self.problem)


async def test_what_is_found_breaks_everybody_off_and_nothing_is_kept(blobs: Blobs, tmp_path: Path) -> None:
    fetches, script, look = Fetches(blobs), Script(), Look("It lies.")
    followers = [partly(fetches.get(SHA256, len(BODY), script, check=look)) for _ in range(5)]
    for got, error in await asyncio.gather(*followers):
        assert got <= len(BODY) - HELD_BACK
        assert isinstance(error, Inconsistent)
        assert str(error) == "It lies."
    await settled(fetches)
    assert (script.opened, look.seen) == (1, 1)
    assert files(tmp_path) == []


async def test_what_is_in_order_arrives_and_is_kept(blobs: Blobs, tmp_path: Path) -> None:
    fetches, look = Fetches(blobs), Look()
    assert await whole(await fetches.get(SHA256, len(BODY), Script(), check=look)) == BODY
    await settled(fetches)
    assert look.seen == 1
    assert files(tmp_path) == [SHA256]


async def test_the_same_bytes_looked_at_for_another_reason_are_another_download(blobs: Blobs) -> None:
    fetches, script = Fetches(blobs), Script()
    good, bad = Look(), Look("It lies under this name.")
    arriving = await fetches.get(SHA256, len(BODY), script, check=good)
    found = asyncio.create_task(partly(fetches.get(SHA256, len(BODY), script, check=bad)))
    assert await whole(arriving) == BODY
    assert isinstance((await found)[1], Inconsistent)
    await settled(fetches)
    assert script.opened == 2


@pytest.mark.parametrize("length", [None, len(BODY)])
async def test_a_file_whose_size_nobody_promised_is_bounded_by_whoever_asks(blobs: Blobs, length: int | None) -> None:
    fetches = Fetches(blobs)
    _, error = await partly(fetches.get(SHA256, None, Script(length=length), most=100_000))
    assert isinstance(error, UpstreamBroken)
    await settled(fetches)
