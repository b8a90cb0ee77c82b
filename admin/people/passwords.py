"""Passwords: what may be one, how it is kept (Argon2id, RFC 9106), and how long it takes to say no.

Decided here (NIST SP 800-63B-4):

* Length is what counts: 15 characters, or 8 beside a second factor (whoever has a shorter one must enrol one first).
  No rules of composition, no expiry; any Unicode, compared in its NFKC form.
* What attackers try first is refused: common passwords, the names of this product and of the account, one
  character or a short piece over and over.
* An unknown account takes as long as a known one: a hash of nothing is verified instead.
* Hashing takes 64 MiB, so two at a time and a bounded queue before them: nobody fills the memory from outside.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.errors import GateError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LENGTH_ALONE = 15
LENGTH_WITH_FACTOR = 8
LONGEST = 200
AT_ONCE = 2
QUEUE = 40

COMMON = frozenset(Path(__file__).with_name("common-passwords.txt").read_text().split())
"""What is tried first, in lower case. It is refused with digits and signs around it as well."""


class Unfit(GateError):
    """A text that cannot be a password; the message says what to take instead."""


class Busy(GateError):
    """Too many passwords wait to be verified."""


def fit(text: str, name: str) -> str:
    """Return a password in the form that is kept. Raises Unfit."""
    password = normal(text)
    if not LENGTH_WITH_FACTOR <= len(password) <= LONGEST:
        raise Unfit(
            f"A password has from {LENGTH_WITH_FACTOR} to {LONGEST} characters, and at least {LENGTH_ALONE} without a "
            "second factor. Take a few words that do not belong together."
        )
    if _guessable(password.lower(), name.lower()):
        raise Unfit("That is among the first that attackers try. Take a few words that do not belong together.")
    return password


def normal(text: str) -> str:
    """Return a password as it is compared (NFKC), however a keyboard spelt it."""
    return unicodedata.normalize("NFKC", text)


def _guessable(password: str, name: str) -> bool:
    bare, name = (re.sub(r"[\W\d_]+", "", text) for text in (password, name))
    pieces = {password, bare, password.strip("0123456789!.?$# ")}
    repeated = re.fullmatch(r"(.{1,5}?)\1+.{0,4}", password, re.DOTALL)
    return bool(pieces & COMMON or repeated) or bare in {name, "wicketgate", f"{name}wicketgate", f"wicketgate{name}"}


class Passwords:
    """Hashes and verifies."""

    def __init__(self) -> None:
        self._nobody = ""
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher  # noqa: PLC0415  needed where somebody has a password, not at every start

        return PasswordHasher()

    async def hashed(self, password: str) -> str:
        """Return the hash to keep. Raises Busy."""
        async with self._turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, kept: str, text: str) -> bool:
        """Whether a password fits a kept hash; "" is nobody's, and takes as long. Raises Busy."""
        async with self._turn():
            fits = await asyncio.to_thread(self._fits, kept, normal(text)[:LONGEST])
        return fits and bool(kept)

    def _fits(self, kept: str, password: str) -> bool:
        from argon2.exceptions import VerificationError, VerifyMismatchError  # noqa: PLC0415

        # Made by the first who comes, known or not, so that neither takes longer than the other.
        self._nobody = self._nobody or self._hasher.hash(secrets.token_hex(16))
        try:
            return self._hasher.verify(kept or self._nobody, password)
        except VerifyMismatchError:
            return False
        except VerificationError as error:
            raise GateError("A kept password cannot be read. Reset the account: wicketgate account reset.") from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for one of the places at which passwords are hashed now; waiting is bounded."""
        if self._waiting >= QUEUE:
            raise Busy("Too many people sign in at this moment. Try again in a few seconds.")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()
