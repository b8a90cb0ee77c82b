"""The resolver: every target asked in turn, one answer for all, an end in any case. uv itself is in ``tests/e2e``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from packaging.utils import canonicalize_name

from admin import closure
from admin.actions.wishes import Unusable, read_requirement
from admin.closure import Node, Resolver, Seen, Target, Unresolved, combinations
from proxy.model import Approval
from tests.policy.facts import AT, FLASK

NOBODY = Approval("preview", FLASK, "", (), "ada", "x", AT)
PINS = {
    "3.11": "flask==3.0.0\nnumpy==1.26.0 # via flask\ntomli==2.0 ; python_version < '3.12' # via flask, numpy[fast]\n",
    "3.13": "flask==3.0.0\nnumpy==2.3.0 # via flask\n",
}


@contextmanager
def opened(_wish: Approval, _seen: Seen) -> Iterator[str]:
    """A preview that nobody looks at."""
    yield "/preview/secret"


RESOLVER = Resolver(opened, "http://gate.example")


async def test_the_closures_of_several_targets_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def compiled(index: str, requirement: str, options: list[str]) -> str:
        assert (index, requirement) == ("http://gate.example/preview/secret/simple/", "flask")
        return PINS[options[1]]

    monkeypatch.setattr(closure, "_compiled", compiled)
    nodes = await RESOLVER.resolve("flask", NOBODY, combinations(["3.11", "3.13"], []), lambda _project: None)
    both = ("3.11", "3.13")
    assert nodes == [
        Node(FLASK, "3.0.0", (), both),
        Node(canonicalize_name("numpy"), "1.26.0", ("flask",), ("3.11",)),
        Node(canonicalize_name("numpy"), "2.3.0", ("flask",), ("3.13",)),
        Node(canonicalize_name("tomli"), "2.0", ("flask", "numpy"), ("3.11",)),
    ]


async def test_a_resolution_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(*_words: object) -> str:
        await asyncio.Event().wait()
        raise AssertionError("it was let go on")

    monkeypatch.setattr(closure, "_compiled", endless)
    monkeypatch.setattr(closure, "SECONDS", 0.01)
    with pytest.raises(Unresolved, match=r"within 0.01 s"):
        await RESOLVER.resolve("flask", NOBODY, [Target()], lambda _project: None)


def test_targets_say_what_they_are() -> None:
    made = combinations(["3.11", "3.13"], ["linux", "macos"])
    assert [target.label for target in made] == ["3.11 linux", "3.11 macos", "3.13 linux", "3.13 macos"]
    assert [target.label for target in combinations([], [])] == ["this gate's own"]
    for odd in (Target("3.12; rm"), Target("", "--index-url")):
        with pytest.raises(Unresolved, match="Say for example"):
            odd.options()


@pytest.mark.parametrize(
    "text", ["a===\n--extra-index-url=https://evil.example/", "flask\r--no-index", "flask\u2028-r x"]
)
def test_a_requirement_is_one_line_so_that_a_resolver_takes_no_option_from_it(text: str) -> None:
    with pytest.raises(Unusable, match="more than one line"):
        read_requirement(text)
