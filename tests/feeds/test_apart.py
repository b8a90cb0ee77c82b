"""Reading in a process of its own: it finds what reading here finds, and whatever becomes of it is one refusal."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from proxy.errors import FeedRefused
from proxy.feeds import apart, osv
from proxy.feeds.compare import Compared, InForce, compare
from proxy.feeds.progress import Progress
from proxy.store import AdvisoryRow

UPDATE = Path(__file__).parents[1] / "data" / "advisories" / "update"
AT = datetime(2100, 1, 1, tzinfo=UTC)
NOTHING: InForce = {}


async def found(name: str, old: InForce = NOTHING) -> tuple[Compared, list[AdvisoryRow]]:
    async with apart.compared(UPDATE / name, lambda: old, AT, Progress()) as (what, rows):
        return what, list(rows)


@pytest.mark.parametrize("name", ["state2.zip", "bad-types.zip"])
async def test_it_finds_what_reading_here_finds(name: str) -> None:
    before = osv.read_path(UPDATE / "state1.zip", at=AT)
    old = {identity: (entry.modified, entry.digest, entry.packed) for identity, entry in before.entries.items()}
    reading = osv.read_path(UPDATE / name, at=AT)
    here = compare(old, reading, full=True)
    assert await found(name, old) == (here, list(reading.rows(here.wanted)))
    assert here.wanted


async def test_a_path_that_is_no_text_is_a_path_all_the_same(tmp_path: Path) -> None:
    source = tmp_path / os.fsdecode(b"all-\xff.zip")
    shutil.copy(UPDATE / "state2.zip", source)
    async with apart.compared(source, lambda: NOTHING, AT, Progress()) as (what, _):
        assert what.records == 78


async def test_a_refusal_comes_over_in_its_own_words() -> None:
    with pytest.raises(FeedRefused) as here:
        osv.read_path(UPDATE / "bad-not-a-zip.zip", at=AT)
    with pytest.raises(FeedRefused) as there:
        await found("bad-not-a-zip.zip")
    assert str(there.value) == str(here.value)


async def test_a_reader_that_dies_or_cannot_begin_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for executable, said in (("/bin/false", r"ended early \(exit code 1\)"), (str(tmp_path / "none"), "No such file")):
        monkeypatch.setattr(sys, "executable", executable)
        with pytest.raises(FeedRefused, match=rf"{said}.*stays in force"):
            await found("state2.zip")


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("echo nonsense", "said what nobody understands"),
        ("head -c 200000 /dev/zero", "said what nobody understands"),
        ("printf '\\0\\0\\0\\5nonsense' > $4/answer", "cannot be read"),
        (": > $4/answer", "cannot be read"),
    ],
)
async def test_a_reader_that_says_what_is_no_answer_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, said: str
) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path, does))
    with pytest.raises(FeedRefused, match=f"{said}.*stays in force"):
        await found("state2.zip")


async def test_a_reader_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", script(tmp_path, "exec sleep 60"))
    monkeypatch.setattr(apart, "SECONDS", 0.1)
    with pytest.raises(FeedRefused, match=r"was ended after .*stays in force"):
        await found("state2.zip")


async def test_a_reader_that_grows_beyond_its_memory_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MEMORY", 32 << 20)
    with pytest.raises(FeedRefused, match=r"ended early .*may take 32 MB.*needs temporary space"):
        await found("state2.zip")


def script(folder: Path, does: str) -> str:
    """A reader that does something else."""
    (made := folder / "reader").write_text(f"#!/bin/sh\n{does}\n")
    made.chmod(0o700)
    return str(made)


async def test_one_that_nobody_waits_for_any_more_is_ended_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, scratch = tmp_path / "told", tmp_path / "scratch"
    scratch.mkdir()
    reader = script(tmp_path, f"echo $$ > {told}.new; mv {told}.new {told}; exec sleep 60")
    monkeypatch.setattr(sys, "executable", reader)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    asked = asyncio.create_task(found("state2.zip"))
    while not told.exists():
        await asyncio.sleep(0.005)
    assert [path.name for path in scratch.glob("*/*")] == ["task"]
    asked.cancel()
    with suppress(asyncio.CancelledError):
        await asked
    assert not list(scratch.iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)
