"""What an approval freezes: what matches, or the very bytes that somebody lists."""

from __future__ import annotations

from typing import Any

import pytest

from proxy.policy.freezing import chosen, freeze
from tests.policy.facts import approval, legacy, sdist, wheel

OLD, NEW, SOURCE = wheel("3.0.0"), wheel("3.1.0", sha256="b" * 64), sdist("3.0.0")
BARE = wheel("3.2.0", sha256=None)


@pytest.mark.parametrize(
    ("facts", "frozen"),
    [
        ({"specifier": ">=3"}, [OLD, NEW]),
        ({"specifier": "==3.0.0"}, [OLD]),
        ({"specifier": ">=3", "sdists": True}, [OLD, NEW, SOURCE]),
        ({"specifier": ">=4"}, []),
    ],
)
def test_what_matches_and_has_a_digest_is_chosen(facts: dict[str, Any], frozen: list[Any]) -> None:
    found, left_out = chosen(approval(**facts), [OLD, NEW, SOURCE, BARE])
    assert list(found) == frozen
    assert (BARE.filename in left_out) == (facts["specifier"] == ">=3")


def test_listed_bytes_are_frozen_and_nothing_else() -> None:
    frozen = freeze(approval(specifier=">=3"), [(OLD.filename, "a" * 64)], [], [OLD, NEW])
    assert (frozen.approval.files, frozen.faults) == ((OLD,), {})


def test_what_was_frozen_before_needs_no_index() -> None:
    frozen = freeze(approval(specifier=">=3"), [(OLD.filename, "a" * 64), (NEW.filename, "b" * 64)], [OLD], [])
    assert frozen.approval.files == (OLD,)
    assert frozen.faults == {NEW.filename: "the upstream index does not list it"}


@pytest.mark.parametrize(
    ("file", "digest", "told"),
    [
        (OLD, "c" * 64, f"lists it with other bytes: {'a' * 64}"),
        (BARE, "c" * 64, "lists it with other bytes: no SHA-256"),
        (SOURCE, "a" * 64, "it needs a word more: say sdists"),
        (legacy(), "a" * 64, "it needs a word more"),
        (wheel("4.0rc1"), "a" * 64, "it needs a word more"),
        (wheel(yanked="broken"), "a" * 64, "it needs a word more"),
    ],
)
def test_other_bytes_and_unnamed_kinds_are_faults(file: Any, digest: str, told: str) -> None:
    frozen = freeze(approval(specifier=">=3"), [(file.filename, digest)], [], [file])
    assert frozen.approval.files == ()
    assert told in frozen.faults[file.filename]


def test_bytes_that_were_frozen_before_are_not_taken_for_others_of_their_name() -> None:
    frozen = freeze(approval(specifier=">=3"), [(OLD.filename, "c" * 64)], [OLD], [])
    assert frozen.approval.files == ()
    assert OLD.filename in frozen.faults


def test_an_approval_that_freezes_nothing_says_why_unless_it_is_a_standing_one() -> None:
    assert "matches >=4" in freeze(approval(specifier=">=4"), [], [], [OLD]).faults[""]
    assert "say --sdists" in freeze(approval(specifier=">=3"), [], [], [SOURCE]).faults[""]
    assert freeze(approval(specifier=">=4", standing=True), [], [], [OLD]).faults == {}
