"""The pages, as forms and links: signing in, approving with the consequences shown first, and nobody else's forms."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

SAME = {"sec-fetch-site": "same-origin"}


@pytest.fixture
def browser(gate: Gatehouse) -> Iterator[httpx.Client]:
    """A browser that is not signed in."""
    with httpx.Client(base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers=SAME) as client:
        yield client


@pytest.fixture
def desk(gate: Gatehouse, browser: httpx.Client) -> httpx.Client:
    """A browser that is signed in with the first-run token."""
    assert browser.post("/sign-in", data={"token": gate.token}).headers["location"] == "/admin/"
    return browser


def test_who_is_not_signed_in_is_led_to_the_door(browser: httpx.Client) -> None:
    for path in ("/", "/approve", "/audit"):
        assert browser.get(path).headers["location"] == "/admin/sign-in"
    assert browser.post("/approve", data={}).headers["location"] == "/admin/sign-in"


def test_a_wrong_token_opens_nothing(browser: httpx.Client) -> None:
    answer = browser.post("/sign-in", data={"token": "wgt_wrong"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_session_is_out_of_reach_of_scripts_and_other_sites(gate: Gatehouse, browser: httpx.Client) -> None:
    cookie = browser.post("/sign-in", data={"token": gate.token}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/admin" in cookie
    assert gate.token not in cookie


def test_signing_out_ends_the_session_everywhere(desk: httpx.Client, gate: Gatehouse) -> None:
    session = dict(desk.cookies)
    assert desk.get("/").status_code == 200
    desk.post("/sign-out")
    again = httpx.get(f"{gate.url}/admin/", cookies=session, trust_env=False, verify=False)
    assert again.headers["location"] == "/admin/sign-in"


def test_the_first_button_shows_and_the_second_grants(desk: httpx.Client, index: Upstream, gate: Gatehouse) -> None:
    index.release("flask", "3.0.0")
    index.release("flask", "3.1.0", days=1)
    form = {"requirement": "flask>=3", "reason": "the web team"}
    shown = desk.post("/approve", data={**form, "do": "preview"})
    assert "This would open" in shown.text
    assert "3.0.0" in shown.text
    assert "too new until" in shown.text
    assert gate.get("/explain/flask", accept="application/json").json()["allowed"] is False
    revision = gate.admin("GET", "/terms").json()["revision"]
    granted = desk.post("/approve", data={**form, "do": "grant", "revision": str(revision)})
    assert "Approved flask" in granted.text
    assert gate.get("/explain/flask", accept="application/json").json()["allowed"] is True


def test_a_look_alike_is_granted_only_with_its_box_ticked(desk: httpx.Client, index: Upstream) -> None:
    index.release("reqeusts", "1.0")
    form = {"requirement": "reqeusts", "reason": "x", "do": "grant"}
    asked = desk.post("/approve", data=form)
    assert 'value="look-alike:requests"' in asked.text
    assert "Approved" not in asked.text
    assert "Approved reqeusts" in desk.post("/approve", data={**form, "acknowledge": "look-alike:requests"}).text


def test_the_inbox_shows_what_was_asked_for_as_text(desk: httpx.Client, gate: Gatehouse) -> None:
    why = "<script>alert(1)</script>"
    httpx.post(f"{gate.url}/explain/flask/request", data={"why": why}, trust_env=False, verify=False)
    page = desk.get("/inbox").text
    assert why not in page
    assert "&lt;script&gt;" in page
    desk.post("/inbox", data={"pick": "project=flask", "do": "decline", "reason": "no"})
    assert "Nobody asked for anything" in desk.get("/inbox").text


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"}]
)
def test_forms_of_other_sites_are_refused(desk: httpx.Client, index: Upstream, headers: dict[str, str]) -> None:
    index.release("flask", "3.0.0")
    form = {"requirement": "flask", "reason": "x", "do": "grant"}
    assert desk.post("/approve", data=form, headers=headers).status_code == 403


@pytest.mark.parametrize(("origin", "status"), [("https://evil.example", 403), ("", 403), ("same", 200)])
def test_without_fetch_metadata_the_origin_decides(
    gate: Gatehouse, desk: httpx.Client, origin: str, status: int
) -> None:
    headers = {"origin": gate.url if origin == "same" else origin}
    answer = httpx.post(
        f"{gate.url}/admin/approve",
        data={"requirement": ""},
        headers=headers,
        cookies=dict(desk.cookies),
        trust_env=False,
        verify=False,
    )
    assert (answer.status_code == 403) is (status == 403)


def test_pages_allow_files_of_our_own_as_scripts_and_no_frame(desk: httpx.Client, gate: Gatehouse) -> None:
    for answer in (desk.get("/"), desk.get("/audit"), httpx.get(f"{gate.url}/", trust_env=False, verify=False)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in f"{policy};"
        assert "unsafe" not in policy
        assert not re.search(r"<script(?! src=\"/[a-z./]+\" defer></script>)", answer.text)
        assert not re.search(r"<[^>]* (?:style|on[a-z]+)=", answer.text)
