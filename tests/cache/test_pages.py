"""Kept pages: found again as they were, or not at all."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from proxy.cache.files import Handle
from proxy.cache.pages import HEADER, KeptPage, Pages
from proxy.errors import CacheError
from proxy.upstream.replies import Validators

FLASK = NormalizedName("flask")
PAGE = KeptPage(
    b'{"files": []}' * 100,
    "application/json",
    "https://index.example/simple/flask/",
    Validators('"1"', "Mon, 01 Jan 2024 00:00:00 GMT"),
    datetime(2024, 1, 1, 12, 30, 15, 123456, tzinfo=UTC),
)


def opened(root: Path, **bounds: int) -> Pages:
    """The directory as a new process sees it."""
    pages = Pages(root, **bounds)
    pages.prepare()
    return pages


def test_a_page_is_found_again_also_after_a_restart(tmp_path: Path) -> None:
    pages = opened(tmp_path / "pages")
    assert pages.get(FLASK) is None
    pages.put(FLASK, PAGE)
    assert pages.get(FLASK) == PAGE
    assert opened(tmp_path / "pages").get(FLASK) == PAGE
    assert (tmp_path / "pages").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "pages" / "flask.page").stat().st_mode & 0o777 == 0o600


def test_a_page_without_validators_or_body_is_kept_too(tmp_path: Path) -> None:
    page = replace(PAGE, body=b"", validators=Validators())
    opened(tmp_path).put(FLASK, page)
    assert opened(tmp_path).get(FLASK) == page


def test_a_revalidated_page_keeps_its_body_on_disk(tmp_path: Path) -> None:
    pages = opened(tmp_path)
    pages.put(FLASK, PAGE)
    inode = (tmp_path / "flask.page").stat().st_ino
    later = replace(PAGE, fetched_at=PAGE.fetched_at + timedelta(hours=1))
    pages.put(FLASK, later)
    assert (tmp_path / "flask.page").stat().st_ino == inode
    assert opened(tmp_path).get(FLASK) == later
    pages.put(FLASK, replace(later, body=b"new"))
    assert opened(tmp_path).get(FLASK) == replace(later, body=b"new")


@pytest.mark.parametrize("offset", [0, 70, 200, HEADER - 1, HEADER, HEADER + 500])
def test_a_damaged_page_is_dropped(tmp_path: Path, offset: int) -> None:
    opened(tmp_path).put(FLASK, PAGE)
    path = tmp_path / "flask.page"
    body = bytearray(path.read_bytes())
    body[offset] ^= 1
    path.write_bytes(body)
    pages = opened(tmp_path)
    assert pages.get(FLASK) is None
    assert pages.damaged == 1
    assert not path.exists()


@pytest.mark.parametrize("size", [0, 10, HEADER, HEADER + 10, HEADER + 2000])
def test_a_page_of_another_length_is_dropped(tmp_path: Path, size: int) -> None:
    opened(tmp_path).put(FLASK, PAGE)
    os.truncate(tmp_path / "flask.page", size)
    assert opened(tmp_path).get(FLASK) is None


@pytest.mark.parametrize("name", ["", "..", "../x", "Flask", "a_b", "a/b", "-a", "a\n", "é", "a" * 129])
def test_a_name_that_is_not_normalised_is_refused(tmp_path: Path, name: str) -> None:
    pages = opened(tmp_path)
    for use in (pages.get, pages.drop, lambda name: pages.put(name, PAGE)):
        with pytest.raises(ValueError, match="normalised"):
            use(NormalizedName(name))


def test_number_and_bytes_are_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    pages = opened(tmp_path, max_pages=3, memory_bytes=0)
    for name in "abcd":
        pages.put(NormalizedName(name), PAGE)
    assert [pages.get(NormalizedName(name)) is not None for name in "abcd"] == [False, True, True, True]
    tight = opened(tmp_path, max_bytes=2 * (HEADER + len(PAGE.body)), memory_bytes=0)
    assert sum(tight.get(NormalizedName(name)) is not None for name in "bcd") == 2


def test_memory_is_bounded(tmp_path: Path) -> None:
    pages = opened(tmp_path, memory_bytes=2 * len(PAGE.body))
    for name in "abc":
        pages.put(NormalizedName(name), PAGE)
    for path in tmp_path.iterdir():
        path.unlink()
    assert [pages.get(NormalizedName(name)) is not None for name in "abc"] == [False, True, True]


def test_a_dropped_page_is_gone(tmp_path: Path) -> None:
    pages = opened(tmp_path)
    pages.put(FLASK, PAGE)
    pages.drop(FLASK)
    pages.drop(FLASK)
    assert pages.get(FLASK) is None
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_directory_costs_the_pages_and_nothing_else(tmp_path: Path) -> None:
    pages = opened(tmp_path / "pages", memory_bytes=0)
    pages.put(FLASK, PAGE)
    (tmp_path / "pages" / "flask.page").unlink()
    (tmp_path / "pages").rmdir()
    assert pages.get(FLASK) is None
    pages.put(FLASK, PAGE)
    assert pages.get(FLASK) == PAGE


def test_a_full_disk_leaves_the_page_in_memory_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pages = opened(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    pages.put(FLASK, PAGE)
    assert pages.get(FLASK) == PAGE
    assert list(tmp_path.iterdir()) == []
    assert "No space left" in caplog.text


def test_what_a_crash_left_half_written_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "tmp-dead").write_bytes(b"half")
    opened(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "pages").write_bytes(b"")
    with pytest.raises(CacheError):
        opened(tmp_path / "pages")


def test_threads_may_share_it(tmp_path: Path) -> None:
    pages = opened(tmp_path, max_pages=5, memory_bytes=2 * len(PAGE.body))

    def work() -> None:
        for number in range(50):
            pages.put(NormalizedName(f"p{number % 10}"), PAGE)
            assert pages.get(NormalizedName(f"p{number % 7}")) in {None, PAGE}

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.iterdir())) <= 5


def test_a_handle_closes_itself_with_its_last_user(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    handle = Handle(os.open(tmp_path / "file", os.O_RDONLY))
    descriptor = handle.fd
    del handle
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)
