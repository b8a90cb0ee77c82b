"""Prohibitions, internal names, digests, origins, quarantine and the age of the data, each as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from packaging.utils import NormalizedName

from proxy.model import Code, Effect, FeedState, Prohibition, Subject, Terms
from proxy.policy.rules.digest import digest
from proxy.policy.rules.freshness import freshness
from proxy.policy.rules.internal_name import internal_name
from proxy.policy.rules.known_origin import known_origin
from proxy.policy.rules.prohibited import prohibited
from proxy.policy.rules.quarantined import quarantined
from tests.policy.facts import AT, FLASK, approval, snapshot, subject, wheel


@pytest.mark.parametrize(
    ("specifier", "version", "refused"),
    [
        ("", None, True),
        ("", "3.0.0", True),
        ("<3", None, False),
        ("<3", "2.9", True),
        ("<3", "3.0.0", False),
        ("==2.*", "2.1", True),
        ("<3", "3.0.0rc1", False),
        ("<=3", "3.0.0rc1", True),
    ],
)
def test_a_prohibition_covers_its_range(specifier: str, version: str | None, refused: bool) -> None:
    entry = Prohibition("p", FLASK, specifier, "ada", "it phones home", AT)
    found = list(prohibited(subject(version=version), snapshot(entry), AT))
    assert [finding.code for finding in found] == ([Code.PROHIBITED] if refused else [])
    assert all("it phones home" in finding.sentence for finding in found)


@pytest.mark.parametrize(
    ("pattern", "name", "internal"),
    [
        ("acme-*", "acme-billing", True),
        ("acme-*", "acme", False),
        ("acme", "acme", True),
        ("*-internal", "x-internal", True),
    ],
)
def test_internal_names_match_their_patterns(pattern: str, name: str, internal: bool) -> None:
    terms = snapshot(Terms(internal=(pattern,)))
    assert bool(list(internal_name(Subject(NormalizedName(name)), terms, AT))) is internal


def test_a_file_without_digest_is_refused() -> None:
    (finding,) = digest(subject(wheel(sha256=None)), snapshot(), AT)
    assert (finding.code, finding.effect) == (Code.NO_DIGEST, Effect.FORBID)


@pytest.mark.parametrize("change", [{"sha256": "b" * 64}, {"size": 1001}])
def test_a_file_that_changed_is_refused_for_ever(change: dict[str, object]) -> None:
    ended = approval(wheel(), until=AT - timedelta(days=1))
    standing = approval(specifier=">=3", standing=True, id="other")
    changed = replace(wheel(), **change)  # type: ignore[arg-type]
    codes = [finding.code for finding in digest(subject(changed), snapshot(ended, standing), AT)]
    assert codes == [Code.CHANGED]


@pytest.mark.parametrize(
    ("url", "known"),
    [
        ("https://files.example/packages/x.whl", True),
        ("https://files.example.evil.example/x.whl", False),
        ("https://files.example:8443/x.whl", False),
        ("http://files.example/x.whl", False),
        ("https://FILES.example/x.whl", False),
        ("https://user@files.example/x.whl", False),
    ],
)
def test_files_come_from_known_origins_only(url: str, known: bool) -> None:
    assert (not list(known_origin(subject(wheel(url=url)), snapshot(), AT))) is known


def test_what_the_index_quarantined_is_refused() -> None:
    assert [f.code for f in quarantined(Subject(FLASK, status="quarantined"), snapshot(), AT)] == [Code.QUARANTINED]
    assert not list(quarantined(Subject(FLASK, status="archived"), snapshot(), AT))


@pytest.mark.parametrize(
    ("age", "wanted", "code", "effect"),
    [
        (timedelta(hours=1), "say", Code.ADVISORIES_FRESH, Effect.ADVISE),
        (timedelta(hours=24), "refuse", Code.ADVISORIES_OLD, Effect.ADVISE),
        (timedelta(hours=72), "say", Code.ADVISORIES_STALE, Effect.ADVISE),
        (timedelta(hours=72), "refuse", Code.ADVISORIES_STALE, Effect.FORBID),
        (None, "say", Code.ADVISORIES_UNKNOWN, Effect.ADVISE),
        (None, "refuse", Code.ADVISORIES_UNKNOWN, Effect.FORBID),
    ],
)
def test_the_age_of_the_data_is_a_finding(age: timedelta | None, wanted: str, code: Code, effect: Effect) -> None:
    feed = [] if age is None else [FeedState("osv", 10, AT - age, AT - age, "0" * 64)]
    terms = Terms(stale_advisories=wanted)  # type: ignore[arg-type]
    (finding,) = freshness(subject(), snapshot(terms, *feed), AT)
    assert (finding.code, finding.effect) == (code, effect)
