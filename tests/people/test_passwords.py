"""Passwords: what may be one, and that an unknown account costs what a known one does."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from argon2 import PasswordHasher

from admin.people.passwords import QUEUE, Busy, Passwords, Unfit, fit

GOOD = "an otter reads maps at dawn"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short7!",
        "x" * 201,
        "password",
        "Password123!",
        "PASSWORD12345",
        "12345678",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "correcthorsebatterystaple",
        "ada-lovelace",
        "AdaLovelace2026!!",
        "wicketgate-2026",
        "1qaz2wsx",
    ],
)
def test_what_attackers_try_first_is_no_password(text: str) -> None:
    with pytest.raises(Unfit):
        fit(text, "ada.lovelace")


@pytest.mark.parametrize("text", [GOOD, "ещё не вечер в порту", "8 chars!", "p" + "q" * 3 + "rstuv wxyz"])
def test_anything_else_of_that_length_is(text: str) -> None:
    assert fit(text, "ada") == text


def test_one_password_is_one_however_the_keyboard_spells_it() -> None:
    assert fit("cafe\u0301 at the harbour", "ada") == fit("caf\u00e9 at the harbour", "ada")


async def test_a_hash_is_argon2id_and_verifies_its_own_password_alone() -> None:
    passwords = Passwords()
    kept = await passwords.hashed(GOOD)
    assert kept.startswith("$argon2id$")
    assert await passwords.verify(kept, GOOD)
    assert not await passwords.verify(kept, GOOD + ".")
    assert not await passwords.verify("", GOOD), "nobody has no password"


async def test_a_hash_of_nothing_is_verified_for_an_unknown_account() -> None:
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  its own name
            verified.append(str(hash))
            return super().verify(hash, password)

    passwords = Passwords()
    passwords._hasher = Counting()
    await passwords.verify("", GOOD)
    await passwords.verify(await passwords.hashed(GOOD), "wrong")
    parameters = {kept.rpartition("$")[0].rpartition("$")[0] for kept in verified}
    assert len(verified) == 2
    assert len(parameters) == 1, "the same work for both"


async def test_those_who_wait_are_bounded() -> None:
    passwords = Passwords()
    waiting = [asyncio.create_task(passwords.verify("", "x")) for _ in range(QUEUE + 10)]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert any(isinstance(answer, Busy) for answer in done)
    assert not any(isinstance(answer, bool) and answer for answer in done)
