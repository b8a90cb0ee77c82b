"""What signing in leaves behind: spent once, counters that rise, and a proposal that is what was proposed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from proxy.model import Account, Invitation, Proposal, Terms, Waiver
from proxy.policy import changes, changes_people
from proxy.store import proposed
from proxy.store.sqlite import SqliteStore
from tests.people.world import SYSTEM
from tests.policy.facts import AT, approval, wheel

LATER = AT + timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


def test_of_many_that_come_together_one_spends_it(store: SqliteStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: store.access.spend("jti:1", LATER, AT), range(24)))
    assert sum(done) == 1
    assert store.access.spend("jti:2", LATER, AT)
    assert not store.access.spend("jti:1", LATER, LATER - timedelta(seconds=1))
    assert store.access.spend("jti:1", LATER, LATER), "it is kept for as long as it could be brought"


def test_of_many_that_come_together_one_raises_the_counter(store: SqliteStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: store.access.advance("totp:ada", 7), range(24)))
    assert sum(done) == 1
    assert [store.access.advance("totp:ada", step) for step in (6, 7, 9, 8)] == [False, False, True, False]
    assert store.access.advance("totp:eve", 1)


def test_uses_only_move_forward(store: SqliteStore) -> None:
    store.access.note_uses({"token:1": LATER})
    store.access.note_uses({"token:1": AT, "token:2": AT})
    assert store.access.uses() == {"token:1": LATER, "token:2": AT}


def test_what_was_spent_is_so_after_a_restart(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path)
    assert first.access.spend("jti:1", LATER, AT)
    first.close()
    again = SqliteStore(tmp_path)
    assert not again.access.spend("jti:1", LATER, AT)
    again.close()


CHANGES = [
    changes.grant([approval(wheel(), specifier=">=3")]),
    changes.set_terms(Terms(), Terms(two_person=("look-alike",)), "because"),
    changes.waive(Waiver("w1", approval().project, "<2", "X-1", "ada", "no", AT, LATER)),
    changes_people.invite(
        Account("account:1", "eve", "owner", "ada", AT, AT),
        Invitation("i1", "account:1", "0" * 64, "ada", AT, LATER),
        "x",
    ),
]


def kept(change_number: int) -> Proposal:
    change = CHANGES[change_number]
    puts, detail, digest = proposed.packed(change)
    return Proposal(
        "p1", change.tag, change.project, change.reason, puts, change.ends, detail, ("policy",), digest, 1, "ada",
        "account:ada", "account:ada", AT, LATER,
    )  # fmt: skip


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_a_proposal_keeps_exactly_its_change(store: SqliteStore, number: int) -> None:
    store.commit(changes_people.propose(kept(number)), SYSTEM, AT)
    (found,) = store.entries("proposal")
    assert isinstance(found, Proposal)
    assert proposed.unpacked(found) == CHANGES[number]
    assert not list(store.verify())


@pytest.mark.parametrize(
    "altered", [{"reason": "another"}, {"ends": ("w1",)}, {"detail": "{}"}, {"tag": "x:y:z"}, {"project": "other"}]
)
def test_a_proposal_that_was_altered_is_refused(altered: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="its digest does not fit"):
        proposed.unpacked(replace(kept(0), **altered))  # type: ignore[arg-type]


def test_no_secret_is_in_what_an_event_says() -> None:
    account = Account(
        "account:1",
        "ada",
        "owner",
        "eve",
        AT,
        AT,
        password="$argon2id$SECRET",
        totp="SEALED-SEED",
        recovery=("DIGEST",),
    )
    invitation = Invitation("i1", "account:1", "SECRET-DIGEST", "eve", AT, LATER)
    for change in (
        changes_people.invite(account, invitation, "x"),
        changes_people.redeem(account, invitation),
        changes_people.alter(account, "password-set", "x"),
        changes_people.meet(account),
    ):
        assert not {"SECRET", "SEALED", "DIGEST"} & set(str(change.detail).replace("$", " ").split())
        assert "argon2" not in str(change.detail)
        assert "SEALED" not in str(change.detail)
