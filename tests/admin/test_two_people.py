"""The two-person rule on a running gate: by terminal, API and page; two people, and one who plays both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.world.gatehouse import Gatehouse
from tests.world.person import Person, hidden
from tests.world.upstream import Upstream


@pytest.fixture(scope="module")
def index() -> Iterator[Upstream]:
    with Upstream() as upstream:
        for name in ("reqeusts", "requsets", "flask", "stolen", "numpyy"):
            upstream.release(name, "1.0")
        yield upstream


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory, index: Upstream) -> Iterator[Gatehouse]:
    made = Gatehouse(tmp_path_factory.mktemp("two") / "gate", index.url).start()
    made.advisory("MAL-2026-1", "stolen", versions=["1.0"])
    yield made
    made.stop()


@pytest.fixture(scope="module")
def ada(gate: Gatehouse) -> Iterator[Person]:
    with Person(gate, "ada", "owner") as person:
        yield person.joins()


@pytest.fixture(scope="module")
def bob(gate: Gatehouse) -> Iterator[Person]:
    with Person(gate, "bob", "approver") as person:
        yield person.joins()


@pytest.fixture(scope="module")
def carol(gate: Gatehouse) -> Iterator[Person]:
    with Person(gate, "carol", "administrator") as person:
        yield person.joins()


@pytest.fixture(scope="module", autouse=True)
def terms(gate: Gatehouse, ada: Person, bob: Person, carol: Person) -> None:
    words = ("--two-person", "look-alike", "--two-person", "people")
    gate.facts("terms", *words, "--reason", "two pairs of eyes")


@pytest.fixture(autouse=True)
def nothing_waits(gate: Gatehouse) -> Iterator[None]:
    """Each test finds none of another's proposals, whichever tests its worker was given."""
    yield
    for waiting in proposals(gate):
        gate.facts("proposals", "reject", waiting["id"], "--reason", "the test is over")


def proposals(gate: Gatehouse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gate.facts("proposals", "list")
    return found


def allowed(gate: Gatehouse, project: str) -> bool:
    return bool(gate.get(f"/explain/{project}", accept="application/json").json()["allowed"])


def confirms(person: Person, proposal: str) -> httpx.Response:
    """Press the button under a proposal."""
    page = person.browser.get("/proposals").text
    part = page.partition(f'name="proposal" value="{proposal}"')[2]
    assert part, page
    return person.post("/proposals/confirm", proposal=proposal, digest=hidden(part, "digest"))


@pytest.fixture(scope="module")
def hers(ada: Person) -> dict[str, str]:
    """Ada's command line."""
    return ada.token()


def test_two_people_approve_a_look_alike(gate: Gatehouse, ada: Person, bob: Person) -> None:
    form = {"requirement": "reqeusts", "reason": "it is ours", "do": "grant", "acknowledge": "look-alike:requests"}
    proposed = bob.post("/approve", **form)
    assert proposed.status_code == 202
    assert "This waits for a second person" in proposed.text
    assert not allowed(gate, "reqeusts")
    (waiting,) = proposals(gate)
    assert (waiting["by"], waiting["act"], waiting["takes_two"]) == ("bob", "project:approval:granted", ["look-alike"])
    shown = waiting["entries"][0]["approval"]
    assert [file["filename"] for file in shown["files"]] == ["reqeusts-1.0-py3-none-any.whl"]
    mine = bob.browser.get("/proposals").text
    assert "You proposed it" in mine
    forced = bob.post("/proposals/confirm", proposal=waiting["id"], digest=waiting["digest"])
    assert forced.status_code == 403
    assert "that is you" in forced.text
    assert not allowed(gate, "reqeusts")
    assert confirms(ada, waiting["id"]).headers["location"] == "/admin/proposals"
    assert allowed(gate, "reqeusts")
    (event, *_) = gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    assert event["actor"]["name"] == "ada"
    assert event["detail"]["proposal"]["proposed_by"] == "bob"
    assert event["detail"]["proposal"]["digest"] == waiting["digest"]
    assert gate.facts("audit", "verify")["intact"]
    assert not proposals(gate)
    assert ada.post("/proposals/confirm", proposal=waiting["id"], digest=waiting["digest"]).status_code == 404, "once"


def test_one_person_with_differently_named_tokens_is_one_person(
    gate: Gatehouse, ada: Person, hers: dict[str, str]
) -> None:
    """Whoever issues a token saw its secret; and one of the gate's host, or issued with that, may be anybody's."""
    wish = ("approve", "numpyy", "--reason", "x", "--acknowledge", "look-alike:numpy")
    refused = gate.cli(*wish, **hers)
    assert refused.returncode == 2
    assert "This takes two people (look-alike)" in refused.stderr
    (waiting,) = proposals(gate)
    words = ("token", "issue", "grace", "--role", "approver", "--json")
    issued = [json.loads(gate.cli(*words, **by).stdout)["secret"] for by in (hers, {})]
    laptop = ada.token("another laptop")["WICKETGATE_TOKEN"]
    said = ["that is you", "that is you", "belongs to no account", "belongs to no account"]
    for secret, why in zip((laptop, *issued, gate.token), said, strict=True):
        done = gate.cli("proposals", "confirm", waiting["id"], "--digest", waiting["digest"], WICKETGATE_TOKEN=secret)
        assert (done.returncode, why in done.stderr) == (2, True), done.stderr
        assert not allowed(gate, "numpyy")
    for secret in (issued[1], gate.token):
        done = gate.cli(*wish, WICKETGATE_TOKEN=secret)
        assert "belongs to no account" in done.stderr, "nor does it propose what she then confirms"
    assert len(proposals(gate)) == 1
    gate.facts("proposals", "reject", waiting["id"], "--reason", "a slip of mine")
    assert not proposals(gate)


def test_a_token_of_an_account_is_its_owner(gate: Gatehouse, ada: Person, bob: Person) -> None:
    done = gate.cli("approve", "numpyy", "--reason", "x", "--acknowledge", "look-alike:numpy", **ada.token())
    assert done.returncode == 2
    (waiting,) = proposals(gate)
    assert waiting["by"] == "a terminal"
    refused = ada.post("/proposals/confirm", proposal=waiting["id"], digest=waiting["digest"])
    assert refused.status_code == 403, "her session after her token"
    words = ("proposals", "confirm", waiting["id"], "--digest", waiting["digest"])
    assert gate.cli(*words, **bob.token()).returncode == 0
    assert allowed(gate, "numpyy")


def test_what_was_looked_at_is_what_is_confirmed(gate: Gatehouse, ada: Person, bob: Person) -> None:
    bob.post("/approve", requirement="requsets", reason="x", do="grant", acknowledge="look-alike:requests")
    (waiting,) = proposals(gate)
    assert ada.post("/proposals/confirm", proposal=waiting["id"], digest="0" * 64).status_code == 422
    assert not allowed(gate, "requsets")
    rejected = ada.post("/proposals/reject", proposal=waiting["id"], reason="not today")
    assert rejected.headers["location"] == "/admin/proposals"
    assert not allowed(gate, "requsets")
    (event, *_) = gate.facts("audit", "list", "--tag", "proposal:act:rejected")["events"]
    assert (event["actor"]["name"], event["detail"]["proposed_by"]) == ("ada", "bob")


def test_malware_is_disputed_by_two_and_everybody_hears_of_it(
    gate: Gatehouse, ada: Person, bob: Person, hers: dict[str, str]
) -> None:
    gate.approve("stolen")
    assert not allowed(gate, "stolen/1.0")
    done = gate.cli("waive", "stolen==1.0", "MAL-2026-1", "--reason", "a false report", "--days", "2", **hers)
    assert done.returncode == 2
    assert "takes two people (malware-dispute)" in done.stderr
    (waiting,) = proposals(gate)
    assert not allowed(gate, "stolen/1.0")
    assert confirms(bob, waiting["id"]).status_code == 303
    assert allowed(gate, "stolen/1.0")
    said = gate.cli("explain", "stolen==1.0").stdout + gate.get("/explain/stolen/1.0").text
    assert "REPORTS MALWARE" in said
    assert "MAL-2026-1 REPORTS MALWARE" in ada.browser.get("/").text, "on every page of the admin"
    (event, *_) = gate.facts("audit", "list", "--tag", "project:malware:disputed")["events"]
    assert event["project"] == "stolen"
    assert "project:malware:disputed" in gate.output()
    gate.facts("waive", "stolen==1.0", "MAL-2026-1", "--end", "--reason", "it is true after all")
    assert not allowed(gate, "stolen/1.0"), "saying no takes one person"


def test_a_word_is_taken_out_of_the_terms_by_two(gate: Gatehouse, carol: Person, hers: dict[str, str]) -> None:
    refused = gate.cli("terms", "--two-person", "people", "--reason", "too slow", **hers)
    assert refused.returncode == 2
    assert "(two-person)" in refused.stderr
    (waiting,) = proposals(gate)
    assert waiting["entries"][0]["terms"] == {"two_person": ["people"]}, "what would change, and nothing else"
    assert "look-alike" in gate.facts("terms")["two_person"]
    gate.facts("terms", "--minimum-age-days", "3", "--reason", "meanwhile")
    stale = confirms(carol, waiting["id"])
    assert stale.status_code == 422
    assert "was changed since it was proposed" in stale.text
    gate.facts("proposals", "reject", waiting["id"], "--reason", "anew")
    gate.cli("terms", "--two-person", "people", "--reason", "too slow", **hers)
    (waiting,) = proposals(gate)
    assert confirms(carol, waiting["id"]).status_code == 303
    assert gate.facts("terms")["two_person"] == ["people"]
    assert gate.facts("terms")["minimum_age_days"] == 3
    gate.facts("terms", "--two-person", "people", "--two-person", "look-alike", "--reason", "back")


def test_somebody_who_decides_is_let_in_by_two(
    gate: Gatehouse, ada: Person, carol: Person, hers: dict[str, str]
) -> None:
    machine = ada.post("/people/invite", name="eve", role="pipeline", reason="x")
    assert (machine.status_code, "no role of people" in machine.text) == (422, True)
    more = gate.cli("account", "invite", "dave", "--role", "owner", "--reason", "x", "--json", **hers)
    waiting = json.loads(more.stdout)["proposal"]
    assert confirms(carol, waiting["id"]).status_code == 403, "who confirms holds what is given"
    gate.facts("proposals", "reject", waiting["id"], "--reason", "an owner is too much")
    waiting = gate.cli("account", "invite", "dave", "--role", "administrator", "--reason", "x", "--json", **hers)
    assert waiting.returncode == 2
    data = json.loads(waiting.stdout)
    assert data["proposal"]["takes_two"] == ["people"]
    secret = data["secret"]
    assert secret not in json.dumps(proposals(gate))
    with Person(gate, "dave", "administrator") as dave:
        early = dave.post("/invited", secret=secret, password=dave.password, repeated=dave.password)
        assert early.status_code == 403
        assert confirms(carol, data["proposal"]["id"]).status_code == 303
        taken = dave.post("/invited", secret=secret, password=dave.password, repeated=dave.password)
        assert taken.headers["location"] == "/admin/sign-in"
    assert gate.facts("account", "invite", "erin", "--role", "auditor", "--reason", "x")["secret"], "an auditor by one"
    assert gate.cli("account", "reset-factor", "bob", "--reason", "x", **hers).returncode == 2
    gate.facts("proposals", "reject", proposals(gate)[0]["id"], "--reason", "no")


def test_a_strict_channel_is_loosened_by_two(gate: Gatehouse, hers: dict[str, str]) -> None:
    gate.facts("channels", "open", "production", "--reason", "strict")
    fewer = ("--two-person", "policy")
    assert "(two-person)" in gate.cli("terms", "--channel", "production", *fewer, "--reason", "strict", **hers).stderr
    gate.facts("proposals", "reject", proposals(gate)[0]["id"], "--reason", "it would take out what it inherits")
    more = (*fewer, "--two-person", "look-alike", "--two-person", "people")
    gate.facts("terms", "--channel", "production", *more, "--reason", "strict")
    for channel in ("production", ""):
        done = gate.cli("approve", "flask", "--reason", "x", "--channel", channel, **hers)
        assert "takes two people (policy)" in done.stderr, "what is said in its base counts there too"
    first, second = proposals(gate)
    gate.facts("prohibit", "flask", "--channel", "production", "--reason", "no")
    done = gate.cli("prohibit", "flask", "--lift", "--channel", "production", "--reason", "yes", **hers)
    assert done.returncode == 2
    closing = gate.cli("channels", "close", "production", "--reason", "x", **hers)
    assert closing.returncode == 2, "nor is it closed by one"
    for waiting in proposals(gate):
        gate.facts("proposals", "reject", waiting["id"], "--reason", "enough")
    assert first["id"] != second["id"]


def test_a_word_is_not_named_where_nobody_could_confirm(
    tmp_path_factory: pytest.TempPathFactory, index: Upstream
) -> None:
    lonely = Gatehouse(tmp_path_factory.mktemp("lonely") / "gate", index.url).start()
    try:
        refused = lonely.cli("terms", "--two-person", "look-alike", "--reason", "x")
        assert refused.returncode == 2
        assert "Invite a second one first" in refused.stderr
    finally:
        lonely.stop()
