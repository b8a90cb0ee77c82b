"""The tables of the auditor's side: words and times to search by, checkpoints, segments, and the outbox.

Decided here:

* Checkpoints and segments are append-only, as events are.
* A decision may be deleted where a segment covers it, and nowhere else; a segment is taken only where it goes on
  from the last one, ends with a checkpoint that was signed, and with the record that it says it ends with.
* The full-text tables keep no text: a row is found by its words and read from its own table. Whoever changes how
  words are made (:mod:`proxy.store.words`) must make them anew for what is there.
"""

from __future__ import annotations

from proxy.store.words import TOKENIZER

NEVER = """
create trigger {table}_never_{verb} before {verb} on {table}
begin select raise(abort, '{table} is append-only'); end
"""
_WORDS = """create virtual table {chain}_words using fts5(
    words, content='', detail=none, columnsize=0, tokenize="{tokenizer}")"""

TRAIL = (
    *(_WORDS.format(chain=chain, tokenizer=TOKENIZER) for chain in ("events", "decisions")),
    """create table times (
        chain text not null, slot integer not null, first integer not null, last integer not null,
        primary key (chain, slot)) strict, without rowid""",
    """create table checkpoints (
        id integer primary key, chain text not null, size integer not null, root blob not null,
        edge blob not null, note text not null, at text not null, unique (chain, size)) strict""",
    """create table tiles (
        chain text not null, number integer not null, root blob not null,
        primary key (chain, number)) strict, without rowid""",
    """create table segments (
        first integer primary key, last integer not null unique, hash text not null, edge blob not null,
        note text not null, file text not null, sha256 text not null, at text not null) strict""",
    """create table outbox (
        destination text primary key, events integer not null, decisions integer not null,
        checkpoints integer not null) strict""",
    *(
        NEVER.format(table=table, verb=verb)
        for table in ("checkpoints", "tiles", "segments")
        for verb in ("update", "delete")
    ),
    """create trigger segments_are_sealed before insert on segments
        when new.first is not (select coalesce(max(last), 0) + 1 from segments)
            or new.last < new.first
            or new.hash is not (select hash from decisions where seq = new.last)
            or not exists (select 1 from checkpoints
                where chain = 'decisions' and size = new.last and note = new.note)
        begin select raise(abort, 'a segment begins where the last ended, and ends at a checkpoint'); end""",
    """create trigger decisions_never_delete before delete on decisions
        when old.seq > (select coalesce(max(last), 0) from segments)
        begin select raise(abort, 'decisions is append-only'); end""",
)
