"""The reference data that ships with the gate. The one room that knows where ``data/`` lies.

In a wheel it is ``proxy/data``, in a checkout ``data`` beside ``proxy``.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from packaging.utils import canonicalize_name

from proxy.policy.similarity import Model

PROTECTED = 5_000
"""How many of the popular projects others may not imitate; all of them are known names."""


def data_folder() -> Path:
    """Return the folder of the shipped data."""
    here = Path(__file__).parents[1]
    return here / "data" if (here / "data").is_dir() else here.parent / "data"


def popular_names(path: Path | None = None) -> list[str]:
    """Return the names of the popular projects, the most popular first."""
    with (path or data_folder() / "popular-projects.csv").open(newline="", encoding="utf-8") as file:
        return [canonicalize_name(row["project"]) for row in csv.DictReader(file)]


def similarity_model() -> Model:
    """Return the trained model that weighs resemblances (``tests/bench/train_names.py`` makes it)."""
    return Model.of(json.loads((data_folder() / "similarity-model.json").read_text(encoding="utf-8")))


def shipped_advisories() -> Path:
    """Return the advisory records that ship for the first run."""
    return data_folder() / "advisories.zip"
