"""The upstream in the real world, and one that lies: what the gate serves of it, and what it leaves behind."""

from __future__ import annotations

import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Answer, Asked, Listed, Upstream, now

JSON = "application/vnd.pypi.simple.v1+json"


def listed(gate: Gatehouse, project: str = "flask") -> list[str]:
    """The files that the page offers."""
    page = gate.get(f"/simple/{project}/", accept=JSON).json()
    return [file["filename"] for file in page["files"] if "files/" in file["url"]]


def left_behind(gate: Gatehouse) -> list[Path]:
    """Half-written files in the cache."""
    return list((gate.data_dir / "cache").rglob("tmp-*"))


def test_an_index_of_html_alone(index: Upstream, gate: Gatehouse) -> None:
    index.json = index.etags = False
    index.release("flask", "3.0.0")
    outcome = gate.approve("flask")
    assert outcome["still_withheld"][0]["reasons"][0]["code"] == "too-new", "HTML says no upload time"
    gate.approve("flask", "--acknowledge", "too-new")
    assert listed(gate) == ["flask-3.0.0-py3-none-any.whl"]


def test_an_index_that_hides_its_metadata(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0", ["click"])
    wheel.hidden_metadata = True
    gate.approve("flask")
    page = gate.get("/simple/flask/", accept=JSON).json()
    assert "core-metadata" in page["files"][0], "it was asked for, and pinned, when the file was approved"
    assert gate.get(f"/files{wheel.path}.metadata").content == wheel.metadata


def test_relative_addresses_and_compressed_pages(index: Upstream, make_gate: MakeGate) -> None:
    index.relative = index.compressed = True
    wheel = index.release("flask", "3.0.0")
    gate = make_gate()
    gate.approve("flask")
    assert gate.get(f"/files{wheel.path}").content == wheel.content


def test_a_page_of_five_thousand_files(index: Upstream, gate: Gatehouse) -> None:
    long_ago = now() - timedelta(days=400)
    for number in range(5000):
        index.publish(Listed("boto", f"1.{number}", f"boto-1.{number}-py3-none-any.whl", b"", long_ago))
    outcome = gate.approve("boto>=1.4000,<1.4010")
    assert len(outcome["opened"]) == 10
    assert len(listed(gate, "boto")) == 10


def test_kept_pages_are_revalidated_and_served_stale(index: Upstream, make_gate: MakeGate) -> None:
    index.release("flask", "3.0.0")
    gate = make_gate("--index-ttl", "0")
    gate.approve("flask")
    assert listed(gate)
    assert "if-none-match" in index.asked("/simple/flask/")[-1].headers
    index.down()
    assert listed(gate) == ["flask-3.0.0-py3-none-any.whl"]
    assert gate.get("/explain/flask", accept="application/json").json()["stale"]


def test_with_the_upstream_away_what_is_cached_is_served_and_what_is_not_is_503(
    index: Upstream, gate: Gatehouse
) -> None:
    cached, other = index.release("flask", "3.0.0"), index.release("flask", "3.1.0")
    gate.approve("flask")
    assert gate.get(f"/files{cached.path}").status_code == 200
    index.down()
    gate.stop()
    gate.restart()
    assert gate.get(f"/files{cached.path}").content == cached.content
    missing = gate.get(f"/files{other.path}")
    assert (missing.status_code, missing.headers["retry-after"]) == (503, "10")
    assert gate.get("/simple/requests/", accept=JSON).status_code == 200, "a refusal needs no upstream"
    index.up()


@pytest.mark.parametrize(
    "wrong",
    [
        Answer(body=b"x" * 5000),
        Answer(body=b"", status=404),
        Answer(status=500),
        Answer(status=204),
        Answer(body=b"PK", stop_after=1),
        Answer(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\nPK"),
        Answer(raw=b"nonsense\r\n\r\n"),
        Answer(raw=b""),
        Answer(status=302, headers={"location": "http://127.0.0.1:1/x"}),
        Answer(body=b"x", headers={"content-encoding": "gzip"}),
    ],
)
def test_a_wrong_body_never_completes_and_leaves_nothing(index: Upstream, gate: Gatehouse, wrong: Answer) -> None:
    wheel = index.release("flask", "3.0.0", padding=300_000)
    gate.approve("flask")
    index.misbehave(wheel.path, wrong)
    assert not _complete(gate, f"/files{wheel.path}")
    assert not left_behind(gate)
    index.behave()
    time.sleep(4)  # a failure is remembered for three seconds
    assert gate.get(f"/files{wheel.path}").content == wheel.content


def test_the_last_bytes_of_a_wrong_large_file_are_withheld(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0", padding=3_000_000)
    gate.approve("flask")
    index.misbehave(wheel.path, Answer(body=wheel.content[:-1] + b"!"))
    assert not _complete(gate, f"/files{wheel.path}")


def test_metadata_that_speaks_of_another_project_is_not_handed_out(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0")
    assert wheel.metadata
    index.misbehave(f"{wheel.path}.metadata", Answer(body=wheel.metadata.replace(b"Name: flask", b"Name: fiask")))
    gate.approve("flask")
    assert gate.get(f"/files{wheel.path}.metadata").status_code in {502, 503}


def test_a_file_that_changes_upstream_is_reported_and_the_pinned_one_goes_on(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    good = wheel.content
    assert gate.get(f"/files{wheel.path}").content == good
    wheel.content, wheel.sha256 = b"PK evil", "e" * 64
    gate.cli("approve", "flask", "--reason", "refresh the page", "--dry-run")
    assert listed(gate) == [wheel.filename]
    assert gate.get(f"/files{wheel.path}").content == good
    (event,) = gate.facts("audit", "list", "--tag", "file:digest:changed")["events"]
    assert event["detail"]["sha256"] == "e" * 64


def test_a_new_origin_is_refused_with_an_alert_until_it_is_allowed(index: Upstream, gate: Gatehouse) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    wheel = index.release("click", "8.1.0")
    wheel.extra["url"] = f"http://files.elsewhere.example{wheel.path}"
    outcome = gate.approve("click")
    assert outcome["still_withheld"][0]["reasons"][0]["code"] == "foreign-origin"
    (event,) = gate.facts("audit", "list", "--tag", "upstream:origin:refused")["events"]
    assert event["detail"]["origin"] == "http://files.elsewhere.example"
    gate.facts("origins", "allow", "http://files.elsewhere.example", "--reason", "our mirror")
    assert listed(gate, "click") == [wheel.filename]


def test_with_origins_named_nothing_is_learnt(index: Upstream, make_gate: MakeGate) -> None:
    gate = make_gate("--file-origin", "https://files.example")
    index.release("flask", "3.0.0")
    assert gate.approve("flask")["still_withheld"][0]["reasons"][0]["code"] == "foreign-origin"


@pytest.mark.parametrize(
    "lie", [{"hashes": {"md5": "0" * 32}}, {"hashes": {}}, {"filename": "fiask-3.0.0-py3-none-any.whl"}]
)
def test_rows_that_lie_are_not_approved(index: Upstream, gate: Gatehouse, lie: dict[str, object]) -> None:
    index.release("flask", "3.0.0").extra.update(lie)
    index.release("flask", "3.1.0")
    assert gate.approve("flask")["versions"] == ["3.1.0"]


def test_a_name_that_may_not_be_asked_for_never_reaches_the_upstream(index: Upstream, gate: Gatehouse) -> None:
    gate.facts("terms", "--internal", "acme-*", "--reason", "ours")
    for name in ("acme-billing", "reqeusts", "some-name-nobody-knows"):
        index.release(name, "1.0")
        page = gate.get(f"/simple/{name}/", accept=JSON)
        assert page.status_code == 200
        assert page.json()["files"][0]["filename"].startswith(f"{name.replace('-', '_')}-9999+")
    assert not [request for request in index.requests if request.path != "/simple/"]


def test_many_clients_of_one_cold_file_are_one_upstream_request(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0", padding=2_000_000)
    gate.approve("flask")
    with ThreadPoolExecutor(20) as pool:
        bodies = list(pool.map(lambda _: gate.get(f"/files{wheel.path}").content, range(20)))
    assert all(body == wheel.content for body in bodies)
    assert (
        len([request for request in index.asked(wheel.path) if request.method == "GET" and request.path == wheel.path])
        == 1
    )


def test_credentials_of_clients_and_of_the_index_stay_where_they_belong(index: Upstream, make_gate: MakeGate) -> None:
    secret = "s3cr3t-of-the-index"
    gate = make_gate(upstream=index.url.replace("://", f"://user:{secret}@"))
    index.release("flask", "3.0.0")
    gate.approve("flask")
    wheel = index.files["flask"][0]
    client = {"authorization": "Basic X190b2tlbl9fOm15LXNlY3JldA==", "cookie": "a=my-cookie"}
    assert gate.get(f"/files{wheel.path}", **client).status_code == 200
    assert all("authorization" in request.headers for request in index.requests if request.origin == "index")
    assert not any("authorization" in request.headers for request in index.requests if request.origin == "files")
    assert not any(
        "my-secret" in str(request.headers) or "my-cookie" in str(request.headers) for request in index.requests
    )
    assert secret not in gate.output()


def test_nothing_of_the_upstreams_headers_travels_through(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")

    def chatty(asked: Asked) -> Answer:
        lies = {
            "set-cookie": "a=b",
            "content-type": "text/html",
            "x-accel-redirect": "/etc/passwd",
            "access-control-allow-origin": "*",
        }
        return Answer(headers=lies, body=wheel.content)

    index.misbehave(wheel.path, chatty)
    headers = gate.get(f"/files{wheel.path}").headers
    assert not {"set-cookie", "x-accel-redirect", "access-control-allow-origin"} & set(headers)
    assert headers["content-type"] == "application/octet-stream"


def _complete(gate: Gatehouse, path: str) -> bool:
    """Whether a GET of this path comes to its proper end with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=30)
    connection.request("GET", path)
    try:
        answer = connection.getresponse()
        answer.read()
    except (http.client.IncompleteRead, ConnectionError):
        return False
    else:
        return answer.status == 200
    finally:
        connection.close()
