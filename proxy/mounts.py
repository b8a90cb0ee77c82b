"""Where a part of the gate answers for every path below its own."""

from __future__ import annotations

import re
from typing import Any

from starlette.routing import Mount


class Below(Mount):
    """A mount of whatever stands below it: a path with the end of a line in it too, which is otherwise nobody's."""

    def __init__(self, path: str, *arguments: Any, **more: Any) -> None:
        super().__init__(path, *arguments, **more)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)
