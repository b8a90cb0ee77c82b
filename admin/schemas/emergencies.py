"""Emergencies: what the API takes, and what it and the pages tell."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from admin.actions import Outcome, Wish
from admin.schemas.given import ChannelName, Flag, Reason, Requirement, Strict
from admin.schemas.told_acts import EffectOut, effect_data
from admin.schemas.told_policy import ApprovalOut, approval_data
from proxy.model import Approval
from proxy.policy import emergencies


class EmergencyIn(Strict):
    """An emergency to be opened: for some hours, at once, without a second person."""

    requirement: Requirement
    reason: Reason
    hours: float = Field(24, strict=True, gt=0, le=72, description="Hours until it ends.")
    sdists: Flag = Field(False, description="Source archives run code on install.")
    acknowledge: list[str] = Field(default_factory=list, max_length=8, examples=[["look-alike:requests"]])
    channel: ChannelName = ""

    def wish(self) -> Wish:
        """Return what the action takes."""
        given = self.model_dump(exclude={"hours", "acknowledge"})
        return Wish(**given, acknowledge=tuple(self.acknowledge))


class FindingIn(Strict):
    """What somebody found who looked at an emergency afterwards."""

    finding: str = Field(min_length=1, max_length=2000, examples=["The release is what the vendor published"])


class EmergencyOut(ApprovalOut):
    """An emergency; ``open`` says whether it has not ended, ``reviewed`` what somebody else found ("": nobody yet)."""

    open: bool
    reviewed: str
    sentence: str


class OpenedOut(EmergencyOut, EffectOut):
    """An emergency that was opened, and what it opened."""


def emergency_data(approval: Approval, at: datetime) -> EmergencyOut:
    """Return an emergency as JSON data, as it stands at a time."""
    is_open = approval.until is not None and at < approval.until
    sentence = emergencies.sentence(approval, at)
    return {**approval_data(approval), "open": is_open, "reviewed": approval.reviewed, "sentence": sentence}


def opened_data(outcome: Outcome, at: datetime) -> OpenedOut:
    """Return an emergency that was opened, and what it opened, as JSON data."""
    return {**emergency_data(outcome.approval, at), **effect_data(outcome)}
