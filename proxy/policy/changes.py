"""How the policy changes: each verb of the security team as a :class:`~proxy.model.Change`.

A change is a value. :func:`apply` shows what the snapshot would be with it; the store makes it true.
Everything an auditor wants to read later is in the change itself: who approved which bytes, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from packaging.utils import NormalizedName

from proxy.model import (
    Acknowledgement,
    Approval,
    Ask,
    Change,
    Channel,
    Code,
    FeedState,
    HandedOut,
    LateFile,
    NamesList,
    Origin,
    Prohibition,
    Terms,
    Token,
    Waiver,
)
from proxy.policy.consequences import Turned
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.telling import of_token
from proxy.policy.terms import difference

_LOOK_ALIKE = f"{Code.LOOK_ALIKE}:"
NAMES_TOLD = 20
"""How many names that come and go with another list an event names; the digest says the rest."""


def apply(snapshot: PolicySnapshot, change: Change) -> PolicySnapshot:
    """Return the snapshot as it would be with ``change`` in force."""
    return snapshot.amended(change.puts, change.ends, snapshot.revision + 1)


def grant(
    approvals: Iterable[Approval],
    answered: Iterable[Ask | LateFile] = (),
    source: str = "",
    met: Iterable[Acknowledgement] = (),
    unread: Mapping[str, int] = MappingProxyType({}),
) -> Change:
    """Approve, several projects as one act; the asks and late files that it answers leave the inbox.

    ``source`` is where from. The look-alikes that were ``met`` among them, and among what they need, stay acknowledged.
    ``unread`` counts, by project, the wheels of which nobody read what they need.
    """
    granted = tuple(approvals)
    more = {name: value for name, value in (("source", source), ("unread", dict(unread))) if value}
    return Change(
        "project:approval:granted",
        " ".join(approval.project for approval in granted),
        granted[0].reason,
        puts=(*granted, *met),
        ends=tuple(ask.id for ask in answered),
        detail={"approvals": [_approved(approval) for approval in granted], **more},
    )


def _approved(approval: Approval) -> dict[str, object]:
    return {
        "project": approval.project,
        "specifier": approval.specifier,
        "standing": approval.standing,
        "prereleases": approval.prereleases,
        "sdists": approval.sdists,
        "yanked": approval.yanked,
        "legacy": approval.legacy,
        "exact": approval.exact,
        "channel": approval.channel,
        "acknowledged": list(approval.acknowledged),
        "until": approval.until.isoformat() if approval.until else "",
        "ticket": approval.ticket,
        "files": [[file.filename, file.sha256] for file in approval.files],
    }


def acknowledgements(approval: Approval, project: NormalizedName) -> tuple[Acknowledgement, ...]:
    """Return what an approval acknowledges of the names that ``project`` looks like."""
    targets = [code.removeprefix(_LOOK_ALIKE) for code in approval.acknowledged if code.startswith(_LOOK_ALIKE)]
    return tuple(
        Acknowledgement(f"{_LOOK_ALIKE}{project}:{target}", project, target, approval.by, approval.reason, approval.at)
        for target in targets
    )


def withdraw_acknowledgements(met: Iterable[Acknowledgement], reason: str) -> Change:
    """Let names of one project be look-alikes again."""
    ended = tuple(met)
    ids = tuple(entry.id for entry in ended)
    detail = {"targets": [entry.target for entry in ended]}
    return Change("project:look-alike:withdrawn", ended[0].project, reason, ends=ids, detail=detail)


def revoke(approvals: Iterable[Approval], reason: str) -> Change:
    """End approvals of one project."""
    ended = tuple(approvals)
    return Change(
        "project:approval:revoked",
        ended[0].project,
        reason,
        ends=tuple(approval.id for approval in ended),
        detail={"approvals": [[approval.id, approval.specifier] for approval in ended]},
    )


def prohibit(prohibition: Prohibition) -> Change:
    """Prohibit a project or a range of it."""
    detail = {"specifier": prohibition.specifier, "channel": prohibition.channel}
    return Change(
        "project:prohibition:set", prohibition.project, prohibition.reason, puts=(prohibition,), detail=detail
    )


def lift(prohibitions: Iterable[Prohibition], reason: str) -> Change:
    """End prohibitions of one project."""
    ended = tuple(prohibitions)
    return Change(
        "project:prohibition:lifted",
        ended[0].project,
        reason,
        ends=tuple(prohibition.id for prohibition in ended),
        detail={"prohibitions": [[prohibition.id, prohibition.specifier] for prohibition in ended]},
    )


def ask(wish: Ask) -> Change:
    """Put a developer's wish into the inbox. It moves no verdict."""
    detail = {"specifier": wish.specifier}
    return Change("project:request:made", wish.project, wish.why, puts=(wish,), detail=detail, policy=False)


def decline(asks: Iterable[Ask], reason: str) -> Change:
    """Take wishes out of the inbox without granting them."""
    ended = tuple(asks)
    ids = tuple(wish.id for wish in ended)
    projects = " ".join(dict.fromkeys(wish.project for wish in ended))
    return Change("project:request:declined", projects, reason, ends=ids, policy=False)


def set_terms(before: Terms, terms: Terms, reason: str) -> Change:
    """Change the standing rules of the default channel."""
    return Change("policy:terms:set", "", reason, puts=(terms,), detail=difference(before, terms))


def open_channel(channel: Channel) -> Change:
    """Open a channel that inherits from another."""
    detail = {"channel": channel.name, "base": channel.base}
    return Change("policy:channel:opened", "", channel.reason, puts=(channel,), detail=detail)


def set_channel_terms(channel: Channel, before: Terms, after: Terms, reason: str) -> Change:
    """Change the terms that are a channel's own; ``before`` and ``after`` are those in force there."""
    detail = {"channel": channel.name, "sets": list(channel.sets), **difference(before, after)}
    return Change("policy:channel:changed", "", reason, puts=(channel,), detail=detail)


def close_channel(channel: Channel, entries: Iterable[Approval | Prohibition | Waiver], reason: str) -> Change:
    """Close a channel, and end everything that counted there alone."""
    ended = tuple(entry.id for entry in entries)
    detail = {"channel": channel.name}
    return Change("policy:channel:closed", "", reason, ends=(channel.id, *ended), detail=detail)


def allow_origins(origins: Iterable[Origin], reason: str) -> Change:
    """Let package files come from these schemes, hosts and ports as well."""
    allowed = tuple(origins)
    named = " ".join(origin.url for origin in allowed)
    return Change("upstream:origin:allowed", "", reason, puts=allowed, detail={"origin": named})


def refuse_origin(origin: str, reason: str) -> Change:
    """Record that files wanted to come from an origin that nobody allowed: an alert, not a change."""
    return Change("upstream:origin:refused", "", reason, detail={"origin": origin}, policy=False)


def report(tag: str, project: str, reason: str, **detail: str) -> Change:
    """Record something the team must hear of that changes nothing: an alert."""
    return Change(tag, project, reason, detail=detail, policy=False)


def take_advisories(feed: FeedState, less: Sequence[str] = (), **counts: int) -> Change:
    """Put advisory data in force; ``less`` are the ids of records that say less than they did, or nothing any more."""
    detail: dict[str, object] = {**counts, **({"less": list(less)} if less else {})}
    return Change("feed:advisories:imported", "", f"Imported from {feed.source}", puts=(feed,), detail=detail)


def take_names(names: NamesList, before: Sequence[str], after: Sequence[str]) -> Change:
    """Put another list of popular projects in force; the event names the most popular that come and go."""
    new, old = set(after), set(before)
    added, removed = [name for name in after if name not in old], [name for name in before if name not in new]
    detail = {
        "count": names.count,
        "sha256": names.sha256,
        "added": added[:NAMES_TOLD],
        "removed": removed[:NAMES_TOLD],
        "added_count": len(added),
        "removed_count": len(removed),
    }
    return Change("feed:names:updated", "", f"Imported from {names.source}", puts=(names,), detail=detail)


def issue(token: Token) -> Change:
    """Make a token known. Only the digest of its secret is kept."""
    detail = {
        "id": token.id,
        "name": token.name,
        "role": token.role,
        "until": token.until.isoformat() if token.until else "",
        "scope": list(token.scope),
        "channel": "everywhere" if token.channel is None else token.channel,
        "projects": list(token.projects),
        "networks": list(token.networks),
    }
    return Change("access:token:issued", "", f"Token {token.name}", puts=(token,), detail=detail, policy=False)


def withdraw(token: Token, reason: str) -> Change:
    """End a token."""
    detail = {"name": token.name}
    return Change("access:token:revoked", "", reason, ends=(token.id,), detail=detail, policy=False)


def waive(waiver: Waiver) -> Change:
    """Set one advisory aside for a range of a project, until a date."""
    detail = {
        "advisory": waiver.advisory,
        "specifier": waiver.specifier,
        "until": waiver.until.isoformat(),
        "channel": waiver.channel,
        "owner": waiver.owner,
        "justification": waiver.justification,
    }
    return Change("project:waiver:granted", waiver.project, waiver.reason, puts=(waiver,), detail=detail)


def end_waivers(waivers: Iterable[Waiver], reason: str) -> Change:
    """End waivers of one project before their time."""
    ended = tuple(waivers)
    detail = {"waivers": [[waiver.id, waiver.advisory, waiver.specifier] for waiver in ended]}
    ids = tuple(waiver.id for waiver in ended)
    return Change("project:waiver:ended", ended[0].project, reason, ends=ids, detail=detail)


def turned_bad(releases: Iterable[tuple[Turned, int]], newest: Iterable[HandedOut]) -> Change:
    """Report releases that were approved or handed out and are withheld now, each with how many clients have it.

    ``newest`` names those who got them last.
    """
    bad = list(releases)
    sentences = [
        f"{release.project} {release.version}: {', '.join(release.advisories)}; "
        + (f"move to {release.move_to}" if release.move_to else "no clean version is known")
        + f"; {_clients(clients)} it"
        for release, clients in bad
    ]
    had = [
        f"{line.client} ({line.agent}{f', token {of_token(line.token, line.token_id)}' if line.token else ''}) "
        f"has {line.project} {line.version}, {line.count} times, last {line.last:%Y-%m-%d %H:%M} UTC"
        for line in newest
    ]
    clients = _clients(sum(clients for _, clients in bad))
    reason = f"{len(bad)} releases that were approved or handed out are withheld now; {clients} them"
    projects = " ".join(dict.fromkeys(release.project for release, _ in bad))
    advisories = sorted({advisory for release, _ in bad for advisory in release.advisories})
    detail = {"releases": sentences, "who": had, "advisories": advisories}
    return Change("release:verdict:turned", projects, reason, detail=detail, policy=False)


def _clients(count: int) -> str:
    return "1 client has" if count == 1 else f"{count or 'no'} clients have"
