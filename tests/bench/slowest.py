"""Asks for a page until its input ends, and prints the longest wait: ``python -m tests.bench.slowest URL``.

A process of its own, so that what whoever measures does meanwhile is not counted. Prints a line when it has begun,
and at its end the seconds.
"""

from __future__ import annotations

import select
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

PAUSE = 0.005


def main() -> None:
    """Ask and tell."""
    url = urlsplit(sys.argv[1])
    connection = HTTPConnection(url.netloc)
    _asked(connection, url.path)
    print("begun", flush=True)
    longest = 0.0
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        longest = max(longest, _asked(connection, url.path))
    print(longest)


def _asked(connection: HTTPConnection, path: str) -> float:
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} was answered with {answer.status}")
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
