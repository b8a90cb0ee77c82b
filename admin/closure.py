"""What a requirement needs, found by uv against a preview of the index, without running package code.

Decided here:

* uv, not pip: ``--no-build`` holds for every source, where pip's ``--only-binary`` lets a direct URL in a
  wheel's metadata be built, and so run; and uv refuses such URLs of dependencies altogether.
* The resolver gets nothing of our environment. What it downloads is read, never executed.
* It is told in its own environment, which is its user's alone, where the preview is: every user of the host may read
  the words of a process, and whoever knows the address reads unapproved files there.
* The answer is a set of exact versions with who needs them; approving it is one change.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from urllib.parse import unquote

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from proxy.errors import GateError
from proxy.model import Approval
from proxy.simple.names import project_of

SECONDS = 600
"""How long a resolution may take, all its targets together."""
UNIVERSAL = "universal"
"""The platform that stands for all of them."""

_PYTHON = re.compile(r"3\.[0-9]{1,2}", re.ASCII)
_PLATFORM = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_REFUSED = re.compile(r"/refused/([A-Za-z0-9_.~-]+)/([^/\s]+?\.whl)")
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;]+)[^#]*(?:# via (?P<via>.*))?")


class Unresolved(GateError):
    """No set of versions was found; the message says what stood in the way: a ``refused`` project, if it was one."""

    def __init__(self, message: str, refused: NormalizedName | None = None) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Target:
    """For which Python (3.x) and platform (uv's names) to resolve; empty text means the gate's own."""

    python: str = ""
    platform: str = ""

    @property
    def label(self) -> str:
        """Say it to a person."""
        return " ".join(filter(None, (self.python, self.platform))) or "this gate's own"

    def options(self) -> list[str]:
        """Return the words for uv. Raises Unresolved where one is not of the form that uv takes."""
        if self.python and not _PYTHON.fullmatch(self.python):
            raise Unresolved(f"{self.python[:20]!r} is not a Python version. Say for example 3.12")
        if self.platform and not _PLATFORM.fullmatch(self.platform):
            raise Unresolved(f"{self.platform[:80]!r} is not a platform. Say for example linux, macos, or {UNIVERSAL}")
        words = ["--python-version", self.python] if self.python else []
        if self.platform == UNIVERSAL:
            return [*words, "--universal"]
        return [*words, *(["--python-platform", self.platform] if self.platform else [])]


def combinations(pythons: Sequence[str], platforms: Sequence[str]) -> list[Target]:
    """Return every combination of Pythons and platforms; the gate's own where none was named."""
    return [Target(python, platform) for python in pythons or [""] for platform in platforms or [""]]


@dataclass(frozen=True, slots=True)
class Node:
    """One project of a closure: its exact version, who needs it, and for which targets (their labels)."""

    project: NormalizedName
    version: str
    needed_by: tuple[str, ...]
    targets: tuple[str, ...] = ()


Seen = Callable[[NormalizedName], None]
Opened = Callable[[Approval, Seen], AbstractContextManager[str]]


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves against previews. ``opened`` opens one, ``base`` is the gate's own address."""

    opened: Opened
    base: str

    async def resolve(self, requirement: str, wish: Approval, targets: Iterable[Target], seen: Seen) -> list[Node]:
        """Return the closure of a requirement for all targets together. Raises Unresolved.

        ``seen`` is told of every project that is looked at on the way.
        """
        found: list[Node] = []
        try:
            async with asyncio.timeout(SECONDS):
                with self.opened(wish, seen) as path:
                    for target in targets:
                        text = await _compiled(f"{self.base}{path}/simple/", requirement, target.options())
                        found += (replace(node, targets=(target.label,)) for node in _nodes(text))
        except TimeoutError as error:
            raise Unresolved(f"No set of versions for {requirement} was found within {SECONDS} s.") from error
        return _together(found)


async def _compiled(index: str, requirement: str, options: list[str]) -> str:
    """Run ``uv pip compile`` and return the pins it prints."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            "pip", "compile", "--quiet", "--no-header", "--annotation-style=line", "--no-build", "--no-cache",
            "--no-config", "--python", sys.executable, *options, "-",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-m", "uv", *words, cwd=folder,
            env={
                "PATH": os.environ.get("PATH", ""), "HOME": folder, "UV_PYTHON_DOWNLOADS": "never",
                "UV_DEFAULT_INDEX": index,
            },
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, complaints = await process.communicate(f"{requirement}\n".encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode:
        raise _unresolved(requirement, complaints.decode(errors="replace"))
    return out.decode()


def _together(found: Iterable[Node]) -> list[Node]:
    """Return each version once, with everybody who needs it and everything it is for."""
    merged: dict[tuple[NormalizedName, str], Node] = {}
    for node in found:
        known = merged.get((node.project, node.version), node)
        needed_by = tuple(sorted({*known.needed_by, *node.needed_by}))
        targets = tuple(dict.fromkeys((*known.targets, *node.targets)))
        merged[node.project, node.version] = replace(node, needed_by=needed_by, targets=targets)
    return [merged[key] for key in sorted(merged)]


def _unresolved(requirement: str, text: str) -> Unresolved:
    """Return what stood in the way: the refusal that uv ran into, else uv's own words."""
    refused = _REFUSED.search(text)
    if refused:
        project = project_of(unquote(refused[2]))
        words = refused[1].replace("_", " ")
        return Unresolved(f"{requirement} needs {project or refused[2]}, and that is refused: {words}", project)
    said = " ".join(re.sub(r"https?://\S*?/preview/[^/\s]+", "", text).split())
    return Unresolved(f"There is no set of wheels for {requirement}: {said[:500]}")


def _nodes(text: str) -> Iterator[Node]:
    """Yield the pins of a compiled requirements file with who needs them."""
    for line in text.splitlines():
        pin = _PIN.fullmatch(line.strip())
        if pin:
            via = (name.partition("[")[0] for name in (pin["via"] or "").split(", "))
            needed_by = [canonicalize_name(name) for name in via if _is_name(name)]
            yield Node(canonicalize_name(pin["name"]), str(Version(pin["version"])), tuple(needed_by))


def _is_name(text: str) -> bool:
    return bool(text) and not text.startswith("-")
