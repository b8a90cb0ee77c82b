"""``POST /check``: many requirements judged at once, each as an installer would meet it.

Decided here:

* Anybody who may install may ask, so what it may cost is bounded: requirements are counted before they are read,
  large projects are gone through in a thread, one after the other, and after :data:`SECONDS` the rest is left open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Sequence
from functools import partial
from typing import Annotated

import msgspec

from proxy.errors import GateError
from proxy.gateway import Gateway
from proxy.lanes import JUDGING
from proxy.model import Code
from proxy.policy import checking, explaining
from proxy.policy.credentials import may_have
from proxy.policy.folding import malformed
from proxy.policy.listing import Judged
from proxy.simple import names
from proxy.web.readers import OTHER_PROJECTS

AT_MOST = 2_000
AT_ONCE = 16
FILES_AT_MOST = 5_000
SECONDS = 30.0
LARGE = 500
"""Files of a project; to go through fewer takes no longer than to ask a thread."""
TOO_LONG = f"It was not judged within {SECONDS:.0f} seconds. Ask again, for less at once."

Data = dict[str, object]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Wanted(msgspec.Struct):
    """One requirement to check: a project's name, and a PEP 440 specifier or an exact version.

    ``sha256s`` are the digests that a lock has for it, ``urls`` the addresses it has for its files.
    """

    name: str
    specifier: str = ""
    version: str = ""
    sha256s: Annotated[list[Digest], msgspec.Meta(max_length=FILES_AT_MOST)] = msgspec.field(default_factory=list)
    urls: Annotated[list[str], msgspec.Meta(max_length=FILES_AT_MOST)] = msgspec.field(default_factory=list)


def wanted(body: bytes) -> list[Wanted]:
    """Read what is asked. Raises ValueError with what to send instead."""
    try:
        listed = msgspec.json.decode(body, type=list[msgspec.Raw])
        if len(listed) > AT_MOST:
            raise ValueError(f"Ask for at most {AT_MOST} at once.")
        return [msgspec.json.decode(one, type=Wanted) for one in listed]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"Send a list of objects with name and specifier: {error}") from error


async def answers(gateway: Gateway, url: str, asked: Sequence[Wanted], projects: Collection[str]) -> list[Data]:
    """Judge each, in the order asked. ``url`` is the address of the channel, before ``/files``.

    Who is bound to ``projects`` (none: nobody) hears of no others.
    """
    turn, end = asyncio.Semaphore(AT_ONCE), time.monotonic() + SECONDS

    async def answered(one: Wanted) -> Data:
        async with turn:
            await asyncio.sleep(0)  # two thousand that are at hand would keep everybody else waiting
            late = time.monotonic() > end
            found = _unjudged("unknown", TOO_LONG) if late else await _answer(gateway, url, one, projects)
            return {"name": one.name, "specifier": one.specifier} | found

    return await asyncio.gather(*map(answered, asked))


async def _answer(gateway: Gateway, url: str, one: Wanted, projects: Collection[str]) -> Data:
    project = names.normal(one.name)
    if project is None:
        return _unjudged("refused", malformed(one.name), Code.MALFORMED)
    if not may_have(projects, project):
        return _unjudged("unknown", OTHER_PROJECTS)
    try:
        listing = await gateway.listing(project)
    except GateError as error:
        return _unjudged("unknown", str(error))
    work = partial(checking.check, listing.composition, one.specifier, one.version, one.sha256s)
    if len(listing.composition.files) > LARGE:
        found = await JUDGING.run(work)
    else:
        found = work()
    if not found.known:
        return _unjudged("refused", f"No version of {project} in this range is known here.")
    return {
        "verdict": "allowed" if found.allowed else "refused",
        "version": found.version,
        "reasons": explaining.reasons(found.verdict),
        "advisories": explaining.advisories(found.verdict),
        "files": [_file(digest, judged) for digest, judged in found.files.items()],
        "instead": {asked: f"{url}/files{path}" for asked in one.urls if (path := listing.known_path(asked))},
    }


def _unjudged(verdict: str, sentence: str, code: str = "") -> Data:
    reason = {"code": code, "sentence": sentence}
    return {"verdict": verdict, "version": None, "reasons": [reason], "files": [], "instead": {}}


def _file(digest: str, judged: Judged | None) -> Data:
    """Return what is known of one digest of a lock: the file that has it, and whether it is served."""
    served = judged is not None and judged.verdict.allowed
    return {"sha256": digest, "filename": judged.file.filename if judged else None, "served": served}
