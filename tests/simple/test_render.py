"""Pages of ours: the same facts in every format, nothing invented, nothing unescaped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.model import ReleaseFile
from proxy.simple.negotiate import Format
from proxy.simple.parse import parse
from proxy.simple.render import Row, render, render_projects

FOO = NormalizedName("foo")
PAGE = "https://gate.example/simple/foo/"
DIGEST, METADATA = "a" * 64, "b" * 64
BARE = ReleaseFile("foo-1.0.tar.gz", "1.0", "sdist", "https://files.example/foo-1.0.tar.gz", None)
FULL = ReleaseFile(
    filename="foo-1.0-py3-none-any.whl",
    version="1.0",
    kind="wheel",
    url="https://files.example/p/foo-1.0-py3-none-any.whl",
    sha256=DIGEST,
    size=0,
    upload_time=datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC),
    requires_python=">=3.9,<4",
    yanked="<b>\"&amp;'",
    metadata=METADATA,
    provenance="https://index.example/integrity/foo",
)


def row(file: ReleaseFile) -> Row:
    return Row(file, f"../../files/p/{file.filename}")


def as_json(*files: ReleaseFile, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(render(FOO, [row(file) for file in files], Format.JSON, **more))
    return said


def test_json_says_every_fact_that_is_known() -> None:
    assert as_json(FULL, status="archived", status_reason="done") == {
        "meta": {"api-version": "1.4"},
        "name": "foo",
        "files": [
            {
                "filename": "foo-1.0-py3-none-any.whl",
                "url": "../../files/p/foo-1.0-py3-none-any.whl",
                "hashes": {"sha256": DIGEST},
                "requires-python": ">=3.9,<4",
                "size": 0,
                "upload-time": "2024-02-29T23:59:59.123456Z",
                "yanked": "<b>\"&amp;'",
                "core-metadata": {"sha256": METADATA},
                "provenance": "https://index.example/integrity/foo",
            }
        ],
        "versions": ["1.0"],
        "project-status": {"status": "archived", "reason": "done"},
    }


def test_json_leaves_out_what_is_not_known() -> None:
    assert as_json(BARE) == {
        "meta": {"api-version": "1.0"},
        "name": "foo",
        "files": [{"filename": "foo-1.0.tar.gz", "url": "../../files/p/foo-1.0.tar.gz", "hashes": {}}],
        "versions": ["1.0"],
    }


def changed(file: ReleaseFile, **facts: Any) -> ReleaseFile:
    return ReleaseFile(**{name: facts.get(name, getattr(file, name)) for name in ReleaseFile.__slots__})


@pytest.mark.parametrize(
    ("files", "status", "version"),
    [
        ((), None, "1.1"),
        ((BARE,), None, "1.0"),
        ((changed(BARE, size=1),), None, "1.1"),
        ((changed(BARE, size=1), changed(BARE, filename="foo-2.tar.gz")), None, "1.0"),
        ((FULL, BARE), None, "1.3"),
        ((BARE,), "deprecated", "1.4"),
    ],
)
def test_the_version_is_that_of_the_newest_fact(
    files: tuple[ReleaseFile, ...], status: str | None, version: str
) -> None:
    assert as_json(*files, status=status)["meta"] == {"api-version": version}
    html = render(FOO, [row(file) for file in files], Format.HTML, status=status)
    assert f'<meta name="pypi:repository-version" content="{version}">'.encode() in html


def test_yanking_without_a_reason_and_metadata_without_a_digest() -> None:
    file = as_json(changed(FULL, yanked="", metadata=""))["files"][0]
    assert (file["yanked"], file["core-metadata"]) == (True, True)
    html = render(FOO, [row(changed(FULL, yanked="", metadata=""))], Format.LEGACY).decode()
    assert ' data-yanked="" data-core-metadata="true" data-dist-info-metadata="true"' in html


def test_versions_are_said_once_each_in_their_order() -> None:
    files = [changed(BARE, version=version, filename=f"{n}") for n, version in enumerate(["2.0", "1.0", "2.0"])]
    assert as_json(*files)["versions"] == ["2.0", "1.0"]


def test_both_names_of_html_get_the_same_page() -> None:
    assert render(FOO, [row(FULL)], Format.HTML) == render(FOO, [row(FULL)], Format.LEGACY)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[dict[str, str | None]] = []
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self._in_anchor = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in_anchor = tag == "a"
        if self._in_anchor:
            self.anchors.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        if self._in_anchor:
            self.texts.append(data)
            self._in_anchor = False


def test_html_is_the_form_of_pep_503_and_nothing_in_it_is_markup() -> None:
    reader = _Text()
    reader.feed(render(FOO, [row(FULL)], Format.HTML, status="archived", status_reason='"><script>').decode())
    assert reader.tags == {"html", "head", "meta", "title", "body", "h1", "a"}
    assert reader.texts == ["foo-1.0-py3-none-any.whl"]
    assert reader.anchors == [
        {
            "href": f"../../files/p/foo-1.0-py3-none-any.whl#sha256={DIGEST}",
            "data-requires-python": ">=3.9,<4",
            "data-size": "0",
            "data-upload-time": "2024-02-29T23:59:59.123456Z",
            "data-yanked": "<b>\"&amp;'",
            "data-core-metadata": f"sha256={METADATA}",
            "data-dist-info-metadata": f"sha256={METADATA}",
            "data-provenance": "https://index.example/integrity/foo",
        }
    ]


def test_the_list_of_projects_in_both_formats() -> None:
    names = [NormalizedName("bar"), FOO]
    assert json.loads(render_projects(names, Format.JSON)) == {
        "meta": {"api-version": "1.0"},
        "projects": [{"name": "bar"}, {"name": "foo"}],
    }
    reader = _Text()
    reader.feed(render_projects(names, Format.HTML).decode())
    assert reader.texts == ["bar", "foo"]
    assert [anchor["href"] for anchor in reader.anchors] == ["bar/", "foo/"]


hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
lines = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)


@st.composite
def release_files(draw: st.DrawFn) -> ReleaseFile:
    version = draw(st.sampled_from(["1.0", "2!1.0rc1", "1.0+local.7", "3.0.post1.dev2"]))
    wheel = draw(st.booleans())
    filename = f"foo-{version}" + ("-py3-none-any.whl" if wheel else ".tar.gz")
    return ReleaseFile(
        filename,
        version,
        "wheel" if wheel else "sdist",
        f"https://gate.example/files/{draw(st.sampled_from('ab'))}/{filename}",
        draw(st.none() | hexes),
        draw(st.none() | st.integers(0, 10**15 - 1)),
        draw(st.none() | st.datetimes(datetime(2003, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001  # the next argument
        draw(st.none() | st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=20)),
        draw(st.none() | lines),
        draw(st.none() | st.just("") | hexes) if wheel else None,
        draw(st.none() | st.just("https://index.example/integrity/foo?a=1&b=2")),
    )


@given(
    st.lists(release_files(), max_size=6, unique_by=lambda file: file.filename),
    st.none() | st.sampled_from(["archived", "quarantined"]),
    st.none() | lines.filter(bool),
)
def test_what_is_rendered_reads_back_the_same_from_every_format(
    files: list[ReleaseFile], status: str | None, reason: str | None
) -> None:
    rows = [Row(file, file.url.replace("https://gate.example", "../..")) for file in files]
    for form in Format:
        body = render(FOO, rows, form, status=status, status_reason=reason if status else None)
        found = parse(body, form, PAGE, FOO)
        assert found.files == tuple(files)
        assert not found.unreadable
        assert found.status == (status or "active")
        assert found.status_reason == (reason if status else None)
