"""Attempts at one door: limited, and told to the audit where they were refused or came too often."""

from __future__ import annotations

from dataclasses import dataclass

from admin.people.limits import Limits, TooOften
from admin.people.refusals import Refusals
from proxy.model import Account


@dataclass(frozen=True, slots=True)
class Tries:
    """The attempts at one door."""

    limits: Limits
    refusals: Refusals

    async def attempt(self, key: str, account: Account | None, address: str, device: str = "") -> None:
        """Count an attempt at ``key``, before it is verified. Raises TooOften, StoreError."""
        try:
            self.limits.attempt(key, address, device)
        except TooOften:
            await self.refusals.note(account, address, "too many attempts")
            raise

    def succeeded(self, key: str, address: str, device: str = "") -> None:
        """Take a successful attempt back."""
        self.limits.succeeded(key, address, device)

    async def failed(self, account: Account | None, address: str, why: str) -> None:
        """Tell the audit that an attempt was refused. Raises StoreError."""
        await self.refusals.note(account, address, why)
