"""What the upstream said about a page, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Validators:
    """What a conditional request is made with (RFC 9110 section 8.8), as the upstream spelt it."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A project's page: its decoded body, its media type, and the URL that relative links start from."""

    body: bytes
    content_type: str
    url: str
    validators: Validators


class Told(Enum):
    """An answer without a page."""

    NOT_MODIFIED = "not modified"
    MISSING = "missing"


NOT_MODIFIED: Final[Literal[Told.NOT_MODIFIED]] = Told.NOT_MODIFIED
MISSING: Final[Literal[Told.MISSING]] = Told.MISSING

PageReply = Page | Told
