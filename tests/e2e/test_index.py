"""The index that installers see, over HTTP, on a running gate."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import zstandard

from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"


DECODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "zstd": zstandard.decompress,
    "identity": bytes,
}


class World:
    """One gate with an approved, a withheld and an unapproved project, for all tests that only read."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.upstream = upstream
        self.wheel = upstream.release("flask", "3.0.0", ["click"], requires_python=">=3.8", padding=200_000)
        self.other = upstream.release("flask", "3.1.0")
        self.archive = upstream.sdist("flask", "3.0.0")
        upstream.release("requests", "2.0")
        self.gate = Gatehouse(folder / "gate", upstream.url).start()
        self.gate.approve("flask==3.0.0")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Upstream() as upstream:
        made = World(tmp_path_factory.mktemp("index"), upstream)
        yield made
        made.gate.stop()


@pytest.mark.parametrize(
    ("accept", "status", "media"),
    [
        ("", 200, "text/html"),
        ("*/*", 200, "text/html"),
        (JSON, 200, JSON),
        (HTML, 200, HTML),
        (f"{JSON}, {HTML};q=0.2, text/html;q=0.1", 200, JSON),
        (f"{JSON};q=0.1, {HTML}", 200, HTML),
        ("application/vnd.pypi.simple.latest+json", 200, JSON),
        ("application/vnd.pypi.simple.v2+json", 406, "text/plain"),
        ("image/png", 406, "text/plain"),
    ],
)
def test_the_format_is_negotiated(world: World, accept: str, status: int, media: str) -> None:
    answer = world.gate.get("/simple/flask/", accept=accept)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(media)


def test_the_format_may_stand_in_the_query(world: World) -> None:
    assert world.gate.get(f"/simple/flask/?format={JSON}", accept=HTML).json()["name"] == "flask"


def test_json_and_html_say_the_same_and_only_what_is_known(world: World) -> None:
    page = world.gate.get("/simple/flask/", accept=JSON).json()
    allowed, withheld = page["files"]
    assert allowed["hashes"] == {"sha256": world.wheel.sha256}
    assert allowed["size"] == len(world.wheel.content)
    assert allowed["requires-python"] == ">=3.8"
    assert allowed["core-metadata"]
    assert "dist-info-metadata" not in allowed, "pip 23.0 breaks off at it in JSON"
    assert allowed["url"] == f"../../files{world.wheel.path}"
    assert "upload-time" in allowed
    assert "provenance" not in allowed
    assert withheld["yanked"].startswith("flask 3.1.0 is not approved")
    html = world.gate.get("/simple/flask/", accept=HTML).text
    assert f'href="{allowed["url"]}#sha256={world.wheel.sha256}"' in html
    assert "data-requires-python=&quot;" not in html
    assert 'data-requires-python="&gt;=3.8"' in html
    assert 'data-yanked="flask 3.1.0 is not approved' in html


def test_the_list_names_approved_projects_only(world: World) -> None:
    assert [project["name"] for project in world.gate.get("/simple/", accept=JSON).json()["projects"]] == ["flask"]


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/simple", "/simple/"),
        ("/simple/flask", "/simple/flask/"),
        ("/simple/Flask/", "/simple/flask/"),
        ("/simple/FLASK", "/simple/flask/"),
        ("/simple/ruamel.yaml_clib/", "/simple/ruamel-yaml-clib/"),
        ("/simple/a--b/", "/simple/a-b/"),
    ],
)
def test_a_name_that_is_not_normalised_is_redirected(world: World, path: str, location: str) -> None:
    answer = world.gate.get(path)
    assert answer.status_code == 301
    assert httpx.URL(world.gate.url + path).join(answer.headers["location"]).path == location


@pytest.mark.parametrize(
    "path",
    [
        "/simple/flask%2f/",
        "/simple/..%2fflask/",
        "/simple/%00/",
        "/simple/flask%00/",
        "/simple/f%EF%BD%8Cask/",
        "/simple/%E2%84%AAlask/",
        "/simple/flask/extra/",
        "/simple/-flask/",
        "/simple/flask-/",
        "/simple/fl ask/".replace(" ", "%20"),
        "/simple/" + "a" * 129 + "/",
        "/simple/fla%C2%ADsk/",
        "/simple/fla%E2%80%8Bsk/",
        "/simple/./flask/",
        "/simple//flask/",
    ],
)
def test_what_is_no_name_is_no_page_and_reaches_nobody(world: World, path: str) -> None:
    before = len(world.upstream.requests)
    assert _raw(world.gate, "GET", path)[0] in {404, 301}
    assert len(world.upstream.requests) == before


@pytest.mark.parametrize("coding", ["gzip", "zstd", "identity"])
def test_pages_are_compressed_as_the_client_likes(world: World, coding: str) -> None:
    status, headers, body = _raw(world.gate, "GET", "/simple/flask/", {"accept": JSON, "accept-encoding": coding})
    assert status == 200
    assert json.loads(DECODE[coding](body))["name"] == "flask"
    assert headers.get("content-encoding", "identity") == coding
    assert headers["vary"] == "Accept, Accept-Encoding"


def test_head_is_get_without_the_body(world: World) -> None:
    for path in ("/simple/flask/", f"/files{world.wheel.path}", f"/files{world.wheel.path}.metadata"):
        get, head = _raw(world.gate, "GET", path), _raw(world.gate, "HEAD", path)
        assert get[0] == head[0] == 200
        assert {**get[1], "date": ""} == {**head[1], "date": ""}
        assert head[2] == b""


def test_a_page_that_did_not_change_is_not_sent_again(world: World) -> None:
    first = world.gate.get("/simple/flask/", accept=JSON)
    again = world.gate.get("/simple/flask/", **{"accept": JSON, "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = world.gate.get("/simple/flask/", **{"accept": HTML, "if-none-match": first.headers["etag"]})
    assert other.status_code == 200


def test_a_file_has_its_digest_as_entity_tag_and_is_always_revalidated(world: World) -> None:
    answer = world.gate.get(f"/files{world.wheel.path}")
    assert answer.content == world.wheel.content
    assert answer.headers["etag"] == f'"{world.wheel.sha256}"'
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "application/octet-stream"
    again = world.gate.get(f"/files{world.wheel.path}", **{"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    (record, *_) = world.gate.facts("audit", "decisions", "--what", "file")["decisions"]
    assert (record["status"], record["filename"], record["sha256"]) == (304, world.wheel.filename, world.wheel.sha256)


@pytest.mark.parametrize(
    ("wanted", "status", "span"),
    [
        ("bytes=0-9", 206, (0, 10)),
        ("bytes=10-", 206, (10, None)),
        ("bytes=-10", 206, (-10, None)),
        ("bytes=0-0", 206, (0, 1)),
        ("bytes=5-999999999", 206, (5, None)),
        ("bytes=999999999-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=0-1,5-6", 200, (0, None)),
        ("bytes=9-3", 200, (0, None)),
        ("items=0-1", 200, (0, None)),
        ("bytes=-", 200, (0, None)),
    ],
)
def test_one_range_of_a_file(world: World, wanted: str, status: int, span: tuple[int, int | None] | None) -> None:
    answer = world.gate.get(f"/files{world.wheel.path}", range=wanted)
    assert answer.status_code == status
    if span:
        assert answer.content == world.wheel.content[slice(*span)]


def test_a_range_of_another_file_is_the_whole(world: World) -> None:
    headers = {"range": "bytes=0-9", "if-range": '"other"'}
    assert world.gate.get(f"/files{world.wheel.path}", **headers).content == world.wheel.content
    headers["if-range"] = f'"{world.wheel.sha256}"'
    assert world.gate.get(f"/files{world.wheel.path}", **headers).content == world.wheel.content[:10]


def test_metadata_stands_beside_each_wheel(world: World) -> None:
    assert world.gate.get(f"/files{world.wheel.path}.metadata").content == world.wheel.metadata


def _guesses(world: World) -> list[str]:
    withheld, archive = world.other, world.archive
    folder, name = withheld.path.rsplit("/", 1)
    return [
        withheld.path, f"{withheld.path}.metadata", archive.path, f"{withheld.path}.asc", f"{withheld.path}/",
        f"{folder}/{name.upper()}", f"{folder}/./{name}", f"{folder}/x/../{name}", f"/{withheld.path}",
        f"{folder}/{name.replace('.', '%2e')}", f"{folder}%2f{name}", f"{folder}/{name}%00", f"{folder}/{name}%20",
        f"{folder}/{name.replace('3.1.0', '3.1')}", f"{folder}/Flask-3.1.0-py3-none-any.whl", f"{withheld.path}?x=1",
        f"{world.wheel.path.rsplit('/', 1)[0]}/{name}", "/packages/nothing", "/", "",
    ]  # fmt: skip


def test_what_the_page_does_not_list_cannot_be_guessed(world: World) -> None:
    for path in _guesses(world):
        for method in ("GET", "HEAD"):
            for headers in ({}, {"range": "bytes=0-9"}, {"if-none-match": f'"{world.other.sha256}"'}):
                status, _, body = _raw(world.gate, method, f"/files{path}", headers)
                assert status in {403, 404}, (path, status)
                assert world.other.content not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_only_reading_is_answered(world: World, method: str) -> None:
    for path in ("/simple/flask/", f"/files{world.wheel.path}", "/refused/x/y.whl"):
        assert _raw(world.gate, method, path)[0] in {405, 501}


def test_headers_change_neither_identity_nor_route(world: World) -> None:
    lies = {
        "x-forwarded-for": "6.6.6.6",
        "x-real-ip": "6.6.6.6",
        "x-original-url": "/simple/flask/",
        "x-rewrite-url": "/simple/flask/",
        "x-http-method-override": "DELETE",
        "forwarded": "for=6.6.6.6",
        "host": "evil.example",
    }
    status, _, body = _raw(world.gate, "GET", "/simple/requests/", lies)
    assert status == 200
    assert b"evil.example" not in body
    assert b"refused/" in body
    (record, *_) = world.gate.facts("audit", "decisions", "--project", "requests")["decisions"]
    assert record["client"] == "127.0.0.1"


def test_a_user_agent_cannot_forge_a_line(world: World) -> None:
    agent = "pip/26.3\t\x9b31m\x85evil"
    _raw(world.gate, "GET", "/simple/requests/", {"user-agent": agent})
    (record, *_) = world.gate.facts("audit", "decisions", "--project", "requests")["decisions"]
    assert record["agent"] == "pip/26.3 31m evil"


def test_the_refusal_carries_every_reason_to_whoever_reads_it(world: World) -> None:
    answer = world.gate.get(f"/files{world.other.path}")
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 403
    assert "flask 3.1.0 is not approved; other versions are." in problem["detail"]
    assert problem["reasons"][0]["code"] == "not-approved"
    page = world.gate.get("/explain/flask/3.1.0", accept="text/html")
    assert "flask 3.1.0 is not approved" in page.text
    text = world.gate.get("/explain/flask")
    assert text.headers["content-type"].startswith("text/plain")
    assert "Allowed instead: 3.0.0" in text.text


def test_a_tombstones_address_leads_a_browser_to_the_explanation(world: World) -> None:
    page = world.gate.get("/simple/requests/", accept=JSON).json()
    path = "/" + page["files"][0]["url"].removeprefix("../../")
    answer = world.gate.get(path, accept="text/html")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{world.gate.url}/explain/requests")


def _raw(
    gate: Gatehouse, method: str, path: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send a request whose path no client library tidies up."""
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=30)
    connection.putrequest(method, path, skip_host="host" in (headers or {}), skip_accept_encoding=True)
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    body = answer.read()
    connection.close()
    return answer.status, found, body
