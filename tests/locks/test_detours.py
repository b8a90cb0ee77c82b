"""Which addresses go round the gate."""

from __future__ import annotations

import pytest

from proxy import locks
from proxy.locks.detours import detours

WHEEL = "x-1.0-py3-none-any.whl"
GATES = ("https://gate.example", "http://10.0.0.7:8080")
RESEARCH = ("https://gate.example/research",)


def goes_round(line: str, gates: tuple[str, ...]) -> bool:
    """Whether a line of a requirements file leads past the gate."""
    reading = locks.read("requirements.txt", line.encode(), "requirements")
    assert not reading.faults
    assert reading.addresses or reading.locked[0].urls
    return bool(list(detours(reading, gates)))


@pytest.mark.parametrize(
    ("url", "gates", "round_it"),
    [
        (f"https://gate.example/files/packages/{WHEEL}", GATES, False),
        (f"https://gate.example:443/files/packages/{WHEEL}", GATES, False),
        (f"HTTPS://Gate.Example/files/packages/{WHEEL}", GATES, False),
        (f"https://__token__:x@gate.example/files/packages/{WHEEL}", GATES, False),
        (f"http://10.0.0.7:8080/files/packages/{WHEEL}", GATES, False),
        (f"https://gate.example/research/files/packages/{WHEEL}", RESEARCH, False),
        (f"https://gate.example/research/files/packages/{WHEEL}", GATES, True),
        (f"https://gate.example/files/packages/{WHEEL}", RESEARCH, True),
        (f"https://files.example/files/packages/{WHEEL}", GATES, True),
        (f"http://gate.example/files/packages/{WHEEL}", GATES, True),
        (f"https://gate.example.evil.example/files/{WHEEL}", GATES, True),
        (f"https://gate.example@evil.example/files/{WHEEL}", GATES, True),
        (f"https://gate.example:8443/files/{WHEEL}", GATES, True),
        (f"https://gate.example/filesystem/{WHEEL}", GATES, True),
        (f"https://gate.example/files/../research/files/{WHEEL}", GATES, True),
        (f"https://gate.example/files/%2e%2e/research/files/{WHEEL}", GATES, True),
    ],
)
def test_files(url: str, gates: tuple[str, ...], round_it: bool) -> None:
    assert goes_round(url, gates) is round_it


@pytest.mark.parametrize(
    ("url", "round_it"),
    [
        ("https://gate.example/simple", False),
        ("https://gate.example/simple/", False),
        ("https://user:${TOKEN}@gate.example/simple/", False),
        ("https://gate.example/research/simple/", True),
        ("https://gate.example/", True),
        ("https://index.example/simple/", True),
        ("https://gate.example/simple/../other/simple/", True),
    ],
)
def test_indexes(url: str, round_it: bool) -> None:
    assert goes_round(f"--extra-index-url {url}", GATES) is round_it


@pytest.mark.parametrize(
    "line",
    [
        "--find-links https://gate.example/simple/",
        "git+https://gate.example/files/x",
        f"./{WHEEL}",
        "https://gate.example/files/x.zip",
    ],
)
def test_pages_of_links_and_foreign_code_always_do(line: str) -> None:
    assert goes_round(line, GATES)
