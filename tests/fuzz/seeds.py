"""What each target is used to: where fuzzing begins."""

from __future__ import annotations

import json
from pathlib import Path

from proxy.policy.document.example import EXAMPLE
from tests.world import packages

LOCKS = Path(__file__).parents[1] / "data" / "locks"
WHEEL = "foo-1.0-py3-none-any.whl"
ROW = {
    "filename": WHEEL,
    "url": f"https://files.example/a/{WHEEL}",
    "hashes": {"sha256": "a" * 64},
    "size": 5,
    "upload-time": "2020-01-01T00:00:00.5Z",
    "requires-python": ">=3.8",
    "yanked": "broken",
    "core-metadata": {"sha256": "b" * 64},
    "provenance": "https://files.example/a.provenance",
}
JSON_PAGE = {"meta": {"api-version": "1.1"}, "name": "foo", "versions": ["1.0"], "files": [ROW]}
HTML_PAGE = f"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1"><base href="//x"></head>
<body><a href="../../a/{WHEEL}#sha256={"a" * 64}" data-requires-python="&gt;=3.8" data-yanked='x'
data-dist-info-metadata="sha256={"b" * 64}">{WHEEL}</a><!-- x --><script>a</script></body></html>"""
RECORD = {
    "id": "PYSEC-2026-1",
    "modified": "2026-01-01T00:00:00Z",
    "aliases": ["CVE-2026-1"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Foo"},
            "versions": ["1.0"],
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
        }
    ],
}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _locks() -> list[bytes]:
    files = [path for path in sorted(LOCKS.iterdir()) if path.is_file() and path.stat().st_size < 20_000]
    kinds = ("uv", "poetry", "pdm", "pylock", "pipfile", "requirements", "cyclonedx", "spdx", "")
    return [f"{kind}\n".encode() + path.read_bytes() for path in files for kind in kinds if kind in path.name.lower()]


def _request(path: str, *headers: str, method: str = "GET", body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *headers, *([f"Content-Length: {len(body)}"] if body else [])]
    return "\r\n".join((*lines, "", "")).encode() + body


FORM = "Content-Type: application/x-www-form-urlencoded"
REQUESTS = [
    _request("/simple/flask/", "Accept: application/vnd.pypi.simple.v1+json, text/html;q=0.1", "Accept-Encoding: gzip"),
    _request("/simple/flask/?format=text/html", 'If-None-Match: "a"', "User-Agent: pip/26 {}"),
    _request("/files/packages/aa/bb/flask-3.0.0-py3-none-any.whl", "Range: bytes=0-9", 'If-Range: "x"'),
    _request("/files/packages/aa/bb/flask-3.0.0-py3-none-any.whl.metadata", method="HEAD"),
    _request("/files/packages/aa/bb/marmalade-1.0-py3-none-any.whl", "If-None-Match: *"),
    _request("/refused/why/flask-3.1.0.tar.gz", "Accept: text/html", "Authorization: Basic X190b2tlbl9fOng="),
    _request("/explain/flask/3.0.0?format=json", "Authorization: Bearer wgt_x_y"),
    _request("/explain/flask/request", FORM, method="POST", body=b"specifier=%3E%3D1&why=because"),
    _request("/check", method="POST", body=b'[{"name": "flask", "specifier": ">=1", "sha256s": [], "urls": []}]'),
    _request("/explain?name=flask") + _request("/healthz") + _request("/readyz"),
    _request("/metrics", "Accept: application/openmetrics-text; version=1.0.0"),
    _request("/admin/sign-in", FORM, "Sec-Fetch-Site: same-origin", method="POST", body=b"token=wgt_x"),
    _request("/admin/api/v1/approvals", "Authorization: Bearer x", method="POST", body=b"{}"),
    b"POST /check HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n[]\r\n0\r\nT: x\r\n\r\n",
]
ADMIN = [
    b"POST /approvals\n" + _json({"requirement": "flask>=3", "reason": "x", "until": "2030-01-01T00:00:00Z"}),
    b"PATCH /terms\n" + _json({"minimum_age_days": 3, "internal": ["acme-*"], "mode": "enforce", "reason": "x"}),
    b"POST /prohibitions\n" + _json({"requirement": "flask<2", "reason": "x"}),
    b"POST /waivers\n" + _json({"requirement": "flask", "advisory": "X-1", "days": 3, "reason": "x"}),
    b"POST /tokens\n" + _json({"name": "ci", "role": "reader", "days": 30, "projects": ["f*"], "networks": ["::/0"]}),
    b"POST /policy/plan\n" + _json({"document": EXAMPLE}),
    b"POST /imports\n" + _json({"files": [{"name": "requirements.txt", "content": "flask==3.0.0"}], "reason": "x"}),
    b"GET /audit/events?tag=x&before=5&since=2026-01-01T00:00:00Z\n",
    b"GET /audit/decisions?project=flask&words=a+b&verdict=refused\n",
    b"GET /inbox?project=flask\n",
    b"POST /origins\n" + _json({"url": "https://files.example", "reason": "x"}),
    b"POST /channels\n" + _json({"name": "research", "reason": "x"}),
]

SEEDS: dict[str, list[bytes]] = {
    "page": [_json(JSON_PAGE), HTML_PAGE.encode(), b'{"files": []}', b"<html>"],
    "record": [_json(RECORD), _json({**RECORD, "id": "MAL-2026-1", "withdrawn": "2026-01-02T00:00:00Z"})],
    "lock": _locks(),
    "document": [EXAMPLE.encode(), b"format = 1\nfragment = true\n[terms]\nminimum-age = '7d'\n"],
    "archive": [packages.wheel("foo", "1.0"), packages.sdist("foo", "1.0")],
    "said": [packages.metadata("foo", "1.0", ["bar>=1; extra == 'x'"], ">=3.8", "MIT OR Apache-2.0")],
    "provenance": [packages.provenance("GitHub:owner/repo", "a" * 64)],
    "name": [b"flask", b"Python_DateUtil", b"foo-1.0-py3-none-any.whl", b"foo-1.0.tar.gz", b"reqeusts"],
    "address": [f"https://files.example:8443/a/{WHEEL}?x=y#z".encode(), f"../../a%20/{WHEEL}".encode(), b"//[::1]/x"],
    "headers": [
        b"application/vnd.pypi.simple.v1+json, text/html;q=0.1, */*;q=0.01",
        b"gzip, zstd;q=0.5, identity;q=0",
        b'W/"a", "b", *',
        b"bytes=0-9",
        b"pip/26.3 " + _json({"implementation": {"name": "CPython", "version": "3.11"}, "ci": True}),
        b"Basic X190b2tlbl9fOnNlY3JldA==",
    ],
    "check": [_json([{"name": "flask", "specifier": ">=1", "sha256s": ["a" * 64], "urls": ["https://x.example/a"]}])],
    "request": REQUESTS,
    "admin": ADMIN,
}
