"""What a reviewer needs to know of a project, gathered: its page, its own words, what it needs, and who asked.

Decided here:

* Of a release the metadata is fetched and read, and nothing else; nothing of it is ever run.
* What it needs is judged as an installer would meet it; a name that may not be asked for is not asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName

from admin.actions.hands import Hands
from admin.actions.wishes import Unknown, Unusable, read_project
from admin.roles import Permission, demand
from proxy.errors import GateError
from proxy.gateway import Gateway
from proxy.model import Actor, Ask, Demand, ProjectPage, ReleaseFile
from proxy.policy import checking, explaining, reviewing
from proxy.policy.reviewing import Facts, Needed
from proxy.policy.versions import version as read_version
from proxy.simple import names
from proxy.simple.described import Described, describe

AT_ONCE = 8
ASKED = timedelta(days=90)
"""For how long a reviewer is told who was refused a project."""


@dataclass(frozen=True, slots=True)
class Review:
    """What was found: the facts as JSON data, who asked for the project, and who was refused it."""

    data: explaining.Data
    asks: tuple[Ask, ...]
    demand: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class Reviews:
    """Reviews of a project or of one version of it."""

    hands: Hands

    async def review(self, actor: Actor, name: str, version: str = "", channel: str = "") -> Review:
        """Gather what a reviewer needs to know. Raises Forbidden, Unknown, Unusable, UpstreamError, StoreError."""
        demand(actor, Permission.INBOX_READ)
        project = read_project(name)
        if version and read_version(version) is None:
            raise Unusable(f"{version[:64]!r} is not a version (PEP 440).")
        page, at = await self._page(project)  # first: it waits until look-alikes can be told
        snapshot = await self.hands.policy(channel)
        gateway, approved = self.hands.gateway, reviewing.approving(snapshot, project)
        file = reviewing.candidate(await gateway.judged(page, reviewing.unasked(approved), at), version)
        if file is None:
            raise Unknown(f"The upstream lists no file of {project} {version}".rstrip() + ".")
        described, silence = await self._described(page, file)
        needs = await self._needs(described.requires if described else (), channel)
        page = _with_licence(page, file.version, described)
        here, there = await gateway.judged(page, snapshot, at), await gateway.judged(page, approved, at)
        data = reviewing.review(Facts(page, snapshot, here, there, file.version, described, silence, needs), at)
        asks, refused = self.hands.asks(project), await self._refused(project)
        return Review(data | {"channel": channel}, tuple(asks), tuple(refused))

    async def _page(self, project: NormalizedName) -> tuple[ProjectPage, datetime]:
        try:
            return await self.hands.page(project)
        except Unusable as error:
            raise Unknown(str(error)) from error  # it is what was asked for, and not a part of it

    async def _refused(self, project: str) -> list[Demand]:
        return await asyncio.to_thread(self.hands.store.demand, self.hands.clock() - ASKED, project)

    async def _described(self, page: ProjectPage, file: ReleaseFile) -> tuple[Described | None, str]:
        """Return a release's own words, or None and why there are none."""
        try:
            content = await self.hands.gateway.described(page.project, file)
        except GateError as error:
            return None, str(error)
        if content is None:
            return None, f"{file.filename} has no metadata that can be read without unpacking it."
        return describe(content), ""

    async def _needs(self, requires: Sequence[str], channel: str) -> list[Needed]:
        gateway, turn = self.hands.answering(channel), asyncio.Semaphore(AT_ONCE)
        return list(await asyncio.gather(*(_needed(text, gateway, turn) for text in requires)))


def _with_licence(page: ProjectPage, release: str, said: Described | None) -> ProjectPage:
    """Return a page whose release has the licence that was read for it."""
    if said is None:
        return page
    licence = said.licence if said.spdx else ""
    files = (replace(f, licence=licence) if f.version == release and f.licence is None else f for f in page.files)
    return replace(page, files=tuple(files))


async def _needed(text: str, gateway: Gateway, turn: asyncio.Semaphore) -> Needed:
    """Return one thing that a release needs, and what an installer would be told of it."""
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return Needed(text, problem="This is not a requirement (PEP 508).")
    project, marker = names.normal(wanted.name), str(wanted.marker or "")
    if project is None:
        return Needed(text, problem="This is not the name of a project.")
    if wanted.url:
        return Needed(text, project, marker=marker, problem="It names an address, which goes round the gate.")
    specifier = str(wanted.specifier)
    try:
        async with turn:
            composition = (await gateway.listing(project)).composition
    except GateError as error:
        return Needed(text, project, specifier, marker, problem=str(error))
    answer = checking.check(composition, specifier)
    problem = "" if answer.known else f"No version of {project} in this range is known here."
    return Needed(text, project, specifier, marker, answer, problem)
