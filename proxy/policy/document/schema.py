"""What a document may say: every table and key with its type. The terms are those of :class:`~proxy.model.Terms`.

A table here is what TOML gives, checked; :mod:`reading` makes entries of it. Unknown keys are faults.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from proxy.model import Justification, Terms
from proxy.policy import spelling
from proxy.policy.document.entries import CHANNEL_NAME, TERMS, canonical, duration, printable, ranged
from proxy.policy.document.tables import FORMAT
from proxy.policy.judge import OVERRULABLE

_WORDS = {
    "internal": spelling.pattern,
    "provenance": spelling.pattern,
    "licences": spelling.licence,
    "publishers": spelling.publisher,
}
"""How the texts in terms are spelt, by the term."""
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def _said(text: str) -> str:
    said = printable(text)
    if not said or len(said) > 2000:
        raise ValueError("say why, in at most 2,000 characters: the auditor will ask")
    return said


def _channel(text: str) -> str:
    if text and not CHANNEL_NAME.fullmatch(text):
        raise ValueError(f"{text[:40]!a} cannot be a channel's name. Take lower-case letters, digits and dashes")
    return text


def _digest(text: str) -> str:
    if not _SHA256.fullmatch(text):
        raise ValueError("a file is listed as FILENAME = SHA-256, in 64 lower-case hex digits")
    return text


def _moment(at: datetime) -> datetime:
    if at.tzinfo is None or not 1970 <= at.year <= 9000:
        raise ValueError("say a time with its zone, from 1970 to 9000: 2027-01-31T00:00:00Z")
    return at.astimezone(UTC)


def _acknowledged(text: str) -> str:
    code, _, target = text.partition(":")
    if code not in OVERRULABLE or (code == "look-alike") != bool(target):
        known = ", ".join(sorted(OVERRULABLE))
        raise ValueError(f"{text[:80]!a} cannot be overruled. These can: {known} (look-alike:NAME)")
    return f"{code}:{spelling.project(target)}" if target else code


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value  # a default of ours: no document and no query can say one
    if not isinstance(value, str):
        raise ValueError('a duration is a text: "7d"')  # noqa: TRY004  pydantic tells ValueErrors with their place
    return duration(value)


def _unset(value: object) -> object:
    return None if value == "" else value


Project = Annotated[str, AfterValidator(spelling.project)]
Reason = Annotated[str, AfterValidator(_said)]
Range = Annotated[str, Field(max_length=1000), AfterValidator(ranged)]
ChannelName = Annotated[str, AfterValidator(_channel)]
Digest = Annotated[str, AfterValidator(_digest)]
Moment = Annotated[datetime, AfterValidator(_moment)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Table(BaseModel):
    """One table; nothing in it is guessed from another type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """Return what the table says, without what it leaves out."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}


def _spelt(name: str, hint: Any) -> Any:
    """Return how a document spells a term of this type."""
    word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_WORDS.get(name, str))]
    if hint is timedelta:
        return Duration
    if get_origin(hint) is tuple:
        return Annotated[list[word], AfterValidator(canonical)]
    if get_origin(hint) is Mapping:
        held: Any = Duration if get_args(hint)[1] is timedelta else word
        return Annotated[dict[Project, held], AfterValidator(canonical)]
    if datetime in get_args(hint):
        return Annotated[Moment | None, BeforeValidator(_unset)]
    return hint


_HINTS = get_type_hints(Terms)
_SPELT: dict[str, Any] = {name: (_spelt(name, _HINTS[name]), None) for name in TERMS}
TermsTable = create_model("TermsTable", __base__=Table, **_SPELT)


class ChannelTable(Table):
    """``[[channels]]``."""

    name: Annotated[str, Field(min_length=1), AfterValidator(_channel)]
    base: ChannelName = ""
    reason: Reason
    terms: TermsTable = Field(default_factory=TermsTable)  # type: ignore[valid-type]


class ApprovalTable(Table):
    """``[[approvals]]``."""

    project: Project
    specifier: Range
    reason: Reason
    channel: ChannelName = ""
    standing: bool = False
    prereleases: bool = False
    sdists: bool = False
    yanked: bool = False
    legacy: bool = False
    acknowledged: list[Annotated[str, AfterValidator(_acknowledged)]] = Field(default_factory=list)
    until: Moment | None = None
    ticket: Annotated[str, Field(max_length=200), AfterValidator(printable)] = ""
    exact: bool = False
    files: dict[str, Digest] = Field(default_factory=dict)


class ProhibitionTable(Table):
    """``[[prohibitions]]``."""

    project: Project
    specifier: Range
    reason: Reason
    channel: ChannelName = ""


class WaiverTable(Table):
    """``[[waivers]]``."""

    project: Project
    specifier: Range
    advisory: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Reason
    until: Moment
    channel: ChannelName = ""
    owner: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(printable)]
    justification: Justification = ""


class OriginTable(Table):
    """``[[origins]]``."""

    url: Annotated[str, Field(min_length=1, max_length=300)]
    settled: bool = True


class DocumentTable(Table):
    """The whole file."""

    format: Literal[FORMAT]  # type: ignore[valid-type]
    fragment: bool = False
    revision: Annotated[int, Field(ge=0, le=2**62)] | None = None
    terms: TermsTable | None = None  # type: ignore[valid-type]
    channels: list[ChannelTable] | None = None
    approvals: list[ApprovalTable] | None = None
    prohibitions: list[ProhibitionTable] | None = None
    waivers: list[WaiverTable] | None = None
    origins: list[OriginTable] | None = None
