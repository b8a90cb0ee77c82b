"""One OSV record: what is read of a sound one, and what of one that is broken."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.feeds import mending
from proxy.feeds.record import Read, Unreadable, read
from proxy.policy.ranges import AdvisoryIndex, compile_project
from proxy.policy.versions import LONGEST

PROJECT = NormalizedName("widget")
ASKED = ("0.1", "1.0", "1.5", "2.0", "2.5", "3.0", "9.9", "junk")


def osv(**said: object) -> dict[str, Any]:
    """Return a sound record: fixed in 2.0, reopened at 2.5, and 9.9 listed."""
    events = [{"introduced": "1.0"}, {"fixed": "2.0"}, {"introduced": "2.5"}, {"last_affected": "2.7"}]
    package = {"ecosystem": "PyPI", "name": "Widget"}
    entry = {"package": package, "ranges": [{"type": "ECOSYSTEM", "events": events}], "versions": ["9.9"]}
    return {"id": "PYSEC-1", "modified": "2026-01-01T00:00:00Z", "affected": [entry], **said}


def reading(raw: object) -> Read:
    return read(json.dumps(raw).encode(), "FALLBACK-1")


def hits(raw: object) -> set[str]:
    """Return which of the versions asked about the record affects."""
    compiled = compile_project([reading(raw).advisory], PROJECT)
    return {version for version in ASKED if compiled.match(version)}


def test_a_sound_record_is_read_without_a_word() -> None:
    found = reading(
        osv(
            aliases=["CVE-1"],
            summary="Bad.",
            published="2025-12-31T23:00:00.123456789-01:00",
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            credits=[{"name": "not needed"}],
        )
    )
    assert found.problems == ()
    advisory = found.advisory
    assert (advisory.id, advisory.aliases, advisory.summary) == ("PYSEC-1", ("CVE-1",), "Bad.")
    assert advisory.published == datetime(2026, 1, 1, 0, 0, 0, 123457, tzinfo=UTC)
    assert (advisory.severity.rating, advisory.severity.score) == ("critical", 9.8)
    assert [entry.project for entry in advisory.affected] == [PROJECT]
    assert hits(osv()) == {"1.0", "1.5", "2.5", "9.9"}


def test_other_ecosystems_and_entries_without_a_package_are_left_out() -> None:
    everything = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]
    npm = {"package": {"ecosystem": "npm", "name": "widget"}, "ranges": everything}
    found = reading(osv(affected=[npm, {"ranges": everything}, *osv()["affected"]]))
    assert len(found.advisory.affected) == 1
    assert found.problems == ()


@pytest.mark.parametrize("name", ["widget", "Widget", " WIDGET\n"])
def test_a_name_is_read_however_it_is_spelt(name: str) -> None:
    assert hits(changed(("package", "name"), name)) == hits(osv())


def test_git_ranges_are_left_out_and_null_lists_are_absent_ones() -> None:
    raw = osv(aliases=None, severity=None)
    raw["affected"][0] |= {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}], "repo": "x"}], "severity": None}
    found = reading(raw)
    assert (found.problems, found.advisory.affected[0].ranges) == ((), ())


def test_severity_is_also_read_inside_affected_entries_and_from_labels() -> None:
    raw = osv(database_specific={"severity": "MODERATE"})
    assert reading(raw).advisory.severity.rating == "medium"
    raw["affected"][0]["severity"] = [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}]
    assert reading(raw).advisory.severity.rating == "high"


@pytest.mark.parametrize(
    ("said", "malicious"),
    [
        ({"id": "MAL-2026-1"}, True),
        ({"summary": "Malicious package."}, True),
        ({"summary": "Malware in widget"}, True),
        ({"database_specific": {"malicious-packages-origins": []}}, True),
        ({"database_specific": {"cwe_ids": ["CWE-79", "CWE-506"]}}, True),
        ({"database_specific": {"cwe_ids": ["CWE-79"]}}, False),
        ({"summary": "A malicious server can crash the client."}, False),
        ({"summary": "Malicious packages can be confused by the resolver"}, False),
        ({"aliases": ["MAL-2026-1"]}, False),
    ],
)
def test_malware_is_what_the_data_marks_as_such(said: dict[str, object], malicious: bool) -> None:
    assert reading(osv(**said)).advisory.malicious is malicious


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"null", b'{"id": "x", "affected": [', b"\xff", b"[" * 100_000, b"<html>"]
)
def test_what_is_no_json_object_is_unreadable(text: bytes) -> None:
    with pytest.raises(Unreadable):
        read(text, "X-1")


def test_a_record_without_an_id_takes_the_name_it_came_under_or_is_unreadable() -> None:
    assert reading(osv(id=None)).advisory.id == "FALLBACK-1"
    with pytest.raises(Unreadable):
        read(json.dumps(osv(id="two words")).encode(), "not an id")


@pytest.mark.parametrize("date", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_dates_at_the_ends_of_the_calendar_are_read(date: str) -> None:
    assert reading(osv(modified=date)).advisory.modified.tzinfo is UTC


# --- broken ---------------------------------------------------------------------------------------


def changed(path: tuple[str | int, ...], value: object, **said: object) -> dict[str, Any]:
    """Return the sound record with the value at ``path`` inside its affected entry replaced."""
    raw = copy.deepcopy(osv(**said))
    place = raw["affected"][0]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value", "opened"),
    [
        (("ranges", 0, "events", 0, "introduced"), None, {"0.1", "2.0", "3.0", "junk"}),
        (("ranges", 0, "events", 1, "fixed"), None, {"2.0"}),
        (("ranges", 0, "events", 1, "fixed"), "2" * (LONGEST + 1), {"2.0"}),
        (("ranges", 0, "events", 3, "last_affected"), {}, {"3.0"}),
        (("ranges", 0, "events", 3), "nonsense", {"0.1", "2.0", "3.0", "junk"}),
        (("ranges", 0, "events", 3), {}, {"0.1", "2.0", "3.0", "junk"}),
        (("ranges", 0, "events", 3), {"Fixed": "2.7"}, {"0.1", "2.0", "3.0", "junk"}),
        (("ranges", 0, "events", 3), {"limit": 2}, {"3.0"}),
        (("ranges", 0, "events"), [{"fixed": "1.0"}], {"0.1", "2.0", "3.0", "junk"}),
        (("ranges", 0, "events"), "nonsense", {"0.1", "2.0", "3.0", "junk"}),
        (("ranges", 0, "type"), "NONSENSE", set()),
        (("ranges", 0, "type"), 7, set()),
        (("ranges", 0), None, {"0.1", "2.0", "3.0", "junk"}),
        (("ranges",), "nonsense", {"0.1", "2.0", "3.0", "junk"}),
        (("package", "ecosystem"), None, set()),
        (("versions",), [9.9, None, {}, ""], set()),
        (("versions",), "9.9", set()),
    ],
)
def test_what_cannot_be_read_is_read_at_its_widest_and_reported(
    path: tuple[str | int, ...], value: object, opened: set[str]
) -> None:
    raw = changed(path, value)
    assert reading(raw).problems
    assert hits(raw) == hits(osv()) | opened


def test_a_short_range_that_does_not_say_where_it_begins_still_says_where_it_ends() -> None:
    raw = changed(("ranges", 0, "events"), [{"introduced": None}, {"fixed": "2.0"}])
    assert hits(raw) == {"0.1", "1.0", "1.5", "9.9", "junk"}


def test_an_unreadable_withdrawal_is_none() -> None:
    unreadable: list[object] = ["yesterday", 5, "", [], "2026-01-01"]
    for value in unreadable:
        found = reading(osv(withdrawn=value))
        assert found.advisory.withdrawn is None
        assert found.problems
    assert reading(osv(withdrawn="2026-01-01T00:00:00Z")).advisory.withdrawn is not None
    assert reading(osv(withdrawn=None)).problems == ()


def test_a_record_that_does_not_say_what_is_affected_is_reported() -> None:
    found = reading({"id": "A", "modified": "2026-01-01T00:00:00Z", "affected": None, "aliases": None})
    assert found.problems
    assert found.advisory.affected == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("versions",), [1.0]),
        (("versions",), {"1.0": True}),
        (("ranges", 0, "events", 1, "fixed"), "no version at all"),
        (("ranges", 0, "events"), []),
        (("ranges",), 7),
    ],
)
def test_malware_with_anything_unreadable_affects_every_version(path: tuple[str | int, ...], value: object) -> None:
    raw = changed(path, value, id="MAL-2026-1")
    assert hits(raw) == set(ASKED)
    assert reading(raw).problems


def test_malware_that_names_neither_versions_nor_ranges_affects_every_version() -> None:
    entry = {"package": {"ecosystem": "PyPI", "name": "widget"}}
    assert hits(osv(id="MAL-2026-1", affected=[entry])) == set(ASKED)
    assert hits(osv(affected=[entry])) == set()


JUNK: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1.5, "", "junk", "1" * 400, [], {}, [None], {"a": "b"}, [[]]]
)


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of everything inside a JSON value."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from leaves(inner, (*path, key))


RANGES = [path for path in leaves(osv()["affected"][0]) if path[0] == "ranges"]
INSIDE = [path for path in leaves(osv()["affected"][0]) if path[0] != "package"]
ANYWHERE = [path for path in leaves(osv()) if path]


def is_damage(path: tuple[str | int, ...], value: object) -> bool:
    """Whether the value breaks the schema there (an empty or null list, or a readable text, may not)."""
    if value in (None, []) and path[-1] in {"ranges", "versions"}:
        return False
    return not (isinstance(value, str) and mending.is_version(value)) or path[-1] in {"ranges", "versions", "events"}


@given(st.sampled_from(RANGES), JUNK)
def test_no_damage_to_a_range_lets_a_version_through(path: tuple[str | int, ...], value: object) -> None:
    if is_damage(path, value):
        assert hits(changed(path, value)) >= hits(osv())


@given(st.sampled_from(INSIDE), JUNK)
def test_no_damage_to_a_malware_record_lets_a_version_through(path: tuple[str | int, ...], value: object) -> None:
    if is_damage(path, value):
        assert hits(changed(path, value, id="MAL-1")) >= hits(osv())


@given(st.sampled_from(ANYWHERE), JUNK)
def test_a_broken_record_never_takes_away_what_a_sibling_withholds(path: tuple[str | int, ...], value: object) -> None:
    raw = copy.deepcopy(osv(id="PYSEC-2", aliases=["PYSEC-1"]))
    place: Any = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    sibling = reading(osv()).advisory
    index = AdvisoryIndex.of([sibling, reading(raw).advisory])
    assert {version for version in ASKED if index.match(PROJECT, version)} >= hits(osv())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "modified", "affected", "aliases", "summary", "withdrawn", "severity", "database_specific")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_object_is_read_or_unreadable_and_nothing_else(raw: dict[str, object]) -> None:
    try:
        found = reading(raw)
    except Unreadable:
        return
    assert compile_project([found.advisory], PROJECT).match("1.0") == ()


# --- joining --------------------------------------------------------------------------------------


def test_joined_records_affect_what_either_affects() -> None:
    old, new = osv(), osv(modified="2026-02-01T00:00:00Z")
    new["affected"][0] |= {"ranges": [], "versions": ["3.0"]}
    joined = mending.join(reading(old).advisory, reading(new).advisory)
    compiled = compile_project([joined], PROJECT)
    assert {version for version in ASKED if compiled.match(version)} == hits(old) | {"3.0"}
    assert joined.modified == datetime(2026, 2, 1, tzinfo=UTC)
    assert mending.join(joined, reading(new).advisory) == joined


def test_a_joined_record_is_withdrawn_only_where_both_are() -> None:
    live, gone = reading(osv()).advisory, reading(osv(withdrawn="2026-01-01T00:00:00Z")).advisory
    assert mending.join(live, gone).withdrawn is None
    assert mending.join(gone, live) == live
    assert mending.join(gone, gone).withdrawn is not None
