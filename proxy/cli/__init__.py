"""The terminal: one command, ``wicketgate``, for operators, developers, the security team and CI.

Everything but ``serve``, ``seal``, ``backup`` and ``restore`` speaks to a running gate over HTTP, through the same API
as pages and scripts.
Exit codes are a contract: 0 done or allowed, 1 refused, 2 not done or could not be judged.

A command's module is loaded when that command is wanted: a build asks often, and should not wait for the others.
"""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "account": "account:account",
    "admit": "late:admit",
    "adopt": "code:adopt",
    "advisories": "advisories:advisories",
    "approve": "policy:approve",
    "audit": "audit:audit",
    "backup": "backups:backup",
    "break-glass": "emergencies:break_glass",
    "channels": "standing:channels",
    "check": "checking:check",
    "decline": "inbox:decline",
    "explain": "requirements:explain",
    "export": "exporting:export",
    "import": "importing:import_file",
    "inbox": "inbox:inbox",
    "names": "names:names",
    "oidc": "oidc:oidc",
    "origins": "standing:origins",
    "policy": "code:policy",
    "prohibit": "policy:prohibit",
    "proposals": "proposals:proposals",
    "report": "copies:report",
    "request": "requirements:request",
    "restore": "backups:restore",
    "review": "review:review",
    "revoke": "policy:revoke",
    "sbom": "sbom:sbom",
    "seal": "seal:seal",
    "serve": "serving:serve",
    "simulate": "code:simulate",
    "terms": "terms:terms",
    "token": "access:token",
    "waive": "policy:waive",
    "waivers": "policy:waivers",
    "who-has": "records:who_has",
}


class _Commands(click.Group):
    """The table above as a group."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click asks
        """Return the names, as the help lists them."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  as click asks
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"proxy.cli.{module}"), name)
        return command


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "WICKETGATE"}
)
@click.version_option(package_name="wicketgate", message="%(prog)s %(version)s")
def main() -> None:
    """The gate between a company and the Python Package Index."""
