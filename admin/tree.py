"""Who needs whom: a closure as a tree, from what was asked for downwards.

Decided here:

* Every version is told in full once; where it is needed again it is only named.
* One version needs another where they meet on a target: a closure for two Pythons may hold two versions of one project.
* Nothing is hidden: what nobody is known to need stands at the top.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from admin.closure import Node


@dataclass(frozen=True, slots=True)
class Branch:
    """A version, and what it needs; ``again`` says that this is told elsewhere in the tree."""

    node: Node
    needs: tuple[Branch, ...] = ()
    again: bool = False


def grown(nodes: Sequence[Node], root: NormalizedName) -> list[Branch]:
    """Return the trees of a closure: that of ``root`` first, then those that nothing above reaches."""
    told: set[Node] = set()
    tops = [node for node in nodes if node.project == root]
    return [*_branches(tops, nodes, told), *_unreached(nodes, told)]


def _unreached(nodes: Sequence[Node], told: set[Node]) -> Iterator[Branch]:
    for node in nodes:
        if node not in told:
            yield from _branches([node], nodes, told)


def _branches(wanted: Iterable[Node], nodes: Sequence[Node], told: set[Node]) -> Iterator[Branch]:
    for node in wanted:
        again = node in told
        told.add(node)
        yield Branch(node, () if again else tuple(_branches(_needs(node, nodes), nodes, told)), again)


def _needs(node: Node, nodes: Iterable[Node]) -> list[Node]:
    return [other for other in nodes if node.project in other.needed_by and set(node.targets) & set(other.targets)]
