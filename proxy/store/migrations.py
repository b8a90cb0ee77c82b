"""The schema, step by step. A step is never edited once released; a new one is added below it.

Events and decisions are append-only (decisions until they are archived, :mod:`proxy.store.schema_trail`);
the triggers guard against accidents, the chain against intent.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from proxy.store import chains
from proxy.store.schema_trail import NEVER, TRAIL

migrations = Migrations("wicketgate")


@migrations()
def first_schema(db: Database) -> None:
    """Entries with their history, the two chains, the advisories and a place for single values."""
    for statement in (
        "create table meta (key text primary key, value text not null) strict",
        """create table entries (
            id text not null, kind text not null, project text not null, body text not null,
            put_seq integer not null, ended_seq integer, primary key (id, put_seq)) strict""",
        "create index entries_in_force on entries (kind, project) where ended_seq is null",
        "create index entries_ended on entries (ended_seq) where ended_seq is not null",
        """create table events (
            seq integer primary key, at text not null, tag text not null, actor text not null,
            project text not null, reason text not null, revision integer not null,
            detail text not null, previous text not null, hash text not null) strict""",
        "create index events_project on events (project, seq)",
        """create table decisions (
            seq integer primary key, uid text not null unique, at text not null, what text not null,
            client text not null, token text not null, agent text not null, project text not null,
            version text not null, filename text not null, sha256 text not null, status integer not null,
            verdict text not null, codes text not null, revision integer not null,
            request_id text not null, count integer not null, channel text not null,
            previous text not null, hash text not null) strict""",
        "create index decisions_project on decisions (project, seq)",
        "create index decisions_refused on decisions (at) where verdict = 'refused'",
        """create table advisories (
            id text primary key, modified text not null, digest text not null, record blob not null) strict""",
        "create table advisory_projects (project text primary key, packed blob not null) strict",
        """create table advisory_links (
            id text not null, project text not null, primary key (project, id)) strict, without rowid""",
        "create index advisory_links_id on advisory_links (id)",
    ):
        db.execute(statement)
    for table in ("events", "decisions"):
        for verb in ("update", "delete"):
            db.execute(NEVER.format(table=table, verb=verb))


@migrations()
def find_who_has_it(db: Database) -> None:
    """Blast radius: files handed out, by project and by digest; the first index answers without the table."""
    db.execute(
        """create index decisions_handed_out on decisions (project, version, client, token, agent, at)
        where what = 'file' and verdict = 'allowed'"""
    )
    db.execute("create index decisions_digest on decisions (sha256) where what = 'file' and verdict = 'allowed'")


@migrations()
def find_the_last_of_a_kind(db: Database) -> None:
    """What was told last of a matter is asked of the audit, by tag."""
    db.execute("create index if not exists events_tag on events (tag, seq)")


@migrations()
def remember_first_files(db: Database) -> None:
    """The first file that was handed out under each name: no other one ever is."""
    db.execute(
        """create table first_files (
            project text not null, filename text not null, body text not null, at text not null,
            primary key (project, filename)) strict, without rowid"""
    )


@migrations()
def find_when(db: Database) -> None:
    """What was wanted since some time: where in the record that time begins."""
    db.execute("create index decisions_at on decisions (at)")


@migrations()
def sign_people_in(db: Database) -> None:
    """Sessions by the digest of their secret, what may be used once, counters that rise, and when tokens were used."""
    for statement in (
        """create table sessions (
            id text primary key, sha256 text not null unique, holder text not null, version integer not null,
            stage text not null, method text not null, opened text not null, seen text not null,
            until text not null, proved text not null, address text not null, agent text not null) strict""",
        "create table spent (key text primary key, until text not null) strict, without rowid",
        "create table counters (key text primary key, counter integer not null) strict, without rowid",
        "create table uses (token text primary key, at text not null) strict, without rowid",
    ):
        db.execute(statement)


@migrations()
def trail(db: Database) -> None:
    """Search, checkpoints, segments and the places of those who are sent the record.

    What words and times answer needs no index any more: each costs every record that is written. Who has a file
    that was served in observe mode is found as well.
    """
    for index in ("events_project", "events_tag", "decisions_project", "decisions_digest", "decisions_at"):
        db.execute(f"drop index {index}")
    db.execute("drop index decisions_handed_out")
    db.execute(
        """create index decisions_handed_out on decisions (project, version, client, token, agent, at)
        where what = 'file' and verdict <> 'refused'"""
    )
    db.execute("create index entries_put on entries (put_seq)")
    db.execute("drop trigger decisions_never_delete")
    for statement in TRAIL:
        db.execute(statement)
    chains.find_anew(db)


@migrations()
def remember_what_was_asked_twice(db: Database) -> None:
    """Idempotency keys of the admin API, with the event that each committed and what was answered."""
    db.execute(
        """create table repeats (
            actor text not null, key text not null, method text not null, path text not null, digest text not null,
            holder text not null, attempt text not null unique, at text not null,
            event integer, status integer, headers text, body blob,
            primary key (actor, key)) strict, without rowid"""
    )
    db.execute("create index repeats_at on repeats (at)")


@migrations()
def tell_tokens_apart(db: Database) -> None:
    """Whose token it was, beside its name; who has a file is answered from the index, with how often."""
    db.execute("alter table decisions add column token_id text not null default ''")
    db.execute("drop index decisions_handed_out")
    db.execute(
        """create index decisions_handed_out on decisions
        (project, version, client, token, token_id, agent, at, count)
        where what = 'file' and verdict <> 'refused'"""
    )
