"""Whatever a Host header says, the path is the request's own (a malformed one gets into the framework's URL)."""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).parents[2]
SERVING = [
    *sorted((HERE / "admin").rglob("*.py")),
    *(path for path in sorted((HERE / "proxy").rglob("*.py")) if "upstream" not in path.parts),
]
"""What answers requests; ``proxy/upstream`` makes them, and reads what it asked."""


def _read(tree: ast.AST) -> list[int]:
    """The lines that read the URL or the base of a request."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return [
        node.lineno
        for node in found
        if node.attr in {"url", "base_url", "url_for"} and ast.unparse(node.value).endswith("request")
    ]


def test_nobody_reads_the_url_that_is_made_of_the_host() -> None:
    assert len(SERVING) > 250
    read = {str(path.relative_to(HERE)): _read(ast.parse(path.read_text())) for path in SERVING}
    assert {path: lines for path, lines in read.items() if lines} == {}, 'read scope["path"] instead'
    assert _read(ast.parse("self._request.url")) == [1], "and it would be found"
