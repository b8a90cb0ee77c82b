"""Start tags out of HTML: what browsers would see, and no more time than the length of the page."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.simple.markup import VALUE_AT_MOST, start_tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", []),
        ("a < b <3 <> </> text", []),
        ("<p>", [("p", {})]),
        ("<BR/>", [("br", {})]),
        ("<a href=x>", [("a", {"href": "x"})]),
        ("<a href=x/y/>", [("a", {"href": "x/y/"})]),
        ("<A HREF='x' Data-X=\"y\" checked>", [("a", {"href": "x", "data-x": "y", "checked": ""})]),
        ('<a\n href = "x"\t>', [("a", {"href": "x"})]),
        ('<a href="a>b" title=\'<a href="no">\'>', [("a", {"href": "a>b", "title": '<a href="no">'})]),
        ('<a href="x"href="y">', [("a", {"href": "x"})]),
        ('<a href="?a&amp;b&#43;&lt;">', [("a", {"href": "?a&b+<"})]),
        ("<a href=>", [("a", {"href": ""})]),
        ("</a href='x'><b>", [("b", {})]),
        ("<!-- <a href=x> --><b>", [("b", {})]),
        ("<!--><b>", [("b", {})]),
        ("<!DOCTYPE html><?xml version='1'?><b>", [("b", {})]),
        ("<script>'<a href=x>'</script><b>", [("script", {}), ("b", {})]),
        ("<title><a href=x></TITLE ><b>", [("title", {}), ("b", {})]),
        ("<b><a href='x>", [("b", {})]),
        ("<b><a href=x", [("b", {})]),
        ("<b><!-- <a href=x>", [("b", {})]),
        ("<b><!", [("b", {})]),
        ("<script><a href=x>", [("script", {})]),
    ],
)
def test_tags_are_read_as_a_browser_reads_them(text: str, tags: list[tuple[str, dict[str, str]]]) -> None:
    assert list(start_tags(text)) == tags


@pytest.mark.parametrize("bait", ["<!--", '<a b="', "<a b='", "<a x ", "<", "</a ", "<a b=", "<script>", "<a\t"])
def test_time_is_linear_where_the_standard_parser_needs_minutes(bait: str) -> None:
    assert len(list(start_tags(bait * 100_000))) <= 100_000


@pytest.mark.parametrize("reference", ["&#" + "9" * 5000 + ";", "&#xffffffffff;", "&#xd800;", "&nosuch;"])
def test_no_character_reference_makes_reading_fail(reference: str) -> None:
    ((_, attributes),) = start_tags(f'<a href="{reference}">')
    assert len(attributes["href"]) <= VALUE_AT_MOST
    attributes["href"].encode()


class _Reference(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


values = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12)
anchors = st.dictionaries(st.sampled_from(["href", "data-yanked", "rel"]), values, max_size=3)


@given(st.lists(anchors, max_size=4))
def test_a_well_formed_page_reads_as_the_standard_library_reads_it(listed: list[dict[str, str]]) -> None:
    page = "\n".join(
        "<a" + "".join(f' {name}="{escape(value)}"' for name, value in anchor.items()) + ">text</a><br />"
        for anchor in listed
    )
    reference = _Reference()
    reference.feed(page)
    reference.close()
    assert list(start_tags(page)) == reference.tags
    assert [attributes for tag, attributes in start_tags(page) if tag == "a"] == listed


@given(st.text("<>/!-=\"'ab &#;\n", max_size=80))
def test_no_text_makes_reading_fail(text: str) -> None:
    for tag, attributes in start_tags(text):
        assert tag
        assert all(isinstance(value, str) for value in attributes.values())
