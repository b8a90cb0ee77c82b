"""Keys in files of their own, and text that is sealed with them."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from proxy.errors import SettingsError
from proxy.keys import SIZE, load_or_make
from proxy.sealing import Seal
from tests.policy.facts import AT
from tests.world.gatehouse import Gatehouse

KEY, OTHER = b"k" * SIZE, b"o" * SIZE


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret-key"
    key = load_or_make(path)
    assert len(key) == SIZE
    assert load_or_make(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [found.name for found in path.parent.iterdir()] == ["secret-key"]
    assert load_or_make(tmp_path / "another") != key


def test_those_who_start_together_get_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_or_make(tmp_path / "secret-key"), range(40)))
    assert len(keys) == 1


@pytest.mark.parametrize("content", [b"", b"too short", b"!" * 44, b"QUFB\n"])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret-key"
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="does not hold a key"):
        load_or_make(path)
    assert path.read_bytes() == content


def test_a_key_that_everybody_reads_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret-key"
    load_or_make(path)
    path.chmod(0o604)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_or_make(path)


def test_a_place_that_cannot_be_written_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="Name a file that this user may write"):
        load_or_make(tmp_path / "file" / "secret-key")


def test_what_is_sealed_opens_for_its_purpose_key_and_time_alone() -> None:
    sealed = Seal(KEY, "totp").close("a seed", AT)
    assert "seed" not in sealed
    assert Seal(KEY, "totp").open(sealed, AT) == "a seed"
    assert Seal(KEY, "device").open(sealed, AT) is None
    assert Seal(OTHER, "totp").open(sealed, AT) is None
    assert Seal(KEY, "totp").open(f"{sealed[:-6]}AAAAA=", AT) is None
    minute = timedelta(minutes=1)
    assert Seal(KEY, "totp").open(sealed, AT + minute, minute) == "a seed"
    assert Seal(KEY, "totp").open(sealed, AT + minute + timedelta(seconds=1), minute) is None
    for text in ("", "x", "é", "gAAAAA=="):
        assert Seal(KEY, "totp").open(text, AT, minute) is None


def test_the_key_of_a_gate_lies_outside_its_data_directory(gate: Gatehouse) -> None:
    key = gate.data_dir.parent / ".config" / "wicketgate" / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not [path for path in gate.data_dir.rglob("*") if "key" in path.name]
    before = key.read_bytes()
    gate.stop()
    gate.restart()
    assert key.read_bytes() == before
    gate.stop()
    done = gate.cli("serve", "--port", str(gate.port), "--secret-key-file", str(gate.data_dir / "instance"))
    assert done.returncode == 2
    assert "does not hold a key" in done.stderr
