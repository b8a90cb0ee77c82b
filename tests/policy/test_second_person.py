"""What takes two people: a table of changes against terms, and no way round by another channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model import (
    Account,
    Advisory,
    Affected,
    Approval,
    Change,
    Channel,
    Entry,
    Invitation,
    NamesList,
    Origin,
    Prohibition,
    Severity,
    Terms,
    Waiver,
)
from proxy.policy import changes
from proxy.policy.credentials import Credentials
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.second_person import WORDS, asks_more, needed
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, approval, channel, snapshot, wheel

ALL = tuple(WORDS)
LATER = AT + timedelta(days=9)
ADA = Account("account:ada", "ada", "approver", "o", AT, AT, password="x")
GONE = replace(ADA, disabled=True)
EVE = Account("account:eve", "eve", "reader", "o", AT, AT, password="x")
KNOWN = Credentials(accounts={ADA.id: ADA, EVE.id: EVE})
LOOK_ALIKE = approval(wheel(), id="new", acknowledged=("look-alike:requests",))
OLD = approval(wheel(), wheel("4.0"), id="old")
INVITED = Invitation("i", ADA.id, "0", "o", AT, LATER)


def advisory(identity: str, rating: str, *, malicious: bool = False) -> Advisory:
    about = Affected(FLASK, ("3.0.0",), ())
    severity = Severity(rating)  # type: ignore[arg-type]
    return Advisory(identity, AT, (about,), malicious=malicious, severity=severity)


ADVISORIES = AdvisoryIndex.of(
    [
        advisory("X-HIGH", "high"),
        advisory("X-LOW", "low"),
        advisory("X-WHAT", "unknown"),
        advisory("MAL-1", "unknown", malicious=True),
    ]
)


def waiver(advisory_id: str, **facts: Any) -> Waiver:
    return Waiver("w", FLASK, "", advisory_id, "ada", "because", AT, LATER, **facts)


def before(*entries: Entry, words: tuple[str, ...] = ()) -> PolicySnapshot:
    made = snapshot(Terms(two_person=words), OLD, *entries)
    return replace(made, advisories=ADVISORIES)


def put(*entries: Entry, ends: tuple[str, ...] = ()) -> Change:
    return Change("a:b:c", "", "because", entries, ends)


STRICTER = Prohibition("p", FLASK, "", "ada", "because", AT)

CASES: list[tuple[Change, tuple[str, ...]]] = [
    (put(approval(wheel(), id="new")), ("policy",)),
    (put(LOOK_ALIKE), ("look-alike", "policy")),
    (put(replace(OLD, files=OLD.files[:1])), ()),
    (put(replace(OLD, reviewed="by eve")), ()),
    (put(replace(OLD, files=(*OLD.files, wheel("5.0")))), ("policy",)),
    (put(replace(OLD, standing=True)), ("policy",)),
    (put(replace(OLD, acknowledged=("look-alike:requests",))), ("look-alike", "policy")),
    (put(approval(wheel(), id="new", emergency=True)), ("break-glass", "policy")),
    (changes.revoke([OLD], "gone"), ()),
    (put(STRICTER), ()),
    (put(waiver("X-HIGH")), ("policy", "severe-waiver")),
    (put(waiver("X-WHAT")), ("policy", "severe-waiver")),
    (put(waiver("X-LOW")), ("policy",)),
    (put(waiver("MAL-1")), ("malware-dispute", "policy", "severe-waiver")),
    (put(Origin("o", "https://files.example", "ada", AT)), ("policy",)),
    (put(Terms(minimum_age=timedelta(0), two_person=ALL)), ("policy",)),
    (put(Terms(two_person=ALL[1:])), ("policy", "two-person")),
    (put(Terms()), ("policy", "two-person")),
    (put(INVITED), ("people",)),
    (put(replace(INVITED, account=EVE.id)), ()),
    (put(replace(EVE, role="administrator")), ("people",)),
    (put(replace(EVE, role="auditor")), ()),
    (put(replace(ADA, password="y", version=2)), ()),
    (put(GONE), ("two-person",)),
    (put(Account("account:new", "new", "owner", "o", AT, AT)), ("people",)),
]


@pytest.mark.parametrize(("change", "words"), CASES)
def test_what_takes_two_where_the_terms_name_everything(change: Change, words: tuple[str, ...]) -> None:
    assert needed(change, before(words=ALL), KNOWN) == words


@pytest.mark.parametrize(("change", "words"), CASES)
def test_where_the_terms_name_nothing_malware_alone_takes_two(change: Change, words: tuple[str, ...]) -> None:
    assert needed(change, before(), KNOWN) == tuple(word for word in words if word == "malware-dispute")


def test_fewer_than_two_who_decide_takes_two_or_the_host() -> None:
    bob, cy = replace(ADA, id="account:bob", name="bob"), replace(ADA, id="account:cy", name="cy")
    three = Credentials(accounts={account.id: account for account in (ADA, bob, cy)})
    two = Credentials(accounts={account.id: account for account in (ADA, bob)})
    ways = (GONE, replace(ADA, role="reader"), replace(ADA, password=""))
    for left in ways:
        assert needed(put(left), before(words=("look-alike",)), three) == ()
        assert needed(put(left), before(words=("look-alike",)), two) == ("two-person",)
        assert needed(put(left), before(words=("look-alike",)), two, host=True) == ()
        assert needed(put(left), before(), two) == ()
    both = put(*(replace(account, disabled=True) for account in (ADA, bob)))
    assert needed(both, before(words=("policy",)), three) == ("two-person",)


def test_another_list_of_names_takes_two_where_look_alikes_do() -> None:
    change = put(NamesList("x", 9, "0", "ada", AT))
    assert needed(change, before(words=("look-alike",)), KNOWN) == ("look-alike",)
    assert needed(change, before(words=("policy",)), KNOWN) == ()


@given(st.sets(st.sampled_from(ALL)), st.integers(0, len(CASES) - 1))
def test_each_word_counts_for_itself(words: set[str], number: int) -> None:
    change, whole = CASES[number]
    always = {"malware-dispute"} | (
        {"two-person"} if any(isinstance(e, Terms) or e == GONE for e in change.puts) else set()
    )
    found = set(needed(change, before(words=tuple(words)), KNOWN))
    assert found - always == set(whole) & words


def test_lifting_a_prohibition_takes_two_where_policy_does() -> None:
    here = before(STRICTER, words=ALL)
    assert needed(changes.lift([STRICTER], "because"), here, KNOWN) == ("policy",)


def test_somebody_is_let_in_by_one_only_where_nobody_is_left_who_decides() -> None:
    here, left, back = before(words=ALL), replace(ADA, disabled=True), put(ADA)
    bob = replace(ADA, id="account:bob", name="bob")
    assert needed(back, here, Credentials(accounts={ADA.id: left, bob.id: bob})) == ("people",)
    assert needed(back, here, Credentials(accounts={ADA.id: left, EVE.id: EVE}), host=True) == ()


STRICT = channel("production", sets=["two_person"], two_person=("look-alike", "policy"))
BELOW = channel("canary", base="production")


@pytest.mark.parametrize(
    ("where", "words"), [("", ("policy",)), ("production", ("policy",)), ("canary", ("policy",)), ("research", ())]
)
def test_a_strict_channel_is_not_gone_round_by_the_one_it_inherits_from(where: str, words: tuple[str, ...]) -> None:
    here = before(STRICT, BELOW, channel("research"))
    assert needed(put(approval(wheel(), id="new", channel=where)), here, KNOWN) == words


@pytest.mark.parametrize(
    "change",
    [
        put(replace(STRICT, sets=())),
        put(replace(STRICT, terms=replace(STRICT.terms, two_person=("policy",)))),
        put(replace(STRICT, terms=replace(STRICT.terms, two_person=()))),
        changes.close_channel(STRICT, [], "gone"),
    ],
)
def test_a_channels_words_are_taken_out_by_two(change: Change) -> None:
    assert "two-person" in needed(change, before(STRICT), KNOWN)


def test_a_channel_without_words_of_its_own_is_closed_by_one() -> None:
    assert needed(changes.close_channel(channel("research"), [], "gone"), before(channel("research")), KNOWN) == ()


def test_a_channel_is_closed_by_two_where_policy_takes_two() -> None:
    here = before(channel("research"), words=("policy",))
    assert needed(changes.close_channel(channel("research"), [], "gone"), here, KNOWN) == ("policy",)


@pytest.mark.parametrize(
    ("change", "more"),
    [
        (put(Terms(two_person=("people",))), True),
        (put(Terms(two_person=("policy",))), False),
        (put(Terms()), False),
        (put(channel("production", sets=["two_person"], two_person=("people",))), True),
        (put(approval(wheel(), id="new")), False),
    ],
)
def test_naming_more_is_noticed(change: Change, more: bool) -> None:
    assert asks_more(change, before(words=("policy",))) is more


def test_every_kind_of_entry_that_counts_is_covered_here() -> None:
    covered = {type(entry) for change, _ in CASES for entry in change.puts} | {Channel}
    assert covered >= {Approval, Waiver, Terms, Origin, Account, Invitation, Prohibition, Channel}


LAB = channel("lab", mode="observe", two_person=())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put(channel("lab")), ()),
        (put(LAB), ("policy", "two-person")),
        (put(channel("lab"), replace(LOOK_ALIKE, channel="lab")), ("look-alike", "policy")),
        (put(LAB, replace(LOOK_ALIKE, channel="lab")), ("look-alike", "policy", "two-person")),
    ],
)
def test_a_channel_that_is_opened_is_no_way_round_what_holds_above_it(change: Change, words: tuple[str, ...]) -> None:
    assert needed(change, before(words=ALL), KNOWN) == words
