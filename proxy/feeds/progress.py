"""How far a long import is, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

Item = TypeVar("Item")
Stage = Literal["", "fetching", "reading", "writing"]


@dataclass(slots=True)
class Progress:
    """Written by the one thread that imports, read by any other. ``of`` is 0 where the whole is not known."""

    stage: Stage = ""
    done: int = 0
    of: int = 0

    def begin(self, stage: Stage, of: int = 0) -> None:
        """Enter a stage; "" is the end."""
        self.done, self.of, self.stage = 0, of, stage

    def through(self, stage: Stage, items: Collection[Item]) -> Iterator[Item]:
        """Yield the items of a stage, counting them."""
        self.begin(stage, len(items))
        for item in items:
            yield item
            self.done += 1

    def data(self) -> dict[str, object] | None:
        """Return the stage as JSON data, None where nothing is under way."""
        return {"stage": self.stage, "done": self.done, "of": self.of} if self.stage else None
