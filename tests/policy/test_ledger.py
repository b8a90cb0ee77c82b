"""Canonical form and chain, as vectors and properties."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.policy.ledger import GENESIS, canonical, seal, verify

texts = st.text(max_size=20)
values = st.recursive(
    texts | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)
records = st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), values, max_size=4)


def chain(contents: list[dict[str, object]]) -> list[dict[str, object]]:
    """A sealed chain of these records."""
    sealed: list[dict[str, object]] = []
    previous = GENESIS
    for seq, content in enumerate(contents, 1):
        record = {**content, "seq": seq}
        previous_hash, previous = previous, seal(record, previous)
        sealed.append({**record, "previous": previous_hash, "hash": previous})
    return sealed


def test_the_canonical_form_is_sorted_and_bare() -> None:
    assert canonical({"b": [1, None], "a": "ü\n"}) == '{"a":"ü\\n","b":[1,null]}'.encode()


@settings(deadline=None)
@given(records)
def test_the_canonical_form_is_what_the_standard_librarys_writer_gives(record: dict[str, object]) -> None:
    spelt = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert canonical(record) == spelt.encode()


def test_a_float_has_no_canonical_form() -> None:
    with pytest.raises(TypeError, match="float"):
        canonical({"a": [{"b": 1.5}]})


@given(st.lists(records, max_size=5))
def test_a_chain_that_nobody_touched_is_intact(contents: list[dict[str, object]]) -> None:
    assert not list(verify(chain(contents)))


@given(st.lists(records, min_size=2, max_size=5), st.data())
def test_a_missing_record_is_named(contents: list[dict[str, object]], data: st.DataObject) -> None:
    sealed = chain(contents)
    gone = data.draw(st.integers(0, len(sealed) - 2))
    del sealed[gone]
    assert next(verify(sealed)).seq == gone + 1


@given(st.lists(records, min_size=1, max_size=5), st.data(), texts)
def test_an_edited_record_is_named(contents: list[dict[str, object]], data: st.DataObject, text: str) -> None:
    sealed = chain(contents)
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] = {**sealed[at], "extra": text}
    assert next(verify(sealed)).seq == at + 1
