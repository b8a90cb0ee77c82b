"""The admin's pages: today, the inbox, projects, the policy, advisories, who has what, the audit, and who may come in.

Decided here:

* Pages are forms and links: they work without script, and are pleasanter with it. Only a passkey takes one.
* They call the verbs that the API calls; no rule and no SQL is here.
* This table is the whole of them, each with who may see it; a test walks it.
"""

from __future__ import annotations

from starlette.routing import Route

from admin.pages import (
    access,
    account,
    advisories,
    assets,
    audit,
    closures,
    desk,
    documents,
    emergencies,
    factor,
    holders,
    inbox,
    invited,
    late,
    nowhere,
    openid,
    passkey,
    people,
    policy,
    projects,
    proposals,
    requests,
    sign_in,
    terms,
    today,
)
from admin.pages.room import Room
from admin.pages.table import Page, open_page, own_page, page
from admin.roles import Permission

__all__ = ["PAGES", "Room", "routes"]

PAGES: tuple[Page, ...] = (
    *assets.lines(),
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
    own_page("GET", "/", today.first),
    own_page("GET", "/requests", requests.page),
    page("POST", "/requests", Permission.REQUEST, requests.ask),
    page("GET", "/inbox", Permission.INBOX_READ, inbox.inbox),
    page("POST", "/inbox", Permission.POLICY_APPROVE, inbox.decide),
    page("GET", "/projects", Permission.INBOX_READ, projects.found),
    page("GET", "/projects/{project}", Permission.INBOX_READ, projects.project),
    page("POST", "/projects/{project}", Permission.POLICY_APPROVE, projects.act),
    page("GET", "/approve", Permission.POLICY_APPROVE, desk.approve_page),
    page("POST", "/approve", Permission.POLICY_APPROVE, desk.approve),
    page("GET", "/closures/{identity}", Permission.POLICY_APPROVE, closures.look),
    page("POST", "/closures/{identity}", Permission.POLICY_APPROVE, closures.act),
    page("POST", "/admit", Permission.POLICY_APPROVE, late.admit),
    page("GET", "/emergencies", Permission.POLICY_READ, emergencies.listed),
    page("POST", "/emergencies", Permission.EMERGENCY_REVIEW, emergencies.act, fresh="/emergencies"),
    page("GET", "/policy", Permission.POLICY_READ, policy.page),
    page("POST", "/policy", Permission.TERMS_WRITE, policy.act, fresh="/policy"),
    page("GET", "/policy/terms", Permission.TERMS_WRITE, terms.page, fresh="/policy/terms"),
    page("POST", "/policy/terms", Permission.TERMS_WRITE, terms.act, fresh="/policy/terms"),
    page("GET", "/policy/document", Permission.AUDIT_READ, documents.page, fresh="/policy/document"),
    page("POST", "/policy/document", Permission.AUDIT_READ, documents.act, fresh="/policy/document"),
    page("GET", "/advisories", Permission.POLICY_READ, advisories.page),
    page("POST", "/advisories/waive", Permission.POLICY_WAIVE, advisories.waive),
    page("POST", "/advisories/end", Permission.POLICY_WAIVE, advisories.end),
    page("POST", "/advisories/sync", Permission.FEED_WRITE, advisories.sync),
    page("GET", "/who-has", Permission.AUDIT_READ, holders.page),
    page("GET", "/audit", Permission.AUDIT_READ, audit.events),
    page("GET", "/audit/decisions", Permission.AUDIT_READ, audit.decisions),
    page("POST", "/audit/queries", Permission.AUDIT_READ, audit.keep),
    page("GET", "/audit/{seq}", Permission.AUDIT_READ, audit.event),
    page("GET", "/access", Permission.ACCESS_READ, access.page),
    page("POST", "/access/tokens", Permission.ACCESS_WRITE, access.issue, fresh="/access"),
    page("POST", "/access/rules", Permission.ACCESS_WRITE, access.add_rule, fresh="/access"),
    page("POST", "/access/end", Permission.ACCESS_WRITE, access.end, fresh="/access"),
    page("GET", "/people", Permission.ACCESS_READ, people.page),
    page("POST", "/people/invite", Permission.ACCESS_WRITE, people.invite, fresh="/people"),
    page("POST", "/people/change", Permission.ACCESS_WRITE, people.change, fresh="/people"),
    page("GET", "/proposals", Permission.INBOX_READ, proposals.page),
    page("POST", "/proposals/confirm", Permission.PROPOSAL_DECIDE, proposals.confirm, fresh="/proposals"),
    page("POST", "/proposals/reject", Permission.PROPOSAL_DECIDE, proposals.reject),
)


def routes(room: Room) -> list[Route]:
    """Return the pages, below ``/admin``, and behind them what says that there is no such page."""
    pages = [Route(line.path, line.serve(room), methods=[line.method]) for line in PAGES]
    return [*pages, Route("/{path:path}", nowhere.serve(room), methods=["GET"])]
