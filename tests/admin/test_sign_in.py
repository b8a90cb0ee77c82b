"""People at the door, over HTTP and without script: invitations, second factors, sessions, guesses."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.world.gatehouse import Gatehouse
from tests.world.person import SAME, Person, browser
from tests.world.upstream import Upstream

PROXY = "127.0.0.9"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gatehouse]:
    with Upstream() as upstream:
        folder = tmp_path_factory.mktemp("people")
        made = Gatehouse(folder / "gate", upstream.url, "--trusted-proxies", PROXY).start()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def ada(gate: Gatehouse) -> Iterator[Person]:
    """An approver who has joined."""
    with Person(gate, "ada", "approver") as person:
        yield person.joins()


def tags(gate: Gatehouse, tag: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = gate.facts("audit", "list", "--tag", tag)["events"]
    return found


def test_who_was_invited_enrols_a_second_factor_before_anything_else(gate: Gatehouse) -> None:
    with Person(gate, "bea", "approver", "nine char") as bea:
        secret = bea.invited()
        short = bea.post("/invited", secret=secret, password="short", repeated="short")
        assert short.status_code == 422
        assert "at least 15" in short.text
        assert bea.post("/invited", secret=secret, password="nine char", repeated="nine chair").status_code == 422
        taken = bea.post("/invited", secret=secret, password=bea.password, repeated=bea.password)
        assert taken.headers["location"] == "/admin/sign-in"
        again = bea.post(
            "/invited", secret=secret, password="another one altogether", repeated="another one altogether"
        )
        assert again.status_code == 403, "an invitation is good once"
        assert bea.knocks() == "/admin/account"
        for path in ("/", "/approve", "/audit", "/proposals"):
            assert bea.browser.get(path).headers["location"] == "/admin/account"
        refused = bea.post("/approve", requirement="flask", reason="x", do="grant")
        assert refused.headers["location"] == "/admin/account"
        bea.enrols()
        assert len(bea.recovery) == 10
        assert bea.browser.get("/").status_code == 200
    assert {event["actor"]["name"] for event in tags(gate, "access:account:redeemed")} >= {"bea"}  # type: ignore[index]


def test_signing_in_takes_password_and_code_each_once(gate: Gatehouse, ada: Person) -> None:
    ada.post("/sign-out")
    assert ada.knocks() == "/admin/sign-in/factor"
    assert ada.browser.get("/").headers["location"] == "/admin/sign-in/factor", "a password alone opens nothing"
    code = ada.code()
    assert ada.post("/sign-in/factor", code="000000").status_code == 403
    assert ada.post("/sign-in/factor", code=code).headers["location"] == "/admin/"
    with Person(gate, "ada", "approver") as thief:
        assert thief.knocks() == "/admin/sign-in/factor"
        replayed = thief.post("/sign-in/factor", code=code)
        assert replayed.status_code == 403
        assert "was used already" in replayed.text
        assert thief.browser.get("/").headers["location"] == "/admin/sign-in/factor"


def test_a_recovery_code_stands_in_once(gate: Gatehouse, ada: Person) -> None:
    code = ada.recovery.pop()
    for status in (303, 403):
        with Person(gate, "ada", "approver") as elsewhere:
            elsewhere.knocks()
            assert elsewhere.post("/sign-in/factor", code=code.upper()).status_code == status
    (event, *_) = tags(gate, "access:account:recovery-used")
    assert "9 are left" in str(event["reason"])
    assert code not in json.dumps(event)


def test_every_step_gives_another_session_and_a_planted_one_is_worth_nothing(gate: Gatehouse, ada: Person) -> None:
    with Person(gate, "ada", "approver") as person:
        person.seed, person._step = ada.seed, ada._step
        planted = "planted-by-somebody-else"
        person.browser.cookies.set("wicketgate_session", planted, domain="127.0.0.1", path="/admin")
        person.knocks()
        half = person.session
        person.post("/sign-in/factor", code=person.code())
        whole = person.session
        ada._step = person._step
        assert len({planted, half, whole}) == 3
        for old in (planted, half):
            answer = httpx.get(f"{gate.url}/admin/", cookies={"wicketgate_session": old}, trust_env=False, verify=False)
            assert answer.headers["location"] == "/admin/sign-in"


def test_unknown_wrong_and_disabled_get_one_answer(gate: Gatehouse, ada: Person) -> None:
    with Person(gate, "carl", "reader") as carl:
        carl.post("/invited", secret=carl.invited(), password=carl.password, repeated=carl.password)
        gate.facts("account", "disable", "carl", "--reason", "left")
        answers = [
            carl.post("/sign-in", name=name, password=password)
            for name, password in (("carl", carl.password), ("nobody", "x" * 20), ("ada", "x" * 20), ("", ""))
        ]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.keys() - {"date"})) for answer in answers}) == 1
    named = {event["detail"]["account"] for event in tags(gate, "access:sign-in:refused")}  # type: ignore[index]
    assert named <= {"", "ada", "carl", "bea"}, "a name that is none may be a password: it is not written down"


def test_changing_the_password_ends_every_other_session(gate: Gatehouse) -> None:
    with Person(gate, "dora", "requester") as dora, Person(gate, "dora", "requester") as phone:
        dora.post("/invited", secret=dora.invited(), password=dora.password, repeated=dora.password)
        assert (dora.knocks(), phone.knocks()) == ("/admin/", "/admin/"), (
            "a long password alone will do for a requester"
        )
        wrong = dora.post("/account/password", old="not it at all, no", new="entirely other words here")
        assert wrong.status_code == 403
        changed = dora.post("/account/password", old=dora.password, new="entirely other words here")
        assert changed.headers["location"] == "/admin/account"
        assert dora.browser.get("/account").status_code == 200
        assert phone.browser.get("/account").headers["location"] == "/admin/sign-in"


def test_sessions_and_tokens_are_listed_and_only_ones_own_are_ended(gate: Gatehouse, ada: Person) -> None:
    with Person(gate, "eve", "requester") as eve:
        eve.post("/invited", secret=eve.invited(), password=eve.password, repeated=eve.password)
        eve.knocks()
        sessions = gate.facts("account", "sessions")
        hers = next(line for line in sessions if line["name"] == "ada")
        mine = next(line for line in sessions if line["name"] == "eve")
        assert hers["id"] not in eve.browser.get("/account").text
        assert eve.post("/account/sessions/end", session=hers["id"]).status_code == 404
        assert hers["id"] in {line["id"] for line in gate.facts("account", "sessions")}
        ada.token("her laptop")
        token = next(line["id"] for line in gate.facts("token", "list") if line["name"] == "her laptop")
        assert eve.post("/account/tokens/withdraw", token=token).status_code == 404
        assert eve.post("/account/tokens", name="x", role="approver", days="9").status_code == 403
        assert token in {line["id"] for line in gate.facts("token", "list")}
        assert ada.post("/account/tokens/withdraw", token=token).status_code == 303
        assert token not in {line["id"] for line in gate.facts("token", "list")}
        gate.facts("account", "sign-out", mine["id"])
        assert eve.browser.get("/account").headers["location"] == "/admin/sign-in"
    assert ada.browser.get("/").status_code == 200


@pytest.mark.parametrize(
    "words",
    [
        ("account", "disable", "finn", "--reason", "left"),
        ("account", "role", "finn", "--role", "reader", "--reason", "moved"),
        ("account", "reset-factor", "finn", "--reason", "lost the phone"),
    ],
)
def test_what_is_done_to_an_account_ends_its_sessions_at_once(
    gate: Gatehouse, words: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    name = f"finn{words[1].replace('-', '')}"
    with Person(gate, name, "requester") as finn:
        finn.post("/invited", secret=finn.invited(), password=finn.password, repeated=finn.password)
        finn.knocks()
        assert finn.browser.get("/account").status_code == 200
        gate.facts(*(name if word == "finn" else word for word in words))
        assert finn.browser.get("/account").headers["location"] == "/admin/sign-in"
        assert (finn.post("/sign-in", name=name, password=finn.password).status_code == 303) is (words[1] == "role")


def test_guessing_is_slowed_down_and_locks_nobody_else_out(gate: Gatehouse, ada: Person) -> None:
    with browser(gate, "127.0.0.66") as guesser:
        wait, guesses = 0, 0
        while wait < 6:
            answer = guesser.post("/sign-in", data={"name": "ada", "password": f"guess {guesses} of many"})
            assert answer.status_code in {403, 429}
            wait = int(answer.headers.get("retry-after", 0))
            guesses += answer.status_code == 403
            time.sleep(0.2 * bool(wait))
    assert guesses == 7, "five for nothing, then after 2 and 4 seconds"
    assert "Try again in" in answer.text
    with Person(gate, "ada", "approver") as colleague:
        assert colleague.knocks() == "/admin/sign-in/factor", "from another address"
    with Person(gate, "ada", "approver", address="127.0.0.66") as stranger:
        assert stranger.post("/sign-in", name="ada", password=ada.password).status_code == 429
    with Person(gate, "ada", "approver", address="127.0.0.66") as known:
        device = ada.browser.cookies.get("wicketgate_device")
        assert device
        known.browser.cookies.set("wicketgate_device", device, domain="127.0.0.1", path="/admin")
        assert known.knocks() == "/admin/sign-in/factor", "a browser that was right before"
    said = [event for event in tags(gate, "access:sign-in:refused") if event["detail"]["account"] == "ada"]  # type: ignore[index]
    why = [event["reason"] for event in said if event["actor"]["address"] == "127.0.0.66"]  # type: ignore[index]
    assert set(why) == {"name or password wrong", "too many attempts"}
    assert len(why) < guesses, "repeats within a minute are told as one"


def test_behind_a_proxy_it_is_who_comes_that_counts(gate: Gatehouse, ada: Person) -> None:
    def tries(client: httpx.Client, password: str, forwarded: str) -> int:
        form = {"name": "ada", "password": password}
        return client.post("/sign-in", data=form, headers={"x-forwarded-for": forwarded}).status_code

    with browser(gate, PROXY) as proxy, browser(gate, "127.0.0.10") as liar:
        guesses = [tries(proxy, f"guess {n} of many", f"198.51.100.{n}, 192.0.2.66") for n in range(6)]
        assert guesses == [403] * 5 + [429], "what a client wrote itself is left of what the proxy says"
        assert tries(proxy, ada.password, "192.0.2.7") == 303, "her neighbour behind the same proxy waits for nobody"
        lies = [tries(liar, f"guess {n} of many", f"198.51.100.{n}") for n in range(6)]
        assert lies == [403] * 5 + [429], "nobody else is believed"


def test_a_hundred_guesses_at_once_are_a_hundred(gate: Gatehouse) -> None:
    def guess(number: int) -> int:
        with browser(gate, "127.0.0.77") as client:
            return client.post("/sign-in", data={"name": "grace", "password": f"guess {number}"}).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(guess, range(30)))
    assert statuses.count(403) <= 10
    assert set(statuses) <= {403, 429}


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/factor", "/sign-in/passkey", "/invited"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_nobody_elses_page_signs_anybody_in(gate: Gatehouse, path: str, site: str) -> None:
    answer = httpx.post(f"{gate.url}/admin{path}", headers={"sec-fetch-site": site}, data={"token": gate.token})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_before_somebody_is_in_a_script_runs_on_the_passkey_page_alone(gate: Gatehouse, ada: Person) -> None:
    for path in ("/sign-in", "/invited"):
        answer = ada.browser.get(path)
        assert answer.status_code == 200
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "<script" not in answer.text
    page = ada.browser.get("/sign-in/passkey")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.text.count("<script") == 1
    assert '<script src="/admin/passkeys.js" defer></script>' in page.text
    assert ada.browser.get("/passkeys.js").headers["content-type"].startswith("text/javascript")


def test_no_secret_is_in_the_database_the_log_or_the_audit(gate: Gatehouse, ada: Person) -> None:
    kept = b"".join(path.read_bytes() for path in gate.data_dir.glob("wicketgate.db*"))
    told = gate.output() + json.dumps(gate.facts("audit", "list")) + json.dumps(gate.facts("account", "list"))
    for secret in (ada.seed, ada.password, ada.session, *ada.recovery):
        assert secret.encode() not in kept
        assert secret not in told
    assert "argon2" not in told
    key = (gate.data_dir.parent / ".config" / "wicketgate" / "secret-key").read_bytes().strip()
    assert key not in kept


def test_a_form_of_the_page_needs_its_own_origin(gate: Gatehouse, ada: Person) -> None:
    answer = ada.browser.post("/account/recovery", headers=SAME | {"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert ada.browser.get("/").status_code == 200


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x", "/a?b=//evil.example"]
)
def test_nobody_is_led_elsewhere_after_a_proof(gate: Gatehouse, ada: Person, wanted: str) -> None:
    done = ada.post("/step-up", code=ada.recovery.pop(), next=wanted)
    assert done.headers["location"] == "/admin/"
