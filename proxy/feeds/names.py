"""The reference data that ships with the gate. The one room that knows where ``data/`` lies.

In a wheel it is ``proxy/data``, in a checkout ``data`` beside ``proxy``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from datetime import datetime
from pathlib import Path

from proxy.errors import FeedRefused
from proxy.model import NamesList
from proxy.policy.similarity import Model, NameIndex
from proxy.simple.names import normal

FEWEST = 100
PROTECTED = 5_000
"""How many of the popular projects others may not imitate; all of them are known names."""


def data_folder() -> Path:
    """Return the folder of the shipped data."""
    here = Path(__file__).parents[1]
    return here / "data" if (here / "data").is_dir() else here.parent / "data"


def read_names(content: bytes) -> list[str]:
    """Return the names of a list ``rank,project,downloads``, the most popular first. Raises FeedRefused.

    Every fault is told with its line; a list with any is not taken.
    """
    try:
        table = csv.DictReader(content.decode("utf-8").splitlines())
    except UnicodeDecodeError as error:
        raise FeedRefused(f"The list of names is not UTF-8: {error}.") from error
    if table.fieldnames is None or "project" not in table.fieldnames:
        raise FeedRefused("The list of names has no column 'project'. Its first line reads: rank,project,downloads")
    found: dict[str, None] = {}
    faults = []
    for number, row in enumerate(table, 2):
        name = normal(row["project"] or "")
        if name is None:
            faults.append(f"line {number}: {ascii(row['project'])[:60]} is not the name of a project")
        else:
            found[name] = None
    if faults or not found:
        raise FeedRefused("The list of names is not taken: " + "; ".join(faults[:20] or ["it is empty"]))
    return list(found)


def popular_names(path: Path | None = None) -> list[str]:
    """Return the names of a list that was taken before, or of the one that ships."""
    return read_names((path or data_folder() / "popular-projects.csv").read_bytes())


def kept_list(data_dir: Path, chosen: NamesList | None) -> Path | None:
    """Return the file of the list in force, None for the one that ships."""
    return data_dir / f"names-{chosen.sha256}.csv" if chosen else None


def keep_list(data_dir: Path, content: bytes, source: str, by: str, at: datetime) -> NamesList:
    """Check a list and keep its file, under its digest. Raises FeedRefused, and then nothing is kept."""
    count = len(read_names(content))
    if count < FEWEST:
        raise FeedRefused(f"The list holds {count} names; fewer than {FEWEST} would protect nobody.")
    chosen = NamesList(source, count, hashlib.sha256(content).hexdigest(), by, at)
    with tempfile.NamedTemporaryFile(dir=data_dir, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(data_dir / f"names-{chosen.sha256}.csv")
    return chosen


def index_of(popular: list[str]) -> NameIndex:
    """Return the index that recognises what imitates these names. Takes about a second; keep it off the loop."""
    return NameIndex.build(popular[:PROTECTED], popular, similarity_model())


def similarity_model() -> Model:
    """Return the trained model that weighs resemblances (``tests/bench/train_names.py`` makes it)."""
    return Model.of(json.loads((data_folder() / "similarity-model.json").read_text(encoding="utf-8")))


def shipped_advisories() -> Path:
    """Return the advisory records that ship for the first run."""
    return data_folder() / "advisories.zip"
