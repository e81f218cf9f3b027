"""How long each step of a run takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smalti.project import Work


class Clock:
    """Times steps, and tells each as it begins.

    >>> clock = Clock()
    >>> with clock.step(Work("read", "read orders")):
    ...     pass
    >>> [timing["step"] for timing in clock.timings()]
    ['read']
    """

    def __init__(self, progress: Callable[[Work], None] = lambda _: None) -> None:
        self._progress = progress
        self._seconds: dict[str, float] = {}

    @contextmanager
    def step(self, work: Work) -> Iterator[None]:
        """Time what is done within."""
        self._progress(work)
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[work.step] = time.perf_counter() - begun

    def timings(self) -> list[dict[str, object]]:
        """Give the steps that are done, with their seconds."""
        return [{"step": step, "seconds": round(seconds, 3)} for step, seconds in self._seconds.items()]
