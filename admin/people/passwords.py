"""Passwords: what may be one, how it is kept (Argon2id, RFC 9106), and how long it takes to say no.

Decided here (NIST SP 800-63B-4):

* Length is what counts: 15 characters, or 8 beside a second factor (whoever has a shorter one must enrol one first).
  No rules of composition, no expiry; any Unicode, compared in its NFKC form.
* What attackers try first is refused: common passwords, the names of this product and of the account, one
  character or a short piece over and over.
* An unknown account takes as long as a known one: a hash of nothing is verified instead.
* Hashing takes 64 MiB, so one at a time and a bounded queue before it: nobody fills the memory from outside. It is
  one because kept hashes may be of four lanes, of which two at once never end.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from proxy.errors import GateError

LENGTH_ALONE = 15
LENGTH_WITH_FACTOR = 8
LONGEST = 200
AT_ONCE = 1
QUEUE = 40
ITERATIONS, LANES, MEMORY, SALT_BYTES, HASH_BYTES = 3, 1, 64 << 10, 16, 32
"""Argon2id as RFC 9106 advises where 2 GiB cannot be spared, but in one lane: two hashes in several lanes at once wait
for one another for ever (OpenSSL 3.2 to 4.0). Memory in KiB. The figures stand in every hash that is kept."""
_KEPT = re.compile(r"\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+(?:\$[A-Za-z0-9+/]+){2}", re.ASCII)

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


def _hashed(password: str) -> str:
    """Return the hash to keep, as a PHC string, under which it is verified whatever the figures above become."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415  needed where somebody has a password

    salt = secrets.token_bytes(SALT_BYTES)
    argon2 = Argon2id(salt=salt, length=HASH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY)
    return argon2.derive_phc_encoded(password.encode())


class Passwords:
    """Hashes and verifies."""

    def __init__(self) -> None:
        self._nobody = ""
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        """Return the hash to keep. Raises Busy."""
        async with self._turn():
            return await asyncio.to_thread(_hashed, password)

    async def verify(self, kept: str, text: str) -> bool:
        """Whether a password fits a kept hash; "" is nobody's, and takes as long. Raises Busy."""
        async with self._turn():
            fits = await asyncio.to_thread(self._fits, kept, normal(text)[:LONGEST])
        return fits and bool(kept)

    def _fits(self, kept: str, password: str) -> bool:
        from cryptography.exceptions import InvalidKey  # noqa: PLC0415  needed where somebody has a password
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415

        # Made by the first who comes, known or not, so that neither takes longer than the other.
        self._nobody = self._nobody or _hashed(secrets.token_hex(16))
        try:
            Argon2id.verify_phc_encoded(password.encode(), kept or self._nobody)
        except InvalidKey as error:
            if _KEPT.fullmatch(kept or self._nobody):
                return False
            raise GateError("A kept password cannot be read. Disable the account and invite its owner.") from error
        return True

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
