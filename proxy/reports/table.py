"""A table for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from tabulate import tabulate

from proxy.reports.checked import Checked, Known, Result

HEADERS = ("requirement", "verdict", "version", "why", "advisories")
WIDTHS = (None, None, None, 70, 40)


def write(checked: Checked) -> bytes:
    """Return the results as a table, with what could not be judged and the state of the advisory data below."""
    rows = [_row(result) for result in checked.results]
    text = tabulate(rows, headers=HEADERS, tablefmt="simple", maxcolwidths=list(WIDTHS), disable_numparse=True)
    return "".join(f"{line}\n" for line in (text, *_below(checked))).encode()


def _row(result: Result) -> tuple[str, ...]:
    why = " ".join(f"{reason.sentence} {reason.next_step}".strip() for reason in result.refusals)
    matters = ", ".join(map(_known, result.advisories))
    return result.requirement, result.verdict, result.version or "", why, matters


def _known(known: Known) -> str:
    word = "malware" if known.malicious else known.severity
    waived = f", waived until {known.waiver.until:%Y-%m-%d}" if known.waiver else ""
    return f"{known.id} ({word}{waived})"


def _below(checked: Checked) -> Iterator[str]:
    yield from (f"not judged: {fault}" for fault in checked.unreadable)
    yield f"Advisory data: {checked.advisory_data.sentence}"
