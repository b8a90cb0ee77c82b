"""More than one worker process on one data directory: begun, watched, begun again when one dies, ended together.

Decided here:

* The parent takes the addresses, forks, and serves nothing itself. It loads no event loop and no thread, so that
  forking is safe at any time.
* The first worker is the desk: it sees to the first run, and the admin of every worker is answered there
  (:mod:`proxy.web.forward`), so that what lives in memory (sign-in limits, running resolutions) is one.
* A worker that dies is begun again, more slowly when it dies at once. One whose parent was killed ends as if it had
  been told to: nobody would begin it again, and the next start would find the address taken.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

DESK = 0
SHORT_LIFE = 5.0
LONGEST_PAUSE = 30.0
LOOK_SECONDS = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)

Work = Callable[[int, Callable[[], None]], None]
"""Runs one worker until it is told to end: its number, and what to call when it answers."""


class Workers:
    """The children of this process."""

    def __init__(self, count: int, work: Work) -> None:
        self._count, self._work = count, work
        self._children: dict[int, tuple[int, float]] = {}
        self._pause: dict[int, float] = {}
        self._ending = False

    def run(self) -> int:
        """Run the workers until a signal comes and all have ended. Returns an exit code."""
        for caught in SIGNALS:
            signal.signal(caught, self._end)
        if not self._begin_desk():
            return 1
        for number in range(1, self._count):
            if not self._ending:
                self._begin(number, lambda: None)
        while self._children:
            self._bury(*os.wait())
        return 0

    def _begin_desk(self) -> bool:
        """Fork the desk, and wait until it answers or has ended. Returns whether it answers."""
        reading, writing = os.pipe()
        self._begin(DESK, lambda: _tell(writing))
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            return told.read(1) == b"1"

    def _begin(self, number: int, answering: Callable[[], None]) -> None:
        # A signal between forking and knowing each other would be lost: it waits until both are ready for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            self._live(number, answering, parent)
        self._children[child] = number, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _live(self, number: int, answering: Callable[[], None], parent: int) -> None:
        """Be a worker, and never return."""
        for caught in SIGNALS:
            signal.signal(caught, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        code = 1
        try:
            self._work(number, answering)
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _bury(self, child: int, status: int) -> None:
        number, born = self._children.pop(child)
        if self._ending:
            return
        lived = time.monotonic() - born
        pause = 0.0 if lived > SHORT_LIFE else min(2 * self._pause.get(number, 0.5), LONGEST_PAUSE)
        self._pause[number] = pause
        log.error("Worker %d ended (%s) and is begun again.", number, os.waitstatus_to_exitcode(status))
        time.sleep(pause)
        if not self._ending:
            self._begin(number, lambda: None)

    def _end(self, number: int, _frame: object) -> None:
        """Pass a signal on to every worker."""
        self._ending = True
        for child in list(self._children):
            os.kill(child, number)


def _end_with(parent: int) -> None:
    """Tell this worker to end when its parent is gone."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _tell(writing: int) -> None:
    os.write(writing, b"1")
    os.close(writing)
