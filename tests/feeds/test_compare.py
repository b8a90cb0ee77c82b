"""What arrived against what is in force."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import FeedRefused
from proxy.feeds import compare, osv
from proxy.feeds.archive import Fault

AT = datetime(2026, 1, 1, tzinfo=UTC)
UPDATE = Path(__file__).parents[1] / "data" / "advisories" / "update"
EXPECTED: dict[str, Any] = json.loads((UPDATE / "expected.json").read_text())


def state(name: str) -> osv.Reading:
    return osv.read_path(UPDATE / name, at=AT)


def in_force(reading: osv.Reading) -> compare.InForce:
    return {name: (entry.modified, entry.digest) for name, entry in reading.entries.items()}


def expected(*words: str) -> set[str]:
    return {change["id"] for change in EXPECTED["changes"] if any(word in change["what"] for word in words)}


OLD = in_force(state("state1.zip"))


# --- the update scenario --------------------------------------------------------------------------


def test_a_full_export_shows_every_change_of_the_scenario() -> None:
    found = compare.plan(OLD, state("state2.zip"), full=True)
    assert set(found.added) == expected("added")
    assert set(found.withdrawn) == expected("withdrawn") - expected("vanished")
    assert set(found.vanished) == expected("vanished")
    assert set(found.changed) == expected("widened", "narrowed", "only a full re-sync", "year 1")
    assert (found.damaged, found.older) == ((), ())
    assert found.unchanged == EXPECTED["state2_records"] - len(found.puts)


def test_the_list_of_modified_ids_shows_what_it_can_show() -> None:
    wanted = compare.to_fetch(OLD, (UPDATE / "state2-modified_id.csv").read_bytes())
    assert set(wanted) == set(EXPECTED["visible_by_modified_id_csv_only"])
    assert compare.to_fetch(OLD, (UPDATE / "state1-modified_id.csv").read_bytes()) == ()


def test_records_fetched_one_by_one_let_nothing_vanish() -> None:
    some = osv.read_records([("x.json", json.dumps(record("x_UPD-2024-0000")).encode())], at=AT)
    assert compare.plan(OLD, some, full=False).vanished == ()


def test_a_second_look_at_the_same_export_finds_nothing_to_do() -> None:
    new = state("state2.zip")
    found = compare.plan(in_force(new), new, full=True)
    assert (found.puts, found.vanished, found.unchanged) == ((), (), 78)


def test_a_shrunken_export_is_refused_and_an_ordinary_one_is_not() -> None:
    now = in_force(state("state2.zip"))
    with pytest.raises(FeedRefused, match=r"lost 71 of 78 records.*What was in force stays.*confirm the loss"):
        compare.refuse_if_shrunk(len(now), compare.plan(now, state("bad-shrunk.zip"), full=True))
    compare.refuse_if_shrunk(len(OLD), compare.plan(OLD, state("state2.zip"), full=True))


def test_an_older_export_is_refused() -> None:
    with pytest.raises(FeedRefused, match=r"older than what is in force"):
        compare.refuse_if_older(state("state2.zip").newest, state("state1.zip").newest)
    compare.refuse_if_older(state("state1.zip").newest, state("state2.zip").newest)


@pytest.mark.parametrize("name", ["bad-one-json-broken.zip", "bad-types.zip", "bad-huge-member.zip"])
def test_an_export_with_a_few_broken_records_is_taken(name: str) -> None:
    compare.refuse_if_broken(state(name))


# --- single rules ---------------------------------------------------------------------------------


def record(name: str, **said: object) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "widget"}
    return {
        "id": name,
        "modified": "2025-06-01T00:00:00Z",
        "affected": [{"package": package, "versions": ["1"]}],
        **said,
    }


def reading(*records: object) -> osv.Reading:
    texts = [(f"{number}.json", json.dumps(raw).encode()) for number, raw in enumerate(records)]
    return osv.read_records(texts, at=AT)


def planned(old: osv.Reading, new: osv.Reading) -> compare.Plan:
    return compare.plan(in_force(old), new, full=True)


def test_an_older_record_does_not_take_the_place_of_a_newer_one() -> None:
    old, new = (
        reading(record("A")),
        reading(record("A", modified="2025-05-01T00:00:00Z", withdrawn="2025-05-01T00:00:00Z")),
    )
    assert (planned(old, new).older, planned(old, new).puts) == (("A",), ())


def test_a_broken_record_is_joined_and_never_put_in_the_place_of_another() -> None:
    later = "2025-07-01T00:00:00Z"
    broken = record("A", modified=later, affected=None)
    found = planned(reading(record("A")), reading(broken, record("B", aliases=3)))
    assert (found.damaged, found.puts) == (("A",), ("B",))


def test_a_record_that_cannot_be_read_has_not_vanished() -> None:
    new = reading(record("B"))
    faulty = osv.Reading(new.entries, (Fault("PyPI/A.json", "it is not JSON"),), new.sha256, new.newest)
    assert compare.plan(in_force(reading(record("A"))), faulty, full=True).vanished == ()


def test_withdrawals_count_as_losses_beyond_the_few_that_may_go() -> None:
    names = [f"A-{number}" for number in range(20)]
    gone = {"withdrawn": "2025-07-01T00:00:00Z", "modified": "2025-07-01T00:00:00Z"}
    found = planned(reading(*map(record, names)), reading(*(record(name, **gone) for name in names)))
    assert (len(found.withdrawn), found.changed) == (20, ())
    with pytest.raises(FeedRefused, match="20 withdrawn"):
        compare.refuse_if_shrunk(20, found)
    compare.refuse_if_shrunk(20, found, most=1.0)
    compare.refuse_if_shrunk(20, found, few=20)


def test_an_export_mostly_broken_is_refused_by_its_first_fault() -> None:
    broken = osv.read_records(
        [("A.json", json.dumps(record("A")).encode()), *((f"{n}.json", b"x") for n in range(9))], at=AT
    )
    with pytest.raises(FeedRefused, match=r"9 records .*the first is 0\.json: it is not JSON"):
        compare.refuse_if_broken(broken)


@pytest.mark.parametrize("text", [b"", b"<html>503</html>\n", b"2025-01-01T00:00:00Z,A\nyesterday,B\n"])
def test_what_is_no_list_of_modified_ids_is_refused(text: bytes) -> None:
    with pytest.raises(FeedRefused, match="A full export can be read instead"):
        compare.to_fetch({}, text)


def test_ids_in_the_list_may_carry_a_folder_and_times_no_zone() -> None:
    listed = b"2025-01-01T00:00:00.123456789Z,PyPI/A\n2025-01-02T00:00:00,B\n"
    assert compare.to_fetch({"B": (AT, "x")}, listed) == ("A",)


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.integers(0, 3), st.booleans()), max_size=6), st.booleans())
def test_every_id_stands_in_one_place_and_what_is_in_force_is_never_put_back(
    drawn: list[tuple[str, int, bool]], full: bool
) -> None:
    dated = [
        record(
            name, modified=(AT - timedelta(days=9 - day)).isoformat(), summary="x" * day, aliases=3 if broken else None
        )
        for name, day, broken in drawn
    ]
    old, new = reading(record("Z"), *dated[:3]), reading(record("Y"), *dated[3:])
    found = compare.plan(in_force(old), new, full=full)
    placed = found.puts + found.damaged + found.older
    assert len(placed) + found.unchanged == len(new.entries)
    assert set(placed) <= new.entries.keys()
    assert set(found.vanished) == (old.entries.keys() - new.entries.keys() if full else set())
    for name in found.changed + found.withdrawn:
        assert not new.entries[name].mended
        assert new.entries[name].modified >= old.entries[name].modified
