"""What the admin API and the pages tell of acts: what an approval, or a change of the terms, did or would do."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from admin.actions import Foreseen, NeedsAcknowledgement, Outcome, Settled
from admin.schemas.told import ActorOut, event_data
from proxy.policy import explaining, terms
from proxy.policy.explaining import ReasonData


class HeldOut(TypedDict):
    """A file that an approval names and that stays shut."""

    filename: str
    version: str
    reasons: list[ReasonData]


class FactsOut(TypedDict):
    """Under which licence a file is, and who published it; None: not known."""

    filename: str
    licence: str | None
    publisher: str | None


class EffectOut(TypedDict):
    """What an approval opened, or would open where it was not ``granted``.

    ``unread`` counts the wheels of which nobody read what they need: no look-alike was looked for there.
    """

    revision: int
    granted: bool
    opened: list[str]
    versions: list[str]
    still_withheld: list[HeldOut]
    left_out: list[str]
    unread: int
    facts: list[FactsOut]


class OutcomeOut(EffectOut):
    """What an approval did, or would do. ``approval`` is its id."""

    approval: str
    project: str
    specifier: str
    channel: str
    standing: bool


def outcome_data(outcome: Outcome) -> OutcomeOut:
    """Return what an approval did, or would do, as JSON data."""
    approval = outcome.approval
    return {
        **effect_data(outcome),
        "approval": approval.id,
        "project": approval.project,
        "specifier": approval.specifier,
        "channel": approval.channel,
        "standing": approval.standing,
    }


def effect_data(outcome: Outcome) -> EffectOut:
    """Return what an approval opened, or would open, as JSON data."""
    approval = outcome.approval
    frozen = {file.filename for file in approval.files}
    judged = [judged for judged in outcome.composition.files if judged.file.filename in frozen]
    return {
        "revision": outcome.revision,
        "granted": outcome.event is not None,
        "opened": [item.file.filename for item in judged if item.verdict.allowed],
        "versions": list(dict.fromkeys(item.file.version for item in judged if item.verdict.allowed)),
        "still_withheld": [
            {
                "filename": item.file.filename,
                "version": item.file.version,
                "reasons": [explaining.reason(finding) for finding in item.verdict.refusals],
            }
            for item in judged
            if not item.verdict.allowed
        ],
        "left_out": list(outcome.left_out),
        "unread": outcome.unread,
        "facts": [
            {"filename": file.filename, "licence": file.licence, "publisher": file.publisher} for file in approval.files
        ],
    }


class WishedOut(OutcomeOut):
    """What one of many approvals did or would do, with its requirement as it was written."""

    requirement: str


class StoppedOut(TypedDict):
    """One of many approvals that cannot be granted so, and what may be acknowledged to overrule it."""

    requirement: str
    channel: str
    detail: str
    acknowledge: str | None


class ManyOut(TypedDict):
    """What many approvals did as one change (with its ``revision``), or would do."""

    outcomes: list[WishedOut]
    stopped: list[StoppedOut]
    revision: NotRequired[int]


def foreseen_data(foreseen: Foreseen) -> ManyOut:
    """Return what many approvals would do, and what stands in the way of some, as JSON data."""
    outcomes: list[WishedOut] = [
        {**outcome_data(outcome), "requirement": wish.requirement} for wish, outcome in foreseen.outcomes
    ]
    return {
        "outcomes": outcomes,
        "stopped": [
            {
                "requirement": wish.requirement,
                "channel": wish.channel,
                "detail": str(error),
                "acknowledge": error.say if isinstance(error, NeedsAcknowledgement) else None,
            }
            for wish, error in foreseen.stopped
        ],
    }


class TurnOut(TypedDict):
    """An approved file that a change of the terms withholds or opens."""

    channel: str
    project: str
    version: str
    filename: str
    reasons: list[ReasonData]


def turn_data(turn: terms.Turn) -> TurnOut:
    """Return an approved file that a change of the terms would withhold or open."""
    file, verdict = turn.judged.file, turn.judged.verdict
    return {
        "channel": turn.channel,
        "project": verdict.subject.project,
        "version": file.version,
        "filename": file.filename,
        "reasons": explaining.reasons(verdict),
    }


class SettledOut(TypedDict):
    """What a change of the terms did to the files that are approved, with its event; or would do, without one."""

    changed: bool
    withheld: list[TurnOut]
    opened: list[TurnOut]
    detail: dict[str, object]
    seq: NotRequired[int]
    at: NotRequired[str]
    tag: NotRequired[str]
    actor: NotRequired[ActorOut]
    project: NotRequired[str]
    reason: NotRequired[str]
    revision: NotRequired[int]
    hash: NotRequired[str]


def settled_data(settled: Settled) -> SettledOut:
    """Return what a change of the terms did, or would do, to the files that are approved."""
    told: SettledOut = {
        "changed": settled.event is not None,
        "withheld": [turn_data(turn) for turn in settled.turns if not turn.opened],
        "opened": [turn_data(turn) for turn in settled.turns if turn.opened],
        "detail": dict(settled.change.detail),
    }
    return {**told, **event_data(settled.event)} if settled.event else told
