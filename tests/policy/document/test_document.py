"""Documents: text and back, laid over a policy, applied; and every fault with its line."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import DocumentRefused
from proxy.model import Approval, Origin, Prohibition, Terms
from proxy.policy.changes import apply
from proxy.policy.document.applying import change
from proxy.policy.document.comparing import compare, laid_over, loose
from proxy.policy.document.entries import TERMS, Document, OriginEntry, ProhibitionEntry, duration, printable, spelt
from proxy.policy.document.example import EXAMPLE
from proxy.policy.document.exporting import export
from proxy.policy.document.places import lines
from proxy.policy.document.reading import read
from proxy.policy.document.tables import SECTIONS
from proxy.policy.document.writing import toml, write
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.document.documents import HAND, applied, documents, frozen, policies
from tests.policy.facts import AT, FLASK, ORIGIN, approval, channel, sdist, snapshot, wheel

FRAGMENT = "format = 1\nfragment = true\n"


@given(documents)
def test_a_document_is_read_as_it_was_written_byte_for_byte(document: Document) -> None:
    text = write(document)
    assert read(text) == document
    assert write(read(text)) == text


@given(st.text(max_size=40).map(printable).filter(bool))
def test_any_text_is_read_as_it_was_written(reason: str) -> None:
    document = Document(prohibitions=(ProhibitionEntry(FLASK, "", reason),), fragment=True)
    assert read(write(document)) == document


@given(policies, documents)
def test_plan_then_apply_then_export_is_the_identity(policy: PolicySnapshot, document: Document) -> None:
    after = applied(policy, document)
    wanted = laid_over(export(policy), document)
    assert export(after) == wanted
    assert write(replace(export(after), revision=None)) == write(replace(wanted, revision=None, fragment=False))
    assert not compare(export(after), laid_over(export(after), document)), "applied again it changes nothing"


@given(policies)
def test_what_was_exported_changes_nothing(policy: PolicySnapshot) -> None:
    assert not compare(export(policy), laid_over(export(policy), read(write(export(policy)))))


@given(policies, documents)
def test_a_fragment_removes_nothing(policy: PolicySnapshot, document: Document) -> None:
    fragment = replace(document, fragment=True, terms={}, channels=())
    before, after = export(policy), export(applied(policy, fragment))
    for section in SECTIONS:
        assert set(getattr(before, section)) <= set(getattr(after, section))
    assert after.terms == before.terms


@given(policies, documents)
def test_emergencies_are_left_alone(policy: PolicySnapshot, document: Document) -> None:
    def emergencies(found: PolicySnapshot) -> set[Approval]:
        return {g.approval for granted in found.grants.values() for g in granted if g.approval.emergency}

    assert emergencies(applied(policy, document)) == emergencies(policy)


@given(documents, st.randoms())
def test_equal_policies_give_the_same_bytes(document: Document, shuffle: random.Random) -> None:
    mixed: dict[str, Any] = {}
    for section in SECTIONS:
        entries = list(getattr(document, section))
        shuffle.shuffle(entries)
        mixed[section] = tuple(entries)
    assert write(replace(document, **mixed)) == write(document)


def test_the_example_says_every_key_there_is() -> None:
    document = read(EXAMPLE)
    assert set(document.terms) == set(TERMS)
    assert not list(loose(document))
    for section in SECTIONS:
        (entry,) = getattr(document, section)
        for part in fields(entry):
            assert part.name == "place" or f"{part.name}" in EXAMPLE
    named = {name: value for name, value in document.terms.items() if name not in {"ages", "publishers"}}
    assert all(value == getattr(Terms(), name) for name, value in named.items()), "it shows the defaults"


@given(st.timedeltas(timedelta(0), timedelta(days=3650)))
def test_durations_are_read_as_they_were_spelt(length: timedelta) -> None:
    assert duration(spelt(length)) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [("7d", timedelta(days=7)), ("36h", timedelta(hours=36)), ("0d", timedelta(0)), ("1.5h", timedelta(minutes=90))],
)
def test_durations(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "7w", "7 d", "1e3d", "٧d", "99999d", "0.0000001s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|too long"):
        duration(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("this is not toml", ["This is not TOML: "]),
        ("format = 1", ["terms: is missing. Say terms = {}", "approvals: is missing. Say approvals = []"]),
        ("format = 2\nfragment = true", ["line 1: format: Input should be 1"]),
        (FRAGMENT + "approval = []", ["line 3: approval: there is no such key"]),
        (FRAGMENT + "[terms]\nmode = 'off'", ["line 4: terms.mode: "]),
        (FRAGMENT + "[terms]\nminimum_age = 7", ['line 4: terms.minimum_age: a duration is a text: "7d"']),
        (FRAGMENT + "[terms]\nid = 'x'", ["line 4: terms.id: there is no such key"]),
        (FRAGMENT + "[terms.ages]\n'no name!' = '7d'", ["line 4: terms.ages.no name!: 'no name!' is not the name"]),
        (FRAGMENT + "[terms]\nfreeze = 2027-01-01T00:00:00", ["line 4: terms.freeze: say a time with its zone"]),
        (FRAGMENT + "[[prohibitions]]\nproject = 'x'", ["line 3: prohibitions[0].reason: is missing"]),
        (
            FRAGMENT + "[[prohibitions]]\nproject = 'x'\nspecifier = ''\nreason = ' '\nchannel = 'No'",
            ["line 6: prohibitions[0].reason: say why", "line 7: prohibitions[0].channel: 'No' cannot be"],
        ),
        (
            FRAGMENT
            + "[[approvals]]\nproject='flask'\nspecifier='~=1'\nreason='x'\nacknowledged=['malware']\nsdists=1",
            ["specifier: '~=1' is not a version range", "'malware' cannot be overruled", "line 8: approvals[0].sdists"],
        ),
        (
            FRAGMENT + "[[approvals]]\nproject='flask'\nspecifier='==3'\nreason='x'\n[approvals.files]\n"
            f"'flask-3.tar.gz' = 'A'\n'flask-4.tar.gz' = '{'0' * 64}'",
            ["line 8: approvals[0].files.flask-3.tar.gz: a file is listed as FILENAME = SHA-256"],
        ),
        (
            FRAGMENT + "[[approvals]]\nproject='flask'\nspecifier='==3'\nreason='x'\n[approvals.files]\n"
            f"'flask-4.tar.gz' = '{'0' * 64}'\n'numpy-3.tar.gz' = '{'0' * 64}'",
            ["line 8: approvals[0].files.flask-4.tar.gz: is of version 4", "line 9: ", "is not a file of flask"],
        ),
        (
            FRAGMENT
            + "[[origins]]\nurl = 'https://a.example'\n[[origins]]\nurl = 'https://a.example'\nsettled = false",
            ["line 5: origins[1]: stands there already: origins[0]"],
        ),
        (f"format = {'1' * 5000}", ["This is not TOML: "]),
        (FRAGMENT + "revision = -1", ["line 3: revision: "]),
        (FRAGMENT + "x = " + "[" * 2000 + "]" * 2000, ["too deep"]),
    ],
)
def test_every_fault_is_told_with_its_line(text: str, told: list[str]) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read(text)
    said = "\n".join(refused.value.faults)
    assert all(sentence in said for sentence in told), said


keys = st.sampled_from(
    ["format", "fragment", "terms", "mode", "ages", "approvals", "project", "files", "x y", "specifier"]
)
values = st.recursive(
    st.booleans() | st.integers() | st.sampled_from(["", "x", "7d", "flask", ">=3", "a" * 64, AT]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*SECTIONS, "terms", "revision", "x"]), values, max_size=4))
def test_whatever_stands_in_a_document_it_is_read_or_refused_in_words(said: dict[str, Any]) -> None:
    try:
        text = toml({"format": 1, "fragment": True, **said})
    except (TypeError, AttributeError):
        return  # a list of tables and other things, which this writer does not write
    try:
        read(text)
    except DocumentRefused as refused:
        assert all(refused.faults)


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(DocumentRefused):
        read(text)


def test_lines_are_found_in_every_form_of_toml() -> None:
    text = (
        "# [not.a.table]\n"
        'one = """\n[[x]]\ny = 1\n"""\n'
        "\"two.three\" = [ # four = 4\n  'a', ]\n"
        "[five.six]\nseven = {eight = 8}\n"
        "[[nine]]\nten = '['\n[nine.eleven]\n'f-1.whl' = 'x'\n"
        "[[nine]] # the second\nten = 2\n"
    )
    assert lines(text) == {
        ("one",): 2,
        ("two.three",): 6,
        ("five", "six"): 8,
        ("five", "six", "seven"): 9,
        ("nine", 0): 10,
        ("nine", 0, "ten"): 11,
        ("nine", 0, "eleven"): 12,
        ("nine", 0, "eleven", "f-1.whl"): 13,
        ("nine", 1): 14,
        ("nine", 1, "ten"): 15,
    }


def test_what_leads_nowhere_is_told() -> None:
    policy = snapshot(channel("research"), channel("lab", base="research"))
    text = FRAGMENT + (
        "[[channels]]\nname = 'research'\nbase = 'lab'\nreason = 'x'\n"
        "[[channels]]\nname = 'deep'\nbase = 'nowhere'\nreason = 'x'\n"
        "[[prohibitions]]\nproject = 'flask'\nspecifier = ''\nreason = 'x'\nchannel = 'gone'\n"
    )
    told = {fault.sentence for fault in loose(laid_over(export(policy), read(text)))}
    assert told == {
        "there is no channel nowhere",
        "there is no channel gone",
        "research inherits from itself",
        "lab inherits from itself",
    }


class TestSteps:
    """What is shown as added, removed and changed."""

    @staticmethod
    def steps(policy: PolicySnapshot, document: Document) -> list[tuple[str, str, str]]:
        found = compare(export(policy), laid_over(export(policy), document))
        return [(step.verb, step.kind, step.name) for step in found]

    def test_another_end_is_a_change_and_keeps_the_files(self) -> None:
        policy = snapshot(approval(wheel(), specifier=">=3", reason="needed"))
        (entry,) = export(policy).approvals
        later = replace(export(policy), approvals=(replace(entry, until=AT, files=()),))
        assert self.steps(policy, later) == [("changed", "approvals", "flask>=3")]
        assert export(applied(policy, later)).approvals[0].files == entry.files

    def test_another_permission_freezes_anew(self) -> None:
        policy = snapshot(approval(wheel(), specifier=">=3"))
        (entry,) = export(policy).approvals
        wider = replace(export(policy), approvals=(replace(entry, sdists=True, files=()),))
        assert self.steps(policy, wider) == [
            ("added", "approvals", "flask>=3 sdists"),
            ("removed", "approvals", "flask>=3"),
        ]
        steps = compare(export(policy), laid_over(export(policy), wider))
        (granted,) = frozen(steps, [wheel(), sdist()]).values()
        assert [file.filename for file in granted.files] == ["flask-3.0.0-py3-none-any.whl", "flask-3.0.0.tar.gz"]

    def test_an_approval_without_files_is_the_one_in_force(self) -> None:
        policy = snapshot(
            approval(wheel(), specifier=">=3", id="one"), approval(wheel("3.1.0"), specifier=">=3", id="two")
        )
        text = FRAGMENT + "[[approvals]]\nproject='Flask'\nspecifier='>=3'\nreason='needed'"
        assert self.steps(policy, read(text)) == []

    def test_origins_that_were_learnt_stay_unless_a_document_settles_others(self) -> None:
        learnt, index = ORIGIN, Origin("origin:i", "https://index.example", "system", AT, settled=False)
        policy = snapshot(index)
        silent = replace(export(policy), origins=())
        assert export(applied(policy, silent)).origins == export(policy).origins
        other = replace(silent, origins=(OriginEntry("https://mirror.example"),))
        assert self.steps(policy, other) == [
            ("added", "origins", "https://mirror.example"),
            ("removed", "origins", learnt.url),
        ]

    def test_what_changed_is_in_the_event_before_and_after(self) -> None:
        no = Prohibition("prohibition:1", FLASK, "", "ada", "no", AT)
        policy = snapshot(approval(wheel(), id="approval:1"), no, channel("research", minimum_age=timedelta(0)))
        wanted = replace(export(policy), approvals=(), terms={**export(policy).terms, "minimum_age": timedelta(days=3)})
        steps = compare(export(policy), wanted)
        made = change(policy, wanted, steps, {}, HAND, "tidied")
        assert (made.tag, made.project, made.reason) == ("policy:document:applied", "flask", "tidied")
        assert made.ends == ("approval:1",)
        assert made.detail["steps"] == [
            {"verb": "changed", "kind": "term", "name": "minimum_age", "before": "7d", "after": "3d"},
            {
                "verb": "removed",
                "kind": "approvals",
                "name": "flask",
                "before": {
                    "project": "flask",
                    "specifier": "",
                    "reason": "needed",
                    "files": {"flask-3.0.0-py3-none-any.whl": "a" * 64},
                },
                "after": None,
            },
        ]

    def test_a_channel_that_goes_takes_its_emergencies_with_it(self) -> None:
        policy = snapshot(channel("lab"), approval(wheel(), channel="lab", emergency=True, id="approval:9"))
        wanted = replace(export(policy), channels=())
        made = change(policy, wanted, compare(export(policy), wanted), {}, HAND, "closed")
        assert set(made.ends) == {"channel:lab", "approval:9"}
        assert not apply(policy, made).grants

    def test_entries_that_say_the_same_are_one_and_end_together(self) -> None:
        policy = snapshot(approval(wheel(), id="one"), approval(wheel(), id="two"))
        assert len(export(policy).approvals) == 1
        made = change(policy, export(snapshot()), compare(export(policy), export(snapshot())), {}, HAND, "gone")
        assert set(made.ends) == {"one", "two"}
