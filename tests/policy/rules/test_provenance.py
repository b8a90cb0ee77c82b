"""Provenance: asked for by pattern or by naming a publisher, present only where it speaks of this file."""

from __future__ import annotations

import pytest

from proxy.model import Code, Terms
from proxy.policy.rules.provenance import provenance
from tests.policy.facts import AT, snapshot, subject, wheel

OURS = "GitHub:pallets/flask"
URL = "https://index.example/integrity/flask/3.0.0/flask-3.0.0-py3-none-any.whl/provenance"
ASKED = Terms(provenance=("flas*",))
NAMED = Terms(publishers={"flask": OURS})
CASES = [
    ("nobody asks", Terms(), {}, None),
    ("another project is asked", Terms(provenance=("numpy",), publishers={"numpy": OURS}), {}, None),
    ("asked, and there is none", ASKED, {}, "comes without provenance"),
    ("asked, and nobody read it", ASKED, {"provenance": URL}, "has not been read"),
    ("asked, and it is about something else", ASKED, {"provenance": URL, "publisher": ""}, "does not speak of this"),
    ("asked, and there is some", ASKED, {"provenance": URL, "publisher": OURS}, None),
    ("pinned, and gone from the page since", ASKED, {"publisher": OURS}, None),
    ("named, and there is none", NAMED, {}, "comes without provenance"),
    ("named", NAMED, {"publisher": OURS}, None),
    ("named, spelt otherwise", NAMED, {"publisher": "GitHub:Pallets/Flask"}, None),
    ("named, one of two", NAMED, {"publisher": f"GitLab:x/y, {OURS}"}, None),
    ("somebody else", NAMED, {"publisher": "GitHub:evil/flask"}, "was published by GitHub:evil/flask, and not by"),
    ("somebody whose name begins alike", NAMED, {"publisher": f"{OURS}-evil"}, "and not by"),
]


@pytest.mark.parametrize(("terms", "facts", "said"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_file_needs_the_provenance_that_is_asked_for(terms: Terms, facts: dict[str, str], said: str | None) -> None:
    found = list(provenance(subject(wheel(**facts)), snapshot(terms), AT))
    assert [finding.code for finding in found] == ([Code.PROVENANCE] if said else [])
    assert all(said and said in finding.sentence for finding in found)
