"""The first file of a name stays the first, for whoever asks and after every restart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT, FLASK, wheel

FILE = wheel(licence="MIT", publisher="GitHub:pallets/flask", yanked="broken")
OTHER = replace(FILE, sha256="b" * 64)


def test_who_comes_first_stays(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    assert store.keep_first(FLASK, FILE, AT) == FILE
    assert store.keep_first(FLASK, OTHER, AT) == FILE
    assert store.keep_first("numpy", OTHER, AT) == OTHER, "a name is a project's own"
    store.close()
    again = SqliteStore(tmp_path)
    assert again.first_files(FLASK) == {FILE.filename: FILE}
    assert again.first_files("click") == {}
    again.close()


def test_of_many_at_once_one_is_first(tmp_path: Path) -> None:
    stores = [SqliteStore(tmp_path) for _ in range(4)]
    files = [replace(FILE, sha256=f"{number:064x}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda pair: pair[0].keep_first(FLASK, pair[1], AT), zip(stores, files, strict=True)))
    assert len({file.sha256 for file in kept}) == 1
    for store in stores:
        store.close()
