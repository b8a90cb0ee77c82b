"""OpenVEX 0.2: what the security team said about advisories that it set aside (https://github.com/openvex/spec).

Decided here:

* A waiver that says why the vulnerability does not matter is ``not_affected``, with that justification.
  One that accepts a risk is ``affected``, and says until when and who answers for it: no scanner is
  told that something is harmless because somebody was in a hurry.
* A statement is about the id that was waived and never about its aliases, as the waiver is.
* Where nothing is waived there is no statement.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Final

from proxy.reports.checked import Checked, Known, Waived
from proxy.reports.purl import purl

CONTEXT: Final = "https://openvex.dev/ns/v0.2.0"
_OURS: Final = uuid.UUID("6f0f6a2e-7a36-5a6c-9d8b-3f1f2c1f6a55")

Statement = dict[str, object]


def write(checked: Checked) -> bytes:
    """Return an OpenVEX document with a statement for each waived advisory of each release."""
    statements = list(_statements(checked))
    document = {
        "@context": CONTEXT,
        "author": "Wicketgate",
        "role": "Package gate",
        "timestamp": checked.at.isoformat(),
        "version": 1,
        "tooling": f"wicketgate {checked.tool}; {checked.advisory_data.sentence}",
        "statements": statements,
    }
    name = json.dumps(document, sort_keys=True)
    return (json.dumps({"@id": f"urn:uuid:{uuid.uuid5(_OURS, name)}", **document}, indent=2) + "\n").encode()


def _statements(checked: Checked) -> Iterator[Statement]:
    """Yield one statement for each waived advisory of a release, however often it is required."""
    said = {
        (known.id, purl(result)): (known, known.waiver)
        for result in checked.results
        for known in result.advisories
        if known.waiver
    }
    for (_, product), (known, waiver) in said.items():
        yield _statement(product, known, waiver)


def _statement(product: str, known: Known, waiver: Waived) -> Statement:
    ending = f"Waived until {waiver.until:%Y-%m-%d} by {waiver.by}, owned by {waiver.owner}"
    about: Statement = {
        "vulnerability": {"name": known.id, "description": known.summary},
        "products": [{"@id": product, "identifiers": {"purl": product}}],
    }
    if waiver.justification:
        notes = {"status_notes": f"{ending}: {waiver.reason}"}
        return {**about, "status": "not_affected", "justification": waiver.justification, **notes}
    return {**about, "status": "affected", "action_statement": f"{ending}: {waiver.reason} {known.next_step}".strip()}
