"""One-time codes: right for three steps, once; recovery codes; seeds that nothing else opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from admin.people.codes import RECOVERY_CODES, Codes, is_recovery
from proxy.model import Account
from proxy.sealing import Seal
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT

KEY = b"k" * 32
ADA = Account("account:ada", "ada", "approver", "owner", AT, AT)


@pytest.fixture
def codes(tmp_path: Path) -> Iterator[Codes]:
    store = SqliteStore(tmp_path)
    yield Codes(Seal(KEY, "totp"), store.access)
    store.close()


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_a_step_wrong(codes: Codes, seconds: int, good: bool) -> None:
    sealed = codes.new_seed(AT)
    code = pyotp.TOTP(codes.seed(sealed, AT)).at(AT + timedelta(seconds=seconds))
    assert codes.fits(sealed, "account:ada", code, AT) is good


def test_a_code_is_good_once(codes: Codes) -> None:
    sealed = codes.new_seed(AT)
    totp = pyotp.TOTP(codes.seed(sealed, AT))
    assert codes.fits(sealed, "account:ada", totp.at(AT), AT)
    assert not codes.fits(sealed, "account:ada", totp.at(AT), AT)
    earlier = totp.at(AT - timedelta(seconds=30))
    assert not codes.fits(sealed, "account:ada", earlier, AT), "nor one that is older than one that was used"
    later = AT + timedelta(seconds=30)
    assert codes.fits(sealed, "account:ada", totp.at(later), later)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "000 00"])
def test_what_is_no_code_is_none(codes: Codes, code: str) -> None:
    assert not codes.fits(codes.new_seed(AT), "account:ada", code, AT)


def test_a_seed_is_opened_by_its_own_key_and_purpose_alone(codes: Codes) -> None:
    sealed = codes.new_seed(AT)
    seed = codes.seed(sealed, AT)
    assert seed
    assert seed not in sealed
    for other in (Seal(b"x" * 32, "totp"), Seal(KEY, "passkey")):
        assert replace(codes, seal=other).seed(sealed, AT) == ""


def test_recovery_codes_are_kept_as_digests_and_belong_to_one_account(codes: Codes) -> None:
    sheet = codes.new_sheet("account:ada")
    ada = replace(ADA, recovery=sheet.digests)
    assert len(set(sheet.codes)) == RECOVERY_CODES
    assert not set(sheet.codes) & set(sheet.digests)
    assert is_recovery(ada, sheet.codes[0]) == sheet.digests[0]
    assert is_recovery(ada, f" {sheet.codes[0].upper().replace('-', ' ')} "), "however it is typed"
    assert not is_recovery(ada, "0000-0000")
    assert not is_recovery(replace(ada, id="account:eve"), sheet.codes[0])
