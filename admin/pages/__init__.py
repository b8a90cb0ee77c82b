"""The admin's pages: sign in, the inbox, approvals with their consequences, emergencies, the audit, people.

Decided here:

* Pages are forms and links: they work without script. Only a passkey takes one, on pages of its own.
* This table is the whole of them, each with who may see it; a test walks it.
"""

from __future__ import annotations

from starlette.routing import Route

from admin.pages import (
    account,
    assets,
    audit,
    closures,
    desk,
    emergencies,
    factor,
    inbox,
    invited,
    late,
    openid,
    passkey,
    people,
    proposals,
    review,
    sign_in,
)
from admin.pages.room import Room
from admin.pages.table import Page, open_page, own_page, page
from admin.roles import Permission

__all__ = ["PAGES", "Room", "routes"]

PAGES: tuple[Page, ...] = (
    open_page("GET", "/style.css", assets.style),
    open_page("GET", "/passkeys.js", assets.script),
    open_page("GET", "/sign-in", sign_in.page),
    open_page("POST", "/sign-in", sign_in.enter),
    open_page("GET", "/sign-in/factor", factor.page),
    open_page("POST", "/sign-in/factor", factor.enter),
    open_page("GET", "/sign-in/passkey", passkey.page),
    open_page("POST", "/sign-in/passkey", passkey.enter),
    open_page("GET", "/sign-in/openid", openid.start),
    open_page("GET", "/sign-in/openid/back", openid.back),
    open_page("GET", "/invited", invited.page),
    open_page("POST", "/invited", invited.redeem),
    own_page("POST", "/sign-out", sign_in.leave, enrolling=True),
    own_page("GET", "/step-up", factor.again),
    own_page("POST", "/step-up", factor.prove_again),
    own_page("GET", "/account", account.page, enrolling=True),
    own_page("GET", "/account/codes", account.codes_page, fresh="/account/codes", enrolling=True),
    own_page("POST", "/account/codes", account.enrol_codes, fresh="/account/codes", enrolling=True),
    own_page("GET", "/account/passkey", account.passkey_page, fresh="/account/passkey", enrolling=True),
    own_page("POST", "/account/passkey", account.enrol_passkey, fresh="/account/passkey", enrolling=True),
    own_page("POST", "/account/recovery", account.new_sheet, fresh="/account"),
    own_page("POST", "/account/drop", account.drop, fresh="/account"),
    own_page("POST", "/account/password", account.set_password, fresh="/account"),
    own_page("POST", "/account/sessions/end", account.end_session),
    own_page("POST", "/account/tokens", account.issue_token, fresh="/account"),
    own_page("POST", "/account/tokens/withdraw", account.withdraw_token),
    page("GET", "/", Permission.INBOX_READ, inbox.inbox),
    page("GET", "/approve", Permission.POLICY_APPROVE, desk.approve_page),
    page("POST", "/approve", Permission.POLICY_APPROVE, desk.approve),
    page("GET", "/closures/{identity}", Permission.POLICY_APPROVE, closures.look),
    page("POST", "/closures/{identity}", Permission.POLICY_APPROVE, closures.act),
    page("GET", "/review/{project}", Permission.INBOX_READ, review.review),
    page("POST", "/decline", Permission.POLICY_APPROVE, inbox.decline),
    page("POST", "/admit", Permission.POLICY_APPROVE, late.admit),
    page("GET", "/emergencies", Permission.POLICY_READ, emergencies.listed),
    page("POST", "/emergencies", Permission.EMERGENCY_REVIEW, emergencies.act, fresh="/emergencies"),
    page("GET", "/audit", Permission.AUDIT_READ, audit.events),
    page("GET", "/people", Permission.ACCESS_READ, people.page),
    page("POST", "/people/invite", Permission.ACCESS_WRITE, people.invite, fresh="/people"),
    page("POST", "/people/change", Permission.ACCESS_WRITE, people.change, fresh="/people"),
    page("GET", "/proposals", Permission.INBOX_READ, proposals.page),
    page("POST", "/proposals/confirm", Permission.PROPOSAL_DECIDE, proposals.confirm, fresh="/proposals"),
    page("POST", "/proposals/reject", Permission.PROPOSAL_DECIDE, proposals.reject),
)


def routes(room: Room) -> list[Route]:
    """Return the pages, below ``/admin``."""
    return [Route(line.path, line.serve(room), methods=[line.method]) for line in PAGES]
