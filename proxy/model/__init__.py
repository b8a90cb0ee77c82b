"""The nouns: what every other room talks about, as frozen values without behaviour of their own.

Nothing here knows where it is kept or how it is sent. Names are normalised (PEP 503) before they
reach a noun, times are aware UTC datetimes, sizes are bytes, digests are lower-case hex SHA-256.
"""

from proxy.model.advisories import Advisory, Affected, AffectedRange, FeedState, Rating, Severity
from proxy.model.answer import Code, Effect, Finding, Subject, Verdict
from proxy.model.auditing import SavedQuery
from proxy.model.index import Kind, ProjectPage, ReleaseFile, Unreadable
from proxy.model.people import APPROVING, ROLES, Account, CiRule, Invitation, Passkey, Proposal, Session
from proxy.model.policy import (
    Acknowledgement,
    Approval,
    Ask,
    Channel,
    Justification,
    LateFile,
    Mode,
    NamesList,
    Origin,
    Prohibition,
    Quarantine,
    SeverityFloor,
    StaleAdvisories,
    Terms,
    Token,
    Waiver,
)
from proxy.model.record import (
    Actor,
    Answered,
    AuditEvent,
    Build,
    Change,
    DecisionRecord,
    Demand,
    Entry,
    HandedOut,
    Wanted,
)

__all__ = [
    "APPROVING",
    "ROLES",
    "Account",
    "Acknowledgement",
    "Actor",
    "Advisory",
    "Affected",
    "AffectedRange",
    "Answered",
    "Approval",
    "Ask",
    "AuditEvent",
    "Build",
    "Change",
    "Channel",
    "CiRule",
    "Code",
    "DecisionRecord",
    "Demand",
    "Effect",
    "Entry",
    "FeedState",
    "Finding",
    "HandedOut",
    "Invitation",
    "Justification",
    "Kind",
    "LateFile",
    "Mode",
    "NamesList",
    "Origin",
    "Passkey",
    "Prohibition",
    "ProjectPage",
    "Proposal",
    "Quarantine",
    "Rating",
    "ReleaseFile",
    "SavedQuery",
    "Session",
    "Severity",
    "SeverityFloor",
    "StaleAdvisories",
    "Subject",
    "Terms",
    "Token",
    "Unreadable",
    "Verdict",
    "Waiver",
    "Wanted",
]
