"""The world failing. A refusal is a value (:class:`proxy.model.Verdict`), never an exception.

GateError
├── SettingsError        what the operator said cannot be used; every fault at once
├── UpstreamError        the index or a file host did not do its part
│   ├── UpstreamAway       no answer, a time-out, a 5xx: trying later may help
│   ├── UpstreamBroken     an answer that cannot be read or trusted
│   │   └── Inconsistent     a file that is not what its name says
│   └── OriginRefused      a URL that leads where files may not come from
├── DigestMismatch       bytes that are not what the index promised
├── CacheError           the file cache cannot take or give bytes: disk full, unreadable, too busy
├── StoreError           the database cannot be read or written
│   └── RevisionConflict   somebody changed the policy since the caller looked
├── NotInstalled         an extra that is needed is not there
├── DocumentRefused      a policy document that cannot be taken; every fault at once
└── FeedRefused          advisory data that is broken, empty, shrunken or older
"""

from __future__ import annotations


class GateError(Exception):
    """Base of everything the gate itself raises. The message is a sentence for people."""


class SettingsError(GateError):
    """One or more settings cannot be used. ``faults`` holds a sentence with a next step for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class UpstreamError(GateError):
    """The upstream index or a file host did not do its part."""


class UpstreamAway(UpstreamError):
    """No answer in time, a refused connection, a 5xx or 429: trying later may help."""


class UpstreamBroken(UpstreamError):
    """An answer that cannot be read or trusted: malformed, too large, of a wrong kind."""


class Inconsistent(UpstreamBroken):
    """A file whose own metadata contradicts its name, or what is served beside it."""


class OriginRefused(UpstreamError):
    """A URL that leads to an origin which files and pages may not come from. ``origin`` says where."""

    def __init__(self, message: str, origin: str) -> None:
        super().__init__(message)
        self.origin = origin


class NotInstalled(GateError):
    """An extra that is needed is not there; the message names what to install."""


class DigestMismatch(GateError):
    """The bytes that arrived are not the bytes that the index promised."""


class CacheError(GateError):
    """The file cache cannot take or give bytes now: its disk is full or sick, or too much is on its way."""


class StoreError(GateError):
    """The database cannot be read or written."""


class RevisionConflict(StoreError):
    """The policy is at another revision than the caller had seen."""

    def __init__(self, seen: int, current: int) -> None:
        super().__init__(f"The policy changed: you saw revision {seen}, it is at {current} now. Look again.")
        self.seen, self.current = seen, current


class DocumentRefused(GateError):
    """A policy document that was not taken. ``faults`` holds a sentence for each, with its line or its key."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class FeedRefused(GateError):
    """Advisory data that was not taken; what was in force stays in force."""


def again(error: GateError) -> GateError:
    """Return the same failure without its history, which holds on to the frames and files it went through."""
    fresh = type(error).__new__(type(error), *error.args)
    vars(fresh).update(vars(error))
    return fresh
