"""What a requirement with digests meets: a table."""

from __future__ import annotations

import pytest

from proxy.model import Code, ProjectPage
from proxy.policy.checking import check
from proxy.policy.listing import compose
from tests.policy.facts import AT, FLASK, approval, sdist, snapshot, wheel

A, B, C, D, UNKNOWN = ("a" * 64, "b" * 64, "c" * 64, "d" * 64, "e" * 64)
OLD, NEW = wheel("3.0.0", sha256=A), wheel("3.1.0", sha256=B)
SOURCE, UNAPPROVED = sdist("3.0.0", sha256=C), wheel("4.0", sha256=D)
PAGE = ProjectPage(FLASK, (OLD, NEW, SOURCE, UNAPPROVED))
POLICY = snapshot(approval(OLD, NEW, specifier="<4"))


@pytest.mark.parametrize(
    ("specifier", "exact", "digests", "allowed", "version", "code"),
    [
        ("", "", (), True, "3.1.0", Code.APPROVED),
        ("", "3.0.0", (), True, "3.0.0", Code.APPROVED),
        ("", "3.0", (), True, "3.0.0", Code.APPROVED),
        ("==4.0", "4.0", (), False, "4.0", Code.NOT_APPROVED),
        ("==3.0.0", "3.0.0", (A,), True, "3.0.0", Code.APPROVED),
        ("==3.0.0", "3.0.0", (A, C), True, "3.0.0", Code.APPROVED),
        ("==3.0.0", "3.0.0", (C,), False, "3.0.0", Code.SDIST),
        ("==3.0.0", "3.0.0", (B,), False, "3.0.0", Code.UNKNOWN_FILE),
        ("==3.0.0", "3.0.0", (A, UNKNOWN), False, "3.0.0", Code.UNKNOWN_FILE),
        (">=3", "", (A,), True, "3.0.0", Code.APPROVED),
        (">=3", "", (A, B), True, "3.1.0", Code.APPROVED),
        (">=4", "", (D,), False, "4.0", Code.NOT_APPROVED),
    ],
)
def test_what_an_installer_would_get(
    specifier: str, exact: str, digests: tuple[str, ...], allowed: bool, version: str, code: Code
) -> None:
    found = check(compose(FLASK, PAGE, POLICY, AT), specifier, exact, digests)
    assert (found.allowed, found.version, found.known) == (allowed, version, True)
    assert code in {finding.code for finding in found.verdict.findings}
    assert allowed or found.verdict.refusals


def test_each_digest_is_told_of() -> None:
    found = check(compose(FLASK, PAGE, POLICY, AT), "", "3.0.0", (A, C, UNKNOWN))
    named = {digest: judged.file.filename if judged else None for digest, judged in found.files.items()}
    assert named == {A: OLD.filename, C: SOURCE.filename, UNKNOWN: None}


def test_what_is_not_known_is_not_judged() -> None:
    composition = compose(FLASK, PAGE, POLICY, AT)
    assert not check(composition, "==9", "9").known
    assert not check(composition, "==9", "9", (A,)).known
    nothing = compose(FLASK, None, snapshot(), AT)
    refused = check(nothing, "==3.0.0", "3.0.0", (A,))
    assert (refused.allowed, refused.known, refused.version) == (False, True, None)
    assert refused.verdict.refusals[0].code is Code.NOT_APPROVED
