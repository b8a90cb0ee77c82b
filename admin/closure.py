"""What a requirement needs, found by pip itself against a preview of the index, without running package code.

Decided here:

* Wheels only, and pip as a subprocess of its own with nothing of the environment: what is downloaded
  is read, never executed.
* The answer is a set of exact versions with who needs them; approving it is one change.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from proxy.errors import GateError
from proxy.model import Approval

SECONDS = 300
_PYTHON = re.compile(r"3\.[0-9]{1,2}", re.ASCII)
_PLATFORM = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_REFUSED = re.compile(r"/refused/([A-Za-z0-9_.~-]+)/([^/\s]+?)-py3-none-any\.whl")


class Unresolved(GateError):
    """pip found no set of versions; the message says what stood in the way."""


@dataclass(frozen=True, slots=True)
class Target:
    """For which interpreter and platform to resolve; empty text means the gate's own."""

    python: str = ""
    platform: str = ""

    def check(self) -> None:
        """Raise Unresolved unless both are of the form that pip takes."""
        if self.python and not _PYTHON.fullmatch(self.python):
            raise Unresolved(f"{self.python[:20]!r} is not a Python version. Say for example 3.12")
        if self.platform and not _PLATFORM.fullmatch(self.platform):
            raise Unresolved(f"{self.platform[:80]!r} is not a platform tag. Say for example manylinux_2_28_x86_64")

    def options(self) -> list[str]:
        """Return the words for pip."""
        words = ["--python-version", self.python] if self.python else []
        return [*words, *(["--platform", self.platform] if self.platform else [])]


@dataclass(frozen=True, slots=True)
class Node:
    """One project of a closure: its exact version, and who needs it."""

    project: NormalizedName
    version: str
    needed_by: tuple[str, ...]


Opened = Callable[[Approval], AbstractContextManager[str]]


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves against previews. ``opened`` opens one, ``base`` is the gate's own address."""

    opened: Opened
    base: str

    async def resolve(self, requirement: str, wish: Approval, targets: Iterable[Target]) -> list[Node]:
        """Return the closure of a requirement for all targets together. Raises Unresolved."""
        found: dict[tuple[NormalizedName, str], set[str]] = {}
        with self.opened(wish) as path:
            for target in targets or (Target(),):
                target.check()
                report = await _report(f"{self.base}{path}/simple/", requirement, target)
                for node in _nodes(report):
                    found.setdefault((node.project, node.version), set()).update(node.needed_by)
        return [Node(project, version, tuple(sorted(by))) for (project, version), by in sorted(found.items())]


async def _report(index: str, requirement: str, target: Target) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        words = [
            "install", "--dry-run", "--quiet", "--report", "-", "--ignore-installed", "--only-binary", ":all:",
            "--no-cache-dir", "--no-input", "--index-url", index, "--target", folder, *target.options(),
            "--", requirement,
        ]  # fmt: skip
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "PIP_CONFIG_FILE": os.devnull}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "pip", "--isolated", "--disable-pip-version-check", *words,
            cwd=folder, env=environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(SECONDS):
                out, complaints = await process.communicate()
        except TimeoutError as error:
            raise Unresolved(f"pip did not find a set of versions for {requirement} within {SECONDS} s.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        raise Unresolved(_complaint(requirement, complaints.decode(errors="replace")))
    report: dict[str, Any] = json.loads(out)
    return report


def _complaint(requirement: str, text: str) -> str:
    """Return what stood in the way: the refusal that pip ran into, else pip's own last words."""
    refused = _REFUSED.search(text)
    if refused:
        return f"{requirement} needs {refused[2]}, and that is refused: {refused[1].replace('_', ' ')}"
    errors = [line.removeprefix("ERROR: ") for line in text.splitlines() if line.startswith("ERROR: ")]
    return f"pip finds no set of wheels for {requirement}: {errors[-1] if errors else text.strip()[-300:]}"


def _nodes(report: dict[str, Any]) -> list[Node]:
    """Return the projects of a report with who needs them, by the markers of the environment it was made for."""
    environment = {name: str(value) for name, value in report["environment"].items()}
    metadata = [item["metadata"] for item in report["install"]]
    needed: dict[NormalizedName, set[str]] = {canonicalize_name(facts["name"]): set() for facts in metadata}
    for facts in metadata:
        for name in _requirements(facts.get("requires_dist", ()), environment):
            if name in needed:
                needed[name].add(canonicalize_name(facts["name"]))
    return [
        Node(name, str(Version(facts["version"])), tuple(sorted(needed[name])))
        for facts in metadata
        if (name := canonicalize_name(facts["name"]))
    ]


def _requirements(texts: Iterable[str], environment: dict[str, str]) -> set[NormalizedName]:
    names: set[NormalizedName] = set()
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # pip resolved without it
        if requirement.marker is None or requirement.marker.evaluate({**environment, "extra": ""}):
            names.add(canonicalize_name(requirement.name))
    return names
