"""Limits: slower after failures, never for good, and of no use for locking others out."""

from __future__ import annotations

import pytest

from admin.people import limits
from admin.people.limits import KEYS_AT_MOST, Counts, Limits, Pace, TooOften
from proxy.policy.credentials import network
from tests.people.world import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(door: Limits, account: str, address: str, device: str = "", times: int = 1) -> int:
    """Try and fail; how many attempts were let through."""
    through = 0
    for _ in range(times):
        try:
            door.attempt(account, address, device)
        except TooOften:
            continue
        through += 1
    return through


def test_guessing_at_an_account_from_one_address_gets_ever_slower(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    assert fail(door, "ada", "192.0.2.1", times=50) == 5
    with pytest.raises(TooOften) as caught:
        door.attempt("ada", "192.0.2.1")
    assert caught.value.seconds == 2
    total = 0
    for _ in range(24 * 60):
        clock.move(seconds=60)
        total += fail(door, "ada", "192.0.2.1", times=10)
    assert total < 24 * 5, "a day of guessing is about four attempts an hour"


def test_it_is_never_for_good(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    fail(door, "ada", "192.0.2.1", times=50)
    clock.move(seconds=901)
    door.attempt("ada", "192.0.2.1")
    door.succeeded("ada", "192.0.2.1")
    assert fail(door, "ada", "192.0.2.1", times=5) == 5, "a success forgives"


def test_nobody_is_locked_out_from_elsewhere(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    for number in range(200):
        fail(door, "ada", f"198.51.100.{number}", times=5)
    assert fail(door, "ada", "192.0.2.9") == 1, "her first attempt from her own address waits for nobody"


def test_nobody_is_locked_out_by_a_neighbour(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    for number in range(60):
        fail(door, f"name{number}", "192.0.2.1", times=5)
    assert fail(door, "ada", "192.0.2.1") == 1
    assert fail(door, "name1", "192.0.2.1") == 0


def test_a_known_browser_waits_for_no_stranger(clock: Clock) -> None:
    door = limits.of_codes(clock)
    for number in range(100):
        fail(door, "account:ada", f"198.51.100.{number}", times=5)
    assert fail(door, "account:ada", "192.0.2.9") == 0, "second factors: who comes that far knows the password"
    assert fail(door, "account:ada", "192.0.2.9", "her-browser") == 1


def test_a_million_codes_are_not_guessed(clock: Clock) -> None:
    door = limits.of_codes(clock)
    total = 0
    for minute in range(24 * 60):
        clock.move(seconds=60)
        total += fail(door, "account:ada", f"198.51.100.{minute % 250}", times=3)
    assert total <= 50, "in a day, from 250 addresses"


def test_all_strangers_together_are_capped(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    through = sum(fail(door, f"name{n}", f"10.{n % 256}.{n // 256}.1") for n in range(5000))
    assert through == 1000
    assert fail(door, "ada", "192.0.2.9", "her-browser") == 1
    clock.move(seconds=1.1)
    assert fail(door, "somebody", "192.0.2.9") == 1


def test_attempts_count_before_they_are_verified(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    assert fail(door, "ada", "192.0.2.1", times=1000) == 5, "a thousand at once are not one"


def test_an_ipv6_network_is_one_address(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    assert sum(fail(door, "ada", f"2001:db8::{n:x}") for n in range(1, 50)) == 5
    assert network("::ffff:192.0.2.1") == "192.0.2.1"


def test_memory_is_bounded() -> None:
    counts = Counts(Pace(free=1, first=1, longest=1))
    for number in range(KEYS_AT_MOST + 100):
        counts.fail(str(number), 0)
    assert len(counts._counts) == KEYS_AT_MOST


def test_an_address_that_failed_often_has_no_first_tries_left(clock: Clock) -> None:
    door = limits.of_passwords(clock)
    through = sum(fail(door, f"nobody-{number}", "198.51.100.7") for number in range(2000))
    assert through <= limits.FIRSTS_AT_MOST + 5
    assert fail(door, "ada", "192.0.2.9") == 1, "others are not slowed down by it"
