"""A closure as a tree: who needs whom, everything once, nothing hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from admin.closure import Node
from admin.tree import Branch, grown

ROOT = NormalizedName("flask")


def node(name: str, *needed_by: str, version: str = "1", targets: Iterable[str] = ("3.11",)) -> Node:
    """A version of a closure."""
    return Node(NormalizedName(name), version, needed_by, tuple(targets))


def lines(branches: Iterable[Branch], depth: int = 0) -> Iterator[tuple[int, str, str, bool]]:
    """A tree as lines: how deep, which version, whether it is told elsewhere."""
    for branch in branches:
        yield depth, branch.node.project, branch.node.version, branch.again
        yield from lines(branch.needs, depth + 1)


def test_each_stands_below_what_needs_it_and_is_told_in_full_once() -> None:
    nodes = [node("click", "flask"), node("flask"), node("markupsafe", "jinja2", "werkzeug")]
    nodes += [node("jinja2", "flask"), node("werkzeug", "flask")]
    assert [(depth, name, again) for depth, name, _, again in lines(grown(nodes, ROOT))] == [
        (0, "flask", False),
        (1, "click", False),
        (1, "jinja2", False),
        (2, "markupsafe", False),
        (1, "werkzeug", False),
        (2, "markupsafe", True),
    ]


def test_two_versions_of_one_project_stand_below_what_needs_each() -> None:
    both = ("3.11", "3.13")
    nodes = [
        node("flask", targets=both),
        node("numpy", "flask", version="1", targets=["3.11"]),
        node("numpy", "flask", version="2", targets=["3.13"]),
        node("old-helper", "numpy", targets=["3.11"]),
    ]
    assert [line[:3] for line in lines(grown(nodes, ROOT))] == [
        (0, "flask", "1"),
        (1, "numpy", "1"),
        (2, "old-helper", "1"),
        (1, "numpy", "2"),
    ]


def test_a_circle_ends() -> None:
    nodes = [node("flask", "click"), node("click", "flask")]
    assert [line[3] for line in lines(grown(nodes, ROOT))] == [False, False, True]


names = st.sampled_from(["flask", "a", "b", "c", "d"])
closures = st.lists(
    st.builds(node, names, names, names, version=st.sampled_from("12"), targets=st.just(("3.11",))),
    unique_by=lambda found: (found.project, found.version),
)


@given(closures)
def test_every_version_is_told_in_full_exactly_once(nodes: list[Node]) -> None:
    told = [(name, version) for _, name, version, again in lines(grown(nodes, ROOT)) if not again]
    assert sorted(told) == sorted((found.project, found.version) for found in nodes)
