"""The permit, and the most helpful of the reasons not to give it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from proxy.model import Approval, Code, Effect, ReleaseFile
from proxy.policy.rules.approved import approved
from tests.policy.facts import AT, approval, legacy, sdist, snapshot, subject, wheel

OLD = wheel("3.0.0")
RANGE = ">=3,<4"

CASES = [
    ("frozen by digest", approval(OLD, specifier=RANGE), OLD, Code.APPROVED),
    ("another digest", approval(OLD, specifier=RANGE), replace(OLD, sha256="b" * 64), Code.LATE_FILE),
    (
        "no digest at all",
        approval(replace(OLD, sha256=None), specifier=RANGE),
        replace(OLD, sha256=None),
        Code.LATE_FILE,
    ),
    (
        "a wheel added later",
        approval(OLD, specifier=RANGE),
        wheel("3.0.0", filename="flask-3.0.0-1-py3-none-any.whl"),
        Code.LATE_FILE,
    ),
    ("a version that came later", approval(OLD, specifier=RANGE), wheel("3.1.0"), Code.LATE_FILE),
    (
        "a version that came later, standing",
        approval(OLD, specifier=RANGE, standing=True),
        wheel("3.1.0"),
        Code.APPROVED,
    ),
    ("outside of the range", approval(OLD, specifier=RANGE, standing=True), wheel("4.0"), Code.NOT_APPROVED),
    ("a pre-release", approval(specifier=RANGE, standing=True), wheel("3.2.0rc1"), Code.PRERELEASE),
    (
        "a pre-release, allowed",
        approval(specifier=RANGE, standing=True, prereleases=True),
        wheel("3.2.0rc1"),
        Code.APPROVED,
    ),
    (
        "a pre-release, pinned",
        approval(specifier="==3.2.0rc1", standing=True),
        wheel("3.2.0rc1"),
        Code.APPROVED,
    ),
    ("a post release", approval(specifier=RANGE, standing=True), wheel("3.1.post1"), Code.APPROVED),
    ("another epoch", approval(specifier=RANGE, standing=True), wheel("1!3.1"), Code.NOT_APPROVED),
    ("a local version of a pin", approval(specifier="==3.1", standing=True), wheel("3.1+cpu"), Code.APPROVED),
    ("a wildcard", approval(specifier="==3.*", standing=True), wheel("3.9"), Code.APPROVED),
    ("an sdist", approval(specifier=RANGE, standing=True), sdist("3.1.0"), Code.SDIST),
    (
        "an sdist, allowed",
        approval(specifier=RANGE, standing=True, sdists=True),
        sdist("3.1.0"),
        Code.APPROVED,
    ),
    ("a legacy format", approval(specifier=RANGE, standing=True, sdists=True), legacy("3.1.0"), Code.LEGACY),
    ("a legacy format, allowed", approval(specifier=RANGE, standing=True, legacy=True), legacy("3.1.0"), Code.APPROVED),
    ("yanked", approval(specifier=RANGE, standing=True), wheel("3.1.0", yanked="broken"), Code.YANKED),
    (
        "yanked, allowed",
        approval(specifier=RANGE, standing=True, yanked=True),
        wheel("3.1.0", yanked=""),
        Code.APPROVED,
    ),
    (
        "an sdist by its digest",
        approval(sdist("3.0.0"), specifier="==3.0.0", exact=True),
        sdist("3.0.0"),
        Code.APPROVED,
    ),
    ("beside exact files", approval(OLD, specifier="==3.0.0", exact=True), sdist("3.0.0"), Code.NOT_APPROVED),
    ("exact, another version", approval(OLD, specifier=RANGE, exact=True), wheel("3.1.0"), Code.NOT_APPROVED),
    ("yanked after it was approved", approval(OLD, specifier=RANGE), replace(OLD, yanked="broken"), Code.APPROVED),
    ("ended", approval(OLD, specifier=RANGE, until=AT - timedelta(seconds=1)), OLD, Code.ENDED),
    ("ending this very moment", approval(OLD, specifier=RANGE, until=AT), OLD, Code.ENDED),
    ("not ended yet", approval(OLD, specifier=RANGE, until=AT + timedelta(seconds=1)), OLD, Code.APPROVED),
]


@pytest.mark.parametrize(("granted", "file", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_approval_opens_what_it_says(granted: Approval, file: ReleaseFile, code: Code) -> None:
    (finding,) = approved(subject(file), snapshot(granted), AT)
    assert finding.code is code
    assert finding.effect is (Effect.PERMIT if code is Code.APPROVED else Effect.FORBID)


def test_beside_exact_files_the_sentence_does_not_speak_of_other_versions() -> None:
    (finding,) = approved(subject(sdist("3.0.0")), snapshot(approval(OLD, specifier="==3.0.0", exact=True)), AT)
    assert finding.sentence == "flask-3.0.0.tar.gz is not approved; other files of this version are."


def test_nothing_said_means_not_approved() -> None:
    (finding,) = approved(subject(OLD), snapshot(), AT)
    assert (finding.code, finding.effect) == (Code.NOT_APPROVED, Effect.FORBID)
    assert finding.next_step == "Ask for it: wicketgate request flask"


def test_a_permit_is_looked_at_again_when_the_approval_ends() -> None:
    end = AT + timedelta(days=1)
    (finding,) = approved(subject(OLD), snapshot(approval(OLD, until=end)), AT)
    assert finding.until == end


def test_one_of_two_approvals_is_enough() -> None:
    ended = approval(OLD, id="one", until=AT - timedelta(days=1))
    (finding,) = approved(subject(OLD), snapshot(ended, approval(OLD, id="two")), AT)
    assert finding.effect is Effect.PERMIT
