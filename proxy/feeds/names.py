"""The reference data that ships with the gate. The one room that knows where ``data/`` lies.

In a wheel it is ``proxy/data``, in a checkout ``data`` beside ``proxy``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from proxy.errors import FeedRefused
from proxy.model import NamesList
from proxy.policy.folding import malformed
from proxy.policy.similarity import Model, NameIndex
from proxy.simple.names import normal

FEWEST = 100
"""Names in the shortest list that is put in force."""
FAULTS_TOLD = 50
LONGEST_RANK = 9
PROTECTED = 5_000
"""How many of the popular projects others may not imitate; all of them are known names."""


def data_folder() -> Path:
    """Return the folder of the shipped data."""
    here = Path(__file__).parents[1]
    return here / "data" if (here / "data").is_dir() else here.parent / "data"


def read_names(content: bytes) -> list[str]:
    """Return the names of a list ``rank,project,downloads``, the most popular first.

    Raises FeedRefused where there is any fault, each told with its line.
    """
    found, faults = parse_names(content)
    if faults or not found:
        more = [f"and {len(faults) - FAULTS_TOLD} more"] if len(faults) > FAULTS_TOLD else []
        raise FeedRefused(
            "The list of names is not taken: " + "; ".join([*faults[:FAULTS_TOLD], *more] or ["it is empty"])
        )
    return found


def parse_names(content: bytes) -> tuple[list[str], list[str]]:
    """Return the names of a list, and a sentence for every line that is at fault.

    Raises FeedRefused for what is no list of names at all.
    """
    try:
        table = csv.DictReader(content.decode("utf-8-sig").splitlines())
    except UnicodeDecodeError as error:
        raise FeedRefused(f"The list of names is not UTF-8: {error}.") from error
    if table.fieldnames is None or "project" not in table.fieldnames:
        raise FeedRefused("The list of names has no column 'project'. Its first line reads: rank,project,downloads")
    found: dict[str, int] = {}
    faults: list[str] = []
    last = 0
    try:
        for row in table:
            name, fault = _read(row, found, last)
            faults += [f"line {table.line_num}: {fault}"] if fault else []
            if name:
                found.setdefault(name, table.line_num)
            last = _rank(row) or last
    except csv.Error as error:
        faults.append(f"line {table.line_num}: {error}")
    return list(found), faults


Row = Mapping[str | Any, str | Any]


def _read(row: Row, found: Mapping[str, int], last: int) -> tuple[str | None, str]:
    """Return the name of a row, and what is wrong with the row."""
    text = row["project"] or ""
    name = normal(text)
    if name is None:
        return None, malformed(text).removesuffix(".")
    if name in found:
        return name, f"{name} stands on line {found[name]} already"
    if "rank" in row and (rank := _rank(row)) <= last:
        return name, f"the rank {row['rank']!a:.20} does not come after {last}" if rank else "the rank is no number"
    return name, ""


def _rank(row: Row) -> int:
    """Return the rank of a row, 0 where it is no number."""
    text = row.get("rank") or ""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_RANK else 0


def popular_names() -> list[str]:
    """Return the names of the list that ships."""
    return read_names((data_folder() / "popular-projects.csv").read_bytes())


def names_in_force(data_dir: Path, chosen: NamesList | None) -> tuple[list[str], str]:
    """Return the names of the list that was chosen, and "".

    Where its file is not the one that was taken, the names of the list that ships, and a sentence for people.
    """
    if chosen is None:
        return popular_names(), ""
    path = _kept(data_dir, chosen.sha256)
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    else:
        if hashlib.sha256(content).hexdigest() == chosen.sha256:
            return read_names(content), ""
        problem = "is not the file that was taken: its SHA-256 is another"
    said = f"The list of popular names {path.name} {problem}. Look-alikes are told from the list that ships."
    return popular_names(), f"{said} Find out who wrote there, and take the list again: wicketgate names update FILE"


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
    Path(file.name).replace(_kept(data_dir, chosen.sha256))
    return chosen


def _kept(data_dir: Path, sha256: str) -> Path:
    return data_dir / f"names-{sha256}.csv"


def index_of(popular: list[str]) -> NameIndex:
    """Return the index that recognises what imitates these names. Takes about a second; keep it off the loop."""
    return NameIndex.build(popular[:PROTECTED], popular, similarity_model(), words())


def words() -> frozenset[str]:
    """Return the words of English that ship: a name made of them is no slip of another."""
    return frozenset((data_folder() / "words.txt").read_text(encoding="ascii").split())


def similarity_model() -> Model:
    """Return the trained model that weighs resemblances (``tests/bench/train_names.py`` makes it)."""
    return Model.of(json.loads((data_folder() / "similarity-model.json").read_text(encoding="utf-8")))


def shipped_advisories() -> Path:
    """Return the advisory records that ship for the first run."""
    return data_folder() / "advisories.zip"
