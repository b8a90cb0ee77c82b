"""``wicketgate serve``: start the gate, and print what a person needs and no more."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import click

from proxy.cli.desk import give_up
from proxy.errors import GateError, SettingsError
from proxy.extras import installed
from proxy.health import MFA_OFF
from proxy.local import Listening
from proxy.pip_index import pip_index
from proxy.places import ADDRESS_FILE, TOKEN_FILE
from proxy.policy import age
from proxy.policy.outdated import asked
from proxy.policy.snapshot import PolicySnapshot
from proxy.sealed import command, plain
from proxy.settings import Settings, read
from proxy.upstream.origins import is_loopback, split_credentials
from proxy.workers import DESK

OPTIONS = (
    ("host", "Address to listen on (127.0.0.1)."),
    ("port", "Port to listen on (8080)."),
    ("tls-cert", "A certificate (PEM, with its chain) to speak TLS with; a changed file is taken while the gate runs."),
    ("tls-key", "The key that goes with it (PEM, without a passphrase)."),
    ("data-dir", "Where database, cache and token are kept (~/.local/share/wicketgate)."),
    ("upstream", "The index to stand in front of (what pip on this machine uses)."),
    (
        "file-origin",
        "Where package files may come from, several separated by commas (learnt from the upstream).",
    ),
    ("upstream-ca", "Authorities (PEM) that upstream servers may be certified by, besides the system's."),
    ("upstream-cert", "A certificate (PEM) that is shown to the upstream index, and to no other host."),
    ("upstream-key", "The key that goes with it (PEM, without a passphrase)."),
    (
        "upstream-proxy",
        "An egress proxy, by which index, files and advisory data are fetched: http://proxy.example:3128.",
    ),
    ("index-ttl", "Seconds for which an upstream page is used without asking again (600)."),
    ("public-url", "The address that people use, where a proxy stands in front."),
    ("advisories", "OSV data: a URL, a file, a folder, or off (OSV's public PyPI export, every hour)."),
    ("admin-host", "Address of the admin (that of the index)."),
    ("admin-port", "Port of the admin (that of the index)."),
    ("alert-url", "Where alerts go, as Apprise URLs separated by commas: json://, mailto://, slack:// …"),
    ("cache-size", "Bytes that cached files may take (10 GiB)."),
    ("workers", "Processes that serve (1)."),
    ("trusted-proxies", "Proxies in front (addresses, CIDR) whose X-Forwarded-For says who comes (none is believed)."),
    ("admin-public-url", "The address at which people reach the admin, where a proxy stands in front of it."),
    ("secret-key-file", "The key that seals secrets, made on first start (~/.config/wicketgate/secret-key)."),
    ("oidc-issuer", "The OpenID provider at which people sign in; --oidc-client-id and --oidc-roles go with it."),
    ("oidc-client-id", "The id under which the provider knows this gate."),
    ("oidc-client-secret-file", "A file with the secret that goes with it (none: a public client)."),
    ("oidc-roles", "Roles by group, the first that fits counts: security=approver,platform=administrator."),
    ("oidc-group-claim", "The claim that names the groups (groups)."),
    ("oidc-acr", "Values of acr that say that a second factor was used, besides mfa in amr."),
    ("audit-key", "The key that seals the audit log, outside the data directory (DATA-DIR-audit-key/ed25519.pem)."),
    ("audit-export", "Where the audit log goes: syslog+tcp://, syslog+tls://, https://…#secret=FILE, with commas."),
    ("audit-keep-days", "Days after which decisions leave the database for the archive (0: never)."),
    ("audit-archive", "Where those decisions are kept (DATA-DIR/audit-archive)."),
    ("revocation-max-lag", "Seconds for which the gate serves on while the database cannot be read (60; 0: for ever)."),
)
FLAGS = (
    ("anonymous", "Whether the index may be read without a token (on loopback yes, elsewhere no)."),
    ("mfa-required", "Whether roles that decide need a second factor (yes)."),
)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, text in reversed(OPTIONS):
        variable = f"WICKETGATE_{name.replace('-', '_').upper()}"
        command = click.option(f"--{name}", envvar=variable, help=text, show_envvar=True)(command)
    for name, text in FLAGS:
        variable = f"WICKETGATE_{name.replace('-', '_').upper()}"
        flag = f"--{name}/--no-{name}"
        command = click.option(flag, default=None, envvar=variable, show_envvar=True, help=text)(command)
    return command


@click.command()
@_with_options
def serve(**given: str | bool | None) -> None:
    """Start the gate.

    What holds a secret may be sealed, and is then said as sealed:… (wicketgate seal).
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    words = {None: "", True: "yes", False: "no"}
    texts = {name: value if isinstance(value, str) else words[value] for name, value in given.items()}
    try:
        settings = read(texts)
        settings, where = _with_upstream(settings)
        _run(settings, where)
    except SettingsError as error:
        give_up("the gate cannot start:\n" + "\n".join(f"  {fault}" for fault in error.faults))
    except GateError as error:
        give_up(f"the gate cannot start: {error}")


def _run(settings: Settings, where: str) -> None:
    from proxy import serving  # noqa: PLC0415  the other commands need not load a server
    from proxy.workers import Workers  # noqa: PLC0415

    os.umask(0o077)  # whatever is made from now on is the gate's alone
    serving.lift_file_limit()
    sockets, own = serving.bind(settings), serving.own_socket(settings)
    try:
        if settings.workers == 1:
            _work(settings, where, sockets, own, DESK, lambda: None)
        else:
            workers = Workers(settings.workers, partial(_work, settings, where, sockets, own))
            sys.exit(workers.run())
    finally:
        own.remove()


def _work(
    settings: Settings,
    where: str,
    sockets: list[socket.socket],
    own: Listening,
    number: int,
    answering: Callable[[], None],
) -> None:
    """Be one worker until a signal comes. The desk greets. Raises GateError."""
    from proxy import app, serving  # noqa: PLC0415

    desk, previews = number == DESK, serving.loopback()
    gate = app.build(settings, previews_at=serving.address_of(previews), desk_at="" if desk else own.path)

    def ready() -> None:
        if desk:
            _note(settings)
            _greet(settings, where, gate.first_token, gate.live.snapshot, app.now())
        answering()

    _loop()(serving.serve(gate, serving.listeners(gate, sockets, previews, own), ready))


def _loop() -> Callable[[Coroutine[object, object, None]], None]:
    """Return what runs a coroutine to its end: uvloop where it is there."""
    if not installed("uvloop"):
        return asyncio.run
    import uvloop  # noqa: PLC0415  an extra

    return uvloop.run


def _with_upstream(settings: Settings) -> tuple[Settings, str]:
    """Return the settings with an upstream, and where it was said; refuse to stand in front of ourselves."""
    where = "--upstream"
    if not settings.upstream:
        found = pip_index()
        more = ("upstream",) if plain("upstream", found.url) else ()
        settings = replace(settings, upstream=found.url, plain_secrets=(*more, *settings.plain_secrets))
        where = found.where
    if _is_self(settings):
        raise SettingsError(
            [
                f"The upstream ({where}) is this gate itself: {split_credentials(settings.upstream)[0]}. "
                "Say the real index: --upstream https://index.example/simple/"
            ]
        )
    return settings, where


def _is_self(settings: Settings) -> bool:
    """Whether the upstream leads to an address that this gate listens on."""
    parts = urlsplit(split_credentials(settings.upstream)[0])
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    public = urlsplit(settings.public_url)
    if settings.public_url and parts.netloc.lower() == public.netloc.lower():
        return True
    if port not in {settings.port, settings.admin_port}:
        return False
    host = parts.hostname or ""
    return host in {settings.host, "localhost", socket.gethostname()} or (is_loopback(host) and _ours(settings.host))


def _ours(host: str) -> bool:
    return is_loopback(host) or host in {"0.0.0.0", "::"}  # noqa: S104  compared, not bound


def _note(settings: Settings) -> None:
    """Note for the commands of this host by which address people know the gate; they never read half of it."""
    path = settings.data_dir / ADDRESS_FILE
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps({"url": settings.url}))
    fresh.replace(path)


def _greet(settings: Settings, where: str, token: str, snapshot: PolicySnapshot, at: datetime) -> None:
    origins = ", ".join(origin.url for origin in snapshot.origins)
    lines = [
        ("Installers", f"pip install --index-url {settings.url}/simple/ NAME"),
        ("Set-up", f"{settings.url}/  (uv, Poetry, PDM; and why something was refused)"),
        ("Admin", f"{settings.admin_url}/admin/"),
        ("Sign in", _sign_in(settings, token)),
        ("Upstream", f"{split_credentials(settings.upstream)[0]}  (from {where}; files from {origins})"),
        ("Advisories", _age(snapshot, at)),
    ]
    if not settings.anonymous:
        lines.append(("Readers", "must bring a token: wicketgate token issue NAME --role reader"))
    if settings.plain_secrets and not is_loopback(settings.host):
        named = ", ".join(f"--{option}" for option in settings.plain_secrets)
        lines.append(("Secrets", f"in plain text for {named}: {command(settings.plain_secrets[0])}"))
    click.echo("Wicketgate is in force: nothing is served that was not approved.\n")
    if not settings.mfa_required:
        click.echo(click.style(f"  {MFA_OFF}\n", fg="red", bold=True))
    for title, text in lines:
        click.echo(f"  {click.style(f'{title:<11}', bold=True)}{text}")
    known = asked(snapshot, at)
    word = f" --acknowledge {known.code}" if known else ""
    click.echo(f"\n  Try: {approve_hint()}{word}\n  Ctrl-C stops the gate.")
    sys.stdout.flush()


def approve_hint() -> str:
    """Return the command that a newcomer tries first."""
    return 'wicketgate approve flask --with-dependencies --reason "a first look"'


def _sign_in(settings: Settings, token: str) -> str:
    file = settings.data_dir / TOKEN_FILE
    if token:
        return f"{token}  (shown once; kept for you alone in {file})"
    return (
        f"with your account, or a token{f' (the first one is kept for you alone in {file})' if file.exists() else ''}"
    )


def _age(snapshot: PolicySnapshot, at: datetime) -> str:
    """Return the state of the advisory data, in red where somebody should do something about it."""
    text = age.sentence(snapshot.feed, snapshot.terms, at)
    fresh = age.age(snapshot.feed, snapshot.terms, at).level == "fresh"
    return text if fresh else click.style(f"{text} wicketgate advisories sync, or import FILE", fg="red")
