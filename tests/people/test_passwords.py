"""Passwords: what may be one, and that an unknown account costs what a known one does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.kdf import argon2
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from admin.people.passwords import QUEUE, Busy, Passwords, Unfit, fit
from proxy.errors import GateError

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


async def test_hashes_are_those_that_argon2_cffi_makes_and_takes() -> None:
    """Earlier gates kept theirs with it, and so do others: an independent reading of RFC 9106."""
    passwords, other = Passwords(), PasswordHasher()
    assert await passwords.verify(other.hash(GOOD), GOOD)
    assert other.verify(await passwords.hashed(GOOD), GOOD)


async def test_many_who_sign_in_at_once_are_all_answered() -> None:
    """OpenSSL's Argon2 stands still for ever where two hashes of several lanes are made at the same time."""
    passwords, kept = Passwords(), PasswordHasher(time_cost=1, memory_cost=64).hash(GOOD)
    assert "p=4" in kept
    async with asyncio.timeout(30):
        assert all(await asyncio.gather(*(passwords.verify(kept, GOOD) for _ in range(QUEUE))))


@pytest.mark.parametrize("kept", ["x", "$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA", "$2b$12$R9h/cIPz0gi"])
async def test_a_hash_of_another_kind_is_a_fault_and_not_a_wrong_password(kept: str) -> None:
    with pytest.raises(GateError, match="invite its owner"):
        await Passwords().verify(kept, GOOD)


async def test_a_hash_of_nothing_is_verified_for_an_unknown_account(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Counting:
        def __new__(cls, **figures: Any) -> Any:
            return Argon2id(**figures)

        @staticmethod
        def verify_phc_encoded(password: bytes, kept: str) -> None:
            verified.append(kept)
            Argon2id.verify_phc_encoded(password, kept)

    monkeypatch.setattr(argon2, "Argon2id", Counting)
    passwords = Passwords()
    await passwords.verify("", GOOD)
    await passwords.verify(await passwords.hashed(GOOD), "wrong")
    parameters = {kept.rpartition("$")[0].rpartition("$")[0] for kept in verified}
    assert len(verified) == 2
    assert len(parameters) == 1, "the same work for both"


async def test_those_who_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin.people.passwords.MEMORY", 64)
    passwords = Passwords()
    waiting = [asyncio.create_task(passwords.verify("", "x")) for _ in range(QUEUE + 10)]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert any(isinstance(answer, Busy) for answer in done)
    assert not any(isinstance(answer, bool) and answer for answer in done)
