"""A queue of processes at a file, where the kernel wakes who is the next.

Before it: somebody wants to write to a database. After it: base, which asks SQLite for the lock.
"""

import _thread
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from threading import Lock

# The places that were given up and are not reached yet, by process: a fork has no such thread.
given_up: dict[tuple[int, str], "Place"] = {}


@contextmanager
def turn(path: str, *, seconds: float) -> Iterator[None]:
    """Wait until nobody is ahead, or for so long: a process that was stopped must not stop the others.

    Who gave up once goes on without waiting until the queue moves again. The order is then left to
    chance, and nothing else depends on it.
    """
    me = os.getpid(), path
    stuck = given_up.get(me)
    if stuck and not stuck.reached:
        yield
        return
    given_up.pop(me, None)
    place = Place(path)
    try:
        if not place.wait(seconds):
            given_up[me] = place
        yield
    finally:
        place.leave()


class Place:
    """One place in the queue; where somebody is ahead a thread stands in it.

    No wait for a file's lock can be bounded or broken off, but one can walk away from a thread.
    """

    def __init__(self, path: str) -> None:
        # Opened anew each time: a forked process would share what is open, and the place with it.
        self._file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
        self._somebody_ahead = Lock()
        self._changing = Lock()
        self._is_left = False
        self.reached = False

    def wait(self, seconds: float) -> bool:
        """Return whether it is the foremost within so many seconds."""
        try:
            flock(self._file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            self._somebody_ahead.acquire()
            # Without what threading adds, which would cost more than the transaction that is waited for.
            _thread.start_new_thread(self._stand, ())
            return self._somebody_ahead.acquire(timeout=seconds)
        self.reached = True
        return True

    def leave(self) -> None:
        """Let the next have it, now or as soon as it is reached."""
        with self._changing:
            self._is_left = True
            if self.reached:
                self._close()

    def _stand(self) -> None:
        flock(self._file, LOCK_EX)
        with self._changing:
            self.reached = True
            if self._is_left:
                self._close()
        self._somebody_ahead.release()

    def _close(self) -> None:
        # Said, because a process forked in the meantime has the file open too.
        flock(self._file, LOCK_UN)
        os.close(self._file)
