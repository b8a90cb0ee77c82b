"""What tests do with locks on a running gate."""

from __future__ import annotations

from pathlib import Path

from tests.world.gatehouse import Gatehouse


def through_the_gate(gate: Gatehouse, lock: Path) -> None:
    """Replace every address in a lock by the one that ``check`` says."""
    text = lock.read_text()
    for detour in gate.facts("check", str(lock))["detours"]:
        assert detour["instead"], detour
        text = text.replace(f'"{detour["url"]}"', f'"{detour["instead"]}"')
    lock.write_text(text)


def refused_files(gate: Gatehouse) -> set[str]:
    """The projects of which a file was refused."""
    records = gate.facts("audit", "decisions", "--what", "file")["decisions"]
    return {record["project"] for record in records if record["verdict"] == "refused"}
