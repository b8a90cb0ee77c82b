"""How a refusal reads where people meet it: in a terminal's URL, in a yank reason, in an explanation.

Installers show a refused file's URL whole and nothing else of our answer (see ``tests/e2e``), so the
sentence stands in the URL's path, spelt with the characters that every client leaves alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from proxy.model import Code, Effect, Finding, Verdict

_OUTSIDE = re.compile(r"[^A-Za-z0-9.~-]+")
LONGEST_SLUG = 200
_WEIGHT = {
    Code.MALWARE: 0,
    Code.LOOK_ALIKE: 1,
    Code.INTERNAL: 2,
    Code.PROHIBITED: 3,
    Code.QUARANTINED: 4,
    Code.CHANGED: 5,
    Code.INCONSISTENT: 5,
    Code.VULNERABLE: 6,
}


def of_token(name: str, identity: str) -> str:
    """Return how a token of the record is shown, "" for none: names are anybody's to repeat."""
    return f"{name} ({identity})" if identity else name


def weighed(verdict: Verdict) -> Sequence[Finding]:
    """Return the refusals of a verdict, the gravest first: nobody waits for the age of malware."""
    return sorted(verdict.refusals, key=lambda finding: _WEIGHT.get(finding.code, 9))


def headline(verdict: Verdict) -> str:
    """Return the one sentence that matters most, with the name that may have been meant and what to do next."""
    first = weighed(verdict)[0]
    return " ".join(filter(None, (first.sentence, _meant(verdict), first.next_step)))


def _meant(verdict: Verdict) -> str:
    """Return what a resemblance too weak to refuse asks, "" where there is none or the team acknowledged it."""
    warnings = (f for f in verdict.findings if f.code is Code.LOOK_ALIKE and f.effect is Effect.ADVISE)
    return next((finding.next_step for finding in warnings), "")


def slug(verdict: Verdict) -> str:
    """Return the headline as one URL path segment: letters, digits, ``.``, ``-``, ``~`` and ``_`` for blanks."""
    return _OUTSIDE.sub("_", headline(verdict))[:LONGEST_SLUG].strip("_.") or "refused"


def label(verdict: Verdict) -> str:
    """Return the headline as a local version label (PEP 440): for names of which no version is known.

    Installers that find no matching version print the versions they saw.
    """
    words = re.sub(r"[^a-z0-9]+", ".", weighed(verdict)[0].sentence.lower()).strip(".")
    return words[:LONGEST_SLUG].strip(".")


def codes(verdict: Verdict) -> tuple[str, ...]:
    """Return the codes that decided: those that forbid, or would if the policy were enforced, else the approval's.

    What is handed out because of an emergency says so, and so does a fix that was let through early.
    """
    if verdict.allowed and not verdict.observed:
        found = {finding.code for finding in verdict.findings}
        permit = Code.EMERGENCY if Code.EMERGENCY in found else Code.APPROVED
        return (permit.value, Code.FIX.value) if Code.FIX in found else (permit.value,)
    return tuple(dict.fromkeys(finding.code.value for finding in verdict.observed or weighed(verdict)))
