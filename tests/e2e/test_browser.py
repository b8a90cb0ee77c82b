"""The pages in a real browser: a sign-in with a second factor, from a request to an installation, charts, and axe."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, expect

from tests.clients import BIN, Bench
from tests.world.chromium import CHROMIUM, NARROW, Window, chromium
from tests.world.gatehouse import Gatehouse
from tests.world.person import Person
from tests.world.upstream import Upstream

if not CHROMIUM:
    pytest.skip("Chromium is not here: apt-get install chromium", allow_module_level=True)

TOOLS = ("pip", "uv", "poetry", "pdm", "pipenv", "hatch", "docker", "github", "gitlab")
OPEN = [
    "/",
    "/explain/flask",
    "/explain/reqeusts",
    "/explain/jinja2/3.0.0",
    "/research/",
    "/admin/sign-in",
    "/admin/invited",
]
DESK = [
    f"/admin{path}"
    for path in (
        "/", "/inbox", "/approve?requirement=flask", "/projects", "/projects?q=ji", "/projects/jinja2",
        "/projects/jinja2?version=3.0.0", "/projects/reqeusts", "/projects/nowhere-to-be-found", "/policy",
        "/policy/terms", "/policy/terms?term=ages&channel=research", "/policy/terms?term=two_person", "/requests",
        "/policy/document", "/advisories", "/who-has", "/who-has?project=jinja2", "/proposals", "/emergencies",
        "/audit", "/audit?text=jinja2", "/audit/decisions", "/audit/decisions?verdict=refused", "/audit/4",
        "/people", "/access", "/account",
    )
]  # fmt: skip


@dataclass
class World:
    """A gate with something to see, somebody who runs it, and a browser."""

    gate: Gatehouse
    browser: Browser
    rita: Person


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("browser")
    with Upstream() as index, chromium() as browser:
        for version in ("3.0.0", "3.0.1", "3.1.0"):
            index.release("jinja2", version, licence="BSD-3-Clause")
        for project in ("flask", "click", "reqeusts", "sixx", "rich", "numpy", "pandas"):
            index.release(project, "1.0.0")
        index.release("flask", "1.1.0", days=1)
        gate = Gatehouse(folder / "gate", index.url).start()
        try:
            _something_to_see(gate)
            with Person(gate, "rita", "owner") as rita:
                rita.joins()
                yield World(gate, browser, rita)
        finally:
            gate.stop()


def _something_to_see(gate: Gatehouse) -> None:
    """Traffic, requests, a release that turned bad, a waiver, a channel, and an emergency."""
    said = {"reason": "a test needs it"}
    for path, body in (
        ("/approvals", {"requirement": "jinja2<3.1"}),
        ("/channels", {"name": "research"}),
        ("/prohibitions", {"requirement": "left-pad"}),
        ("/emergencies", {"requirement": "rich==1.0.0", "hours": 24}),
    ):
        assert gate.admin("POST", path, json=body | said).status_code == 201, path
    files = gate.get("/simple/jinja2/", accept="application/vnd.pypi.simple.v1+json").json()["files"]
    for file in files[:2]:
        assert gate.get(f"/simple/jinja2/{file['url'].partition('#')[0]}").status_code in {200, 307}, file
    for name, times in (("click", 3), ("reqeusts", 2), ("sixx", 1), ("numpy", 1), ("pandas", 1)):
        for _ in range(times):
            gate.get(f"/simple/{name}/")
    gate.post("/explain/click/request", data={"why": "our command line"})
    gate.advisory("TEST-2026-1", "jinja2", versions=["3.0.0"])
    gate.advisory("TEST-2026-2", "jinja2", versions=["3.0.1"])
    waiver = {"requirement": "jinja2==3.0.1", "advisory": "TEST-2026-2", "days": 5}
    assert gate.admin("POST", "/waivers", json=waiver | said).status_code == 201


def _signed_in(world: World, **more: object) -> Window:
    """A window in which rita is signed in, with the session that she has elsewhere."""
    window = Window(world.browser, world.gate, **more)
    window.context.add_cookies(
        [{"name": "wicketgate_session", "value": world.rita.session, "url": f"{world.gate.url}/admin"}]
    )
    return window


def test_from_a_request_to_an_installation_across_two_people(world: World, tmp_path: Path) -> None:
    gate, bench = world.gate, Bench(tmp_path / "bench")
    assert "flask_is_not_approved" in bench.pip("26.3", gate.index, "flask").output

    dora = Window(world.browser, gate)
    page = dora.go("/explain/flask")
    page.get_by_label("What do you need it for?").fill("the shop's pages")
    page.get_by_role("button", name="Ask the security team").click()
    expect(page.get_by_role("heading", name="flask: refused")).to_be_visible()
    assert not dora.complaints

    with Person(gate, "ada", "approver") as ada:
        ada.joins()
        desk = Window(world.browser, gate)
        page = desk.go("/admin/")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(ada.password)
        page.keyboard.press("Enter")
        page.get_by_label("Code").fill(ada.code())
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What needs a decision")).to_be_visible()
    page.get_by_role("link", name="request").first.click()
    row = page.get_by_role("row").filter(has_text="the shop's pages")
    row.get_by_role("checkbox").check()
    section = page.locator("form").filter(has=row)
    section.get_by_label("Why", exact=True).fill("the shop is ours")
    section.get_by_role("button", name="Show what approving these opens").click()
    expect(page.get_by_role("row").filter(has_text="flask")).to_contain_text("too new until")
    page.get_by_role("button", name="Approve 1, as one change").click()
    expect(page.get_by_role("status")).to_contain_text("What you approved is in force")

    page.get_by_label("Find a project").fill("fla")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="flask", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="project:approval:granted")).to_contain_text("ada")
    assert not desk.complaints

    installed = bench.pip("26.3", gate.index, "flask")
    assert "Successfully installed flask-1.0.0" in installed.output
    page.get_by_role("link", name="Who has it").click()
    page.get_by_label("Project", exact=True).fill("flask")
    page.get_by_role("button", name="Find out").click()
    expect(page.get_by_role("row").filter(has_text="flask 1.0.0").last).to_contain_text("pip")


def test_charts_are_drawn_from_the_tables_beneath_them(world: World) -> None:
    window = _signed_in(world)
    page = window.go("/admin/")
    charts = page.locator(".chart[data-drawn=yes] canvas")
    expect(charts).to_have_count(3)
    painted = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    for n in range(3):
        assert charts.nth(n).evaluate(painted), n
    expect(page.get_by_role("table", name="What was answered")).to_be_hidden()
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("table", name="What was answered")).to_be_visible()
    turned = page.get_by_role("row").filter(has_text="TEST-2026-1")
    expect(turned).to_contain_text("jinja2 3.0.0")
    page.keyboard.press("Tab")
    page.go_back()
    assert not window.complaints


def test_pages_are_whole_without_script(world: World) -> None:
    page = _signed_in(world, java_script_enabled=False).go("/admin/")
    expect(page.get_by_role("table", name="The names that were refused most")).to_contain_text("click")
    page.get_by_role("link", name="Inbox").click()
    form = page.locator("form").filter(has_text="our command line")
    form.get_by_role("checkbox", name="click").check()
    form.get_by_label("Why", exact=True).fill("we have one already")
    form.get_by_role("button", name="Decline these").click()
    expect(page.get_by_text("our command line")).to_have_count(0)


def test_comfort_by_keyboard_and_script(world: World) -> None:
    window = _signed_in(world, permissions=["clipboard-read", "clipboard-write"])
    page = window.go("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    copy = page.locator("section", has=page.locator("#pip")).get_by_role("button").first
    copy.click()
    expect(copy).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"pip config set global.index-url {world.gate.index}"
    page = window.go("/admin/inbox")
    form = page.locator("form").filter(has=page.get_by_label("All that was refused"))
    form.get_by_label("All that was refused").check()
    boxes = form.locator("input[name=pick]")
    assert boxes.count() > 1
    assert all(boxes.nth(n).is_checked() for n in range(boxes.count()))
    assert not window.complaints


def test_lines_of_the_set_up_page_are_right_as_they_stand(world: World, tmp_path: Path) -> None:
    page = _signed_in(world).go("/")
    page.get_by_label("Project", exact=True).fill("Jinja2")
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_role("heading", name="jinja2: allowed")).to_be_visible()
    page.goto("/research/")
    expect(page.locator("pre").first).to_contain_text("/research/simple/")
    page.goto("/")
    lines = {heading: page.locator("section", has=page.locator(f"#{heading}")).locator("pre") for heading in TOOLS}
    assert all(world.gate.index in found.first.inner_text() for found in lines.values())
    for tool in ("uv", "pipenv", "hatch"):
        assert world.gate.index in str(tomllib.loads(lines[tool].first.inner_text())), tool
    assert world.gate.index in str(tomllib.loads(lines["pdm"].last.inner_text()))
    project = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["jinja2"]\n'
    bench = Bench(tmp_path / "bench", environment={"UV_NO_CONFIG": "false"})
    (bench.folder / "pyproject.toml").write_text(project + lines["uv"].first.inner_text())
    locked = bench.run([str(BIN / "uv"), "lock"])
    assert locked.code == 0, locked.output
    assert f'registry = "{world.gate.index}"' in (bench.folder / "uv.lock").read_text()


def test_a_waiver_is_granted_and_ended_on_the_page_of_advisories(world: World) -> None:
    window = _signed_in(world)
    page = window.go("/admin/advisories")
    page.get_by_label("Project and range").fill("jinja2==3.0.0")
    page.get_by_label("Advisory", exact=True).fill("TEST-2026-1")
    page.get_by_label("Days until it ends").fill("12")
    page.get_by_label("Why it does not matter").select_option("vulnerable_code_not_present")
    page.get_by_label("Why", exact=True).fill("our pages are our own")
    page.get_by_role("button", name="Waive it").click()
    row = page.get_by_role("row").filter(has_text="our pages are our own")
    for text in ("TEST-2026-1", "jinja2==3.0.0", "11 days left", "rita", "vulnerable code not present"):
        expect(row).to_contain_text(text)
    expect(page.get_by_text("What they withhold of")).to_be_visible()
    assert not window.grave()
    row.get_by_label("Why the waiver of TEST-2026-1 ends").fill("it is fixed")
    row.get_by_role("button", name="End it").click()
    expect(page.get_by_text("our pages are our own")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="jinja2 3.0.0").first).to_contain_text("TEST-2026-1")
    assert not window.complaints
    page.get_by_label("Project and range").fill("jinja2==3.0.0")
    page.get_by_label("Advisory", exact=True).fill("NO-SUCH-1")
    page.get_by_label("Why", exact=True).fill("x")
    page.get_by_role("button", name="Waive it").click()
    expect(page.get_by_role("alert").filter(has_text="No advisory 'NO-SUCH-1' about jinja2")).to_be_visible()


def test_who_has_it_is_answered_by_digest_and_by_advisory(world: World) -> None:
    window = _signed_in(world)
    listed = world.gate.get("/simple/jinja2/", accept="application/vnd.pypi.simple.v1+json").json()["files"]
    digest = next(file["hashes"]["sha256"] for file in listed if file["filename"].startswith("jinja2-3.0.1"))
    for label, said, has, has_not in (
        ("or a digest (SHA-256)", digest, "jinja2 3.0.1", "jinja2 3.0.0"),
        ("or an advisory", "TEST-2026-1", "jinja2 3.0.0", "jinja2 3.0.1"),
    ):
        page = window.go("/admin/who-has")
        page.get_by_label(label, exact=True).fill(said)
        page.get_by_role("button", name="Find out").click()
        expect(page.get_by_role("row").filter(has_text=has).first).to_contain_text("jinja2")
        expect(page.get_by_role("row").filter(has_text=has_not)).to_have_count(0)
        assert not window.grave()
    assert not window.complaints
    page.get_by_label("or an advisory").fill("NO-SUCH-1")
    page.get_by_role("button", name="Find out").click()
    expect(page.get_by_role("alert").filter(has_text="No advisory 'NO-SUCH-1' is known")).to_be_visible()


def test_one_term_is_changed_after_what_it_would_do_was_shown(world: World) -> None:
    window = _signed_in(world)
    page = window.go("/admin/policy")
    page.get_by_role("link", name="Change minimum age days in research").click()
    page.get_by_label("Minimum age days").fill("2000")
    page.get_by_label("Why", exact=True).fill("research is careful")
    page.get_by_role("button", name="Show what this would do").click()
    expect(page.get_by_role("heading", name="Approved files that are withheld then")).to_be_visible()
    assert not window.grave()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status").filter(has_text="In force as revision")).to_be_visible()
    page.get_by_role("link", name="Back to the policy").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="minimum age days"))
    expect(row).to_contain_text("2000 its own")
    page.get_by_role("link", name="Change minimum age days in research").click()
    page.get_by_label("Inherit it from the default channel again").check()
    page.get_by_label("Why", exact=True).fill("that was too careful")
    page.get_by_role("button", name="Show what this would do").click()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("heading", name="Approved files that are opened now")).to_be_visible()
    assert not window.complaints


def test_the_record_is_searched_and_a_search_is_kept(world: World) -> None:
    window = _signed_in(world)
    page = window.go("/admin/audit")
    page.get_by_role("link", name="What was handed out or refused").click()
    page.get_by_label("Answer").select_option("refused")
    page.get_by_label("Words").fill("sixx")
    page.get_by_role("button", name="Search").click()
    row = page.get_by_role("row").filter(has_text="the page of sixx")
    expect(row.first).to_contain_text("look-alike")
    expect(page.get_by_role("row").filter(has_text="jinja2")).to_have_count(0)
    page.get_by_label("Under this name").fill("who wanted sixx")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("link", name="What was changed").click()
    page.get_by_label("What (or how it begins)").fill("policy:waiver")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing in the record is so")
    page.get_by_label("What (or how it begins)").fill("project:waiver")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Event").last.click()
    expect(page.get_by_role("row").filter(has_text="advisory").first).to_contain_text("TEST-2026-2")
    page.get_by_role("link", name="Back to the record").click()
    page.get_by_role("link", name="who wanted sixx").click()
    expect(row.first).to_be_visible()
    page.get_by_role("button", name="Forget who wanted sixx").click()
    expect(page.get_by_role("link", name="who wanted sixx")).to_have_count(0)
    assert not window.complaints


def test_a_report_prints(world: World, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    done = world.gate.cli("report", "--since", "2026-01-01", "--until", "2099-01-01", "--output", str(report))
    assert done.returncode == 0, done.stderr
    window = Window(world.browser, world.gate)
    page = window.go(report.as_uri())
    expect(page.get_by_role("heading", name="Exceptions")).to_be_visible()
    assert not window.grave()
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert b"/MediaBox [0 0 595" in pdf or b"/MediaBox [0 0 594" in pdf, "A4, as its style sheet says"
    assert not window.complaints


def test_a_requester_lands_on_what_became_of_their_requests(world: World) -> None:
    with Person(world.gate, "rex", "requester") as rex:
        rex.comes()
        window = Window(world.browser, world.gate)
        window.context.add_cookies(
            [{"name": "wicketgate_session", "value": rex.session, "url": f"{world.gate.url}/admin"}]
        )
        page = window.go("/admin/")
        expect(page.get_by_role("heading", name="Your requests")).to_be_visible()
        page.get_by_label("Project, and which versions").fill("pandas>=1")
        page.get_by_label("What do you need it for?").fill("our tables")
        page.get_by_role("button", name="Ask for it").click()
        world.gate.facts("decline", "pandas", "--reason", "polars is approved")
        problems = window.looked_at("/admin/requests")
    expect(page.get_by_role("row").filter(has_text="our tables")).to_contain_text("polars is approved")
    assert not problems
    assert not window.complaints


def test_axe_finds_nothing_serious_on_any_page(world: World) -> None:
    window = _signed_in(world)
    found = [problem for path in (*OPEN, *DESK) for problem in window.looked_at(path)]
    complaints = [text for text in window.complaints if "nowhere" not in text]
    assert not found, "\n".join(found)
    assert not complaints, "\n".join(complaints)


def test_a_wide_table_has_a_shade_on_the_side_where_there_is_more(world: World) -> None:
    window = _signed_in(world)
    page = window.go("/admin/audit")
    page.set_viewport_size(NARROW)
    table = page.locator("table").first

    def edges() -> tuple[bytes, bytes]:
        """A spot of the last row's own ground, where no letter is, at its left and at its right edge."""
        x, y, width, height = table.evaluate(
            "t => { const b = t.getBoundingClientRect(); return [b.x + scrollX, b.y + scrollY, b.width, b.height] }"
        )
        at = FloatRect(x=0, y=y + height - 6, width=3, height=2)
        left, right = (page.screenshot(full_page=True, clip=at | {"x": place}) for place in (x + 3, x + width - 6))
        return left, right

    plain, shaded = edges()
    assert plain != shaded
    table.evaluate("t => { t.scrollLeft = t.scrollWidth }")
    left, right = edges()
    assert (left != plain, right) == (True, plain), "at the end there is no more"
    table.evaluate("t => { t.scrollLeft = 150 }")
    assert plain not in edges()
