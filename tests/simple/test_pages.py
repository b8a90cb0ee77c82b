"""Pages in the shapes that indexes really answer with, kept as files in ``pages/``; hosts replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from proxy.model import ProjectPage
from proxy.simple.parse import parse

PAGES = Path(__file__).parent / "pages"
PROJECT = NormalizedName("widget-works")
WHEEL, SDIST = "widget_works-1.2.0-py3-none-any.whl", "widget_works-1.2.0.tar.gz"
OLD = "widget_works-1.1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"


def read(name: str, url: str = "https://index.example/simple/widget-works/") -> ProjectPage:
    content_type = "application/vnd.pypi.simple.v1+json" if name.endswith(".json") else "text/html"
    return parse((PAGES / name).read_bytes(), content_type, url, PROJECT)


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_a_mirror_that_knows_neither_metadata_nor_required_pythons() -> None:
    page = read("mirror.json")
    sdist, wheel, old = page.files
    assert [file.version for file in page.files] == ["1.2.0", "1.2.0", "1.1.0"]
    assert [file.kind for file in page.files] == ["sdist", "wheel", "wheel"]
    assert sdist.upload_time == datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
    assert (wheel.sha256, wheel.size) == (digest(WHEEL), 2048)
    assert wheel.url.startswith("https://files.example/packages/")
    assert (wheel.requires_python, wheel.metadata, wheel.provenance) == (None, None, None)
    assert (wheel.yanked, old.yanked) == (None, "Breaks on Tuesdays")
    assert [(lost.filename, lost.problem[:10]) for lost in page.unreadable] == [
        ("widget_works-0.8-py2.7.egg", "It is neit")
    ]


@pytest.mark.parametrize("name", ["index.json", "index.html"])
def test_the_public_index_at_version_1_4(name: str) -> None:
    page = read(name)
    wheel, sdist = page.files
    assert (page.status, page.status_reason) == ("archived", "Moved to gadget-works")
    assert (wheel.filename, wheel.sha256, wheel.requires_python) == (WHEEL, digest(WHEEL), ">=3.9")
    assert wheel.metadata == digest("meta" + WHEEL)
    assert wheel.provenance == f"https://index.example/integrity/widget-works/1.2.0/{WHEEL}/provenance"
    assert (sdist.yanked, sdist.metadata, sdist.provenance) == ("", None, None)


def test_devpi_with_relative_addresses() -> None:
    page = read("devpi.html", "https://devpi.example/root/mirror/+simple/widget-works/")
    wheel, sdist = page.files
    start = digest(WHEEL)
    assert wheel.url == f"https://devpi.example/root/mirror/+f/{start[:3]}/{start[3:16]}/{WHEEL}"
    assert wheel.requires_python == ">=3.9"
    assert sdist.yanked == "Wrong licence & <files>"


def test_artifactory_whose_own_api_version_is_not_ours() -> None:
    page = read("artifactory.html", "https://repo.example/artifactory/api/pypi/pypi/simple/widget-works/")
    assert [file.filename for file in page.files] == [WHEEL, SDIST]
    assert page.files[0].url.startswith("https://repo.example/artifactory/api/pypi/pypi/packages/packages/")
    assert page.files[0].sha256 == digest(WHEEL)


def test_nexus_with_a_digest_that_does_not_count() -> None:
    page = read("nexus.html", "https://repo.example/repository/pypi/simple/widget-works/")
    assert [file.sha256 for file in page.files] == [None, digest(SDIST)]
    assert page.files[0].url == f"https://repo.example/repository/pypi/packages/widget-works/1.2.0/{WHEEL}"


def test_a_directory_listing_whose_texts_are_cut_short() -> None:
    page = read("autoindex.html", "https://wheels.example/wheels/widget-works/")
    assert [file.filename for file in page.files] == [WHEEL, SDIST]
    assert page.files[0].url == f"https://wheels.example/wheels/widget-works/{WHEEL}"
    assert [lost.filename for lost in page.unreadable] == ["other-1.0.tar.gz"]


def test_proxpi_with_the_older_name_of_metadata() -> None:
    page = read("proxpi.html", "https://proxpi.example/index/widget-works/")
    wheel, sdist = page.files
    assert wheel.url == f"https://proxpi.example/index/widget-works/{WHEEL}"
    assert (wheel.metadata, sdist.metadata) == (digest("meta" + WHEEL), None)


def test_the_long_wheel_of_two_platforms_is_read() -> None:
    assert read("mirror.json").files[2].filename == OLD
