"""Issuers' keys: asked for seldom, believed for a day, and addresses that are never asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from admin.people.issuers import ASK_AGAIN, FRESH, STALE, IssuerAway, Issuers
from tests.people.world import Clock

ISSUER = "https://login.example/realm"
RSA, EC = RSAKey.generate_key(2048, {"kid": "one"}), ECKey.generate_key("P-256", {"kid": "two"})


class World:
    """An issuer that answers, lies, or is away."""

    def __init__(self) -> None:
        self.clock, self.away = Clock(), False
        self.said: dict[str, object] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        self.keys: list[object] = [RSA.as_dict(private=False)]
        self.asked: list[str] = []
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer), follow_redirects=False)
        self.client, self.issuers = client, Issuers(client, self.clock)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if self.away:
            raise httpx.ConnectError("away")
        body = self.said if "well-known" in str(request.url) else {"keys": self.keys}
        return httpx.Response(200, text=json.dumps(body))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.client.aclose()


async def test_keys_are_asked_for_once_in_ten_minutes(world: World) -> None:
    for _ in range(5):
        assert await world.issuers.key(ISSUER, "one")
    assert world.asked == [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/keys"]
    world.clock.move(seconds=FRESH.total_seconds() + 1)
    world.keys = [EC.as_dict(private=False)]
    assert await world.issuers.key(ISSUER, "two")
    assert await world.issuers.key(ISSUER, "one") is None, "a key that was withdrawn is gone"


async def test_a_key_that_is_not_known_is_asked_for_at_most_every_half_minute(world: World) -> None:
    for _ in range(50):
        assert await world.issuers.key(ISSUER, "two") is None
    assert len(world.asked) == 2
    world.keys.append(EC.as_dict(private=False))
    world.clock.move(seconds=ASK_AGAIN.total_seconds())
    assert await world.issuers.key(ISSUER, "two"), "keys that were rotated in are found"


async def test_an_issuer_that_is_away_is_believed_for_a_day(world: World) -> None:
    await world.issuers.key(ISSUER, "one")
    world.away = True
    world.clock.move(seconds=STALE.total_seconds())
    assert await world.issuers.key(ISSUER, "one")
    world.clock.move(seconds=ASK_AGAIN.total_seconds())
    with pytest.raises(IssuerAway, match="does not answer"):
        await world.issuers.key(ISSUER, "one")
    world.away = False
    world.clock.move(seconds=ASK_AGAIN.total_seconds())
    assert await world.issuers.key(ISSUER, "one")


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{ISSUER}/"},
        {"jwks_uri": "http://login.example/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://[::1"},
        {"jwks_uri": 7},
    ],
)
async def test_a_lying_configuration_is_not_believed(world: World, said: dict[str, object]) -> None:
    world.said |= said
    with pytest.raises(IssuerAway):
        await world.issuers.key(ISSUER, "one")
    assert world.asked == [f"{ISSUER}/.well-known/openid-configuration"]


async def test_an_endless_answer_is_cut_off(world: World) -> None:
    world.said["filler"] = "x" * (1 << 20)
    with pytest.raises(IssuerAway, match="larger than 512 KiB"):
        await world.issuers.metadata(ISSUER)


async def test_keys_that_cannot_be_used_spoil_no_others(world: World) -> None:
    odd: list[object] = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "s"},
        {"kty": "RSA", "kid": "b"},
        {"kty": "EC", "crv": "?"},
    ]
    world.keys = [*odd, {**RSA.as_dict(private=False), "use": "enc", "kid": "enc"}, EC.as_dict(private=False)]
    assert await world.issuers.key(ISSUER, "two")
    for kid in ("s", "b", "enc"):
        assert await world.issuers.key(ISSUER, kid) is None
