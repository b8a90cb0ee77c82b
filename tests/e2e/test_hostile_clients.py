"""Clients that mean harm: tricks in names, paths and headers, malformed requests, floods, and slow senders."""

from __future__ import annotations

import base64
import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.parse import unquote

import pytest

from tests.world.gatehouse import Gatehouse
from tests.world.hostile import Meanwhile, asked, disk, peak, processor, queued, resident, said, sound
from tests.world.upstream import Listed, Upstream


@pytest.fixture
def wheel(index: Upstream, gate: Gatehouse) -> Iterator[Listed]:
    """An approved and cached file of a gate that is sound in the end."""
    listed = index.release("flask", "3.0.0")
    gate.approve("flask")
    assert gate.get(f"/files{listed.path}").content == listed.content
    yield listed
    sound(gate)


POST = b"POST /check HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
NEXT = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
AMBIGUOUS = {
    "a length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + NEXT,
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 44\r\n\r\n[]" + NEXT,
    "one length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]" + NEXT,
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n[]" + NEXT,
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n[]" + NEXT,
    "a negative length": POST + b"Content-Length: -2\r\n\r\n[]" + NEXT,
    "a length beyond numbers": POST + b"Content-Length: 99999999999999999999999\r\n\r\n[]" + NEXT,
    "a length in hex": POST + b"Content-Length: 0x2\r\n\r\n[]" + NEXT,
    "a blank before the colon": POST + b"Content-Length : 2\r\n\r\n[]" + NEXT,
    "a folded header": POST + b"Content-Length:\r\n 2\r\n X: y\r\n\r\n[]" + NEXT,
    "chunks of another name": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
    "chunks, then identity": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + NEXT,
    "chunks ended by LF alone": POST + b"Transfer-Encoding: chunked\r\n\r\n2\n[]\n0\n\n" + NEXT,
    "a chunk's remark ended by LF": POST + b"Transfer-Encoding: chunked\r\n\r\n2;a\n[]\r\n0\r\n\r\n" + NEXT,
    "a chunk beyond numbers": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n[]\r\n0\r\n\r\n" + NEXT,
    "LF alone": b"GET /healthz HTTP/1.1\nHost: x\n\n" + NEXT,
    "CR alone": GET + b"X: a\rY: b\r\n\r\n" + NEXT,
    "NUL in a header": GET + b"X: a\x00b\r\n\r\n" + NEXT,
    "NUL in the path": b"GET /simple/a\x00/ HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT,
    "bytes in the path": b"GET /simple/\xff\xfe/ HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT,
    "a blank in the path": b"GET /simple/a b/ HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT,
    "no path": b"GET  HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT,
    "HTTP of the future": b"GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n" + NEXT,
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + NEXT,
    "a tunnel": b"CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n" + NEXT,
    "a head without end": GET + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n",
    "headers without end": GET + b"X: a\r\n" * 50_000 + b"\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
}


def test_what_could_be_read_in_two_ways_is_answered_once_and_hung_up_on(gate: Gatehouse, wheel: Listed) -> None:
    for name, data in AMBIGUOUS.items():
        statuses, closed = said(gate.port, data)
        assert closed, name
        assert statuses in ([400], []), f"{name}: {statuses}"


FORM = b"POST /explain/flask/request HTTP/1.1\r\nHost: x\r\n"
ODD = {
    "another host in the target": b"GET http://evil.example/simple/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "escapes that are none": b"GET /simple/%zz%/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "escapes of no letters": b"GET /files/%ff%fe%c3%28.whl HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a surrogate": b"GET /refused/x/%ed%a0%80-1.0.tar.gz HTTP/1.1\r\nHost: x\r\n\r\n",
    "control characters": b"GET /explain/flask/%00%0a%1b HTTP/1.1\r\nHost: x\r\n\r\n",
    "a name in a query": b"GET /explain?name=%00%ff&name=x HTTP/1.1\r\nHost: x\r\n\r\n",
    "a path in the host": b"GET /style.css HTTP/1.1\r\nHost: a/b?c\r\n\r\n",
    "a query in the host": b"GET /style.css HTTP/1.1\r\nHost: a?b#\r\n\r\n",
    "half an address in the host": b"GET /admin/sign-in HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "a user in the host": b"GET /admin/ HTTP/1.1\r\nHost: a@b:x\r\n\r\n",
    "bytes in the host": b"GET /explain/flask HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    "two hosts": b"GET /admin/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "another protocol": GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "a web socket": GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AA==\r\n\r\n",
    "basic nonsense": b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic !!!!\r\n\r\n",
    "a bearer of bytes": b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff.e.e\r\n\r\n",
    "bytes in every header": b"GET /simple/flask/ HTTP/1.1\r\nHost: x\r\nRange: bytes=\xff-\r\nIf-None-Match: \xff\r\n"
    b'Accept: \xff;q=9\r\nAccept-Encoding: \xff\r\nUser-Agent: \xff {\r\nCookie: a=\xff; a="\\\r\n\r\n',
    "three thousand ranges": b"GET /style.css HTTP/1.1\r\nHost: x\r\nRange: bytes="
    + b",".join(b"%d-" % number for number in range(3000))
    + b"\r\n\r\n",
    "a range beyond numbers": b"GET /style.css HTTP/1.1\r\nHost: x\r\nRange: bytes=0-" + b"9" * 5000 + b"\r\n\r\n",
    "brackets without end": POST + b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000,
    "half a character": POST + b"Content-Length: 12\r\n\r\n" + b'[{"\xed\xa0\x80": 1}]',
    "a number without end": POST + b"Content-Length: 50002\r\n\r\n[" + b"9" * 50_000 + b"]",
    "a form without a boundary": FORM + b"Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\nhi",
    "a form that is none": FORM
    + b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 5\r\n\r\n--x\x00\x00",
    "fields without number": FORM
    + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 40000\r\n\r\n"
    + b"a=1&" * 10_000,
    "a metrics format": b"GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text;version=x\r\n\r\n",
    "a preview": b"GET /preview/x/simple/flask/ HTTP/1.1\r\nHost: x\r\n\r\n",
}


def test_what_is_odd_is_no_fault_of_ours(gate: Gatehouse, wheel: Listed) -> None:
    gate.get("/admin/sign-in")
    for name, data in ODD.items():
        statuses, _ = said(gate.port, data)
        assert statuses, name
        assert all(status < 500 for status in statuses), f"{name}: {statuses}"


def test_whoever_leaves_in_the_middle_is_no_fault_of_ours(gate: Gatehouse, wheel: Listed) -> None:
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    for head in (
        POST,
        FORM + form,
        b"POST /admin/sign-in HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n" + form,
    ):
        with socket.create_connection(("127.0.0.1", gate.port)) as line:
            line.sendall(head + b"Content-Length: 500\r\n\r\n[")
    assert gate.get("/healthz").status_code == 200


TRICKS = """
flask%2f flask%2F.. ..%2fflask %2e%2e%2fflask flask%00 flask%0a flask%0d%0aX:y %66lask%20 %20flask flask%ff
f%EF%BD%8Cask %E2%84%AAlask fla%C5%BFk fl%C4%B1sk fla%C2%ADsk fla%E2%80%8Bsk flask%E2%80%AE fl%D0%B0sk
-flask flask- _flask flask. .flask fl%2561sk %2566lask flask%5c flask%3f flask%23 flask%40evil flask;x=y
%c0%aeflask %u0066lask ~flask fl*sk fl$sk {flask} %7Bflask%7D flask%7C flask%27 flask%22 %3Cscript%3E
""".split()  # noqa: SIM905  as they stand in a request
"""Spellings that some reader somewhere takes for another name."""
ROUTES = (
    "/simple/{}/", "/simple/{}", "/explain/{}", "/explain/{}/1.0", "/explain/flask/{}", "/refused/{}/flask-1.0.tar.gz",
    "/refused/x/{}-1.0.tar.gz", "/files/packages/{}-1.0.tar.gz", "/files/packages/{}-1.0-py3-none-any.whl.metadata",
    "/files/{}/flask-1.0.tar.gz", "/{}/simple/flask/", "/admin/projects/{}", "/admin/api/v1/projects/{}",
)  # fmt: skip


def test_no_spelling_of_a_name_reaches_the_upstream_or_breaks_a_route(
    index: Upstream, gate: Gatehouse, wheel: Listed
) -> None:
    long = ["a" * 129, "a" * 5000, "a." * 2000 + "a", "9" * 20_000, "%61" * 5000]
    before = len(index.requests)
    for route in ROUTES:
        paths = [route.format(name).encode() for name in (*TRICKS, *long)]
        for path, status in zip(paths, asked(gate.port, paths), strict=True):
            assert status < 500, path
            decoded_once = unquote(path.decode()) == "/simple/flask/"
            assert status != 200 or decoded_once or route.startswith(("/explain/flask", "/refused")), path
    assert not [request.path for request in index.requests[before:] if request.path != "/simple/flask/"]


def test_headers_that_claim_an_identity_or_a_route_are_not_believed(gate: Gatehouse, wheel: Listed) -> None:
    lies = {
        **dict.fromkeys(
            ("x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"), "6.6.6.6"
        ),
        **dict.fromkeys(("x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-forwarded-path"), "/admin/"),
        **dict.fromkeys(("x-forwarded-host", "x-host", "x-forwarded-server", "x-original-host"), "evil.example"),
        **dict.fromkeys(("x-http-method-override", "x-method-override", "x-http-method"), "DELETE"),
        "forwarded": "for=6.6.6.6;host=evil.example;proto=https",
        "x-forwarded-proto": "https",
        "x-forwarded-prefix": "//evil.example",
        "x-wicketgate-client": "6.6.6.6",
        "x-remote-user": "root",
        "remote-user": "root",
        "host": "evil.example",
    }
    for path in (
        "/simple/flask/",
        f"/files{wheel.path}",
        "/explain/flask",
        "/",
        "/admin/",
        "/simple",
        "/refused/x/y.whl",
    ):
        plain, lying = _asked(gate, path, {}), _asked(gate, path, lies)
        assert plain[0] == lying[0], path
        assert plain[2] == lying[2] or path.startswith("/refused"), path
        for text in (lying[1].get("location", ""), lying[2].decode("utf-8", "replace")):
            assert "evil.example" not in text
    tokens = gate.admin("GET", "/tokens", headers=lies | {"host": "x"})
    assert tokens.status_code == 200
    assert gate.admin("GET", "/tokens").json() == tokens.json(), "nothing was deleted"
    decisions = gate.facts("audit", "decisions")["decisions"]
    assert {decision["client"] for decision in decisions} == {"127.0.0.1"}


def _asked(gate: Gatehouse, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_credentials_of_clients_are_kept_nowhere(index: Upstream, gate: Gatehouse, wheel: Listed) -> None:
    secret, other = "hunter2-of-a-developer", index.release("flask", "3.1.0")
    basic = base64.b64encode(f"me:{secret}".encode()).decode()
    token = base64.b64encode(f"__token__:{secret}".encode()).decode()
    paths = ("/simple/flask/", f"/files{other.path}", "/explain/click", "/refused/x/y-1.0.tar.gz", "/nothing")
    for path in paths:
        for scheme in (f"Basic {basic}", f"Basic {token}", f"Bearer {secret}", f"Digest {secret}", secret):
            assert secret not in gate.get(path, authorization=scheme, cookie=f"a={secret}").text
        target = f"GET http://me:{secret}@127.0.0.1:{gate.port}{path} HTTP/1.1\r\nHost: x\r\n\r\n"
        assert said(gate.port, target.encode())[0]
    gate.cli("approve", "flask", "--reason", "the upstream is asked meanwhile", "--dry-run")
    disk(gate)
    needles = (secret.encode(), basic.encode(), token.encode())
    kept = [path for path in (*gate.data_dir.rglob("*"), gate.data_dir.with_suffix(".log")) if path.is_file()]
    assert any(path.suffix == ".log" for path in kept)
    for file in kept:
        assert not any(needle in file.read_bytes() for needle in needles), file
    assert not any(needle.decode() in str(request) for request in index.requests for needle in needles)
    assert not any({"authorization", "cookie"} & request.headers.keys() for request in index.requests)


def test_a_flood_of_names_costs_little_and_grows_nothing_without_bound(gate: Gatehouse, wheel: Listed) -> None:
    flood, asking = 3_000, b"x" * 50_000
    assert set(asked(gate.port, [b"/simple/first-%d/" % number for number in range(500)])) == {200}
    memory, kept, used = resident(gate), disk(gate), processor(gate)
    names = [b"/simple/made-up-%d/" % number for number in range(flood)]
    assert set(asked(gate.port, names)) == {200}
    assert (disk(gate) - kept) / flood < 4096
    assert (processor(gate) - used) / flood < 0.05
    for paths in (
        [b"/files/%b%d" % (asking, number) for number in range(800)],
        [b"/simple/first-%d/?%b%d" % (number % 50, asking, number) for number in range(800)],
        [b"/explain/flask/1.%b%d" % (b"0." * 400, number) for number in range(800)],
        [b"/refused/x/%b%d-1.0.tar.gz" % (asking, number) for number in range(800)],
    ):
        asked(gate.port, paths)
    assert peak(gate) - memory < 60 << 20, "160 MB were asked"


def test_hundreds_of_slow_connections_keep_nobody_waiting(gate: Gatehouse, wheel: Listed) -> None:
    begun = (b"GET /simple/fla", GET + b"X: ", POST + b"Content-Length: 4000000\r\n\r\n[", b"G", b"")
    page = [("/simple/flask/", wheel.filename.encode()), (f"/files{wheel.path}", wheel.content)]
    idle = resident(gate)
    with ExitStack() as lines:
        for number in range(400):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", gate.port)))
            line.sendall(begun[number % len(begun)])
        with Meanwhile(gate, page) as other:
            while other.answers < 40:
                for path, _ in page:
                    gate.get(path)
    assert not other.wrong
    assert other.worst < 10
    assert peak(gate) - idle < 100 << 20


def test_little_is_kept_for_a_client_that_takes_nothing(index: Upstream, gate: Gatehouse, wheel: Listed) -> None:
    large = index.release("flask", "3.0.1", padding=6_000_000)
    gate.approve("flask==3.0.1")
    assert gate.get(f"/files{large.path}").content == large.content
    with socket.create_connection(("127.0.0.1", gate.port)) as line:
        line.sendall(f"GET /files{large.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        line.recv(1)
        kept = [queued(gate)]
        while len(kept) < 5 or len(set(kept[-5:])) > 1:
            time.sleep(0.02)
            kept.append(queued(gate))
        assert 0 < kept[-1] < 1 << 20


def test_bodies_of_strangers_are_bounded_together(gate: Gatehouse, wheel: Listed) -> None:
    large = b"[" + b" " * (3 << 20)
    idle = resident(gate)
    with ExitStack() as lines:
        opened = []
        for _ in range(40):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", gate.port)))
            line.settimeout(20)
            with suppress(ConnectionError):  # those beyond the bound may be hung up on before all was sent
                line.sendall(POST + b"Content-Length: %d\r\n\r\n" % (len(large) + 1) + large)
            opened.append(line)
        assert gate.post("/check", json=[{"name": "flask"}]).status_code == 200, "small ones are always taken"
        refused = sum(_refused(line) for line in opened)
        assert refused >= 30
    assert peak(gate) - idle < 100 << 20
    assert gate.post("/check", content=large + b"]").status_code == 200, "and so are large ones when the others left"


def _refused(line: socket.socket) -> bool:
    line.settimeout(0.2)
    try:
        return line.recv(12) in {b"", b"HTTP/1.1 503"}
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_many_dear_questions_keep_nobody_waiting(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0")
    for number in range(1_500):
        index.publish(Listed("boto", f"1.{number}", f"boto-1.{number}-py3-none-any.whl", b"", wheel.uploaded))
    gate.approve("flask")
    gate.approve("boto==1.0")
    dear = [{"name": "boto", "specifier": ",".join(f"!=0.{n}.{m}" for m in range(40))} for n in range(40)]
    with Meanwhile(gate, [("/simple/flask/", wheel.filename.encode())]) as other:
        answer = gate.post("/check", json=dear)
    assert answer.status_code == 200
    assert len(answer.json()["results"]) == len(dear)
    assert not other.wrong
    assert other.worst < 5
    assert gate.post("/check", json=[{"name": "flask"}] * 2_001).status_code == 400
