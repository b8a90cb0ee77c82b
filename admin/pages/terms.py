"""One term at a time: what a change of it would withhold or open, and then the button.

Decided here:

* The page itself takes a fresh proof, so that nobody loses what they wrote when they change it.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from admin.actions import Proposed, Settled, Unusable
from admin.pages.room import Room, seen_revision, show, validated
from admin.roles import Forbidden
from admin.schemas import term_forms
from admin.schemas.given_terms import TermsIn
from admin.schemas.told_acts import settled_data
from proxy.errors import GateError
from proxy.forms import read_form
from proxy.model import Actor
from proxy.policy import terms

FIELDS_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class _Said:
    """What the form says: the fields of the value, whether the term is to be inherited again, and why."""

    term: str
    channel: str
    value: tuple[str, ...] = ()
    inherit: bool = False
    reason: str = ""


async def page(room: Room, request: Request, actor: Actor) -> Response:
    """Show one term as it is, in a form."""
    asked = request.query_params
    said = _Said(asked.get("term", ""), asked.get("channel", "")[:40])
    if said.term not in term_forms.TERMS:
        return show(room, "terms.html", actor=actor, terms=term_forms.TERMS)
    return await _page(room, actor, said, (await _before(room, said))[1])


async def act(room: Room, request: Request, actor: Actor) -> Response:
    """Show what a change of the term would do, or make it, as the button says."""
    form = await read_form(request, FIELDS_AT_MOST)
    term, channel, reason, verb = (form.get(name, "") for name in ("term", "channel", "reason", "do"))
    seen = seen_revision(form)
    said = _Said(term, channel[:40], tuple(form.getlist("value")), "inherit" in form, reason)
    if said.term not in term_forms.TERMS:
        raise Unusable("There is no such term. Choose one on the page of the policy.")
    before, _ = await _before(room, said)
    written = said.value if term_forms.kind(term) == "words" else "".join(said.value)
    dry_run = verb != "set"
    try:
        body = _body(said, before, dry_run=dry_run)
        settled = await room.actions.set_terms(
            actor,
            said.channel,
            body.given(room.clock()),
            body.inherit,
            body.reason,
            None if dry_run else seen,
            dry_run=dry_run,
        )
    except (Proposed, Forbidden):
        raise
    except GateError as error:
        return await _page(room, actor, said, written, problem=str(error))
    return await _page(room, actor, said, written, settled=settled)


async def _before(room: Room, said: _Said) -> tuple[object, str | list[str]]:
    """Return a term as it is in force, as data and as its field shows it. Raises Unusable for an unknown channel."""
    snapshot = await room.actions.standing.policy(said.channel)
    value = dict(terms.data(snapshot.terms))[said.term]
    return value, term_forms.written(said.term, value)


def _body(said: _Said, before: object, *, dry_run: bool) -> TermsIn:
    """Return what the API would take. Raises Unusable."""
    given: dict[str, object] = {"channel": said.channel, "dry_run": dry_run, "reason": said.reason}
    if said.inherit:
        given["inherit"] = [term_forms.bare(said.term)]
    else:
        given[said.term] = term_forms.read(said.term, said.value, before)
    return validated(TermsIn, given)


async def _page(
    room: Room,
    actor: Actor,
    said: _Said,
    written: str | tuple[str, ...] | list[str],
    *,
    settled: Settled | None = None,
    problem: str = "",
) -> Response:
    snapshot = await room.live.current()
    channel = snapshot.channels.get(said.channel)
    return show(
        room,
        "term.html",
        422 if problem else 200,
        actor=actor,
        said=said,
        written=written,
        kind=term_forms.kind(said.term),
        choices=term_forms.choices(said.term),
        about=TermsIn.model_fields[said.term].description,
        own=channel is not None and term_forms.bare(said.term) in channel.sets,
        base=channel.base if channel else "",
        settled=settled_data(settled) if settled else None,
        revision=snapshot.revision,
        problem=problem,
    )
