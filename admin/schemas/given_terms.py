"""Terms as the admin API takes them: what is left out stays as it is.

Decided here:

* A term by project is changed entry by entry; null takes an entry away, and the standing rule counts again.
* Names and patterns are spelt as names are (PEP 503), licences as SPDX spells them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from admin.schemas.given import ChannelName, Flag, Later, Reason, Strict
from proxy.model import StaleAdvisories
from proxy.policy import spelling

Project = Annotated[str, Field(max_length=200), AfterValidator(spelling.project)]
Pattern = Annotated[str, Field(max_length=200), AfterValidator(spelling.pattern)]
Licence = Annotated[str, Field(max_length=200), AfterValidator(spelling.licence)]
Publisher = Annotated[str, Field(max_length=200), AfterValidator(spelling.publisher)]
TwoPerson = Literal["look-alike", "severe-waiver", "break-glass", "policy", "people"]
Days = Annotated[float, Field(strict=True, ge=0, le=3650)]
Hours = Annotated[float, Field(strict=True, gt=0, le=8760)]


class TermsIn(Strict):
    """Terms to be changed; what is left out stays as it is.

    In a channel, terms that are given become its own, and those in ``inherit`` are its base's again. With
    ``dry_run`` nothing is changed, and it is shown which approved files would be withheld or opened.
    """

    channel: ChannelName = ""
    inherit: list[str] = Field(default_factory=list, max_length=40, examples=[["freeze"]])
    mode: Literal["enforce", "observe"] | None = Field(
        None, description="Withhold what is refused, or record it and serve all but what is dangerous."
    )
    minimum_age_days: Days | None = Field(
        None, description="How many days after its upload a file may be served.", examples=[14]
    )
    ages: dict[Project, Days | None] | None = Field(
        None, max_length=1000, description="Days by project, instead of minimum_age_days.", examples=[{"numpy": 2}]
    )
    fixes: Literal["wait", "pass"] | None = Field(None, description="What a young release does that fixes an advisory.")
    freeze: Later | Literal["now", "off"] | None = Field(None, description="Nothing uploaded afterwards is served.")
    internal: list[Pattern] | None = Field(None, max_length=1000, description="Glob patterns of internal names.")
    refuse_severity: Literal["low", "medium", "high", "critical"] | None = Field(
        None, description="Known vulnerabilities refuse from this severity upwards; malware always does."
    )
    refuse_unknown_severity: Flag | None = Field(None, description="Whether an advisory that says no severity refuses.")
    licences: list[Licence] | None = Field(
        None, max_length=1000, description="SPDX identifiers that are accepted; empty: all are.", examples=[["MIT"]]
    )
    refuse_unknown_licence: Flag | None = Field(
        None, description="Whether a file that says no licence is refused, where licences are listed."
    )
    provenance: list[Pattern] | None = Field(
        None, max_length=1000, description="Glob patterns of projects whose files need provenance (PEP 740)."
    )
    publishers: dict[Project, Publisher | None] | None = Field(
        None,
        max_length=1000,
        description="From whom the files of a project must come, as their attestations say.",
        examples=[{"flask": "GitHub:pallets/flask"}],
    )
    stale_advisories: StaleAdvisories | None = Field(
        None, description="Whether stale advisory data is only said, must be acknowledged, or refuses everything."
    )
    warn_stale_after_hours: Hours | None = Field(None, description="From when on advisory data is called old.")
    alarm_stale_after_hours: Hours | None = Field(None, description="From when on advisory data is called stale.")
    two_person: list[TwoPerson] | None = Field(
        None, max_length=10, description="What one person alone cannot do; taking a word out takes two people itself."
    )
    dry_run: Flag = False
    reason: Reason

    def given(self, at: datetime) -> dict[str, object]:
        """Return what was given, by the names of :class:`~proxy.model.Terms`; "now" is ``at``."""
        apart = {"reason", "channel", "inherit", "dry_run"}
        given = {name: value for name, value in self if value is not None and name not in apart}
        for name, unit in [(name, unit) for name in given for unit in ("days", "hours") if name.endswith(f"_{unit}")]:
            given[name.removesuffix(f"_{unit}")] = timedelta(**{unit: given.pop(name)})
        for name in ("internal", "licences", "provenance"):
            if name in given:
                given[name] = tuple(dict.fromkeys(filter(None, given[name])))
        if self.two_person is not None:
            given["two_person"] = tuple(sorted(set(self.two_person)))
        if self.ages is not None:
            given["ages"] = {p: None if days is None else timedelta(days=days) for p, days in self.ages.items()}
        if isinstance(self.freeze, str):
            given["freeze"] = at if self.freeze == "now" else None
        return given
