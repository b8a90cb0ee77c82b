"""A table for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proxy import columns
from proxy.reports.checked import Checked, Detour, Known, Result

HEADERS = ("where", "requirement", "verdict", "version", "why", "advisories")
WIDTHS = (0, 0, 0, 0, 60, 40)
DETOURS_SHOWN = 12


def write(checked: Checked) -> bytes:
    """Return the results as a table, with what could not be judged and the state of the advisory data below."""
    rows = [_row(result) for result in checked.results]
    text = columns.table(HEADERS, rows, WIDTHS)
    return "".join(f"{line}\n" for line in (text, *_below(checked))).encode()


def _row(result: Result) -> tuple[str, ...]:
    why = " ".join(f"{reason.sentence} {reason.next_step}".strip() for reason in result.told)
    matters = ", ".join(map(_known, result.advisories))
    return result.at, result.requirement, result.verdict, result.version or "", why, matters


def _known(known: Known) -> str:
    word = "malware" if known.malicious else known.severity
    waived = f", waived until {known.waiver.until:%Y-%m-%d}" if known.waiver else ""
    return f"{known.id} ({word}{waived})"


def _below(checked: Checked) -> Iterator[str]:
    yield from (f"not judged: {fault}" for fault in checked.unreadable)
    yield from _detours(checked.detours)
    yield from (f"not from an index: {remark}" for remark in checked.aside)
    yield f"Advisory data: {checked.advisory_data.sentence}"


def _detours(detours: Sequence[Detour]) -> Iterator[str]:
    for detour in detours[:DETOURS_SHOWN]:
        instead = f" Instead: {detour.instead}" if detour.instead else ""
        yield f"goes round the gate: {detour.at}: {detour.url}{instead}"
    if len(detours) > DETOURS_SHOWN:
        yield f"… and {len(detours) - DETOURS_SHOWN} more addresses that go round the gate (--json shows them all)."
    if detours:
        yield "Installers follow the addresses in a lock, whatever their index is: lock again through the gate."
