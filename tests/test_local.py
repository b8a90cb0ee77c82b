"""The socket by which a gate is reached on its own host: whose it is, and which of several."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from proxy import local


def test_the_newest_that_is_listened_on_is_found_and_what_was_left_is_removed(tmp_path: Path) -> None:
    assert local.answering(tmp_path / "not-there") == local.answering(tmp_path) == ""
    (tmp_path / "gate-0.sock").write_text("no socket")
    first = local.listen(tmp_path)
    os.utime(first.path, (1, 1))  # the clock of the disk may tick between the two, or not
    second = local.listen(tmp_path)
    assert local.answering(tmp_path) == second.path
    second.place.close()
    assert local.answering(tmp_path) == first.path
    third = local.listen(tmp_path)
    assert not Path(second.path).exists()
    assert Path(third.path).stat().st_mode & 0o777 == 0o600
    for listening in (first, second, third):
        listening.place.close()
        listening.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["gate-0.sock"]


def test_one_who_has_no_time_is_not_taken_for_dead(tmp_path: Path) -> None:
    busy = local.listen(tmp_path)
    busy.place.listen(0)
    with socket.socket(socket.AF_UNIX) as waits:
        waits.connect(busy.path)
        assert local.answering(tmp_path) == busy.path
        local.listen(tmp_path).place.close()
        assert Path(busy.path).exists()
    busy.place.close()


@pytest.mark.parametrize(
    ("owner", "folder", "mode", "user", "may"),
    [
        (1000, 1000, 0o700, 1000, True),
        (0, 1000, 0o700, 1000, True),  # who is root reads everything already
        (1001, 1001, 0o700, 1000, False),
        (1001, 1000, 0o1777, 1000, False),
        (1000, 0, 0o1777, 1000, True),
        (1000, 1000, 0o700, 0, True),
        (1000, 1001, 0o700, 0, False),
        (1000, 1000, 0o770, 0, False),
        (1000, 1000, 0o1777, 0, False),
    ],
)
def test_a_token_goes_to_a_gate_of_ones_own(owner: int, folder: int, mode: int, user: int, may: bool) -> None:
    seen = os.stat_result((mode, 0, 0, 0, folder, 0, 0, 0, 0, 0))
    assert local.may_be_told(owner, seen, user) is may


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
def test_a_planted_socket_is_refused(tmp_path: Path) -> None:
    planted = local.listen(tmp_path)
    os.chown(planted.path, 12345, -1)
    with pytest.raises(local.NotOurs, match="another user"):
        local.answering(tmp_path)
    planted.place.close()
    planted.remove()
