"""Secrets of settings, sealed for one option each: opened by the gate, and told by nobody."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from proxy.audit.webhook import Refused, key
from proxy.cli import main
from proxy.errors import SettingsError
from proxy.sealed import MARK, SEALABLE, NotOpened, SecretFile, Vault
from proxy.settings import Settings, read
from tests.policy.facts import AT

SECRET = "hunter2-s3cret"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "keys" / "secret-key")


@pytest.fixture
def reading(tmp_path: Path, vault: Vault) -> Callable[..., Settings]:
    """Reads settings with the vault's key."""
    given = {"data_dir": str(tmp_path / "data"), "secret_key_file": str(vault.key_file)}
    return lambda **more: read({**given, "upstream": "https://index.example/simple/", **more})


@pytest.mark.parametrize("option", SEALABLE)
def test_what_is_sealed_opens_for_its_option_alone(vault: Vault, option: str) -> None:
    sealed = vault.close(option, SECRET, AT)
    assert sealed.startswith(MARK)
    assert SECRET not in sealed
    assert set(sealed) & set(", \t\n") == set(), "it is one of several, wherever several are said"
    again = Vault(vault.key_file)
    assert again.open(option, sealed) == SECRET
    for other in set(SEALABLE) - {option}:
        with pytest.raises(NotOpened, match=f"was sealed for --{option}.*wicketgate seal --for {other}"):
            again.open(other, sealed)


def test_several_are_opened_each_and_what_is_plain_stays(vault: Vault) -> None:
    first, second = (vault.close("alert-url", f"json://{host}.example/", AT) for host in "ab")
    text = f"{first},mailto://c.example/?x=sealed:no {second}"
    opened = "json://a.example/,mailto://c.example/?x=sealed:no json://b.example/"
    assert vault.open("alert-url", text) == opened


def test_a_damaged_one_another_key_and_none_are_said_in_words(vault: Vault, tmp_path: Path) -> None:
    sealed = vault.close("upstream", SECRET, AT)
    flipped = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for text in (flipped, sealed[:-9], MARK, f"{MARK}é"):
        with pytest.raises(NotOpened, match=r"another key than .*secret-key, or damaged"):
            vault.open("upstream", text)
    other = Vault(tmp_path / "other-key")
    other.close("upstream", "x", AT)
    with pytest.raises(NotOpened, match=r"another key than .*other-key, or damaged\. Put that key back, or seal it"):
        other.open("upstream", sealed)
    absent = Vault(tmp_path / "absent")
    with pytest.raises(NotOpened, match=r"no key to open it.*absent is not there\. Put it back"):
        absent.open("upstream", sealed)
    assert not absent.key_file.exists(), "a new key opens nothing"
    vault.key_file.chmod(0o644)
    with pytest.raises(NotOpened, match="chmod 600"):
        Vault(vault.key_file).open("upstream", sealed)


def test_a_sealed_setting_is_what_the_plain_one_is(
    vault: Vault, reading: Callable[..., Settings], tmp_path: Path
) -> None:
    hook = tmp_path / "hook"
    hook.write_text(vault.close("audit-export", SECRET, AT))
    client = tmp_path / "client"
    client.write_text(vault.close("oidc-client-secret-file", SECRET, AT) + "\n")
    said = {
        "upstream": "https://gate:pw@index.example/simple",
        "upstream_proxy": "http://gate:pw@proxy.example:3128",
        "advisories": "https://gate:pw@osv.example/all.zip",
        "alert_url": "json://hooks.example/pw",
        "audit_export": f"https://siem.example/hook?key=pw#secret={hook}",
    }
    openid = {"oidc_issuer": "https://id.example", "oidc_client_id": "gate", "oidc_roles": "a=approver"}
    openid["oidc_client_secret_file"] = str(client)
    plain = reading(**said, **openid)
    sealed = reading(**{name: vault.close(name.replace("_", "-"), text, AT) for name, text in said.items()}, **openid)
    for name in ("upstream", "upstream_proxy", "advisories", "alert_urls", "openid"):
        assert getattr(sealed, name) == getattr(plain, name), name
    ((found,), (wanted,)) = sealed.audit.destinations, plain.audit.destinations
    assert (found.url, found.key) == (wanted.url, wanted.key)
    assert found.secret
    assert key(found.secret) == SECRET.encode()
    assert plain.openid
    assert plain.openid.client_secret == SECRET
    assert plain.plain_secrets == ("upstream", "upstream-proxy", "advisories", "alert-url", "audit-export")
    assert sealed.plain_secrets == ()
    public = reading(audit_export="syslog+tcp://siem.example", upstream_proxy="http://proxy.example:3128")
    assert public.plain_secrets == ()


@pytest.mark.parametrize("name", ["upstream", "upstream_proxy", "advisories", "alert_url", "audit_export"])
@pytest.mark.parametrize("content", [SECRET, f"ftp://{SECRET}.example/{SECRET}?{SECRET}#{SECRET}={SECRET}"])
def test_a_fault_says_nothing_of_what_was_sealed(
    vault: Vault, reading: Callable[..., Settings], name: str, content: str
) -> None:
    given = {name: vault.close(name.replace("_", "-"), content, AT)}
    if name == "alert_url" and "://" in content:
        assert reading(**given).alert_urls == (content,), "what it is, Apprise says later"
        return
    with pytest.raises(SettingsError) as refused:
        reading(**given)
    assert f"--{name.replace('_', '-')} " in str(refused.value)
    assert SECRET not in str(refused.value)


def test_faults_of_settings_name_the_option_and_the_step(
    vault: Vault, reading: Callable[..., Settings], tmp_path: Path
) -> None:
    hook, client = tmp_path / "hook", tmp_path / "client"
    hook.write_text(vault.close("upstream", SECRET, AT))
    client.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError) as refused:
        reading(
            upstream=vault.close("advisories", SECRET, AT),
            audit_export=f"https://siem.example/hook#secret={hook}",
            oidc_issuer="https://id.example",
            oidc_client_id="gate",
            oidc_roles="a=approver",
            oidc_client_secret_file=str(client),
        )
    told = {fault.split()[0]: fault for fault in refused.value.faults}
    assert "WICKETGATE_UPSTREAM) was sealed for --advisories." in told["--upstream"]
    assert f"names {hook}, which was sealed for --upstream." in told["--audit-export"]
    assert "wicketgate seal --for audit-export" in told["--audit-export"]
    assert "is no text" in told["--oidc-client-secret-file"]
    assert len(told) == 3


def test_a_fault_keeps_credentials_and_queries_of_plain_ones_to_itself(reading: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError) as refused:
        reading(upstream="ftp://gate:hush?er@index.example/", audit_export="ftp://siem.example/hook?key=hush")
    assert "hush" not in str(refused.value)
    assert "siem.example/hook" in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "owned", "told"),
    [(0o600, True, False), (0o640, True, True), (0o640, False, False), (0o444, False, True), (0o644, True, True)],
)
def test_a_plain_secret_that_others_can_read_is_told(
    vault: Vault,
    reading: Callable[..., Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mode: int,
    owned: bool,
    told: bool,
) -> None:
    """A container's mount is root's and open to all: it is told of, and works."""
    hook = tmp_path / "hook"
    hook.write_text(SECRET)
    hook.chmod(mode)
    uid = os.geteuid()
    monkeypatch.setattr("proxy.sealed.geteuid", lambda: uid if owned else uid + 1)
    export = f"https://siem.example/hook#secret={hook}"
    assert reading(audit_export=export).audit.destinations
    assert [record.message for record in caplog.records if "is open to others" in record.message] == (
        [
            "The secret of --audit-export is open to others on this host. "
            f"Close it (chmod 600 {hook}), or seal what it holds: wicketgate seal --for audit-export"
        ]
        if told
        else []
    )
    caplog.clear()
    hook.chmod(0o600)
    hook.write_text(vault.close("audit-export", SECRET, AT))
    hook.chmod(mode)
    assert reading(audit_export=export).audit.destinations
    assert caplog.records == [], "what is sealed may lie open"


def test_a_webhooks_secret_that_no_longer_opens_is_a_refusal_and_comes_back(vault: Vault, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    secret = SecretFile(hook, "audit-export", vault)
    hook.write_text(vault.close("upstream", SECRET, AT))
    with pytest.raises(Refused, match=f"the secret in {hook} was sealed for --upstream"):
        key(secret)
    hook.write_text(vault.close("audit-export", "whsec_aHVzaA==", AT))
    assert key(secret) == b"hush"


def test_the_command_prints_what_to_say_and_where(tmp_path: Path) -> None:
    place = tmp_path / "keys" / "secret-key"
    words = ["seal", "--secret-key-file", str(place), "--for"]
    done = CliRunner().invoke(main, [*words, "upstream"], input=f"  {SECRET}\n")
    assert (done.exit_code, done.stderr) == (0, f"Sealed with a new key, {place}. Now say it as --upstream:\n")
    (line,) = done.stdout.splitlines()
    assert Vault(place).open("upstream", line) == SECRET
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    done = CliRunner().invoke(main, [*words, "audit-export"], input=SECRET)
    assert done.stderr.startswith(f"Sealed with {place}. Now say it in --audit-export, or keep it in the file of its #")


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("upstream", b" \n", "nothing to seal"),
        ("upstream", b"sealed:gAAA", "sealed already"),
        ("upstream", b"\xff\xfe", "no text"),
        ("port", b"8080", "is not one of 'upstream'"),
    ],
)
def test_what_cannot_be_sealed_is_refused_and_no_key_is_made(
    tmp_path: Path, option: str, text: bytes, said: str
) -> None:
    place = tmp_path / "secret-key"
    done = CliRunner().invoke(main, ["seal", "--secret-key-file", str(place), "--for", option], input=text)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert not place.exists()


def test_a_key_that_cannot_be_had_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    words = ["seal", "--for", "upstream", "--secret-key-file", str(tmp_path / "file" / "key")]
    done = CliRunner().invoke(main, words, input=SECRET)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Name a file that this user may write" in done.stderr
