"""An upstream that lies, leads astray and floods: what is served of it, what it costs, and what is left behind."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from tests.conftest import MakeGate
from tests.world.bombs import BOMBS
from tests.world.gatehouse import Gatehouse
from tests.world.hostile import MEMORY_AT_MOST, Meanwhile, peak, resident, sound
from tests.world.upstream import JSON, Answer, Asked, Listed, Upstream

POPULAR = (
    "requests", "numpy", "pandas", "urllib3", "boto3", "botocore", "setuptools", "certifi", "idna", "packaging",
    "pyyaml", "six", "click", "jinja2", "attrs", "wheel", "cryptography", "cffi", "pytz", "rsa", "s3transfer", "pyasn1",
)  # fmt: skip
WORDS = (
    "marmalade", "quicksilver", "rhubarb-crumble", "windjammer", "velociraptor", "honeysuckle", "gobbledygook",
    "xylophonist", "brontosaurus", "dandelion-tea", "kaleidoscopic", "umbrella-stand",
)  # fmt: skip
"""Projects whose names resemble no other."""


@contextmanager
def inside() -> Iterator[tuple[int, list[bytes]]]:
    """Something inside the network that nobody may be led to: its port, and what it was sent."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        heard: list[bytes] = []

        def listen() -> None:
            while True:
                try:
                    line, _ = place.accept()
                except OSError:
                    return
                with line:
                    line.settimeout(1)
                    heard.append(line.recv(1 << 16))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield place.getsockname()[1], heard
        place.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def served(gate: Gatehouse, project: str) -> list[tuple[str, bytes]]:
    """Every file that a project's page offers, with the bytes that come: they must be those that it promises."""
    found = []
    for file in gate.get(f"/simple/{project}/", accept=JSON).json()["files"]:
        if "files/" in file["url"]:
            try:
                answer = gate.get("/" + file["url"].removeprefix("../../"))
            except httpx.RemoteProtocolError:
                continue  # broken off: whoever installs sees no file
            if answer.status_code == 200:
                assert hashlib.sha256(answer.content).hexdigest() == file["hashes"]["sha256"]
                found.append((file["filename"], answer.content))
            assert answer.status_code in {200, 403, 404, 502, 503}, answer.text
    return found


def _replaced(listed: Listed) -> None:
    listed.content = listed.content[:-1] + b"!"


def _later(index: Upstream, listed: Listed) -> None:
    index.publish(Listed(listed.project, "1.0", f"{listed.project}-1.0-py2-none-any.whl", b"PK", listed.uploaded))


def _twice(index: Upstream, listed: Listed) -> None:
    index.publish(Listed(listed.project, "1.0", listed.filename, b"PK other", listed.uploaded))


LIES: dict[str, Callable[[Upstream, Listed], object]] = {
    "another project": lambda _, it: it.extra.update(filename="flask-1.0-py3-none-any.whl"),
    "another digest": lambda _, it: it.extra.update(hashes={"sha256": "a" * 64}),
    "md5 alone": lambda _, it: it.extra.update(hashes={"md5": "a" * 32}),
    "no digest": lambda _, it: it.extra.update(hashes={}),
    "a digest that is none": lambda _, it: it.extra.update(hashes={"sha256": "z" * 64}),
    "a row twice": _twice,
    "an address of another name": lambda _, it: it.extra.update(url=f"/packages/{it.project}-2.0-py3-none-any.whl"),
    "a size that is not": lambda _, it: it.extra.update(size=7),
    "a size beyond all disks": lambda _, it: it.extra.update(size=10**14),
    "bytes replaced": lambda _, it: _replaced(it),
    "metadata of another": lambda _, it: setattr(it, "metadata", b"Metadata-Version: 2.1\nName: evil\nVersion: 9\n"),
}


def test_no_lie_of_a_page_is_served(index: Upstream, gate: Gatehouse) -> None:
    good = index.release("flask", "3.0.0")
    gate.approve("flask")
    told = dict(zip(WORDS, LIES, strict=False))
    for project, lie in told.items():
        LIES[lie](index, index.release(project, "1.0"))
        answer = gate.admin("POST", "/approvals", json={"requirement": project, "reason": "x"})
        assert answer.status_code in {200, 201, 422}, answer.text
        assert "look-alike" not in answer.text
    offered = {lie: served(gate, project) for project, lie in told.items()}
    assert not {lie: files for lie, files in offered.items() if files}
    assert served(gate, "flask") == [(good.filename, good.content)]
    sound(gate)


def test_what_is_changed_or_added_after_the_approval_is_not_served(index: Upstream, make_gate: MakeGate) -> None:
    gate = make_gate("--index-ttl", "0")
    flask, later = index.release("flask", "3.0.0"), index.release("later", "1.0")
    weaker, twice = index.release("weaker", "1.0"), index.release("twice", "1.0")
    for listed in (flask, later, weaker, twice):
        gate.approve(listed.project)
    kept = {listed.project: served(gate, listed.project) for listed in (flask, later, weaker, twice)}
    assert all(len(files) == 1 for files in kept.values())
    flask.content, flask.sha256 = b"PK evil", "e" * 64
    weaker.extra["hashes"] = {"md5": "a" * 32}
    _later(index, later)
    _twice(index, twice)
    for project, files in kept.items():
        assert served(gate, project) == files
    sound(gate)


def test_neither_base_nor_name_nor_content_type_leads_a_page_astray(index: Upstream, make_gate: MakeGate) -> None:
    gate = make_gate("--index-ttl", "0")
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    lying = {"meta": {"api-version": "1.0"}, "name": "click", "files": [index._row(wheel)]}
    anchor = f'<a href="../..{wheel.path}#sha256={wheel.sha256}">{wheel.filename}</a>'
    for kind, body in (
        ("text/html", json.dumps(lying).encode()),
        (JSON, f'<html><base href="http://169.254.169.254/">{anchor}</html>'.encode()),
    ):
        index.misbehave("/simple/flask/", Answer(200, {"content-type": kind}, body))
        assert served(gate, "flask") == [(wheel.filename, wheel.content)]
    assert gate.get("/simple/click/", accept=JSON).json()["files"][0]["url"].startswith("../../refused/")


SPELLINGS = """
http://127.0.0.1:{port}/x/{name}
http://2130706433:{port}/{name}
http://0x7f000001:{port}/{name}
http://017700000001:{port}/{name}
http://127.1:{port}/{name}
http://0:{port}/{name}
http://[::ffff:127.0.0.1]:{port}/{name}
http://[::1]:{port}/{name}
http://localhost:{port}/{name}
http://localhost.:{port}/{name}
http://LOCALHOST:{port}/{name}
http://{files}@127.0.0.1:{port}/{name}
http://user:secret@127.0.0.1:{port}/{name}
http://{files}\\@127.0.0.1:{port}/{name}
http://127.0.0.1:{port}\\@{files}/{name}
http://127\uff0e0\uff0e0\uff0e1:{port}/{name}
http://127.0.0.1\t:{port}/{name}
http:127.0.0.1:{port}/{name}
//127.0.0.1:{port}/{name}
///127.0.0.1:{port}/{name}
\\\\127.0.0.1:{port}\\{name}
http://169.254.169.254/latest/{name}
file:///etc/passwd#{name}
file:///etc/{name}
ftp://127.0.0.1:{port}/{name}
data:text/plain,{name}
gopher://127.0.0.1:{port}/{name}
http://127.0.0.1:{port}%2f{name}
http://127.0.0.1:{port}?/{name}
http://{files}#@127.0.0.1:{port}/{name}
http://127.0.0.1:0{port}/{name}
""".strip().split("\n")


def test_no_address_leads_inside(index: Upstream, gate: Gatehouse) -> None:
    with inside() as (port, heard):
        index.release("flask", "3.0.0")
        gate.approve("flask")
        files = index.files_origin.removeprefix("http://")
        for number, spelling in enumerate(SPELLINGS):
            listed = index.release("astray", f"1.{number}")
            url = spelling.format(port=port, name=listed.filename, files=files)
            listed.extra.update({"url": url, "provenance": f"{url}.provenance"})
        answer = gate.admin("POST", "/approvals", json={"requirement": "astray", "reason": "x"})
        assert answer.status_code < 500
        assert not served(gate, "astray")
        for listed in index.files["astray"]:
            assert gate.get(f"/files/x/{listed.filename}").status_code in {403, 404}
        assert not heard
    sound(gate)


def test_no_redirect_leads_inside_and_credentials_go_nowhere(index: Upstream, make_gate: MakeGate) -> None:
    secret = "s3cr3t-of-the-index"
    gate = make_gate("--index-ttl", "0", upstream=index.url.replace("://", f"://user:{secret}@"))
    wheel, other = index.release("flask", "3.0.0"), index.release("flask", "3.1.0")
    gate.approve("flask")
    assert gate.get(f"/files{wheel.path}").content == wheel.content
    with inside() as (port, heard):
        for status in (301, 302, 303, 307, 308):
            for target in (f"http://127.0.0.1:{port}", f"//127.0.0.1:{port}", f"http://localhost:{port}"):
                away = Answer(status, {"location": f"{target}{other.path}"})
                index.misbehave("/simple/flask/", away)
                index.misbehave(other.path, away)
                assert served(gate, "flask") == [(wheel.filename, wheel.content)]
        assert not heard
    assert all(secret not in str(request) for request in index.requests)
    elsewhere = [request for request in index.requests if request.origin == "files"]
    assert elsewhere
    assert not any("authorization" in request.headers for request in elsewhere)
    assert secret not in gate.output()


def test_an_upstream_that_is_up_and_down_by_turns_changes_nothing(index: Upstream, make_gate: MakeGate) -> None:
    gate = make_gate("--index-ttl", "0")
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    assert served(gate, "flask")
    turns = iter(range(10**6))
    answers = [Answer(raw=b""), None, Answer(status=503), None, Answer(raw=b"HTTP/1.1 200"), Answer(status=404)]

    def flap(_asked: Asked) -> Answer | None:
        return answers[next(turns) % len(answers)]

    index.misbehave("/simple/flask/", flap)
    missing = 0
    for _ in range(30):
        page = gate.get("/simple/flask/", accept=JSON)
        assert page.status_code == 200
        assert gate.get(f"/files{wheel.path}").content == wheel.content
        missing += not served(gate, "flask")
    assert not missing
    sound(gate)


def test_bodies_that_are_not_the_file_are_not_served_and_not_kept(index: Upstream, gate: Gatehouse) -> None:
    whole = index.release("flask", "3.0.0", padding=200_000).content
    packed = gzip.compress(whole, 1)
    wrong = {
        "partial": Answer(206, {"content-range": f"bytes 0-{len(whole) - 1}/{len(whole)}"}, whole),
        "not modified": Answer(304),
        "no content": Answer(204, {"content-length": ""}),
        "short": Answer(body=whole[:-1]),
        "long": Answer(body=whole + b"x"),
        "cut": Answer(body=whole, stop_after=len(whole) // 2),
        "encoded": Answer(200, {"content-encoding": "gzip"}, packed),
        "packed": Answer(body=packed),
        "endless": Answer(headers={"content-length": ""}, endless=True),
        "page": Answer(200, {"content-type": "text/html"}, b"<html>sign in</html>"),
    }
    named = zip(wrong, WORDS, strict=False)
    listed = {name: index.release(project, "1.0", padding=200_000) for name, project in named}
    for name, answer in wrong.items():
        gate.approve(listed[name].project)
        index.misbehave(listed[name].path, answer)
    for name, file in listed.items():
        assert not served(gate, file.project), name
    blobs = gate.data_dir / "cache" / "blobs"
    assert {path.name for path in blobs.rglob("*") if path.is_file()}.isdisjoint({f.sha256 for f in listed.values()})
    sound(gate)


def test_bombs_cost_little_and_nobody_else_waits(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0", padding=2_000_000)
    gate.approve("flask")
    wanted = [("/simple/flask/", wheel.filename.encode()), (f"/files{wheel.path}", wheel.content)]
    assert gate.get(f"/files{wheel.path}").content == wheel.content
    for project, make in zip(POPULAR, BOMBS.values(), strict=True):
        index.misbehave(f"/simple/{project}/", make(project))
    idle = resident(gate)
    with Meanwhile(gate, wanted) as other, ThreadPoolExecutor(len(POPULAR)) as pool:
        answers = list(pool.map(lambda project: gate.get(f"/explain/{project}", accept="text/plain"), POPULAR))
    assert {answer.status_code for answer in answers} <= {200, 502, 503}
    assert not other.wrong
    assert other.worst < 10, "a bound for a machine with other work to do; the bench prints the figure"
    assert peak(gate) - idle < MEMORY_AT_MOST
    sound(gate)
