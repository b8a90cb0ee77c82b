"""A whole page: JSON or HTML, what one bad row does, and what makes the page itself unusable."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.errors import UpstreamBroken
from proxy.model import ProjectPage
from proxy.simple import parse as module
from proxy.simple.negotiate import Format
from proxy.simple.parse import parse

PAGE = "https://index.example/simple/foo/"
FOO = NormalizedName("foo")
A, B = "a" * 64, "b" * 64


def read(body: bytes | str, content_type: str = Format.JSON) -> ProjectPage:
    return parse(body if isinstance(body, bytes) else body.encode(), content_type, PAGE, FOO)


def row(version: str = "1.0", **more: Any) -> dict[str, Any]:
    filename = f"foo-{version}.tar.gz"
    return {"filename": filename, "url": f"https://files.example/{filename}", "hashes": {"sha256": A}, **more}


def page(*rows: object, **more: Any) -> bytes:
    return json.dumps({"meta": {"api-version": "1.0"}, "name": "foo", "files": rows, **more}).encode()


@pytest.mark.parametrize("content_type", [Format.JSON, "text/html; charset=utf-8", "text/plain", ""])
@pytest.mark.parametrize("start", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_the_first_byte_says_what_a_page_is(content_type: str, start: bytes) -> None:
    html = f'<a href="https://files.example/foo-1.0.tar.gz#sha256={A}">x</a>'.encode()
    assert read(start + page(row()), content_type).files == read(start + html, content_type).files != ()


def test_a_row_of_wrong_types_leaves_the_others_alone() -> None:
    found = read(page(row("1.0"), row("2.0", size="big"), None, row("3.0", yanked={}), row("4.0")))
    assert [file.version for file in found.files] == ["1.0", "4.0"]
    assert [lost.filename for lost in found.unreadable] == ["foo-2.0.tar.gz", "?", "foo-3.0.tar.gz"]
    assert not any(lost.inconsistent for lost in found.unreadable), "what cannot be read contradicts nothing"


def test_rows_that_contradict_themselves_or_each_other_are_marked() -> None:
    twice = [row("2.0"), {**row("2.0"), "url": "https://files.example/x/foo-2.0.tar.gz"}]
    found = read(page(row("1.0"), {**row("3.0"), "url": "https://files.example/foo-4.0.tar.gz"}, *twice))
    assert [file.version for file in found.files] == ["1.0"]
    assert all(lost.inconsistent for lost in found.unreadable)
    assert len(found.unreadable) == 2


def test_the_name_that_a_page_gives_itself_does_not_count() -> None:
    found = read(page(row(), {**row(), "filename": "bar-1.0.tar.gz"}, name="bar"))
    assert found.project == "foo"
    assert [file.filename for file in found.files] == ["foo-1.0.tar.gz"]
    assert found.unreadable[0].problem == "Its name says another project."
    assert found.unreadable[0].inconsistent


def test_a_base_element_does_not_move_addresses() -> None:
    found = read('<base href="https://evil.example/"><a href="foo-1.0.tar.gz">x</a>')
    assert found.files[0].url == f"{PAGE}foo-1.0.tar.gz"


@pytest.mark.parametrize(
    "other", [{"hashes": {"sha256": B}}, {"hashes": {}}, {"url": "https://evil.example/foo-1.0.tar.gz"}]
)
def test_one_name_with_two_addresses_or_digests_is_no_file_at_all(other: dict[str, Any]) -> None:
    found = read(page(row(), row("2.0"), row(**other), row()))
    assert [file.version for file in found.files] == ["2.0"]
    assert [lost.filename for lost in found.unreadable] == ["foo-1.0.tar.gz"]
    assert "twice" in found.unreadable[0].problem


def test_the_same_row_said_twice_is_one_file() -> None:
    found = read(page(row(), row()))
    assert len(found.files) == 1
    assert not found.unreadable


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ({}, "active", None),
        ({"project-status": None}, "active", None),
        ({"project-status": {}}, "active", None),
        ({"project-status": {"status": "Quarantined"}}, "quarantined", None),
        ({"project-status": {"status": "archived", "reason": "a\nb"}}, "archived", "a b"),
        ({"project-status": {"status": "some-day-new"}}, "some-day-new", None),
    ],
)
def test_the_status_of_a_project_is_read(said: dict[str, Any], status: str, reason: str | None) -> None:
    found = read(page(row(), **said))
    assert (found.status, found.status_reason) == (status, reason)


@pytest.mark.parametrize("version", ["1.0", "1.4", "1.99"])
def test_every_version_1_is_read(version: str) -> None:
    assert read(page(row(), meta={"api-version": version})).files
    assert read(f'<meta name="pypi:repository-version" content="{version}"><a href="foo-1.0.tar.gz">x</a>').files


@pytest.mark.parametrize(
    ("body", "content_type", "sentence"),
    [
        (page(row(), meta={"api-version": "2.0"}), Format.JSON, "version '2.0'"),
        (page(row(), meta={"api-version": "1"}), Format.JSON, "version '1'"),
        (page(row(), meta={"api-version": "one"}), Format.JSON, "version 'one'"),
        (page(row(), meta={"api-version": 1.0}), Format.JSON, "api-version"),
        (b'<meta name="pypi:repository-version" content="2.0">', "text/html", "version '2.0'"),
        (page(row()), "application/vnd.pypi.simple.v2+json", "version 2"),
        (b"", "text/html", "neither"),
        (b"   ", Format.JSON, "neither"),
        (b"Not found", "text/plain", "neither"),
        (b"[]", Format.JSON, "neither"),
        (b"\x1f\x8b\x08", Format.JSON, "neither"),
        (b"{", Format.JSON, "not JSON"),
        (b"{}", Format.JSON, "files"),
        (b'{"message": "gone"}', Format.JSON, "files"),
        (b'{"files": {}}', Format.JSON, "files"),
        (b'{"files": null}', Format.JSON, "files"),
        (b'{"files": [{"filename": "\xff"}]}', Format.JSON, "not JSON"),
        (b'{"files": [{"filename": "\\ud800", "url": ""}]}', Format.JSON, "not JSON"),
        (page(row()) + b"x", Format.JSON, "not JSON"),
        (page(row())[:-9], Format.JSON, "not JSON"),
        (b'{"x": ' + b"[" * 1_000_000, Format.JSON, "not JSON"),
        (b'{"files": [' + b'{"x":' * 100_000 + b"1" + b"}" * 100_000 + b"]}", Format.JSON, "not JSON"),
        (page(row(), **{"project-status": "quarantined"}), Format.JSON, "project-status"),
        (page(row(), **{"project-status": {"status": 1}}), Format.JSON, "status"),
        (page(row(), **{"project-status": {"status": "<b>"}}), Format.JSON, "PEP 792"),
        (b'<meta name="pypi:project-status" content="a b">', "text/html", "PEP 792"),
    ],
)
def test_a_page_that_cannot_be_read_says_so_in_a_sentence(body: bytes, content_type: str, sentence: str) -> None:
    with pytest.raises(UpstreamBroken, match=r"^The page of foo .*\.?$") as caught:
        read(body, content_type)
    assert sentence in str(caught.value)


def test_a_page_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILES_AT_MOST", 2)
    for body in (page(row("1"), row("2"), row("3")), b'<a href="foo-1.tar.gz">' * 3, page(row("1"), 2, 3)):
        with pytest.raises(UpstreamBroken, match="3 files"):
            read(body)


def test_links_that_are_no_packages_are_passed_over() -> None:
    found = read(
        '<a name="top">x</a><a href="../">up</a><a href="?C=N">sort</a><a href="">x</a><a href="#x.whl">x</a>'
        '<a href="mailto:a@index.example">x</a><a href="https://index.example/foo">home</a>'
        '<a href="foo-1.0.tar.gz.asc">x</a><a href=" foo-1.0.tar.gz ">x</a><a href="foo-1.0.win32.exe">x</a>'
    )
    assert [file.filename for file in found.files] == ["foo-1.0.tar.gz"]
    assert [lost.filename for lost in found.unreadable] == ["foo-1.0.win32.exe"]


keys = [
    "filename",
    "url",
    "hashes",
    "sha256",
    "size",
    "yanked",
    "upload-time",
    "core-metadata",
    "project-status",
]
texts = st.sampled_from(["foo-1.0.tar.gz", "1.0", A, "", "\u202e", "https://[", "2024-01-01T00:00:00Z", "status"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=5),
    max_leaves=12,
)
pages = st.fixed_dictionaries(
    {"files": st.lists(st.fixed_dictionaries({"filename": texts, "url": texts}, optional={"size": values}) | values)},
    optional=dict.fromkeys(("meta", "project-status", "name", "versions"), values),
)


@given(pages | values)
def test_any_json_gives_a_page_or_a_sentence(said: object) -> None:
    body = json.dumps(said).encode()
    assert_page_or_sentence(body)


@given(
    st.binary(max_size=60)
    | st.text("{}[]\":,\\u<>a&#=/ !-'filesmeta0", max_size=60).map(str.encode)
    | st.lists(texts, max_size=5).map(lambda parts: f'<a href="{" ".join(parts)}" data-size="9'.encode())
)
def test_any_bytes_give_a_page_or_a_sentence(body: bytes) -> None:
    for start in (b"", b"{", b"<", b'{"files": ['):
        assert_page_or_sentence(start + body)


def assert_page_or_sentence(body: bytes) -> None:
    try:
        found = read(body)
    except UpstreamBroken as error:
        assert str(error).startswith("The page of foo ")
    else:
        assert found.project == FOO
        assert len({file.filename for file in found.files}) == len(found.files)
