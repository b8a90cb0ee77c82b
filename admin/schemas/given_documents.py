"""What the admin API takes for policy as code."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from admin.schemas.given import Aware, Reason, Strict
from proxy.policy.document.schema import Duration

Text = Annotated[
    str,
    Field(
        description="A policy document (TOML); wicketgate policy schema prints a commented one.",
        examples=['format = 1\nfragment = true\n\n[terms]\nminimum_age = "14d"\n'],
    ),
]
MONTH, WEEK = timedelta(days=30), timedelta(days=7)
SINCE = "How far back recorded demand is looked at: 30d, 36h."


class DocumentIn(Strict):
    """A document to be looked at."""

    document: Text
    since: Duration = Field(MONTH, description=SINCE, examples=["30d"])


class ApplyIn(Strict):
    """A document to be applied."""

    document: Text
    reason: Reason
    acknowledge: Aware = Field(default_factory=list)
