"""Values of the API in the words of people; ``--json`` has them as scripts want them."""

from __future__ import annotations


def said(value: object) -> str:
    """Return a value as a person would say it: yes and no, numbers without idle digits, lists without brackets."""
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        return ", ".join(f"{name}={said(entry)}" for name, entry in value.items())
    return ", ".join(map(said, value)) if isinstance(value, list) else str(value)


def when(moment: str) -> str:
    """Return a time of the API to the second, and that it is UTC."""
    return f"{moment[:19].replace('T', ' ')} UTC"
