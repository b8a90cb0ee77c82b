"""Look-alike names: what is recognised, what is left alone, and what holds for any name whatever."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from proxy.feeds.names import popular_names, similarity_model, words
from proxy.policy.evidence import EVIDENCE, FIRST
from proxy.policy.folding import imitates
from proxy.policy.neighbours import LONGEST, deep, shallow
from proxy.policy.similarity import Model, NameIndex, Resemblance

POPULAR = popular_names()
INDEX = NameIndex.build(POPULAR[:2_000], POPULAR, similarity_model(), words())
names = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9._-]{0,40}[a-zA-Z0-9])?", fullmatch=True)
popular = st.sampled_from(POPULAR[:2_000])


@st.composite
def slips(draw: st.DrawFn) -> str:
    """A popular name with a letter dropped, doubled, swapped or replaced."""
    name = draw(popular)
    at = draw(st.integers(1, len(name) - 1)) if len(name) > 1 else 0
    changed = (name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name[:at] + "x" + name[at + 1 :])
    return draw(st.sampled_from([*changed, name[: at - 1] + name[at : at + 1] + name[at - 1 : at] + name[at + 1 :]]))


@pytest.mark.parametrize(
    ("name", "target", "mechanism"),
    [
        ("reqeusts", "requests", "transposition"),
        ("requessts", "requests", "repetition"),
        ("tensoflow", "tensorflow", "omission"),
        ("beautifulsuop4", "beautifulsoup4", "transposition"),
        ("cryptographyy", "cryptography", "repetition"),
        ("requestss", "requests", "repetition"),
        ("reqeustss", "requests", "edits"),
        ("nurnpy", "numpy", "look-alike"),
        ("b0to3", "boto3", "look-alike"),
        ("torchvisions", "torchvision", "plural"),
        ("djengo", "django", "vowel"),
        ("urllib33", "urllib3", "number"),
        ("requests-update", "requests", "added"),
        ("openvc", "opencv-python", "transposition"),
    ],
)
def test_a_slip_of_a_popular_name_is_blocked_and_says_which_was_meant(name: str, target: str, mechanism: str) -> None:
    found = INDEX.look(name)
    assert (found.level, found.target, found.mechanism) == ("block", target, mechanism)


@pytest.mark.parametrize(
    "name",
    [
        "corp-billing-reports",
        "zebra-finch-songs",
        "django-our-own-plugin",
        "mypy-boto3-qqq",
        "types-corp-billing",
        "psycopg4",
        "elasticsearch9",
        "requests-for-our-team",
        "qwop",
    ],
)
def test_an_ordinary_name_is_not_blocked(name: str) -> None:
    assert INDEX.look(name).level != "block"


def test_a_name_made_of_words_is_less_suspicious_than_one_that_is_not() -> None:
    bare = NameIndex.build(POPULAR[:2_000], POPULAR, similarity_model())
    assert INDEX.look("watermelon-requester").score <= bare.look("watermelon-requester").score
    assert INDEX.counts.unread("watermelons") == 0
    assert INDEX.counts.unread("watrmelons") > 0


def test_separators_left_out_are_told_but_never_more_than_a_warning() -> None:
    found = INDEX.look("typingextensions")
    assert (found.target, found.mechanism) == ("typing-extensions", "separator")
    assert found.level != "block"


def test_the_sentence_begins_with_both_names_and_is_short() -> None:
    sentence = INDEX.look("reqeusts").sentence
    assert sentence == "reqeusts looks like requests (two letters are swapped)."
    assert len(sentence) < 90


def test_an_approved_name_is_protected_however_rare() -> None:
    extended = INDEX.extended(["corp-billing-engine"])
    assert INDEX.look("corp-biling-engine").level == "none"
    assert extended.look("corp-biling-engine").target == "corp-billing-engine"
    assert extended.look("corp-biling-engine").level == "block"
    assert extended.look("corp-billing-engine").level == "none"


def test_extending_by_names_already_protected_changes_nothing() -> None:
    assert INDEX.extended(["requests"]) is INDEX


def test_without_a_model_a_near_name_is_a_warning() -> None:
    assert NameIndex.build(["requests"], []).look("reqeusts").level == "warn"


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("rеquests", "requests"),
        ("ｎｕｍｐｙ", "numpy"),
        ("nu\u200bmpy", "numpy"),
        ("Ρandas", "pandas"),
        ("django‐redis", "django-redis"),
        ("réquests", "requests"),
        ("日本", None),
        ("requests", None),
        ("", None),
        ("---", None),
    ],
)
def test_what_is_no_name_passes_for_one_where_folding_shows_it(raw: str, meant: str | None) -> None:
    assert imitates(raw) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("rеquests", "requests"),
        ("notebook".replace("k", "\N{KELVIN SIGN}"), "notebook"),
        ("our-оwn-thing", "our-own-thing"),
        ("requests-", "requests"),
        ("日本", None),
        ("", None),
        ("x" * 129, None),
        ("requests" * 100_000, None),
        ("é" * 1_000_000, None),
    ],
)
def test_what_is_no_name_is_malformed_whatever_it_imitates(text: str, meant: str | None) -> None:
    found = INDEX.look(text)
    assert found == Resemblance(text, "block", meant, "malformed", 1.0)
    assert found.sentence.isascii()
    assert "is not the name of a project" in found.sentence
    assert found.sentence.endswith(f"Did you mean {meant}?" if meant else "digits, . _ -).")


def test_a_name_too_long_to_be_mistaken_is_left_alone() -> None:
    assert INDEX.look("requests" * 12).level == "none"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"evidence": ["x"]}, "other evidence"),
        ({"leanings": {EVIDENCE[-1]: 1.0}}, "not among the first"),
        ({"early": [[len(FIRST), 1.0, 0.1, 0.2]]}, "neither a value nor a question"),
        ({"trees": [[len(EVIDENCE), 1.0, 0.1, 0.2]]}, "neither a value nor a question"),
        ({"trees": [[-1, 1.0, 0.1, 0.2]]}, "neither a value nor a question"),
        ({"trees": [[0, 1.0, 0.1]]}, "neither a value nor a question"),
        ({"trees": [[0, 1.0, 0.1, []]]}, "neither a value nor a question"),
    ],
)
def test_a_model_that_leads_nowhere_is_refused(changed: dict[str, object], said: str) -> None:
    sound = {"evidence": EVIDENCE, "base": 0, "hopeless": 0, "block": 1, "warn": 1, "leanings": {}}
    with pytest.raises(ValueError, match=said):
        Model.of({**sound, "early": [], "trees": [], **changed})


def test_the_rest_of_the_evidence_is_measured_only_in_doubt() -> None:
    def never() -> list[float]:
        raise AssertionError("measured without need")

    sound = {"evidence": EVIDENCE, "base": 0, "block": 0.8, "warn": 0.5, "leanings": {FIRST[0]: 0.5}}
    model = Model.of({**sound, "hopeless": -1, "early": [[0, 1.0, -2.0, 2.0]], "trees": [[len(FIRST), 0, 0.0, 5.0]]})
    assert model.probability([0.0] * len(FIRST), never) < 0.2
    assert model.probability([2.0] * len(FIRST), lambda: [1.0] * len(EVIDENCE)) > 0.99


@given(st.from_regex(r"[a-z0-9]{1,14}", fullmatch=True), st.data())
def test_texts_that_become_the_same_with_letters_left_out_share_a_key(letters: str, data: st.DataObject) -> None:
    most = 2 if 5 <= len(letters) <= 12 else 1
    kept = sorted(data.draw(st.sets(st.sampled_from(range(len(letters))), min_size=max(0, len(letters) - most))))
    less = "".join(letters[at] for at in kept)
    assert shallow(less)[0] in deep(letters)
    assert len(letters) - len(less) > 1 or shallow(less)[0] in shallow(letters)


@given(st.sampled_from(POPULAR))
def test_an_exact_known_name_is_never_suspicious(name: str) -> None:
    assert INDEX.look(name).level == "none"


@given(names | slips())
def test_normalisation_never_changes_an_answer(name: str) -> None:
    spelled = name.replace("-", "_.").upper()
    assert INDEX.look(spelled) == INDEX.look(name)


@settings(max_examples=40)
@given(slips(), names)
def test_an_unrelated_name_never_makes_a_suspicious_name_unsuspicious(slip: str, other: str) -> None:
    before = INDEX.look(slip)
    after = INDEX.extended([other]).look(slip)
    known = slip.lower() == other.lower()
    assert known or before.level in {"none", after.level}


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(POPULAR[:400]), st.integers(1, 3), names)
def test_a_longer_list_never_makes_a_slip_of_another_name_unsuspicious(name: str, at: int, other: str) -> None:
    slip = name[:at] + name[at] + name[at:] if at < len(name) else name + name[-1]
    known, model = POPULAR[:400], similarity_model()
    before = NameIndex.build(known, (), model, words()).look(slip)
    after = NameIndex.build([*known, other], (), model, words()).look(slip)
    assert slip == other.lower() or before.level != "block" or after.level != "none"


@given(st.text(max_size=3 * LONGEST) | names)
def test_no_text_makes_it_raise(text: str) -> None:
    found = INDEX.look(text)
    assert 0 <= found.score <= 1
    assert found.level == "none" or found.target or found.mechanism == "malformed"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=3 * LONGEST) | slips() | st.builds("".join, st.lists(popular, min_size=1, max_size=9)))
@example("requests-" * 8)
@example("e" * LONGEST)
@example("-".join("abcdefghij" * 4))
@example("\N{ZERO WIDTH SPACE}" * 1_000_000)
def test_no_text_takes_long(text: str) -> None:
    def milliseconds() -> float:
        start = time.thread_time()
        INDEX.look(text)
        return (time.thread_time() - start) * 1e3

    assert min(milliseconds() for _ in range(3)) < 5
