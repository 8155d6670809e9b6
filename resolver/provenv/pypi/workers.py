"""Work that runs once: in the background where it was started early, else where its result is asked for.

The threads are daemons, so that an interrupted run ends at once and not when the last index has answered.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress

from provenv.typed import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Condition, Thread

MALLOC = ((-8, 1), (-3, 1024 * 1024))
"""glibc's M_ARENA_MAX and M_MMAP_THRESHOLD."""

Result = TypeVar("Result")


class Job(Generic[Result]):
    """One piece of work and, once it is done, its result or exception.

    `_claim` is held from when somebody begins, `_pending` until it is done.
    """

    __slots__ = ("_claim", "_failure", "_pending", "_result", "_work")

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._claim = allocate_lock()
        self._pending = allocate_lock()
        self._pending.acquire()
        self._result: list[Result] = []
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Do the work, unless somebody does or did it."""
        if not self._claim.acquire(blocking=False):
            return
        try:
            self._result.append(self._work())
        except BaseException as failure:
            self._failure = failure
            if not isinstance(failure, Exception):  # ctrl-C in the thread that asks
                raise
        finally:
            self._pending.release()

    def result(self) -> Result:
        """The result, worked for here when nobody has begun; raises what the work raised."""
        if self._result:
            return self._result[0]
        self.run()
        while not self._pending.acquire(timeout=0.2):  # a wait without end can't be interrupted on Windows
            pass
        self._pending.release()  # the next one need not wait
        if self._failure is not None:
            raise self._failure
        return self._result[0]


class Workers(Generic[Result]):
    """Jobs by key, and up to `most` threads for those that are started early.

    `_changed` is there as soon as there are threads: where all is known, as on most runs, there are none.
    """

    def __init__(self, most: int = 16) -> None:
        self._most = most
        self._jobs: dict[Hashable, Job[Result]] = {}
        self._waiting: deque[Job[Result]] = deque()
        self._lock = allocate_lock()
        self._changed: Condition | None = None
        self._idle = 0
        self._threads: list[Thread] = []
        self._closed = False

    def known(self, key: Hashable) -> bool:
        """Whether there is a job of this key, done or not."""
        return key in self._jobs

    def result(self, key: Hashable, work: Callable[[], Result]) -> Result:
        """The result of the job of this key, which is made of `work` when there is none."""
        job = self._jobs.get(key)
        if job is None:
            with self._lock:
                job = self._jobs.setdefault(key, Job(work))
        return job.result()

    def start(self, key: Hashable, work: Callable[[], Result]) -> None:
        """Let the job of this key begin in the background, when there is none yet."""
        with self._lock:
            if key in self._jobs or self._closed:
                return
            from threading import Condition, Thread

            job = self._jobs[key] = Job(work)
            self._waiting.append(job)
            if self._changed is None:
                self._changed = Condition(self._lock)
            if self._idle < len(self._waiting) and len(self._threads) < self._most:
                if not self._threads:
                    _keep_memory_together()
                thread = Thread(target=self._serve, args=(self._changed,), name="provenv-fetch", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def forget(self, key: Hashable) -> None:
        """Let the next one who asks for this key work again."""
        with self._lock:
            self._jobs.pop(key, None)

    def close(self) -> None:
        """Begin no further job. Those that run go on to their end, or to the end of the process."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            if self._changed is not None:
                self._changed.notify_all()

    def _serve(self, changed: Condition) -> None:
        while True:
            with changed:
                self._idle += 1
                while not self._waiting and not self._closed:
                    changed.wait()
                self._idle -= 1
                if self._closed:
                    return
                job = self._waiting.popleft()
            job.run()


def _keep_memory_together() -> None:
    """Lets all threads take memory from one heap, and gives pages' back at once, where there is a choice.

    With glibc each thread has a heap of its own else, and what a large page has left there no other can use:
    a lock took half as much memory again.
    """
    if sys.platform != "linux":
        return
    import ctypes

    with suppress(AttributeError, OSError):  # another C library has other heaps
        for option, value in MALLOC:
            ctypes.CDLL(None).mallopt(option, value)
