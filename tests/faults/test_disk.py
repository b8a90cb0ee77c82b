"""The disk: full, read-only, or with other bytes on it than the gate wrote."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.conftest import Mount, World, until
from tests.world.upstream import Upstream

MakeWorld = Callable[..., World]


def fill(path: Path) -> None:
    """Write until there is no room."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * (64 << 10))
    with suppress(OSError), path.with_name("crumbs").open("wb", buffering=0) as file:
        while True:
            file.write(b"x")


def test_a_full_disk_refuses_changes_and_serves_on(tmp_path: Path, mount: Mount, world: MakeWorld) -> None:
    (tmp_path / "gate").mkdir()
    mount(tmp_path / "gate", "-t", "tmpfs", "-o", "size=24m", "tmpfs")
    made = world()
    fill(tmp_path / "gate" / "filler")
    made.serves_what_was_decided_and_nothing_else()
    uncached = made.gate.get(f"/files{made.uncached.path}")
    assert (uncached.status_code, "No space left" in uncached.text) == (503, True)
    status, said = made.change()
    assert (status, "Make room" in said) == (503, True), said
    until(lambda: "audit: " in made.warnings())
    assert "not lost" in made.warnings()
    assert made.gate.get("/readyz").status_code == 200, "what is decided is served: a balancer must not take it away"
    made.serves_what_was_decided_and_nothing_else()
    for name in ("filler", "crumbs"):
        (tmp_path / "gate" / name).unlink()
    until(lambda: made.change()[0] == 201)
    assert made.status(made.uncached) == 200
    until(lambda: not made.gate.get("/readyz").json()["decisions_waiting"])
    told = made.gate.facts("audit", "decisions", "--what", "file", "--limit", "100")["decisions"]
    assert sum(record["filename"] == made.large.filename for record in told) == 3, "what was served is recorded"
    assert made.gate.facts("audit", "verify")["intact"]
    assert made.gate.output().count("Decisions are not committed") == 1, "told once, not with every record"


def test_a_directory_that_became_read_only_serves_what_is_in_it(tmp_path: Path, mount: Mount, world: MakeWorld) -> None:
    made = world()
    made.gate.stop()
    made.gate.restart()  # nothing is verified yet, nothing in memory
    mount(tmp_path / "gate", "--bind", str(tmp_path / "gate"))
    mount(tmp_path / "gate", "-o", "remount,ro,bind")
    made.serves_what_was_decided_and_nothing_else()
    uncached = made.gate.get(f"/files{made.uncached.path}")
    assert (uncached.status_code, "Read-only file system" in uncached.text) == (503, True)
    made.gate.stop()
    with pytest.raises(AssertionError, match=r"cannot be written.*Read-only file system"):
        made.gate.restart()


def damage(path: Path, decoy: Path, how: str) -> None:
    """Put something else where a cached file is."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    match how:
        case "content":
            path.write_bytes(content)
        case "cut off":
            path.write_bytes(content[:-1])
        case "other inode":
            shutil.copy(decoy, path.with_name("new"))
            path.with_name("new").replace(path)
        case "link":
            path.unlink()
            path.symlink_to(decoy)
        case "link of a folder":
            path.parent.rename(path.parent.with_name("moved"))
            path.parent.symlink_to(decoy.parent)
        case _:
            path.unlink()
            path.mkdir()


def test_a_cached_file_that_was_damaged_or_swapped_is_fetched_again_and_else_not_served(
    index: Upstream, world: MakeWorld
) -> None:
    made = world()
    path, decoy = made.blob(made.large), made.blob(made.cached)

    def whole() -> bool:
        assert made.status(made.large) == 200
        return path.is_file() and not path.is_symlink() and path.read_bytes() == made.large.content

    for how in ("content", "cut off", "other inode", "link", "link of a folder"):
        damage(path, decoy, how)
        until(whole)
    assert "was damaged or swapped" in made.gate.output()
    damage(path, decoy, "content")
    index.down()
    assert made.status(made.large) == 503, "wrong bytes are not served, and right ones cannot be had"
    assert made.status(made.cached) == 200


def test_a_start_clears_away_what_is_half_written_and_keeps_no_wrong_file(world: MakeWorld) -> None:
    made = world()
    made.gate.kill()
    torn = made.gate.data_dir / "cache" / "blobs" / "tmp-4711-dead"
    torn.write_bytes(b"half a wheel")
    made.gate.restart()
    assert not torn.exists()
    made.serves_what_was_decided_and_nothing_else()
