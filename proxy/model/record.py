"""What is written down: who acted, what changed, what was answered to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from packaging.utils import NormalizedName

from proxy.model.advisories import FeedState
from proxy.model.auditing import SavedQuery
from proxy.model.people import Account, CiRule, Invitation, Proposal
from proxy.model.policy import (
    Acknowledgement,
    Approval,
    Ask,
    Channel,
    LateFile,
    NamesList,
    Origin,
    Prohibition,
    Quarantine,
    Terms,
    Token,
    Waiver,
)

Entry = (
    Approval
    | Acknowledgement
    | Prohibition
    | Quarantine
    | Waiver
    | Origin
    | Ask
    | LateFile
    | Token
    | Terms
    | Channel
    | FeedState
    | NamesList
    | Account
    | Invitation
    | CiRule
    | Proposal
    | SavedQuery
)
"""What the store keeps row by row; putting an entry whose id is there already replaces it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: ``kind`` is person, token, feed or system. ``name`` is shown, ``id`` compared.

    ``owner`` is who answers for a token, where that is somebody else; ``scope`` narrows the role (empty: not at all).
    ``attempt`` names the one request that it acts in, where that came under an idempotency key; it is not recorded.
    """

    kind: str
    id: str
    name: str
    role: str
    address: str = ""
    owner: str = ""
    scope: tuple[str, ...] = ()
    attempt: str = field(default="", compare=False)

    @property
    def principal(self) -> str:
        """Who answers for the act: two credentials of one principal are not two people."""
        return self.owner or self.id

    @property
    def is_person(self) -> bool:
        """Whether somebody's account answers for the act. A token that no account answers for may be anybody's."""
        return self.principal.startswith("account:")

    @property
    def is_host(self) -> bool:
        """Whether this is the first-run token, which whoever owns the gate's host holds: nobody issued it."""
        return self.kind == "token" and self.role == "owner" and not self.owner


@dataclass(frozen=True, slots=True)
class Change:
    """One act of somebody on the policy: what is put, what is ended, and how it reads in the audit.

    ``tag`` follows one grammar, ``subject:noun:verb`` (``project:approval:granted``). ``ends``
    names entries by id. ``policy`` is False for acts that move no verdict (requests, alerts, tokens): they
    raise no revision.
    """

    tag: str
    project: str
    reason: str
    puts: tuple[Entry, ...] = ()
    ends: tuple[str, ...] = ()
    detail: Mapping[str, object] = field(default_factory=dict)
    policy: bool = True


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A change as the audit log holds it. ``hash`` covers every other field and ``previous``."""

    seq: int
    at: datetime
    tag: str
    actor: Actor
    project: str
    reason: str
    revision: int
    detail: Mapping[str, object]
    previous: str
    hash: str


@dataclass(slots=True)
class DecisionRecord:
    """One answer given to one client: a file handed out, revalidated or refused, or a page.

    Not frozen, though nobody changes one: it is made for every file, and a frozen one costs three times as much.

    ``what`` is "file", "metadata" or "page". ``verdict`` is "allowed", "refused", or "observed" for what was handed
    out in observe mode and would be refused otherwise. ``token`` is a name, which others may have as well, ``token_id``
    is whose it is: "" where none was brought, and in records from before it was kept. ``count`` is above 1 where what
    came again was counted: pages, files that one client took again and again in a minute (no agent is named then), and
    refusals that came too fast to be written one by one (those say no names).
    """

    at: datetime
    what: Literal["file", "metadata", "page"]
    client: str
    token: str
    agent: str
    project: str
    version: str
    filename: str
    sha256: str
    status: int
    verdict: str
    codes: tuple[str, ...]
    revision: int
    request_id: str
    count: int = 1
    channel: str = ""
    token_id: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """One kind of build that was refused something: its installer, whether it said that it runs in CI, its channel."""

    agent: str
    ci: bool
    channel: str
    count: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What was refused of one project: how often, first and last, and who wanted it.

    ``clients`` are addresses and ``tokens`` names of tokens, like ``builds`` those that asked most often first.
    """

    project: NormalizedName
    count: int
    clients: tuple[str, ...]
    tokens: tuple[str, ...]
    builds: tuple[Build, ...]
    codes: tuple[str, ...]
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class HandedOut:
    """Who got a release: one client (by address, token and installer), how often, first and last.

    ``token_id`` tells tokens of one name apart ("" in records from before it was kept).
    """

    project: str
    version: str
    client: str
    token: str
    agent: str
    count: int
    first: datetime
    last: datetime
    token_id: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What installers wanted of one channel since some time: a file, or a project's page (no file name).

    ``count`` says how often, ``refused`` how often in vain. ``clients`` are addresses, ``tokens`` names.
    """

    channel: str
    project: str
    version: str
    filename: str
    sha256: str
    count: int
    refused: int
    clients: tuple[str, ...]
    tokens: tuple[str, ...]
    last: datetime


@dataclass(frozen=True, slots=True)
class Answered:
    """How often one verdict was given on one day (UTC)."""

    day: date
    verdict: str
    count: int
