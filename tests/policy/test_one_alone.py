"""What one person gets done by many acts in a row, where the terms name everything: nothing that opens anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Account, Approval, Change, Channel, Entry, Invitation, Origin, Prohibition, Terms, Waiver
from proxy.policy import changes
from proxy.policy.credentials import Credentials
from proxy.policy.second_person import WORDS, needed
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, FLASK, ORIGIN, approval, channel, snapshot, wheel

LATER = AT + timedelta(days=9)
ADA, BOB = (Account(f"account:{name}", name, "owner", "o", AT, AT, password="x") for name in ("ada", "bob"))
EVE = replace(ADA, id="account:eve", name="eve", role="reader")
KNOWN = Credentials(accounts={account.id: account for account in (ADA, BOB, EVE)})

STRICTEST = Terms(two_person=tuple(WORDS), minimum_age=timedelta(days=30), stale_advisories="say")
STANDING = (channel("lax"), channel("prod", minimum_age=timedelta(days=90)), channel("canary", base="lax"))
OLD = approval(wheel(), wheel("4.0"), id="old")
IN_LAX = approval(wheel("5.0"), id="lax", channel="lax")
NEVER = tuple(Prohibition(f"p:{name}", FLASK, "<3", "ada", "because", AT, name) for name in ("", "lax"))
START = snapshot(STRICTEST, *STANDING, OLD, IN_LAX, *NEVER)
PLACES = ("", "lax", "prod", "canary", "new")


def put(*entries: Entry, ends: tuple[str, ...] = ()) -> Change:
    return Change("a:b:c", "", "because", entries, ends)


def acts() -> list[Change]:
    """Everything that can be tried, in every channel."""
    tried = [
        put(replace(OLD, files=OLD.files[:1])),
        put(replace(OLD, standing=True)),
        put(Terms()),
        put(replace(STRICTEST, mode="observe")),
        put(Origin("origin:o", "https://other.example", "ada", AT)),
        put(replace(EVE, role="administrator")),
        put(replace(BOB, password="y", version=2)),
        put(replace(BOB, password=""), Invitation("i", BOB.id, "0", "ada", AT, LATER)),
        put(Account("account:new", "new", "approver", "ada", AT, AT, password="x")),
        changes.revoke([OLD], "gone"),
        *(changes.lift([entry], "because") for entry in NEVER),
    ]
    for place in PLACES:
        tried += [
            put(approval(wheel("6.0"), id=f"mine:{place}", channel=place)),
            put(Waiver(f"w:{place}", FLASK, "", "X-1", "ada", "because", AT, LATER, channel=place)),
            put(Prohibition(f"mine:{place}", FLASK, "", "ada", "because", AT, place)),
        ]
    for place in PLACES[1:]:
        tried += [put(channel(place, base=base)) for base in ("", "lax", "prod") if base != place]
        tried += [put(channel(place, mode="observe")), put(channel(place, two_person=()))]
    return tried


ACTS = acts()
OPENING = [act for act in ACTS if any(isinstance(entry, Channel) for entry in act.puts)]
CLOSING = [name for name in PLACES if name]


def done(act: Change | str, policy: PolicySnapshot, known: Credentials) -> tuple[PolicySnapshot, Credentials]:
    """Return what is in force after an act (or the closing of a channel) that one person tries."""
    if isinstance(act, str):
        if act not in policy.channels or any(heir.base == act for heir in policy.channels.values()):
            return policy, known
        act = changes.close_channel(policy.channels[act], policy.only_in(act), "gone")
    places = {entry.channel for entry in act.puts if isinstance(entry, Approval | Prohibition | Waiver)}
    places |= {entry.base for entry in act.puts if isinstance(entry, Channel)}
    if not places <= {"", *policy.channels} or needed(act, policy, known):
        return policy, known
    return changes.apply(policy, act), known.amended(act.puts, act.ends)


def approved(policy: PolicySnapshot, place: str) -> set[str]:
    grants = policy.of_channel(place).grants.get(FLASK, ())
    return {file.filename for grant in grants for file in grant.approval.files}


def prohibited(policy: PolicySnapshot, place: str) -> set[str]:
    return {entry.id for entry in policy.of_channel(place).prohibitions.get(FLASK, ())}


@given(st.lists(st.sampled_from(CLOSING) | st.sampled_from(OPENING) | st.sampled_from(ACTS), max_size=12))
def test_nothing_is_opened_by_one_in_however_many_steps(tried: list[Change | str]) -> None:
    policy, known = START, KNOWN
    for act in tried:
        policy, known = done(act, policy, known)
    assert list(policy.origins) == [ORIGIN]
    deciders = {account.id for account in known.accounts.values() if account.usable and account.role == "owner"}
    assert deciders <= {ADA.id, BOB.id}, "nobody was let in"
    assert known.deciders() == len(deciders), "nor raised"
    for place in {"", *START.channels} & {"", *policy.channels}:
        assert policy.of_channel(place).terms == START.of_channel(place).terms, place
        assert approved(policy, place) <= approved(START, place), place
        assert prohibited(policy, place) >= prohibited(START, place), place
        assert not policy.of_channel(place).waivers.get(FLASK), place


def test_a_channel_is_not_loosened_by_closing_it_and_opening_it_anew() -> None:
    for name, base in (("prod", ""), ("prod", "lax")):
        policy = START
        for act in (name, put(channel(name, base=base))):
            policy, _ = done(act, policy, KNOWN)
        assert policy.channels[name] == START.channels[name]
