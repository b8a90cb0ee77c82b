"""What the auditor's routes take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from admin.schemas.given import Flag, Later, Strict
from proxy.store import DecisionFilter, EventFilter

LARGEST = 2**62
Chain = Literal["events", "decisions"]
Number = Annotated[int, Field(ge=0, le=LARGEST)]
Text = Annotated[str, Field(max_length=300)]


class _Paged(BaseModel):
    """Where a page begins: below ``before``, or above ``after``; results come newest first either way."""

    project: Annotated[str, Field(max_length=128)] = ""
    client: Annotated[str, Field(max_length=100, description="An address.")] = ""
    sha256: Annotated[str, Field(max_length=64, pattern="^[0-9a-fA-F]*$")] = ""
    channel: Annotated[str, Field(max_length=40, description="“default” is the one without a name.")] = ""
    text: Annotated[str, Field(max_length=300, description="Words that must all be there.")] = ""
    since: Later | None = None
    until: Later | None = None
    before: Number | None = None
    after: Number | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100

    def _shared(self) -> dict[str, object]:
        given = self.model_dump(exclude={"before", "after"})
        return {**given, "before_seq": self.before, "after_seq": self.after}


class EventQuery(_Paged):
    """Which changes are wanted."""

    tag: Annotated[str, Field(max_length=80, examples=["project:approval"], description="Or its beginning.")] = ""
    actor: Annotated[str, Field(max_length=100, description="Name or id of who did it.")] = ""

    def wanted(self) -> EventFilter:
        """Return what the store takes."""
        return EventFilter(**self._shared())  # type: ignore[arg-type]  # the fields are the filter's own


class DecisionQuery(_Paged):
    """Which decisions are wanted."""

    version: Annotated[str, Field(max_length=128)] = ""
    token: Annotated[str, Field(max_length=100, description="The name or the id of a token.")] = ""
    verdict: Literal["", "allowed", "refused", "observed"] = ""
    what: Literal["", "file", "metadata", "page"] = ""
    code: Annotated[str, Field(max_length=60, examples=["too-new"], description="One of the reasons.")] = ""

    def wanted(self) -> DecisionFilter:
        """Return what the store takes."""
        return DecisionFilter(**self._shared())  # type: ignore[arg-type]  # the fields are the filter's own


class VerifyIn(Strict):
    """Checkpoints that were kept elsewhere, one after the other; none: those of the gate alone."""

    checkpoints: str = Field(
        "",
        max_length=1 << 20,
        description="As wicketgate audit checkpoint prints them (c2sp.org/tlog-checkpoint).",
        examples=[""],
    )


class QueryIn(Strict):
    """A search to be kept under a name: the filters of the chain that it is about."""

    name: str = Field(min_length=1, max_length=80, examples=["refusals of the build farm"])
    about: Chain = Field(examples=["decisions"])
    wanted: dict[Annotated[str, Field(max_length=20)], Text] = Field(
        max_length=20, examples=[{"verdict": "refused", "token": "build-farm"}]
    )
    shared: Flag = Field(False, description="Everybody who may read the audit may use it.")
