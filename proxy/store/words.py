"""Under which words a record is found: its facts, each marked with what it is, and the words of its text.

Pure. Decided here:

* One full-text index answers every search of a chain. A fact stands in it as one word (``p=flask``), so that
  any combination of facts and words is one intersection, whatever index somebody would have wanted for it.
* A word is a run of letters and digits, with the dots between them: ``3.11.7``, ``10.0.0.9`` and
  ``siem.example`` are words. Case does not count.
* A request's id is a word of what was refused alone: that is what people are told it for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import cast

from proxy.model import DecisionRecord
from proxy.store.filters import DEFAULT_CHANNEL, DecisionFilter, EventFilter

TOKENIZER = "ascii tokenchars '=.:-_/@+!~'"
MOST_WORDS = 50_000
LONGEST_WORD = 80
_words = re.compile(r"[^\W_]+(?:\.[^\W_]+)*").findall
_BETWEEN = re.compile(r"[\x00-\x20\"#$%&'()*,;<=>?\[\\\]^`{|}\x7f]")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def of_decision(decision: DecisionRecord) -> str:
    """Return the words of a decision record."""
    found = _of_client(decision.client, decision.token, decision.token_id, decision.agent, decision.channel)
    found += _of_file(decision.what, decision.project, decision.version, decision.filename, decision.sha256)
    found += _of_answer(decision.verdict, decision.codes)
    return found if decision.verdict == "allowed" else f"{found}{decision.request_id.casefold()} "


@lru_cache(maxsize=8192)
def _of_client(client: str, token: str, token_id: str, agent: str, channel: str) -> str:
    facts = [*_facts(c=client, t=token, n=channel or DEFAULT_CHANNEL), *_facts(t=token_id)]
    return _spaced([*facts, *words(f"{client} {token} {agent}")])


@lru_cache(maxsize=8192)
def _of_file(what: str, project: str, version: str, filename: str, sha256: str) -> str:
    facts = _facts(w=what, p=project, v=version, d=sha256)
    return _spaced([*facts, *words(f"{project} {version} {filename}")])


@lru_cache(maxsize=1024)
def _of_answer(verdict: str, codes: tuple[str, ...]) -> str:
    return _spaced([_fact("r", verdict), *(_fact("k", code) for code in codes), *words(" ".join(codes))])


def of_event(record: Mapping[str, object]) -> str:
    """Return the words of an event's record."""
    actor = cast(Mapping[str, str], record["actor"])
    parts = str(record["tag"]).split(":")
    texts = list(_texts(record["detail"]))
    facts = [_fact("g", ":".join(parts[: end + 1])) for end in range(len(parts))]
    facts += [*_facts(a=actor["name"], c=actor["address"]), *_facts(a=actor["id"])]
    facts += [_fact("p", project) for project in str(record["project"]).split()]
    facts += [_fact("d", text) for text in texts if _DIGEST.fullmatch(text)]
    facts += [_fact("n", name or DEFAULT_CHANNEL) for name in _channels(record["detail"])]
    said = words(" ".join([*parts, actor["name"], str(record["project"]), str(record["reason"]), *texts]))
    return _spaced([*facts, *said][:MOST_WORDS])


def words(text: str) -> list[str]:
    """Return the words of a text, each once, in order."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in _words(text.casefold())))


def sought(wanted: EventFilter | DecisionFilter) -> str:
    """Return the full-text expression (FTS5) of a filter, "" where it has none. Times and places are not in it."""
    facts = _facts(p=wanted.project, c=wanted.client, d=wanted.sha256, n=wanted.channel)
    if isinstance(wanted, EventFilter):
        facts += _facts(g=wanted.tag.rstrip(":"), a=wanted.actor)
    else:
        facts += _facts(v=wanted.version, t=wanted.token, r=wanted.verdict, w=wanted.what, k=wanted.code)
    return " AND ".join(f'"{word}"' for word in [*facts, *words(wanted.text)])


def naming(sha256: str) -> str:
    """Return the full-text expression for records that name this digest, "" for no digest."""
    return " AND ".join(f'"{word}"' for word in _facts(d=sha256))


def unfindable(wanted: EventFilter | DecisionFilter) -> bool:
    """Whether the filter's text has no word at all, so that nothing meets it."""
    return bool(wanted.text.strip()) and not words(wanted.text)


def _facts(**marked: str) -> list[str]:
    return [_fact(mark, text) for mark, text in marked.items() if text]


def _fact(mark: str, text: str) -> str:
    return f"{mark}={_BETWEEN.sub('_', text.casefold())}"


def _spaced(found: Iterable[str]) -> str:
    return " ".join(found) + " "


def _texts(value: object) -> Iterator[str]:
    """Yield every text in a detail, the keys of objects as well."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _channels(detail: object) -> Iterator[str]:
    """Yield the channels that a detail names, however deep."""
    if isinstance(detail, Mapping):
        if isinstance(detail.get("channel"), str):
            yield detail["channel"]
        for item in detail.values():
            yield from _channels(item)
    elif isinstance(detail, list | tuple):
        for item in detail:
            yield from _channels(item)
