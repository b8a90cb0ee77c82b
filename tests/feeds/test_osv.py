"""Exports: what is taken, what is refused whole, and that nothing inside stops the rest."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.errors import FeedRefused
from proxy.feeds import osv
from proxy.feeds.archive import Limits
from proxy.feeds.progress import Progress
from proxy.policy.ranges import AdvisoryIndex

AT = datetime(2026, 1, 1, tzinfo=UTC)
UPDATE = Path(__file__).parents[1] / "data" / "advisories" / "update"
WIDGET = NormalizedName("widget")


def record(name: str, **said: object) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "widget"}
    affected = [{"package": package, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]
    return {"id": name, "modified": "2025-01-01T00:00:00Z", "affected": affected, **said}


def export(members: Mapping[str, object]) -> io.BytesIO:
    """Return a zip of members; what is no bytes is written as JSON."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, said in members.items():
            archive.writestr(name, said if isinstance(said, bytes) else json.dumps(said))
    return file


def read(members: Mapping[str, object], limits: Limits | None = None) -> osv.Reading:
    return osv.read_zip(export(members), at=AT, limits=limits)


# --- the update scenario --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bad-truncated.zip", "bad-not-a-zip.zip", "bad-empty.zip"])
def test_what_is_no_whole_export_is_refused_with_a_next_step(name: str) -> None:
    with pytest.raises(FeedRefused, match=r"What was in force stays in force\. \w+"):
        osv.read_path(UPDATE / name, at=AT)


@pytest.mark.parametrize(
    ("name", "records", "broken"),
    [
        ("state1.zip", 70, {}),
        ("state2.zip", 78, {}),
        ("bad-one-json-broken.zip", 78, {"x_UPD-2024-9999.json": "not JSON"}),
        ("bad-huge-member.zip", 60, {"x_UPD-2024-9997.json": "too large"}),
        ("bad-path-traversal.zip", 60, {"../../evil.json": "leads out", "/abs.json": "leads out"}),
        ("bad-id-differs-from-name.zip", 60, {"x_UPD-2024-9998.json": "x_UPD-2024-0000"}),
        (
            "bad-types.zip",
            62,
            {
                "x_UPD-2024-9994.json": "widest",
                "x_UPD-2024-9995.json": "no JSON object",
                "x_UPD-2024-9996.json": "null",
            },
        ),
    ],
)
def test_of_a_partly_broken_export_the_rest_is_taken_and_each_fault_reported(
    name: str, records: int, broken: dict[str, str]
) -> None:
    reading = osv.read_path(UPDATE / name, at=AT)
    assert len(reading.entries) == records
    assert {fault.member for fault in reading.faults} == broken.keys()
    for fault in reading.faults:
        assert broken[fault.member] in " ".join(f.problem for f in reading.faults if f.member == fault.member)


def test_the_id_inside_counts_and_of_two_the_later_one() -> None:
    reading = osv.read_path(UPDATE / "bad-id-differs-from-name.zip", at=AT)
    assert reading.entries["x_UPD-2024-0000"].modified == datetime(2024, 10, 11, tzinfo=UTC)
    assert "x_UPD-2024-9998" not in reading.entries
    assert AdvisoryIndex.of(reading.advisories()).match(NormalizedName("upd-pkg-0"), "999.0")


def test_a_name_that_leads_out_of_the_archive_is_neither_read_nor_written(tmp_path: Path) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    for name in ("../../evil.json", "/abs.json", "..\\evil.json", "C:/evil.json", "a//evil.json"):
        reading = read({name: record("EVIL-1"), "dir/GOOD-1.json": record("GOOD-1")})
        assert (list(reading.entries), len(reading.faults)) == (["GOOD-1"], 1)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_numbers_for_versions_still_withhold_what_can_be_read() -> None:
    reading = osv.read_path(UPDATE / "bad-types.zip", at=AT)
    index = AdvisoryIndex.of(reading.advisories())
    assert "x_UPD-2024-9994" in {match.id for match in index.match(NormalizedName("upd-pkg-1"), "1.0")}


# --- bounds ---------------------------------------------------------------------------------------


def test_a_member_is_not_inflated_beyond_its_bound() -> None:
    reading = read({"A-1.json": record("A-1"), "B-1.json": b" " * 10_000}, Limits(member_bytes=5_000))
    assert list(reading.entries) == ["A-1"]
    assert "10000 bytes" in reading.faults[0].problem


def test_a_header_that_lies_about_a_size_is_a_fault_or_cut_off_at_it() -> None:
    file = export({"A-1.json": record("A-1"), "B-1.json": b" " * 9_000})
    raw = file.getvalue().replace((9_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    reading = osv.read_zip(io.BytesIO(raw), at=AT)
    assert (list(reading.entries), len(reading.faults)) == (["A-1"], 1)


@pytest.mark.parametrize("limits", [Limits(members=1), Limits(total_bytes=300)])
def test_too_many_records_or_bytes_refuse_the_whole(limits: Limits) -> None:
    with pytest.raises(FeedRefused, match="too large"):
        read({"A-1.json": record("A-1"), "B-1.json": record("B-1")}, limits)


def test_an_archive_that_inflates_to_many_times_its_size_is_refused_before_it_does() -> None:
    members = {f"A-{number}.json": b" " * 40_000 for number in range(30)}
    with pytest.raises(FeedRefused, match=r"times its own \d+ bytes when inflated, at most 50 are read"):
        read(members, Limits(ratio_from_bytes=1 << 20))
    sound = {f"A-{number}.json": record(f"A-{number}") for number in range(30)}
    assert len(read({**sound, "big.json": b" " * (5 << 20)}, Limits(ratio_from_bytes=1 << 10)).entries) == 30, (
        "a single member that is too large is no reason to refuse the rest"
    )


def test_progress_counts_what_was_read() -> None:
    progress = Progress()
    osv.read_zip(export({"A-1.json": record("A-1"), "B-1.json": b"oops"}), at=AT, progress=progress)
    assert progress.data() == {"stage": "reading", "done": 2, "of": 2}


def test_a_file_in_a_folder_that_cannot_be_read_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("A-1", "B-1"):
        (tmp_path / f"{name}.json").write_text(json.dumps(record(name)))
    whole = Path.read_bytes
    refuse = PermissionError(13, "Permission denied")

    def guarded(path: Path) -> bytes:
        if path.name == "A-1.json":
            raise refuse
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    reading = osv.read_path(tmp_path, at=AT)
    assert list(reading.entries) == ["B-1"]
    assert [fault.problem for fault in reading.faults] == ["it cannot be read: Permission denied"]


def test_a_file_too_large_or_not_there_is_refused_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with pytest.raises(FeedRefused, match="cannot be read"):
        osv.read_path(path, at=AT)
    path.write_bytes(export({"A-1.json": record("A-1")}).getvalue())
    with pytest.raises(FeedRefused, match="too large"):
        osv.read_path(path, at=AT, limits=Limits(file_bytes=10))


def test_members_packed_in_another_way_are_faults() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("A-1.json", json.dumps(record("A-1")), zipfile.ZIP_BZIP2)
        archive.writestr("B-1.json", json.dumps(record("B-1")), zipfile.ZIP_STORED)
        archive.writestr("README.md", "not ours")
    reading = osv.read_zip(file, at=AT)
    assert (list(reading.entries), [fault.member for fault in reading.faults]) == (["B-1"], ["A-1.json"])


@given(st.data())
def test_no_bytes_whatever_raise_anything_but_a_refusal(data: st.DataObject) -> None:
    raw = bytearray(export({f"A-{number}.json": record(f"A-{number}") for number in range(3)}).getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 60)) * data.draw(st.booleans())
    try:
        reading = osv.read_zip(io.BytesIO(raw[: len(raw) - cut]), at=AT)
    except FeedRefused as refusal:
        assert "What was in force stays in force." in str(refusal)
    else:
        assert len(reading.entries) <= 3


# --- one broken record ----------------------------------------------------------------------------

TEXTS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"[" * 5_000,
    b"\xff\xfe",
    b'{"id":"A-0"}',
    b'{"id":"A-1","withdrawn":"2026-01-01"}',
]
ENTRIES: list[object] = [None, {}, [None], [{"package": 1}], [{"package": {"name": 3}}], "x"]
BROKEN: st.SearchStrategy[object] = st.sampled_from(TEXTS) | st.fixed_dictionaries(
    {
        "id": st.sampled_from(["A-0", "A-1", None, 5, ""]),
        "modified": st.sampled_from(["2025-06-01T00:00:00Z", None, 3]),
        "affected": st.sampled_from(ENTRIES),
    },
    optional={
        "withdrawn": st.sampled_from(["junk", "2025-06-01T00:00:00Z", 5, []]),
        "aliases": st.sampled_from([None, "A-0", [3], ["A-0", "A-1"]]),
    },
)


@given(BROKEN, st.sampled_from(["A-0.json", "zzz.json", "A-1 (copy).json"]))
def test_one_broken_record_stops_no_other_and_lets_nothing_through(broken: object, name: str) -> None:
    sound = {f"dir/A-{number}.json": record(f"A-{number}") for number in range(2)}
    before = {match.id for match in AdvisoryIndex.of(read(sound).advisories()).match(WIDGET, "1.0")}
    reading = read({**sound, name: broken})
    after = {match.id for match in AdvisoryIndex.of(reading.advisories()).match(WIDGET, "1.0")}
    assert before <= after
    assert reading.faults


# --- two with one id ------------------------------------------------------------------------------


def test_of_two_records_with_one_id_and_date_both_count() -> None:
    narrow = record("A-1")
    narrow["affected"][0]["ranges"][0]["events"] = [{"introduced": "5.0"}]
    for members in ({"a.json": record("A-1"), "b.json": narrow}, {"a.json": narrow, "b.json": record("A-1")}):
        reading = read(members)
        assert AdvisoryIndex.of(reading.advisories()).match(WIDGET, "1.0")
        assert "another record has the id A-1 too" in reading.faults[0].problem


def test_of_two_records_with_one_id_the_later_sound_one_counts_alone_in_any_order() -> None:
    later = record("A-1", modified="2025-02-01T00:00:00Z", withdrawn="2025-02-01T00:00:00Z")
    for members in ({"a.json": record("A-1"), "b.json": later}, {"a.json": later, "b.json": record("A-1")}):
        assert AdvisoryIndex.of(read(members).advisories()).match(WIDGET, "1.0") == ()


# --- what is said of the whole --------------------------------------------------------------------


def test_a_withdrawal_in_the_future_is_none_and_told() -> None:
    found = read({"a.json": record("A-1", withdrawn="2999-01-01T00:00:00Z")})
    assert found.entries["A-1"].advisory.withdrawn is None
    assert [fault.problem for fault in found.faults] == ["it is not withdrawn before 2999-01-01"]
    assert read({"a.json": record("A-1", withdrawn="2025-12-31T00:00:00Z")}).entries["A-1"].withdrawn


def test_the_newest_date_is_never_one_in_the_future() -> None:
    future = (AT + timedelta(days=9)).isoformat()
    reading = read({"a.json": record("A-1"), "b.json": record("B-1", modified=future)})
    assert reading.newest == datetime(2025, 1, 1, tzinfo=UTC)
    assert read({"b.json": record("B-1", modified=future)}).newest == osv.NO_DATE


def test_a_folder_of_records_reads_like_an_export_and_all_zip_comes_first(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "A-1.json").write_text(json.dumps(record("A-1")))
    (tmp_path / "B-1.json").write_text("broken")
    reading = osv.read_path(tmp_path, at=AT)
    assert (list(reading.entries), [fault.member for fault in reading.faults]) == (["A-1"], ["B-1.json"])
    (tmp_path / "all.zip").write_bytes(export({"C-1.json": record("C-1")}).getvalue())
    assert list(osv.read_path(tmp_path, at=AT).entries) == ["C-1"]


def test_records_fetched_one_by_one_read_likewise() -> None:
    reading = osv.read_records([("A-1.json", json.dumps(record("A-1")).encode()), ("B-1.json", b"oops")], at=AT)
    assert (list(reading.entries), len(reading.faults)) == (["A-1"], 1)
    with pytest.raises(FeedRefused, match=r"no record \(1 cannot be read\)"):
        osv.read_records([("B-1.json", b"oops")], at=AT)


def test_a_digest_covers_what_matters_and_rows_carry_it() -> None:
    one = read({"a.json": record("A-1")})
    other = read({"a.json": record("A-1", details="longer now", credits=[])})
    fixed = read({"a.json": record("A-1", summary="clearer now")})
    assert one.entries["A-1"].digest == other.entries["A-1"].digest != fixed.entries["A-1"].digest
    (row,) = one.rows(["A-1"])
    assert (osv.unpacked(row.record), row.digest) == (one.entries["A-1"].advisory, one.entries["A-1"].digest)
    assert one.sha256 != other.sha256
