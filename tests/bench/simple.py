"""Times of the Simple API room, for 50 and 5,000 files: ``python -m tests.bench.simple``.

The page is seeded and shaped like a real one: 20 wheels and an sdist a version, digests, times, sizes.
Prints medians in milliseconds. Nothing here is a test.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import msgspec
from packaging.utils import NormalizedName

from proxy.simple.names import read_filename
from proxy.simple.negotiate import Format, coding_for, format_for, matches
from proxy.simple.parse import parse
from proxy.simple.render import Row, render

PROJECT = NormalizedName("widget-works")
PAGE = "https://index.example/simple/widget-works/"
TAGS = [
    f"cp3{minor}-cp3{minor}-{platform}"
    for minor in (10, 11, 12, 13)
    for platform in (
        "macosx_11_0_arm64",
        "manylinux_2_17_aarch64.manylinux2014_aarch64",
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "musllinux_1_2_x86_64",
        "win_amd64",
    )
]


def page(count: int) -> bytes:
    """Return a JSON page of ``count`` files, the same each time."""
    seeded = random.Random(503)
    names = (name for number in range(count) for name in _release(f"{number // 50}.{number % 50}.0"))
    files = [_file(next(names), seeded) for _ in range(count)]
    return msgspec.json.encode({"meta": {"api-version": "1.1"}, "name": PROJECT, "files": files, "versions": []})


def _release(version: str) -> list[str]:
    return [f"widget_works-{version}.tar.gz", *(f"widget_works-{version}-{tag}.whl" for tag in TAGS)]


def _file(filename: str, seeded: random.Random) -> dict[str, Any]:
    digest = seeded.randbytes(32).hex()
    path = f"packages/{digest[:2]}/{digest[2:4]}/{seeded.randbytes(28).hex()}/{filename}"
    return {
        "filename": filename,
        "url": f"https://files.example/{path}",
        "hashes": {"sha256": digest},
        "requires-python": ">=3.10",
        "size": seeded.randrange(1 << 24),
        "upload-time": f"2024-0{seeded.randrange(1, 10)}-11T12:13:14.{seeded.randrange(10**6):06}Z",
        "yanked": False,
    }


def milliseconds(work: Callable[[], object], rounds: int) -> float:
    """Return the median time of one call."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def show(name: str, work: Callable[[], object], rounds: int) -> None:
    """Print one line of the table."""
    print(f"  {name:<21} {milliseconds(work, rounds):9.4f} ms")


def show_page(count: int, rounds: int) -> None:
    """Print what a page of ``count`` files costs."""
    body = page(count)
    print(f"{count} files, JSON of {len(body) >> 10} kB")
    show("first parse of JSON", lambda: parse(body, Format.JSON, PAGE, PROJECT), 1)
    files = parse(body, Format.JSON, PAGE, PROJECT).files
    rows = [Row(file, f"../../files{file.url.removeprefix('https://files.example')}") for file in files]
    html = render(PROJECT, rows, Format.HTML)
    show("parse JSON", lambda: parse(body, Format.JSON, PAGE, PROJECT), rounds)
    show("parse HTML", lambda: parse(html, Format.LEGACY, PAGE, PROJECT), rounds)
    show("file names of it", lambda: [read_filename(file.filename, PROJECT) for file in files], rounds)
    show("render JSON", lambda: render(PROJECT, rows, Format.JSON), rounds)
    show("render HTML", lambda: render(PROJECT, rows, Format.HTML), rounds)


def main() -> None:
    """Print the table."""
    show_page(50, 300)
    show_page(5000, 30)
    etag = '"00112233445566778899aabbccddeeff"'
    accept = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
    print("one request")
    show("format_for", lambda: format_for(accept), 10000)
    show("coding_for", lambda: coding_for("gzip, deflate, br, zstd", ("zstd", "gzip")), 10000)
    show("matches", lambda: matches(f'"other", W/{etag}', etag), 10000)


if __name__ == "__main__":
    main()
