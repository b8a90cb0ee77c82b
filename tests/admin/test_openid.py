"""Signing in at an OpenID provider that is a process of its own: real redirects, real signatures, and its lies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.world.gatehouse import Gatehouse
from tests.world.person import browser
from tests.world.provider import CLIENT, Provider, settings
from tests.world.upstream import Upstream


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[Gatehouse]:
    folder = tmp_path_factory.mktemp("openid")
    with Upstream() as upstream:
        made = Gatehouse(folder / "gate", upstream.url, *settings(provider, folder)).start()
        yield made
        made.stop()


@pytest.fixture
def client(gate: Gatehouse) -> Iterator[httpx.Client]:
    with browser(gate) as opened:
        yield opened


def returns(client: httpx.Client, provider: Provider, **said: Any) -> httpx.Response:
    """Begin a sign-in, follow it to the provider, and come back as a browser would: from another site."""
    provider.next(**said)
    begun = client.get("/sign-in/openid")
    assert begun.status_code == 303, begun.text
    answered = httpx.get(begun.headers["location"], trust_env=False, verify=False)
    return client.get(answered.headers["location"], headers={"sec-fetch-site": "cross-site"})


def test_somebody_signs_in_and_is_known_by_group(gate: Gatehouse, client: httpx.Client, provider: Provider) -> None:
    back = returns(client, provider, sub="u-olga", preferred_username="olga")
    assert back.status_code == 200
    cookies = [cookie.lower() for cookie in back.headers.get_list("set-cookie")]
    session = next(cookie for cookie in cookies if cookie.startswith("wicketgate_session"))
    assert "samesite=strict" in session
    assert '<meta http-equiv="refresh" content="0; url=/admin/">' in back.text, "a redirect would lose a strict cookie"
    assert client.get("/").status_code == 200
    assert "olga, approver" in client.get("/account").text
    assert client.get("/people").status_code == 403, "an approver does not run the gate"
    (olga,) = [line for line in gate.facts("account", "list") if line["name"] == "olga"]
    assert (olga["role"], olga["issuer"], olga["state"]) == ("approver", provider.url, "active")
    asked = json.loads(next(path for path in provider.asked() if path.startswith("authorize"))[10:])
    assert asked["code_challenge_method"] == "S256"
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["acr_values"] == "urn:two"


def test_the_cookie_that_comes_back_is_the_only_lax_one(client: httpx.Client) -> None:
    begun = client.get("/sign-in/openid").headers["set-cookie"].lower()
    assert "samesite=lax" in begun
    assert "httponly" in begun
    assert "max-age=600" in begun


def test_another_group_is_another_role_and_ends_the_old_session(
    gate: Gatehouse, client: httpx.Client, provider: Provider
) -> None:
    returns(client, provider, sub="u-2", preferred_username="pete")
    with browser(gate) as second:
        returns(second, provider, sub="u-2", preferred_username="pete", groups=["nothing", "platform"])
        assert second.get("/people").status_code == 200
    assert client.get("/").headers["location"] == "/admin/sign-in"
    found = [line for line in gate.facts("account", "list") if line["name"] == "pete"]
    assert [line["role"] for line in found] == ["administrator"]


def test_two_people_of_one_name_are_told_apart(gate: Gatehouse, client: httpx.Client, provider: Provider) -> None:
    returns(client, provider, sub="u-quin", preferred_username="quin")
    with browser(gate) as other:
        returns(other, provider, sub="u-quin-2", preferred_username="quin")
    names = {line["name"] for line in gate.facts("account", "list") if line["name"].startswith("quin")}
    assert len(names) == 2


def test_who_was_disabled_here_stays_out(gate: Gatehouse, client: httpx.Client, provider: Provider) -> None:
    returns(client, provider, sub="u-rosa", preferred_username="rosa")
    gate.facts("account", "disable", "rosa", "--reason", "left")
    assert client.get("/").headers["location"] == "/admin/sign-in"
    assert returns(client, provider, sub="u-rosa", preferred_username="rosa").status_code == 403


ATTACKS: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "another"}, "not the answer to this sign-in"),
    ({"nonce": None}, "not the answer to this sign-in"),
    ({"aud": "another-client"}, "another audience"),
    ({"aud": [CLIENT, "another-client"], "azp": CLIENT}, "another audience"),
    ({"aud": None}, "another audience"),
    ({"iss": "https://evil.example"}, "nobody named here"),
    ({"iss_said": "https://evil.example"}, "Another provider answered"),
    ({"sub": None}, "names no subject"),
    ({"exp": 1}, "has expired"),
    ({"exp": None}, "until when"),
    ({"iat": None}, "until when"),
    ({"iat": 4102444800, "exp": 4102448400}, "not good yet"),
    ({"nbf": 4102444800}, "not good yet"),
    ({"twist": "none"}, "not signed with RS256 or ES256"),
    ({"twist": "hs256"}, "not signed with RS256 or ES256"),
    ({"twist": "rs512"}, "not signed with RS256 or ES256"),
    ({"twist": "stranger"}, "signature of the ID token is wrong"),
    ({"twist": "altered"}, "signature of the ID token is wrong"),
    ({"twist": "kid"}, "a key that its issuer does not have"),
    ({"twist": "refuse"}, "did not sign you in"),
    ({"groups": ["marketing"]}, "None of your groups"),
    ({"groups": None}, "None of your groups"),
    ({"groups": {"security": True}}, "None of your groups"),
    ({"amr": ["pwd"]}, "you need a second factor"),
    ({"amr": "mfa"}, "you need a second factor"),
    ({"amr": None, "acr": "urn:one"}, "you need a second factor"),
]


@pytest.mark.parametrize(("said", "why"), ATTACKS)
def test_what_the_provider_must_not_say(
    gate: Gatehouse, provider: Provider, said: dict[str, Any], why: str, request: pytest.FixtureRequest
) -> None:
    number = request.node.name.rpartition("said")[2].partition("-")[0]
    with browser(gate, f"127.0.1.{int(number) + 1}") as client:  # a browser each: failures are slowed down
        back = returns(client, provider, **said)
        assert back.status_code == 403
        assert why in back.text
        assert "wicketgate_session" not in back.headers.get("set-cookie", "")
        assert client.get("/").headers["location"] == "/admin/sign-in"


@pytest.mark.parametrize("said", [{"amr": None, "acr": "urn:two"}, {"twist": "ec"}, {"groups": "security"}])
def test_what_it_may_say(gate: Gatehouse, provider: Provider, said: dict[str, Any]) -> None:
    with browser(gate, "127.0.2.1") as client:
        assert returns(client, provider, sub="u-3", preferred_username="sven", **said).status_code == 200
        assert client.get("/").status_code == 200


def test_an_answer_is_taken_once_and_in_the_browser_that_asked(gate: Gatehouse, provider: Provider) -> None:
    provider.next(sub="u-4", preferred_username="tara")
    with browser(gate, "127.0.2.2") as client, browser(gate, "127.0.2.3") as victim:
        begun = client.get("/sign-in/openid")
        flow = dict(client.cookies)
        where = httpx.get(begun.headers["location"], trust_env=False, verify=False).headers["location"]
        assert victim.get(where).status_code == 403, "a sign-in that another browser began (login CSRF)"
        victim.get("/sign-in/openid")
        assert victim.get(where).status_code == 403
        assert client.get(where.replace("state=", "state=x")).status_code == 403
        client.cookies.update(flow)
        assert client.get(where).status_code == 200
        client.cookies.update(flow)
        again = client.get(where)
        assert again.status_code == 403
        assert "used already" in again.text


def test_a_dangerous_act_asks_the_provider_again(gate: Gatehouse, provider: Provider) -> None:
    person = {"sub": "u-5", "preferred_username": "uma", "groups": ["platform"]}
    with browser(gate, "127.0.2.4") as client:
        returns(client, provider, **person, auth_time=1700000000)
        refused = client.post("/people/invite", data={"name": "vera", "role": "reader", "reason": "x"})
        assert refused.headers["location"] == "/admin/step-up?next=%2Fpeople"
        assert "/admin/sign-in/openid" in client.get("/step-up?next=/people").text
        old = client.cookies["wicketgate_session"]
        lied = returns(client, provider, **person, auth_time=1700000000)
        assert lied.status_code == 403, "it did not ask again"
        assert returns(client, provider, **person).status_code == 200
        asked = parse_qs(urlsplit(client.get("/sign-in/openid").headers["location"]).query)
        assert (asked["max_age"], asked["prompt"]) == (["0"], ["login"])
        done = client.post("/people/invite", data={"name": "vera", "role": "reader", "reason": "x"})
        assert done.status_code == 201
        stale = httpx.get(f"{gate.url}/admin/", cookies={"wicketgate_session": old}, trust_env=False, verify=False)
        assert stale.headers["location"] == "/admin/sign-in", "the session before the proof is gone"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--oidc-issuer", "http://login.example"], "--oidc-issuer"),
        (["--oidc-issuer", "https://login.example"], "--oidc-client-id"),
        (["--oidc-issuer", "https://login.example", "--oidc-client-id", "x", "--oidc-roles", "a=king"], "--oidc-roles"),
        (["--oidc-client-id", "x"], "--oidc-issuer"),
    ],
)
def test_half_a_setting_is_a_fault(gate: Gatehouse, options: list[str], said: str) -> None:
    done = gate.cli("serve", *options)
    assert done.returncode == 2
    assert f"{said} (WICKETGATE_" in done.stderr
