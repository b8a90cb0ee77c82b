"""Licences: expressions held against the list in the terms, and what is not known as an answer of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model import Code, Effect, Terms
from proxy.policy.licences import accepts
from proxy.policy.rules.licence import licence
from proxy.simple.licences import normal
from tests.policy.facts import AT, snapshot, subject, wheel

ACCEPTED = ("MIT", "Apache-2.0", "BSD-3-Clause")
CASES = [
    ("MIT", ACCEPTED, True),
    ("GPL-3.0-only", ACCEPTED, False),
    ("MIT OR GPL-3.0-only", ACCEPTED, True),
    ("GPL-3.0-only OR MIT", ACCEPTED, True),
    ("MIT AND GPL-3.0-only", ACCEPTED, False),
    ("MIT AND Apache-2.0", ACCEPTED, True),
    ("GPL-3.0-only OR MIT AND GPL-2.0-only", ACCEPTED, False),
    ("GPL-3.0-only AND MIT OR Apache-2.0", ACCEPTED, True),
    ("GPL-3.0-only AND (MIT OR Apache-2.0)", ACCEPTED, False),
    ("(MIT OR GPL-3.0-only) AND (Apache-2.0 OR GPL-3.0-only)", ACCEPTED, True),
    ("((MIT))", ACCEPTED, True),
    ("Apache-2.0 WITH LLVM-exception", ACCEPTED, True),
    ("GPL-2.0-only WITH Classpath-exception-2.0", ACCEPTED, False),
    ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only WITH Classpath-exception-2.0",), True),
    ("GPL-2.0-only", ("GPL-2.0-only WITH Classpath-exception-2.0",), False),
    ("GPL-2.0-only WITH Classpath-exception-2.0 OR MIT", ACCEPTED, True),
    ("GPL-2.0-or-later", ("GPL-2.0-only",), True),
    ("GPL-2.0-only", ("GPL-2.0-or-later",), False),
    ("GPL-2.0", ("GPL-2.0-only",), True),
    ("GPL-2.0+", ("GPL-2.0-or-later",), True),
    ("LGPL-2.1+", ("LGPL-2.1-only",), True),
    ("Apache-1.0+", ("Apache-1.0",), True),
    ("LicenseRef-Ours", ACCEPTED, False),
    ("LicenseRef-Ours", ("LicenseRef-Ours",), True),
    ("MIT", (), False),
]


@pytest.mark.parametrize(("expression", "accepted", "enough"), CASES)
def test_an_expression_is_accepted_by_what_it_asks_for(
    expression: str, accepted: tuple[str, ...], enough: bool
) -> None:
    assert normal(expression) == expression
    assert accepts(expression, accepted) is enough


@pytest.mark.parametrize(
    ("said", "refuse_unknown", "code", "effect"),
    [
        ("MIT", True, None, None),
        ("GPL-3.0-only", True, Code.LICENCE, Effect.FORBID),
        ("GPL-3.0-only", False, Code.LICENCE, Effect.FORBID),
        ("", True, Code.LICENCE_UNKNOWN, Effect.FORBID),
        (None, True, Code.LICENCE_UNKNOWN, Effect.FORBID),
        ("", False, Code.LICENCE_UNKNOWN, Effect.ADVISE),
    ],
)
def test_a_file_is_judged_by_its_licence(
    said: str | None, refuse_unknown: bool, code: Code | None, effect: Effect | None
) -> None:
    terms = Terms(licences=ACCEPTED, refuse_unknown_licence=refuse_unknown)
    found = [(f.code, f.effect) for f in licence(subject(wheel(licence=said)), snapshot(terms), AT)]
    assert found == ([(code, effect)] if code else [])


def test_where_no_licence_is_listed_all_are_accepted() -> None:
    assert not list(licence(subject(wheel(licence="GPL-3.0-only")), snapshot(), AT))


IDS = ["MIT", "Apache-2.0", "GPL-3.0-only", "GPL-2.0-or-later", "BSD-3-Clause"]
expressions = st.recursive(
    st.sampled_from(IDS),
    lambda inner: st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(["AND", "OR"]), inner),
    max_leaves=6,
)


@given(expressions, st.sets(st.sampled_from(IDS)), st.sampled_from(IDS))
def test_one_more_accepted_licence_never_closes_anything(expression: str, accepted: set[str], more: str) -> None:
    if accepts(expression, tuple(sorted(accepted))):
        assert accepts(expression, tuple(sorted(accepted | {more})))


@given(expressions, st.sets(st.sampled_from([name for name in IDS if not name.endswith("-or-later")])))
def test_an_expression_means_what_python_says_of_it(expression: str, accepted: set[str]) -> None:
    words = expression.replace("(", " ( ").replace(")", " ) ").split()
    known = {"AND": "and", "OR": "or", "(": "(", ")": ")"}
    python = " ".join(known.get(word, str(word in accepted)) for word in words)
    assert accepts(expression, tuple(sorted(accepted))) is eval(python)
