"""Passkeys over HTTP with an authenticator in software: enrolled, as a second factor, alone, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest

from tests.world.authenticator import Authenticator
from tests.world.gatehouse import Gatehouse
from tests.world.person import Person, browser
from tests.world.upstream import Upstream


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gatehouse]:
    with Upstream() as upstream:
        made = Gatehouse(tmp_path_factory.mktemp("passkeys") / "gate", upstream.url).start()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def key(gate: Gatehouse) -> Authenticator:
    return Authenticator(gate.url.replace("127.0.0.1", "localhost"))


@pytest.fixture(scope="module")
def ada(gate: Gatehouse, key: Authenticator) -> Iterator[Person]:
    """An approver whose only second factor is a passkey."""
    with Person(gate, "ada", "approver") as person:
        person.post("/invited", secret=person.invited(), password=person.password, repeated=person.password)
        assert person.knocks() == "/admin/account"
        page = person.browser.get("/account/passkey")
        done = person.post("/account/passkey", answer=key.makes(options(page)), label="the blue one")
        assert done.status_code == 200, done.text
        assert "Your recovery codes" in done.text
        yield person


def options(page: httpx.Response) -> str:
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found, page.text
    return unescape(found[1])


def test_a_passkey_is_a_second_factor(gate: Gatehouse, ada: Person, key: Authenticator) -> None:
    assert ada.browser.get("/").status_code == 200
    assert "the blue one" in ada.browser.get("/account").text
    with Person(gate, "ada", "approver") as again:
        assert again.knocks() == "/admin/sign-in/factor"
        assert "/admin/sign-in/passkey" in again.browser.get("/sign-in/factor").text
        asked = options(again.browser.get("/sign-in/passkey"))
        half = again.session
        done = again.post("/sign-in/passkey", answer=key.proves(asked))
        assert done.headers["location"] == "/admin/"
        assert again.session != half
        assert again.browser.get("/").status_code == 200


def test_a_passkey_that_verifies_its_owner_signs_in_alone(gate: Gatehouse, ada: Person, key: Authenticator) -> None:
    with browser(gate) as fresh:
        asked = options(fresh.get("/sign-in/passkey"))
        assert '"userVerification": "required"' in asked
        assert fresh.post("/sign-in/passkey", data={"answer": key.proves(asked)}).headers["location"] == "/admin/"
        assert fresh.get("/").status_code == 200
    with browser(gate, "127.0.3.1") as fresh:
        key.verifies = False
        asked = options(fresh.get("/sign-in/passkey"))
        refused = fresh.post("/sign-in/passkey", data={"answer": key.proves(asked)})
        key.verifies = True
        assert refused.status_code == 403, "touching it is one factor, not two"


def test_a_passkey_is_a_proof_before_a_dangerous_act(ada: Person, key: Authenticator) -> None:
    assert "/admin/sign-in/passkey?next=/people" in ada.browser.get("/step-up?next=/people").text
    asked = options(ada.browser.get("/sign-in/passkey?next=/account"))
    done = ada.post("/sign-in/passkey", answer=key.proves(asked), next="/account")
    assert done.headers["location"] == "/admin/account"


@pytest.mark.parametrize(
    ("number", "lies"),
    [
        (1, {"origin": "https://evil.example"}),
        (2, {"challenge": "AAAA"}),
        (3, {"party": "evil.example"}),
        (4, {"count": 1}),
    ],
)
def test_a_lying_answer_is_refused(
    gate: Gatehouse, ada: Person, key: Authenticator, number: int, lies: dict[str, Any]
) -> None:
    with browser(gate, f"127.0.4.{number}") as client:
        asked = options(client.get("/sign-in/passkey"))
        refused = client.post("/sign-in/passkey", data={"answer": key.proves(asked, **lies)})
        assert refused.status_code == 403
        assert client.get("/").headers["location"] == "/admin/sign-in"


def test_an_answer_is_good_once_and_where_it_was_asked(gate: Gatehouse, ada: Person, key: Authenticator) -> None:
    with browser(gate, "127.0.4.9") as client, browser(gate, "127.0.4.10") as thief:
        asked = options(client.get("/sign-in/passkey"))
        cookies = dict(client.cookies)
        answer = key.proves(asked)
        thief.get("/sign-in/passkey")
        assert thief.post("/sign-in/passkey", data={"answer": answer}).status_code == 403
        assert client.post("/sign-in/passkey", data={"answer": answer}).status_code == 303
        for name, value in cookies.items():
            thief.cookies.set(name, value, domain="127.0.0.1", path="/admin")
        assert thief.post("/sign-in/passkey", data={"answer": answer}).status_code == 403


def test_a_strangers_passkey_opens_nothing(gate: Gatehouse, ada: Person, key: Authenticator) -> None:
    stranger = Authenticator(key.origin)
    forged = Authenticator(key.origin)
    forged.id = key.id
    for number, other in enumerate((stranger, forged)):
        with browser(gate, f"127.0.5.{number + 1}") as client:
            asked = options(client.get("/sign-in/passkey"))
            assert client.post("/sign-in/passkey", data={"answer": other.proves(asked)}).status_code == 403
    with browser(gate, "127.0.5.9") as client:
        client.get("/sign-in/passkey")
        for answer in ("", "x", "[]", "{}", '{"id": 7}', f'{{"id": "{"A" * 5000}"}}', "[" * 5000):
            assert client.post("/sign-in/passkey", data={"answer": answer}).status_code in {403, 429}


def test_the_last_factor_is_not_dropped_and_another_ones_passkey_is_not_taken(
    gate: Gatehouse, ada: Person, key: Authenticator
) -> None:
    from tests.world.authenticator import text

    refused = ada.post("/account/drop", factor=text(key.id))
    assert refused.status_code == 422
    assert "last second factor" in refused.text
    with Person(gate, "bob", "approver") as bob:
        bob.post("/invited", secret=bob.invited(), password=bob.password, repeated=bob.password)
        bob.knocks()
        asked = options(bob.browser.get("/account/passkey"))
        taken = bob.post("/account/passkey", answer=key.makes(asked), label="hers")
        assert taken.status_code == 422
        assert "enrolled already" in taken.text
        own = Authenticator(key.origin)
        asked = options(bob.browser.get("/account/passkey"))
        bob.post("/account/passkey", answer=own.makes(asked), label="mine")
        bob.enrols()
        assert bob.post("/account/drop", factor=text(own.id)).headers["location"] == "/admin/account"
        assert "mine" not in bob.browser.get("/account").text
