"""Who published a file, by its provenance object; what is not about the file, or names nobody, says nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.simple.provenance import publisher
from tests.world import packages

MINE, OTHER = "a" * 64, "b" * 64
GOOD = packages.provenance("GitHub:pallets/flask", MINE)


def changed(**facts: Any) -> bytes:
    """The good object with other facts in its publisher."""
    data = json.loads(GOOD)
    data["attestation_bundles"][0]["publisher"] = facts
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (GOOD, "GitHub:pallets/flask"),
        (packages.provenance("GitLab:group/sub/project", OTHER, MINE), "GitLab:group/sub/project"),
        (packages.provenance("GitHub:pallets/flask", OTHER), ""),
        (packages.provenance("GitHub:pallets/flask"), ""),
        (packages.provenance("GitHub:", MINE), ""),
        (packages.provenance(":pallets/flask", MINE), ""),
        (packages.provenance("GitHub:a, GitLab:b", MINE), ""),
        (packages.provenance("GitHub:a\nb", MINE), ""),
        (packages.provenance(f"GitHub:{'x' * 300}", MINE), ""),
        (changed(kind="Google", email="ada@example.com"), "Google:ada@example.com"),
        (changed(kind="GitHub"), ""),
        (changed(kind=7), ""),
        (GOOD.replace(b'"statement": "', b'"statement": "!'), ""),
        (b"{}", ""),
        (b"[", ""),
        (b"", ""),
        (b'{"version": 1, "attestation_bundles": []}', ""),
    ],
)
def test_a_publisher_is_named_only_for_the_file_that_is_attested(content: bytes, found: str) -> None:
    assert publisher(content, MINE) == found


def test_several_publishers_are_all_named() -> None:
    both = json.loads(GOOD)
    both["attestation_bundles"] += json.loads(packages.provenance("GitLab:x/y", MINE))["attestation_bundles"]
    both["attestation_bundles"] += json.loads(GOOD)["attestation_bundles"]
    assert publisher(json.dumps(both).encode(), MINE) == "GitHub:pallets/flask, GitLab:x/y"


@given(st.binary(max_size=300))
def test_no_statement_makes_it_raise(statement: bytes) -> None:
    data = json.loads(GOOD)
    envelope = data["attestation_bundles"][0]["attestations"][0]["envelope"]
    envelope["statement"] = base64.b64encode(statement).decode()
    assert publisher(json.dumps(data).encode(), MINE) == ""
