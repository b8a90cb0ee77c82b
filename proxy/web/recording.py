"""From an answer to its line in the record of decisions.

Decided here:

* What is handed out has a line of its own up to a bound that no build meets (:mod:`proxy.web.bursts`); beyond it what
  one client takes of one file in a minute is one line with its count. It may be of many installers, and names none.
  So it is with pages that are asked for under ever other names of installers.
* Refusals have one each up to a bound (:mod:`proxy.web.floods`); beyond it those of a minute are one line with their
  count, and no names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

from proxy.model import Code, DecisionRecord, Verdict
from proxy.policy.credentials import network
from proxy.policy.telling import codes
from proxy.repeats import Same
from proxy.web.bursts import Bursts
from proxy.web.floods import Floods
from proxy.web.http import Asked, printable

What = Literal["file", "metadata", "page"]
MANY = "(many refusals, counted together)"
"""What stands for the names that are not written."""
AGAIN = "(many downloads, counted together)"
"""What stands for the installers that are not written."""
GRAVE = frozenset({Code.MALWARE, Code.PROHIBITED})
"""Refusals that a flood of others must not hide."""


class Noting(Protocol):
    """Whoever keeps records."""

    def note(self, record: DecisionRecord, /) -> None:
        """Take one record. Raises StoreError when it cannot be kept."""

    def note_soon(self, record: DecisionRecord, /) -> None:
        """Take one record whose answer leaves a moment later (:class:`proxy.web.Doors`). Raises StoreError."""

    def repeats(self, same: Same, at: datetime, /) -> bool:
        """Count an answer whose first was noted within this minute; False where none was."""

    def note_first(self, same: Same, record: DecisionRecord, /) -> None:
        """Take the first answer of its kind in a minute. Raises StoreError when it cannot be kept."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What a record says of an answer, whoever gets it: made once for what is handed out again and again."""

    what: What
    project: str
    version: str
    filename: str
    sha256: str
    verdict: str
    codes: tuple[str, ...]
    revision: int

    @classmethod
    def of(cls, what: What, verdict: Verdict, filename: str = "") -> Matter:
        """Return what is said of a project's page, or of a file or its metadata under this name."""
        subject = verdict.subject
        version, file = subject.version or "", subject.file
        sha256 = (file.sha256 or "") if file else ""
        name = printable(filename)[:256]
        word = answer_of(verdict)
        return cls(what, subject.project, version, name, sha256, word, codes(verdict), verdict.revision)


class Recorder:
    """Notes every answer of a channel's index. Raises StoreError when it can no longer be kept."""

    def __init__(
        self, decisions: Noting, clock: Callable[[], datetime], floods: Floods, bursts: Bursts, channel: str = ""
    ) -> None:
        self._decisions, self._clock, self._channel = decisions, clock, channel
        self._floods, self._bursts = floods, bursts

    def page(self, by: Asked, verdict: Verdict, answer: str) -> None:
        """Note that a project's page was answered; ``answer`` is the verdict in one word."""
        at = self._clock()
        look_up = (self._channel, by.client, by.token_id, by.agent, verdict.subject.project, answer)
        if self._decisions.repeats(look_up, at):
            return
        matter, note = Matter.of("page", verdict), partial(self._decisions.note_first, look_up)
        if verdict.allowed:
            self._handed_out(by, matter, 200, note)
            return
        record = self._record(by, matter, 200, at)
        if self._by_itself(record):
            note(record)
        else:
            self._count(record)

    def file(self, by: Asked, matter: Matter, status: int) -> None:
        """Note that a file (or its metadata) was handed out, revalidated or refused."""
        if matter.verdict != "refused":
            self._handed_out(by, matter, status, self._decisions.note)
            return
        record = self._record(by, matter, status, self._clock())
        if self._by_itself(record):
            self._decisions.note(record)
        else:
            self._count(record)

    def _by_itself(self, record: DecisionRecord) -> bool:
        """Whether a refusal is written by itself."""
        return self._floods.admits(record.client, record.at, grave=not GRAVE.isdisjoint(record.codes))

    def _count(self, record: DecisionRecord) -> None:
        """Count a refusal with the others of its minute, whoever they are of."""
        look_up = (self._channel, "", "", "", MANY, record.what)
        if not self._decisions.repeats(look_up, record.at):
            nobody = replace(record, client="", token="", token_id="", agent="", filename=MANY)
            self._decisions.note_first(look_up, replace(nobody, project="", version="", sha256="", codes=()))

    def again(self, by: Asked, matter: Matter) -> None:
        """Note that a file (or its metadata) is handed out from what is at hand."""
        self._handed_out(by, matter, 200, self._decisions.note_soon)

    def _handed_out(self, by: Asked, matter: Matter, status: int, note: Callable[[DecisionRecord], None]) -> None:
        at, client = self._clock(), network(by.client)
        about = (matter.what, matter.project, matter.filename, matter.sha256)
        if self._bursts.admits(client, by.token_id, about, at):
            note(self._record(by, matter, status, at))
            return
        same = (self._channel, client, by.token_id, *about, matter.verdict, str(status))
        if not self._decisions.repeats(same, at):
            record = self._record(by, matter, status, at)
            self._decisions.note_first(same, replace(record, client=client, agent=AGAIN))

    def _record(self, by: Asked, matter: Matter, status: int, at: datetime) -> DecisionRecord:
        return DecisionRecord(
            at=at,
            what=matter.what,
            client=by.client,
            token=by.token,
            token_id=by.token_id,
            agent=by.agent,
            project=matter.project,
            version=matter.version,
            filename=matter.filename,
            sha256=matter.sha256,
            status=status,
            verdict=matter.verdict,
            codes=matter.codes,
            revision=matter.revision,
            request_id=by.request_id,
            channel=self._channel,
        )


def answer_of(verdict: Verdict) -> str:
    """Return a verdict in the record's one word."""
    if not verdict.allowed:
        return "refused"
    return "observed" if verdict.observed else "allowed"
