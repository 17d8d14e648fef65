"""Deadlines. Whatever waits takes one and waits for something that wakes it: a socket, an event
of the XenAPI, the end of a process."""

import select
import time


class Deadline:
    """A point in time, and what is hoped for until then."""

    def __init__(self, seconds, what):
        self.what = what
        self.seconds = seconds
        self.end = time.monotonic() + seconds

    def left(self):
        """Seconds that remain; raises TimeoutError when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{self.what}: not within {self.seconds} seconds")
        return left


def readable(file, deadline):
    """Returns when `file` has something to read or is closed."""
    while not select.select([file], [], [], deadline.left())[0]:
        pass


def pause(deadline):
    """A moment between two looks at something that cannot wake us, such as a socket that does not
    exist yet. Everything else has a better way to wait."""
    select.select([], [], [], min(0.02, deadline.left()))


def moment(seconds):
    """Lets time go by, to hit something that happens meanwhile at one point or another. Not a way
    to wait for it."""
    select.select([], [], [], seconds)
