"""What auditors keep for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A search of the record that somebody named: of which chain, and what is wanted by the names of its filter.

    ``owner`` is the id of who saved it; a ``shared`` one is everybody's to use, and still the owner's to drop.
    """

    id: str
    name: str
    about: Literal["events", "decisions"]
    wanted: Mapping[str, str]
    owner: str
    by: str
    at: datetime
    shared: bool = False
