"""Every page stands in the table with who may see it, and every page is tried with every role."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from admin.pages import PAGES
from admin.pages.assets import SHIPPED
from admin.pages.table import ANYBODY, SIGNED_IN, Page
from admin.roles import ROLES, Permission
from proxy.model import APPROVING
from proxy.model import ROLES as NAMES
from tests.world.gatehouse import Gatehouse
from tests.world.person import Person, browser
from tests.world.upstream import Upstream

OPEN = {f"/{name}" for name in SHIPPED} | {
    "/sign-in",
    "/sign-in/factor",
    "/sign-in/passkey",
    "/sign-in/openid",
    "/sign-in/openid/back",
    "/invited",
}
"""What a stranger may see. Whoever adds a page here lets the world in."""
OWN = {"/", "/requests", "/sign-out", "/step-up"} | {
    f"/account{rest}"
    for rest in (
        "",
        "/codes",
        "/passkey",
        "/recovery",
        "/drop",
        "/password",
        "/sessions/end",
        "/tokens",
        "/tokens/withdraw",
    )
}
"""What whoever is signed in may see: nothing but what is their own."""
FORMS = {"/emergencies": {"do": "review"}}
"""What is posted where the button decides which permission it takes: that of the table."""
DANGEROUS = {Permission.ACCESS_WRITE, Permission.TERMS_WRITE, Permission.ORIGINS_WRITE}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gatehouse]:
    with Upstream() as upstream:
        made = Gatehouse(tmp_path_factory.mktemp("pages") / "gate", upstream.url, "--no-mfa-required").start()
        yield made
        made.stop()


def test_the_table_names_who_may_see_each_page() -> None:
    assert {page.path for page in PAGES if page.needs == ANYBODY} == OPEN
    assert {page.path for page in PAGES if page.needs == SIGNED_IN} == OWN
    assert all(isinstance(page.needs, Permission) for page in PAGES if page.path not in OPEN | OWN)
    assert len({(page.method, page.path) for page in PAGES}) == len(PAGES)


def test_dangerous_acts_take_a_fresh_proof() -> None:
    acts = [page for page in PAGES if page.method == "POST"]
    assert all(page.fresh for page in acts if page.needs in DANGEROUS)
    assert next(page for page in acts if page.path == "/proposals/confirm").fresh
    own = [page for page in acts if page.path.startswith("/account/") and not page.path.endswith(("/end", "/withdraw"))]
    assert all(page.fresh for page in own)
    back = {page.path for page in PAGES if page.method == "GET"}
    assert {page.fresh for page in PAGES if page.fresh} <= back, "there is a page to come back to"


def test_the_roles_that_decide_are_those_that_need_a_second_factor() -> None:
    assert set(NAMES) == ROLES.keys() - {"pipeline"}, "which is for machines alone"
    assert {role for role in NAMES if ROLES[role] - ROLES["auditor"]} == APPROVING


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.needs != ANYBODY], ids=lambda p: f"{p.method} {p.path}"
)
def test_a_stranger_is_led_to_the_door(gate: Gatehouse, page: Page) -> None:
    with browser(gate) as client:
        answer = client.request(page.method, page.path, data={} if page.method == "POST" else None)
        assert answer.headers["location"] == "/admin/sign-in"


@pytest.mark.parametrize("page", [page for page in PAGES if page.method == "POST"], ids=lambda p: p.path)
def test_no_form_is_taken_from_elsewhere(gate: Gatehouse, page: Page) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}):
        answer = httpx.post(f"{gate.url}/admin{page.path}", headers=headers, trust_env=False, verify=False)
        assert answer.status_code == 403


@pytest.mark.parametrize("role", NAMES)
def test_every_role_sees_what_the_table_says_and_no_more(gate: Gatehouse, role: str) -> None:
    with Person(gate, f"a-{role}", role) as person:
        person.post("/invited", secret=person.invited(), password=person.password, repeated=person.password)
        assert person.knocks() == "/admin/"
        for page in PAGES:
            if page.needs in {ANYBODY, SIGNED_IN}:
                continue
            form = FORMS.get(page.path, {}) if page.method == "POST" else None
            answer = person.browser.request(page.method, page.path, data=form)
            permitted = page.needs in ROLES[role]
            assert (answer.status_code == 403) is not permitted, (role, page.method, page.path, answer.text)
            policy, kept = answer.headers["content-security-policy"], answer.headers["cache-control"]
            assert "frame-ancestors 'none'" in policy, page.path
            assert "unsafe" not in policy, page.path
            assert (kept, answer.headers["x-content-type-options"]) == ("no-store", "nosniff"), page.path
            assert answer.status_code < 500


def test_no_second_factors_is_said_at_start_on_every_page_and_in_the_health(gate: Gatehouse) -> None:
    said = "Second factors are NOT required here"
    assert said in gate.output()
    assert said in gate.get("/readyz").json()["warnings"][0]
    with Person(gate, "loud", "owner") as person:
        person.post("/invited", secret=person.invited(), password=person.password, repeated=person.password)
        person.knocks()
        for page in PAGES:
            if page.method == "GET" and not page.path.endswith((*SHIPPED, "openid", "back", "factor")):
                assert said in person.browser.get(page.path).text, page.path


def test_a_short_password_needs_a_second_factor_even_so(gate: Gatehouse) -> None:
    with Person(gate, "shorty", "owner", "nine char") as person:
        person.post("/invited", secret=person.invited(), password=person.password, repeated=person.password)
        assert person.knocks() == "/admin/account"
        assert person.browser.get("/people").headers["location"] == "/admin/account"


def test_a_token_opens_no_page_once_somebody_runs_the_gate(gate: Gatehouse) -> None:
    with Person(gate, "runner", "administrator") as person:
        person.post("/invited", secret=person.invited(), password=person.password, repeated=person.password)
        refused = person.post("/sign-in", token=gate.token)
        assert refused.status_code == 403
        assert 'name="token"' not in refused.text
    assert gate.facts("inbox"), "the terminal goes on with it"
