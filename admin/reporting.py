"""A report as one page that needs nothing else: to be read in a browser, printed, and kept.

Decided here:

* No clock, no address and no version stand on it: the same record gives the same bytes.
* No script, no picture, no font from elsewhere; the style is in the page, made for paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ADMIN = Path(__file__).parent
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-disposition": 'inline; filename="report.html"',
}
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def html(report: Mapping[str, object]) -> str:
    """Return a report as a page."""
    return _pages.get_template("report.html").render(report=report)


def span(seconds: int | None) -> str:
    """Return a time in words: the two largest units of it."""
    if seconds is None:
        return "–"
    days, rest = divmod(seconds, _DAY)
    hours, rest = divmod(rest, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    said = [f"{count} {unit}" for count, unit in units if count]
    return " ".join(said[:2]) or "0 s"


def day(at: str | None) -> str:
    """Return a time to the minute, in UTC."""
    return at[:16].replace("T", " ") if at else "–"


_pages = Environment(
    loader=FileSystemLoader(ADMIN / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_pages.filters |= {"span": span, "day": day}
