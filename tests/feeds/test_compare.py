"""What arrived against what is in force."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from proxy.errors import FeedRefused
from proxy.feeds import compare, osv
from proxy.feeds.archive import Fault
from proxy.feeds.mending import join
from proxy.model import Advisory, Affected
from proxy.policy import spans

AT = datetime(2026, 1, 1, tzinfo=UTC)
UPDATE = Path(__file__).parents[1] / "data" / "advisories" / "update"
EXPECTED: dict[str, Any] = json.loads((UPDATE / "expected.json").read_text())


def state(name: str) -> osv.Reading:
    return osv.read_path(UPDATE / name, at=AT)


def in_force(reading: osv.Reading) -> compare.InForce:
    return {name: (entry.modified, entry.digest, entry.packed) for name, entry in reading.entries.items()}


def expected(*words: str) -> set[str]:
    return {change["id"] for change in EXPECTED["changes"] if any(word in change["what"] for word in words)}


OLD = in_force(state("state1.zip"))


# --- the update scenario --------------------------------------------------------------------------


def test_a_full_export_shows_every_change_of_the_scenario() -> None:
    found = compare.plan(OLD, state("state2.zip"), full=True)
    assert set(found.added) == expected("added")
    assert set(found.withdrawn) == expected("withdrawn") - expected("vanished")
    assert set(found.vanished) == expected("vanished")
    assert set(found.changed) == expected("widened", "only a full re-sync", "year 1")
    assert set(found.narrowed) == expected("range narrowed")
    assert set(found.kept) == expected("malicious report narrowed")
    assert (found.damaged, found.older) == ((), ())
    assert found.unchanged == EXPECTED["state2_records"] - len(found.puts) - len(found.kept)


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


LATER = "2025-07-01T00:00:00Z"
WIDGET = {"ecosystem": "PyPI", "name": "widget"}


def ranged(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"affected": [{"package": WIDGET, "ranges": [{"type": kind, "events": list(events)}]}]}


EVERYTHING = ranged({"introduced": "0"})
LESS: list[dict[str, Any]] = [
    {"affected": []},
    {"affected": [{"package": {"ecosystem": "npm", "name": "widget"}, "versions": ["1"]}]},
    {"affected": [{"package": {"ecosystem": "PyPI", "name": "gadget"}, "versions": ["1"]}]},
    ranged({"introduced": "0"}, kind="GIT"),
    ranged({"introduced": "0"}, {"limit": "0"}),
    ranged({"introduced": "0"}, {"fixed": "0"}),
    ranged({"introduced": "0"}, {"last_affected": "0"}),
    ranged({"introduced": "0.0.1"}),
    {"affected": [{"package": WIDGET, "versions": ["0.1"]}]},
]


@pytest.mark.parametrize("less", LESS)
def test_what_says_less_counts_as_a_loss_and_malware_stays_at_its_widest(less: dict[str, Any]) -> None:
    names = [f"A-{number}" for number in range(9)]
    old = reading(*(record(name, **EVERYTHING) for name in (*names, "MAL-1")))
    new = reading(*(record(name, modified=LATER, **less) for name in (*names, "MAL-1")))
    found = planned(old, new)
    assert (found.narrowed, found.kept, found.changed) == (tuple(names), ("MAL-1",), ())
    with pytest.raises(FeedRefused, match=r"lost 9 of 10 records .*9 say less than they did"):
        compare.refuse_if_shrunk(10, found)
    joined = osv.Entry.of(join(old.entries["MAL-1"].advisory, new.entries["MAL-1"].advisory))
    assert spans.holds(spans.spans(of_widget(joined.advisory)), spans.spans(of_widget(old.entries["MAL-1"].advisory)))
    in_force = {"MAL-1": (joined.modified, joined.digest, joined.packed)}
    again = compare.plan(in_force, reading(record("MAL-1", modified=LATER, **less)), full=True)
    assert (again.unchanged, again.kept) == (1, ()), "the same is not told at every sync"


def of_widget(advisory: Advisory) -> list[Affected]:
    return [entry for entry in advisory.affected if entry.project == "widget"]


def test_a_report_that_is_malware_no_more_says_less_unless_it_is_withdrawn() -> None:
    old = reading(record("GHSA-1", summary="Malware in widget"), record("MAL-1"), record("MAL-2"))
    new = reading(record("GHSA-1", modified=LATER), record("MAL-1", modified=LATER, withdrawn=LATER))
    found = compare.compare(in_force(old), new, full=True)
    assert (found.plan.kept, found.plan.withdrawn, found.plan.vanished) == (("GHSA-1",), ("MAL-1",), ("MAL-2",))
    assert (found.lifted, found.dropped) == ((("MAL-1", "widget"),), (("MAL-2", "widget"),))


def test_an_alias_that_goes_is_a_loss_and_stays_where_it_is_malware() -> None:
    old = reading(record("GHSA-1", aliases=["MAL-1"]), record("GHSA-2", aliases=["PYSEC-2"]), record("MAL-1"))
    new = reading(record("GHSA-1", modified=LATER), record("GHSA-2", modified=LATER), record("MAL-1"))
    found = compare.compare(in_force(old), new, full=True)
    assert (found.plan.kept, found.plan.narrowed) == (("GHSA-1",), ("GHSA-2",))


@pytest.mark.parametrize("name", ["GHSA-new", "GHSA-known"])
def test_a_low_rating_for_others_that_had_none_is_a_loss(name: str) -> None:
    low = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}
    old = reading(record("PYSEC-1"), record("GHSA-known", **low))
    brought = record(name, aliases=["PYSEC-1"], modified=LATER, **low)
    found = compare.compare(in_force(old), reading(record("PYSEC-1"), brought), full=False)
    assert (found.plan.narrowed, found.plan.added, found.plan.changed) == ((name,), (), ())


def test_a_rating_that_falls_is_a_loss_and_one_that_comes_is_none() -> None:
    rated = [{"database_specific": {"severity": rating}} for rating in ("CRITICAL", "LOW", None)]
    kinds = {}
    for before, after in ((0, 1), (1, 0), (2, 1)):
        new = reading(record("A", modified=LATER, **rated[after]))
        kinds[before, after] = planned(reading(record("A", **rated[before])), new)
    assert {pair for pair, found in kinds.items() if found.narrowed} == {(0, 1)}


def test_a_year_of_ordinary_edits_is_refused_nowhere() -> None:
    """Of what ships, one in twenty gets an end to its ranges, and all a new date: far more than a day brings."""
    shipped = osv.read_path(Path(__file__).parents[2] / "data" / "advisories.zip", at=AT + timedelta(days=365))
    edited, closed = {}, 0
    for name, entry in shipped.entries.items():
        advisory = structs.replace(entry.advisory, modified=AT + timedelta(days=300), summary="Edited.")
        open_ended = [wanted for said in advisory.affected for wanted in said.ranges if len(wanted.events) == 1]
        if open_ended and not advisory.malicious and not advisory.withdrawn and closed < len(shipped.entries) // 20:
            closed += 1
            ends = tuple(replace_ends(said) for said in advisory.affected)
            advisory = structs.replace(advisory, affected=ends)
        edited[name] = osv.Entry.of(advisory)
    found = compare.plan(in_force(shipped), osv.Reading(edited, (), "", AT), full=True)
    assert (closed, len(found.narrowed), found.kept) == (len(found.narrowed), closed, ())
    assert len(found.narrowed) > 100
    assert len(found.changed) + len(found.narrowed) == len(shipped.entries)
    compare.refuse_if_shrunk(len(shipped.entries), found)


def replace_ends(said: Affected) -> Affected:
    ranges = tuple(structs.replace(wanted, events=(*wanted.events, ("fixed", "99"))) for wanted in said.ranges)
    return structs.replace(said, ranges=ranges)


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
    assert compare.to_fetch({"B": (AT, "x", b"")}, listed) == ("A",)


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
    placed = found.puts + found.joins + found.older
    assert len(placed) + found.unchanged == len(new.entries)
    assert set(placed) <= new.entries.keys()
    assert set(found.vanished) == (old.entries.keys() - new.entries.keys() if full else set())
    for name in found.changed + found.withdrawn + found.narrowed:
        assert not new.entries[name].mended
        assert new.entries[name].modified >= old.entries[name].modified
