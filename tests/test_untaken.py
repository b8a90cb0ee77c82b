"""What clients do not take: who has most of it loses the oldest, and nobody else anything."""

from __future__ import annotations

import asyncio

from proxy.untaken import BEHIND, Untaken

SIZE = 1000


class _Line(asyncio.Transport):
    """A connection that knows whether it was ended."""

    ended = False

    def abort(self) -> None:
        self.ended = True


def test_a_crowd_from_one_address_crowds_out_nobody_but_itself() -> None:
    untaken = Untaken(room=10 * (SIZE + BEHIND))
    quiet, crowd = [_Line(), _Line()], [_Line() for _ in range(100)]
    for line in quiet:
        untaken.wait("10.0.0.1", line, SIZE)
    for line in crowd:
        untaken.wait("10.0.0.2", line, SIZE)
    assert not any(line.ended for line in quiet)
    assert [line.ended for line in crowd] == [True] * 92 + [False] * 8


def test_what_was_taken_makes_room_and_what_waits_anew_is_the_youngest() -> None:
    untaken = Untaken(room=3 * (SIZE + BEHIND))
    first, second, third, fourth = (_Line() for _ in range(4))
    for line in (first, second, third, first):
        untaken.wait("10.0.0.1", line, SIZE)
    untaken.wait("10.0.0.1", fourth, SIZE)
    assert [line.ended for line in (first, second, third, fourth)] == [False, True, False, False]
    for line in (first, third, fourth, fourth):
        untaken.done("10.0.0.1", line)
    for line in (second, third, fourth):
        untaken.wait("10.0.0.3", line, SIZE)
    assert not any(line.ended for line in (first, third, fourth))


def test_one_answer_that_is_larger_than_the_room_is_not_kept() -> None:
    untaken, line = Untaken(room=SIZE), _Line()
    untaken.wait("10.0.0.1", line, SIZE)
    assert line.ended
