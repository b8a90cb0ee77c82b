"""What the admin API takes about people, CI jobs and acts that wait for a second person."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from admin.actions import Wanted
from admin.schemas.given import Aware, Reason, Strict, Whole

Role = Annotated[
    Literal["reader", "requester", "auditor", "approver", "administrator", "owner"], Field(examples=["approver"])
]
Claim = Annotated[str, Field(min_length=1, max_length=300)]


class InviteIn(Strict):
    """Somebody to be invited."""

    name: str = Field(min_length=1, max_length=64, examples=["ada"])
    role: Role
    reason: Reason


class RoleIn(Strict):
    """Another role for an account."""

    role: Role
    reason: Reason


class ReasonIn(Strict):
    """A written reason."""

    reason: Reason


class RuleIn(Strict):
    """A rule by which CI jobs get a token: of which issuer, for which audience, with which claims."""

    name: str = Field(min_length=1, max_length=60, pattern=r"^[\w .@/-]+$", examples=["billing"])
    issuer: str = Field(min_length=1, max_length=300, examples=["https://ci.example"])
    audience: str = Field(min_length=1, max_length=300, examples=["wicketgate"])
    claims: dict[Claim, Claim] = Field(
        min_length=1, max_length=20, examples=[{"repository": "ours/*"}], description="A glob pattern for each claim."
    )
    role: Literal["reader", "requester"] = "reader"
    channel: str | None = Field(None, max_length=40, description="The one channel it reads (empty: the default one).")
    minutes: Whole = Field(15, ge=1, le=15, description="Minutes for which a token lives.")
    reason: Reason

    def wanted(self) -> Wanted:
        """Return what the action takes."""
        return Wanted(self.name, self.issuer, self.audience, self.claims, self.role, self.channel, self.minutes)


class ConfirmIn(Strict):
    """The digest of what was looked at."""

    digest: str = Field(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$", examples=["9f" * 32])
    acknowledge: Aware = Field(default_factory=list)
