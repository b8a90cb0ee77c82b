"""The gates of the tests have no advisory data, and most tests are about something else than that.

So the terms that nobody set only ``say`` so in these gates, instead of asking for it to be acknowledged. What is asked
as shipped is tested by terms that say ``acknowledge``, and once by a gate that was started ``fresh``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import FunctionType
from typing import cast

from proxy.model import Terms


@contextmanager
def only_said() -> Iterator[None]:
    """Let terms that are made in this process say that data is missing, and go on."""
    made = cast("FunctionType", Terms.__init__)
    before = made.__defaults__
    known = zip(fields(Terms), before or (), strict=True)
    made.__defaults__ = tuple("say" if field.name == "stale_advisories" else value for field, value in known)
    try:
        yield
    finally:
        made.__defaults__ = before
