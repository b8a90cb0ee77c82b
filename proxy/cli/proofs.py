"""Whether the log is what it was: verified by the gate, and shown by it to somebody who need not trust it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from proxy.cli.desk import ALLOWED, REFUSED, Data, Desk, give_up, show, with_desk
from proxy.cli.options import chain_option, json_option
from proxy.cli.output import output_option, put
from proxy.cli.words import said, when
from proxy.policy import notes, proofs
from proxy.policy.merkle import BrokenProof, consistent
from proxy.policy.notes import Checkpoint

existing = click.Path(exists=True, dir_okay=False, path_type=Path)
key_option = click.option(
    "--key", type=existing, help="The public key as it was kept elsewhere (wicketgate audit key)."
)


@click.command()
@click.option("--checkpoint", type=existing, help="Checkpoints that were kept elsewhere.")
@key_option
@json_option
@with_desk
def verify(desk: Desk, as_json: bool, checkpoint: Path | None, key: Path | None) -> None:
    """Check that nothing in the log was altered; exit with 1 and name what was.

    With --checkpoint it is shown as well that the log still begins as it did then: nothing was cut off or
    rewritten since. With --key its signature is checked against the key that you kept, not the gate's word.
    """
    kept = _read(checkpoint) if checkpoint else ""
    flaws = _continued(desk, kept, _key(desk, key)) if kept else []
    data = desk.admin("POST", "/audit/verify", json={"checkpoints": kept})
    data["flaws"] = flaws + data["flaws"]
    data["intact"] = not data["flaws"]
    show(data, as_json, lambda: _verified(data))
    sys.exit(ALLOWED if data["intact"] else REFUSED)


@click.command("key")
@output_option
@with_desk
def show_key(desk: Desk, output: Path | None) -> None:
    """Print the public key that seals the log. Keep it elsewhere, with a checkpoint."""
    put(desk.admin("GET", "/audit/key")["keys"], output, "the public key")


@click.command("checkpoint")
@output_option
@with_desk
def show_checkpoint(desk: Desk, output: Path | None) -> None:
    """Seal the log as it stands, and print the signed checkpoints. Keep them elsewhere."""
    found = desk.admin("POST", "/audit/checkpoints")["checkpoints"]
    put(notes.joined(each["note"] for each in found), output, "the signed checkpoints")


@click.command()
@click.argument("seq", type=int)
@chain_option
@click.option("--checkpoint", type=existing, help="The checkpoint that it must lead to (the newest one).")
@output_option
@with_desk
def prove(desk: Desk, seq: int, chain: str, checkpoint: Path | None, output: Path | None) -> None:
    """Write what proves that record SEQ is in the log, to somebody who has a checkpoint alone."""
    params = {"chain": chain, "seq": seq} | ({"size": _size(checkpoint, chain)} if checkpoint else {})
    put(desk.admin("GET", "/audit/proof", params=params)["proof"], output, f"the proof of record {seq} of the {chain}")


@click.command("check-proof")
@click.argument("file", type=existing)
@click.option("--checkpoint", type=existing, required=True, help="The checkpoint that was kept.")
@click.option("--key", type=existing, required=True, help="The public key that was kept.")
@json_option
def check_proof(file: Path, checkpoint: Path, key: Path, as_json: bool) -> None:
    """Check a proof without any gate: say what it proves, when that was, and by which key; or exit with 1."""
    try:
        proof, trust = proofs.read(_read(file)), notes.Trust.of(_read(key))
        led, signed = notes.parse(proof.note)
        kept = [each for each in map(trust.read, notes.split(_read(checkpoint))) if each.origin == led.origin]
        if not kept:
            give_up(f"The proof is of {led.origin}; no checkpoint in {checkpoint} is.", REFUSED)
        record, sealed = proofs.check(proof, trust, led if led in kept else kept[-1])
    except (notes.BadNote, BrokenProof) as error:
        give_up(str(error), REFUSED)

    facts = {"record": record, "origin": sealed.origin, "size": sealed.size}
    keys = [signature[:4].hex() for name, signature in signed if (name, signature[:4]) in trust.keys]
    show(facts, as_json, lambda: _proved(record, sealed, f"by the key {' and '.join(keys)} (as in {key})"))


def _proved(record: Data, sealed: Checkpoint, by: str) -> None:
    """Say what a proved record tells: when, who did what or was answered what, and why."""
    click.echo(f"Proved: record {record['seq']} of the {sealed.chain} stands in the log of {sealed.gate}.")
    actor = record.get("actor", {})
    rows = {
        "when": when(str(record.get("at", ""))),
        "what": record.get("tag") or record.get("filename") or record.get("what"),
        "answer": record.get("verdict"),
        "project": record.get("project"),
        "who": " ".join(filter(None, (actor.get("name"), record.get("client"), record.get("token")))),
        "why": record.get("reason") or record.get("codes"),
        "sealed": f"over {sealed.size} records, {by}",
    }
    for name, told in rows.items():
        if told:
            click.echo(f"  {name:<8} {said(told)}")
    click.echo("  (--json prints the record whole)")


def _continued(desk: Desk, kept: str, keys: str) -> list[Data]:
    """Return what is wrong between checkpoints that were kept and the log as the gate seals it now."""

    try:
        trust = notes.Trust.of(keys)
        then = [trust.read(note) for note in notes.split(kept)]
        sealed = desk.admin("POST", "/audit/checkpoints")["checkpoints"]
        now = {each.origin: each for each in (trust.read(one["note"]) for one in sealed)}
    except notes.BadNote as error:
        give_up(str(error), REFUSED)
    flaws: list[Data] = []
    for old in then:
        new = now.get(old.origin)
        path = _path(desk, old, new) if new and new.size > old.size else ()
        if new is None or not consistent(old.size, new.size, old.root, new.root, path):
            problem = f"{old.chain}: the log does not begin with what the checkpoint over {old.size} sealed"
            flaws.append({"seq": old.size, "problem": problem})
    return flaws


def _path(desk: Desk, old: Checkpoint, new: Checkpoint) -> tuple[bytes, ...]:

    params = {"chain": old.chain, "old": old.size, "new": new.size}
    return proofs.steps(desk.admin("GET", "/audit/consistency", params=params)["hashes"])


def _size(checkpoint: Path, chain: str) -> int:
    """Return over how many records of a chain a kept checkpoint is."""

    try:
        found = [notes.parse(note)[0] for note in notes.split(_read(checkpoint))]
    except notes.BadNote as error:
        give_up(str(error))
    sizes = [each.size for each in found if each.chain == chain]
    return sizes[-1] if sizes else give_up(f"{checkpoint} holds no checkpoint of the {chain}.")


def _key(desk: Desk, path: Path | None) -> str:
    if path:
        return _read(path)
    keys: str = desk.admin("GET", "/audit/key")["keys"]
    return keys


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        give_up(f"{path} cannot be read: {error}")


def _verified(data: Data) -> None:
    if data["intact"]:
        click.echo(f"The audit log is intact: {data['events']} changes, {data['decisions']} decisions.")
    for flaw in data["flaws"]:
        click.echo(f"ALTERED at {flaw['seq']}: {flaw['problem']}")


AUDITING = (verify, show_key, show_checkpoint, prove, check_proof)
"""What belongs below ``audit``."""
