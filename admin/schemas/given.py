"""What the admin API takes, with the words and examples that its OpenAPI document shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from admin.actions import Wish
from admin.closure import Target
from proxy.simple import names

Requirement = Annotated[
    str,
    Field(min_length=1, max_length=512, examples=["flask>=3,<4"], description="A name and a PEP 440 range."),
]
Reason = Annotated[str, Field(min_length=1, max_length=2000, examples=["Needed by the billing service"])]


def _within_reason(at: datetime) -> datetime:
    if not 1970 <= at.year <= LATEST_YEAR:
        raise ValueError(f"say a time from 1970 to {LATEST_YEAR}")
    return at.astimezone(UTC)


LATEST_YEAR = 9000
Later = Annotated[AwareDatetime, AfterValidator(_within_reason), Field(examples=["2027-01-31T00:00:00Z"])]


ChannelName = Annotated[
    str, Field(max_length=40, examples=["research"], description="Where it counts; empty: in the default channel.")
]


class Strict(BaseModel):
    """Unknown fields are refused: a misspelt option must not be ignored."""

    model_config = ConfigDict(extra="forbid")


class ApprovalIn(Strict):
    """An approval to be granted. With ``dry_run`` it is only shown what it would do."""

    requirement: Requirement
    reason: Reason
    standing: bool = Field(False, description="Let later versions of the range through once they are old enough.")
    prereleases: bool = False
    sdists: bool = Field(False, description="Source archives run code on install.")
    yanked: bool = Field(False, description="Files that their maintainers took back.")
    legacy: bool = Field(False, description="Source archives of old formats (.zip, .tar.bz2).")
    channel: ChannelName = ""
    acknowledge: list[str] = Field(default_factory=list, max_length=8, examples=[["too-new"]])
    until: Later | None = None
    ticket: str = Field("", max_length=200)
    dry_run: bool = False
    with_dependencies: bool = Field(
        False, description="Approve the newest version that resolves, and exactly what it needs."
    )
    pythons: list[str] = Field(default_factory=list, max_length=8, examples=[["3.11", "3.13"]])
    platforms: list[str] = Field(default_factory=list, max_length=8, examples=[["linux", "universal"]])

    def targets(self) -> list[Target]:
        """Return every combination of the Pythons and platforms asked for; the gate's own if none was."""
        return [Target(python, platform) for python in self.pythons or [""] for platform in self.platforms or [""]]

    def wish(self) -> Wish:
        """Return what the action takes."""
        given = self.model_dump(exclude={"dry_run", "acknowledge", "with_dependencies", "pythons", "platforms"})
        return Wish(**given, acknowledge=tuple(self.acknowledge))


class RequirementIn(Strict):
    """A requirement and a written reason."""

    requirement: Requirement
    reason: Reason
    channel: ChannelName = ""


class DeclineIn(Strict):
    """A project whose wishes leave the inbox, and why."""

    project: str = Field(min_length=1, max_length=128)
    reason: Reason


class WaiverIn(Strict):
    """One advisory to be set aside for a range of a project."""

    requirement: Requirement
    advisory: str = Field(min_length=1, max_length=100, examples=["PYSEC-2023-74"])
    reason: Reason
    days: int = Field(30, ge=1, le=180, description="Days until it ends.")
    channel: ChannelName = ""


class WaiverEndIn(Strict):
    """A waiver to be ended before its time."""

    requirement: Requirement
    advisory: str = Field(min_length=1, max_length=100)
    reason: Reason
    channel: ChannelName = ""


class ChannelIn(Strict):
    """A channel to be opened."""

    name: str = Field(min_length=1, max_length=40, examples=["research"])
    base: ChannelName = ""
    reason: Reason


class TokenIn(Strict):
    """A token to be issued."""

    name: str = Field(min_length=1, max_length=80, pattern=r"^[\w .@/-]+$", examples=["ci"])
    role: Literal["reader", "requester", "auditor", "approver", "administrator"]
    days: int = Field(90, ge=1, le=366, description="Days until it ends.")


class OriginIn(Strict):
    """A scheme, host and port that files may come from."""

    url: str = Field(max_length=300, examples=["https://files.example"])
    reason: Reason


class TermsIn(Strict):
    """Terms to be changed; what is left out stays as it is.

    In a channel, terms that are given become its own, and those in ``inherit`` are its base's again.
    """

    channel: ChannelName = ""
    inherit: list[str] = Field(default_factory=list, max_length=40, examples=[["minimum_age"]])
    mode: Literal["enforce", "observe"] | None = None
    minimum_age_days: float | None = Field(None, ge=0, le=3650)
    internal: list[str] | None = Field(None, max_length=1000, description="Glob patterns of internal names.")
    refuse_severity: Literal["low", "medium", "high", "critical"] | None = None
    refuse_unknown_severity: bool | None = None
    stale_advisories: Literal["say", "refuse"] | None = None
    reason: Reason

    def given(self) -> dict[str, object]:
        """Return what was given, by the names of :class:`~proxy.model.Terms`."""
        given = self.model_dump(exclude={"reason", "channel", "inherit", "minimum_age_days"}, exclude_none=True)
        if "internal" in given:
            given["internal"] = tuple(dict.fromkeys(names.pattern(text) for text in given["internal"] if text.strip()))
        if self.minimum_age_days is not None:
            given["minimum_age"] = timedelta(days=self.minimum_age_days)
        return given
