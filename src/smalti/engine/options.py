"""How a run is made; what it computes is the project's alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from smalti.facts import Instant

RUNS = Path(".smalti") / "runs"
"""Where runs lie, next to the project."""


@dataclass(frozen=True)
class Options:
    """How a run is made; what it computes is the project's alone.

    Attributes:
        home: The folder that file names of sources start from.
        to: The folder of runs; None takes ``.smalti/runs`` in `home`.
        as_of: The as-of instant in ISO 8601; None takes the instant of the latest fact.
        now: The clock, microseconds UTC, beyond which a date is absurd; None takes the machine's.
        memory: The most the store may hold in memory before it spills to disk.
        threads: Threads of the store; None takes one per core.
        guess: What was guessed about the files, in sentences, to be kept with the run.
    """

    home: Path = Path()
    to: Path | None = None
    as_of: str | None = None
    now: Instant | None = None
    memory: str = "3GB"
    threads: int | None = None
    guess: tuple[str, ...] = ()

    @property
    def runs(self) -> Path:
        """The folder of runs."""
        return self.to if self.to is not None else self.home / RUNS
