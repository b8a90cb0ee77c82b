"""What an approver writes, read: requirements, reasons, acknowledgements, and what to write instead.

Decided here:

* A requirement of the admin is a name and a range: no URL, extras or markers.
* A reason is not optional.
* A finding is overruled by its code; a look-alike by its code and the name it resembles. Advisory data that is stale or
  missing is acknowledged in the same words, for this one act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName

from proxy.errors import GateError
from proxy.model import Code, Finding, Proposal
from proxy.policy.document.entries import CHANNEL_NAME
from proxy.policy.folding import malformed, meant
from proxy.policy.judge import OVERRULABLE
from proxy.policy.outdated import MISSED
from proxy.policy.versions import specifier as read_specifier
from proxy.simple import names

WAIVER_DAYS_AT_MOST = 180
CHANNELS_AT_MOST = 50
TAKEN = frozenset(
    {"admin", "check", "explain", "files", "healthz", "metrics", "oidc", "preview", "reasons", "readyz", "refused"}
    | {"requests", "setup", "simple", "static"}
)
"""First words of paths that mean something else, so that no channel is called so."""


class Unusable(GateError):
    """What was asked for cannot be done; the message says what to say instead."""


class Unknown(Unusable):
    """What was named by its id is not here (any more), or is not one's own; the message says where to look."""


class NeedsAcknowledgement(GateError):
    """An approver must overrule a finding by name first. ``say`` is what to add."""

    def __init__(self, finding: Finding, say: str) -> None:
        super().__init__(f"{finding.sentence} If you mean it, acknowledge it: --acknowledge {say}")
        self.finding, self.say = finding, say


class Proposed(GateError):
    """Nothing was changed yet: the act waits for a second person. Not a failure, but no success either.

    ``secret`` is what will be good once it is confirmed, to be shown now and never again.
    """

    def __init__(self, proposal: Proposal, secret: str = "") -> None:
        takes = ", ".join(proposal.words)
        super().__init__(
            f"This takes two people ({takes}). It waits as {proposal.id} until {proposal.until:%Y-%m-%d} for somebody "
            f"else to confirm it: wicketgate proposals confirm {proposal.id}"
        )
        self.proposal, self.secret = proposal, secret


@dataclass(frozen=True, slots=True)
class Wish:
    """What an approver asks for, as written."""

    requirement: str
    reason: str
    standing: bool = False
    prereleases: bool = False
    sdists: bool = False
    acknowledge: tuple[str, ...] = ()
    until: datetime | None = None
    ticket: str = ""
    yanked: bool = False
    legacy: bool = False
    channel: str = ""
    sha256: tuple[str, ...] = ()

    @property
    def aware(self) -> frozenset[str]:
        """What it acknowledges of the advisory data."""
        return MISSED.intersection(self.acknowledge)

    @property
    def overrules(self) -> tuple[str, ...]:
        """What it overrules, each checked against what may be. Raises Unusable."""
        return tuple(sorted({read_acknowledgement(text) for text in self.acknowledge if text not in MISSED}))


def read_requirement(text: str) -> tuple[NormalizedName, str]:
    """Return project and specifier of a requirement (PEP 508). Raises Unusable with what to write instead."""
    if not text.isprintable():  # a resolver reads it as a line of a file, and another line would be an option
        raise Unusable(f"{text[:80]!r} is not a requirement: it is more than one line. Write for example 'flask>=3,<4'")
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        first = str(error).partition("\n")[0]
        step = meant(text) or "Write for example 'flask>=3,<4'"
        raise Unusable(f"{text[:80]!r} is not a requirement: {first}. {step}") from error
    if requirement.url or requirement.marker or requirement.extras:
        raise Unusable("Write a name and a version range only, without URL, extras or markers: 'flask>=3,<4'")
    specifier = str(requirement.specifier)
    if read_specifier(specifier) is None:
        raise Unusable(f"That range is too long to be judged ({len(specifier)} characters). Write a shorter one.")
    return read_project(requirement.name), specifier


def read_project(name: str) -> NormalizedName:
    """Return the normal name of a project (PEP 503). Raises Unusable."""
    project = names.normal(name)
    if project is None:
        raise Unusable(malformed(name))
    return project


def read_acknowledgement(text: str) -> str:
    """Return what an approver overrules, checked against what may be. Raises Unusable."""
    code, _, target = text.strip().partition(":")
    if code not in OVERRULABLE:
        known = ", ".join(sorted(OVERRULABLE | MISSED))
        raise Unusable(f"{code[:40]!r} cannot be overruled by an approval. These can: {known}")
    if (code == Code.LOOK_ALIKE) != bool(target):
        raise Unusable("A look-alike is acknowledged with the name it resembles: look-alike:requests")
    return f"{code}:{read_project(target)}" if target else code


def read_channel(name: str) -> str:
    """Return the name of a channel that may be opened. Raises Unusable."""
    if not CHANNEL_NAME.fullmatch(name) or name in TAKEN:
        raise Unusable(f"{name[:40]!r} cannot be a channel's name. Take lower-case letters, digits and dashes.")
    return name


def said(reason: str) -> str:
    """Return a written reason, or raise Unusable: no change goes without one."""
    text = "".join(letter if letter.isprintable() else " " for letter in reason).strip()
    if not text or len(text) > 2000:
        raise Unusable('Give a reason (at most 2,000 characters): --reason "why". The auditor will ask for it.')
    return text


def ends_later(wish: Wish, at: datetime) -> None:
    """Raise Unusable for a wish that has ended already."""
    if wish.until is not None and wish.until <= at:
        raise Unusable(f"An approval cannot end in the past ({wish.until:%Y-%m-%d %H:%M} UTC).")
