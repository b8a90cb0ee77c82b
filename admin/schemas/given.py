"""What the admin API takes, with the words and examples that its OpenAPI document shows."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from admin.actions import Narrowed, Wish
from admin.actions.access import NAME, NAME_AT_MOST
from admin.roles import Permission
from proxy.model import Justification
from proxy.policy import spelling
from proxy.policy.outdated import Missed

Requirement = Annotated[
    str,
    Field(min_length=1, max_length=512, examples=["flask>=3,<4"], description="A name and a PEP 440 range."),
]
Reason = Annotated[str, Field(min_length=1, max_length=2000, examples=["Needed by the billing service"])]


def _written(at: object) -> object:
    """A bare number is no time, though pydantic would count its seconds."""
    if not isinstance(at, str) or not DATE.match(at):
        raise ValueError("say a time as 2027-01-31T00:00:00Z")
    return at


def _within_reason(at: datetime) -> datetime:
    if not 1970 <= at.year <= LATEST_YEAR:
        raise ValueError(f"say a time from 1970 to {LATEST_YEAR}")
    return at.astimezone(UTC)


LATEST_YEAR = 9000
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Later = Annotated[
    AwareDatetime, BeforeValidator(_written), AfterValidator(_within_reason), Field(examples=["2027-01-31T00:00:00Z"])
]
Flag = Annotated[bool, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]


ChannelName = Annotated[
    str, Field(max_length=40, examples=["research"], description="Where it counts; empty: in the default channel.")
]


Aware = Annotated[
    list[Missed],
    Field(max_length=2, examples=[["advisories-stale"]], description="Old or missing advisory data that is known of."),
]


class Strict(BaseModel):
    """Unknown fields are refused: a misspelt option must not be ignored."""

    model_config = ConfigDict(extra="forbid")


class WishIn(Strict):
    """What somebody would approve."""

    requirement: Requirement
    reason: Reason
    standing: Flag = Field(False, description="Let later versions of the range through once they are old enough.")
    prereleases: Flag = False
    sdists: Flag = Field(False, description="Source archives run code on install.")
    yanked: Flag = Field(False, description="Files that their maintainers took back.")
    legacy: Flag = Field(False, description="Source archives of old formats (.zip, .tar.bz2).")
    channel: ChannelName = ""
    acknowledge: list[str] = Field(default_factory=list, max_length=8, examples=[["too-new"]])
    until: Later | None = None
    ticket: str = Field("", max_length=200)
    sha256: list[Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]] = Field(
        default_factory=list,
        max_length=200,
        description="Approve only the files with these digests, whatever they are.",
    )

    def wish(self) -> Wish:
        """Return what the action takes."""
        given = {field.name: getattr(self, field.name) for field in fields(Wish)}
        digests = tuple(digest.lower() for digest in self.sha256)
        return Wish(**{**given, "acknowledge": tuple(self.acknowledge), "sha256": digests})


class ApprovalIn(WishIn):
    """An approval to be granted. With ``dry_run`` it is only shown what it would do."""

    dry_run: Flag = False


class ApprovalsIn(Strict):
    """Approvals to be granted as one change. With ``dry_run`` it is only shown what each would do."""

    wishes: list[WishIn] = Field(
        min_length=1, max_length=100, examples=[[{"requirement": "flask>=3,<4", "reason": "Asked for twice"}]]
    )
    dry_run: Flag = False


class RequirementIn(Strict):
    """A requirement and a written reason."""

    requirement: Requirement
    reason: Reason
    channel: ChannelName = ""


class LateIn(Strict):
    """Files that were added to approved versions later, by name, and why they are admitted or declined."""

    filenames: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(
        min_length=1, max_length=200, examples=[["flask-3.0.0-py3-none-any.whl"]]
    )
    reason: Reason
    acknowledge: Aware = Field(default_factory=list)


class WaiverIn(Strict):
    """One advisory to be set aside for a range of a project."""

    requirement: Requirement
    advisory: str = Field(min_length=1, max_length=100, examples=["PYSEC-2023-74"])
    reason: Reason
    days: Whole = Field(30, ge=1, le=180, description="Days until it ends.")
    owner: str = Field("", max_length=80, description="Who answers for it; empty: whoever grants it.")
    justification: Justification = Field("", description="OpenVEX's word; empty: the risk is accepted.")
    channel: ChannelName = ""
    acknowledge: Aware = Field(default_factory=list)


class WaiverEndIn(Strict):
    """A waiver to be ended before its time."""

    requirement: Requirement
    advisory: str = Field(min_length=1, max_length=100, examples=["PYSEC-2023-74"])
    reason: Reason
    channel: ChannelName = ""


class ChannelIn(Strict):
    """A channel to be opened."""

    name: str = Field(min_length=1, max_length=40, examples=["research"])
    base: ChannelName = ""
    reason: Reason


def _network(text: str) -> str:
    return str(ip_network(text.strip()))


Network = Annotated[str, Field(max_length=50), AfterValidator(_network)]


class TokenIn(Strict):
    """A token to be issued."""

    name: str = Field(min_length=1, max_length=NAME_AT_MOST, pattern=NAME, examples=["ci"])
    role: Literal["reader", "requester", "auditor", "approver", "administrator", "pipeline"] = Field(
        examples=["pipeline"]
    )
    days: Whole = Field(90, ge=1, le=365, description="Days until it ends.")
    scope: list[Permission] = Field(
        default_factory=list, max_length=20, description="Permissions of the role that it is for; none: all of them."
    )
    channel: str | None = Field(None, max_length=40, description="The one channel it reads (empty: the default one).")
    projects: list[str] = Field(
        default_factory=list, max_length=50, description="Glob patterns of the projects that it reads."
    )
    networks: list[Network] = Field(
        default_factory=list, max_length=20, examples=[["10.1.0.0/16"]], description="Where it may be used from (CIDR)."
    )

    @property
    def valid(self) -> timedelta:
        """For how long it lasts."""
        return timedelta(days=self.days)

    def narrowed(self) -> Narrowed:
        """Return what the action takes."""
        projects = tuple(dict.fromkeys(spelling.pattern(text) for text in self.projects if text.strip()))
        return Narrowed(tuple(self.scope), self.channel, projects, tuple(self.networks))


class OriginIn(Strict):
    """A scheme, host and port that files may come from."""

    url: str = Field(max_length=300, examples=["https://files.example"])
    reason: Reason
