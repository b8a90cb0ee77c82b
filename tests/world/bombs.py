"""Pages that are meant to break whoever reads them, by name."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

from tests.world.upstream import JSON, Answer

ROOMY = 15 << 20
"""Just below what a gate reads of a page."""


def rich(project: str, files: int, length: int) -> bytes:
    """A page of many files with long addresses, every one of them sound."""
    rows = (
        {
            "filename": f"{project}-1.{number}-py3-none-any.whl",
            "hashes": {"sha256": f"{number:064x}"},
            "url": f"http://files.example/{'u' * length}/{project}-1.{number}-py3-none-any.whl",
            "upload-time": "2020-01-01T00:00:00Z",
        }
        for number in range(files)
    )
    return json.dumps({"meta": {"api-version": "1.1"}, "name": project, "files": list(rows)}).encode()


def _row(project: str, **said: object) -> bytes:
    row = {"filename": f"{project}-1.0-py3-none-any.whl", "url": f"/{project}-1.0-py3-none-any.whl", **said}
    return json.dumps({"meta": {"api-version": "1.1"}, "files": [row]}).encode()


def _packed(make: Callable[[str], bytes]) -> Callable[[str], Answer]:
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    return lambda project: Answer(200, headers, gzip.compress(make(project), 1))


def _raw(head: bytes, body: bytes = b"") -> Callable[[str], Answer]:
    return lambda _project: Answer(raw=head + b"\r\n\r\n" + body)


BOMBS: dict[str, Callable[[str], Answer]] = {
    "zeroes": _packed(lambda _: bytes(200 << 20)),
    "stacked": lambda _: Answer(
        200, {"content-encoding": "gzip, gzip"}, gzip.compress(gzip.compress(bytes(64 << 20), 1), 1)
    ),
    "files-100000": _packed(lambda project: rich(project, 100_000, 10)),
    "files-just-allowed": _packed(lambda project: rich(project, 24_900, 300)),
    "elements": _packed(lambda _: b'{"files":[' + b"1," * 1_400_000 + b"1]}"),
    "rows": _packed(lambda _: b'{"files":[' + b'{"filename":"","url":""},' * 400_000 + b"{}]}"),
    "nesting": _packed(lambda _: b'{"files":' + b"[" * (ROOMY // 2)),
    "attributes": _packed(lambda _: b"<a " + b"b " * 1_400_000 + b">"),
    "anchors": _packed(lambda _: b"<a href=x-1.0.tar.gz>" * 70_000),
    "unfinished": _packed(lambda _: b"<" + b'a b="' * 1_000_000),
    "version": lambda project: Answer(body=_row(project, filename=f"{project}-{'9' * 20_000}.tar.gz")),
    "size": lambda project: Answer(body=_row(project).replace(b'"url"', b'"size":1' + b"0" * 100_000 + b',"url"')),
    "time": lambda project: Answer(body=_row(project, **{"upload-time": "2" * 1_000_000})),
    "header": _raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * (4 << 20)),
    "headers": _raw(b"HTTP/1.1 200 OK" + b"\r\nx: y" * 500_000),
    "nonsense": _raw(b"\x00\xff banana"),
    "half": _raw(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999", b"{"),
    "chunks": _raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked", b"fffffffffffffffff\r\n"),
    "lengths": _raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2", b"{}"),
    "endless": lambda _: Answer(headers={"content-length": ""}, endless=True),
    "nothing": lambda _: Answer(raw=b""),
    "huge": lambda _: Answer(headers={"content-length": "9" * 18}, body=b"{"),
}
"""What stands behind each name: the answer for the page of a project."""
