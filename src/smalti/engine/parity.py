"""One timeline through every reading of the language: what each says, where it isn't what is wanted, where they differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from smalti.engine.readings import ByMeaning, ByQuery, ByStep, Reading, Values
from smalti.errors import DefinitionError, Problem
from smalti.facts import Instant, Type, format_instant
from smalti.project import (
    Change,
    Changes,
    Delivery,
    Expectation,
    Scoring,
    Timeline,
    load_timeline,
    timeline_files,
)
from smalti.project.handwriting import Amounts
from smalti.store import Store


@dataclass(frozen=True)
class Line:
    """One thing that isn't as wanted, or that readings don't agree on.

    Attributes:
        line: The line of the file.
        at: As of when.
        what: What is asked, in words.
        wanted: What shall be, in words; None where only the readings are compared.
        told: What each reading says, in words.
        wrong: The readings that don't say what is wanted, or not what the first of them says.
    """

    line: int
    at: Instant
    what: str
    wanted: str | None
    told: Mapping[str, str]
    wrong: tuple[str, ...]

    @property
    def disagrees(self) -> bool:
        """Whether the readings say different things."""
        return len(set(self.told.values())) > 1

    def to_dict(self) -> dict[str, Any]:
        """Give it for a machine."""
        return {
            "line": self.line,
            "at": format_instant(self.at),
            "what": self.what,
            "wanted": self.wanted,
            "told": dict(self.told),
            "wrong": list(self.wrong),
        }

    def __str__(self) -> str:
        said: dict[str, list[str]] = {}
        for name, value in self.told.items():
            said.setdefault(value, []).append(name)
        rows = [] if self.wanted is None else [("wanted", self.wanted)]
        rows += [(", ".join(names), value) for value, names in said.items()]
        width = max(len(head) for head, _ in rows)
        told = [f"    {head:<{width}}  {value}" for head, value in rows]
        return "\n".join([f"  line {self.line}, {format_instant(self.at)}: {self.what}", *told])


@dataclass(frozen=True)
class Outcome:
    """What came of a timeline.

    Attributes:
        file: Its file.
        name: What it shows.
        checked: How many things were wanted of it, each asked of every reading.
        readings: The readings it went through.
        lines: What isn't as wanted, or what the readings don't agree on.
    """

    file: str
    name: str
    checked: int
    readings: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def right(self) -> bool:
        """Whether every reading says what is wanted."""
        return not self.lines

    @property
    def disagrees(self) -> bool:
        """Whether the readings differ from one another: a defect of smalti, not of the timeline."""
        return any(line.disagrees for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Give it for a machine."""
        return {
            "file": self.file,
            "name": self.name,
            "right": self.right,
            "checked": self.checked,
            "readings": list(self.readings),
            "lines": [line.to_dict() for line in self.lines],
        }

    def __str__(self) -> str:
        count = f"{self.checked} expectation" + ("" if self.checked == 1 else "s")
        head = f"{self.file}: {self.name}: " + (f"right, {count}" if self.right else "not as wanted")
        return "\n".join([head, *map(str, self.lines)])


def run_timelines(paths: Iterable[Path]) -> Iterator[Outcome]:
    """Read all timelines in files and folders, then run each through all readings.

    Raises:
        DefinitionError: Everything that is wrong with any of the files, before the first is run.
        SmaltiError: There is no such file or folder.
    """
    timelines: list[Timeline] = []
    problems: list[Problem] = []
    for path in timeline_files(paths):
        try:
            timelines.append(load_timeline(path))
        except DefinitionError as error:
            problems += error.problems
    if problems:
        raise DefinitionError(problems)
    with Store(threads=1) as store:
        for timeline in timelines:
            yield run_timeline(timeline, store)


def run_timeline(timeline: Timeline, store: Store) -> Outcome:
    """Run a timeline through all readings.

    Args:
        timeline: What happens and what shall be.
        store: Where the batch query may put its tables; it keeps none.
    """
    return run_readings(timeline, (ByMeaning(timeline), ByQuery(timeline, store), ByStep(timeline)))


def run_readings(timeline: Timeline, readings: Sequence[Reading]) -> Outcome:
    """Run a timeline through some readings, the first of which is the one that the others are held to."""
    return _Run(timeline, readings).outcome()


class _Run:
    """A timeline on its way through the readings."""

    def __init__(self, timeline: Timeline, readings: Sequence[Reading]) -> None:
        self.timeline = timeline
        self.readings = readings
        self.lines: list[Line] = []
        self.checked = 0
        self._amounts = Amounts(timeline.currency, timeline.time_zone)
        self._segments = {one.name for one in timeline.segments}

    def outcome(self) -> Outcome:
        """Let everything happen, and give what came of it."""
        for (now, kind), group in groupby(self.timeline.steps, key=lambda step: (step.now, type(step))):
            for reading in self.readings:
                reading.wait(now)
            for step in [*group] if kind is not Expectation else [tuple(group)]:
                if isinstance(step, tuple):
                    self._compare(now, [one for one in step if isinstance(one, Expectation)])
                elif isinstance(step, Delivery | Scoring):
                    for reading in self.readings:
                        reading.hear(step)
                elif isinstance(step, Changes):
                    self._compare_changes(step)
        names = tuple(reading.name for reading in self.readings)
        return Outcome(self.timeline.file, self.timeline.name, self.checked, names, tuple(self.lines))

    def _compare(self, now: Instant, expected: Sequence[Expectation]) -> None:
        """Hold what the readings say to what is expected, and all else that they say to one another."""
        told = {reading.name: reading.values() for reading in self.readings}
        for one in expected:
            self.checked += 1
            asked = one.customer, one.name
            self._note(one.line, now, asked, told, one.written, lambda value, one=one: _is_wanted(value, one))  # type: ignore[misc]
        law = told[self.readings[0].name]
        for asked in law.keys() - {(one.customer, one.name) for one in expected}:
            self._note(expected[0].line, now, asked, told, None, lambda value, asked=asked: same(value, law[asked]))  # type: ignore[misc]

    def _note(
        self,
        line: int,
        now: Instant,
        asked: tuple[str, str],
        told: Mapping[str, Values],
        wanted: str | None,
        is_right: Callable[[Any], bool],
    ) -> None:
        wrong = tuple(name for name, values in told.items() if not is_right(values.get(asked)))
        if wrong:
            said = {name: self._say(asked[1], values.get(asked)) for name, values in told.items()}
            self.lines.append(Line(line, now, f"{asked[0]}: {asked[1]}", wanted, said, wrong))

    def _say(self, name: str, value: Any) -> str:
        return self._amounts.say(value, Type.BOOLEAN if name in self._segments else self.timeline.types.get(name))

    def _compare_changes(self, step: Changes) -> None:
        """Hold the changes of membership that the readings see to those that are wanted."""
        self.checked += 1
        noticed = {reading.name: reading.changes() for reading in self.readings}
        claimed = set(step.wanted).union(*noticed.values())
        seen = {
            reading.name: {one for one in claimed if one in noticed[reading.name] or reading.confirms(one)}
            for reading in self.readings
        }
        wrong = tuple(name for name, changes in seen.items() if changes != set(step.wanted))
        if wrong:
            told = {name: _beside(changes, set(step.wanted)) for name, changes in seen.items()}
            self.lines.append(Line(step.line, step.now, "what changed", _listed(step.wanted), told, wrong))


def _is_wanted(value: Any, expected: Expectation) -> bool:
    if expected.within and isinstance(value, int | float):
        return bool(abs(value - expected.wanted[0]) <= expected.within * (1 + 1e-9))
    return any(same(value, one) for one in expected.wanted)


def same(one: Any, two: Any) -> bool:
    """Whether two values are the same: exactly, but for real numbers, which may differ by 1e-9 of their size.

    >>> same(0.1 + 0.2, 0.3), same(True, 1), same(None, None)
    (True, False, True)
    """
    if isinstance(one, bool) or isinstance(two, bool) or one is None or two is None:
        return one is two
    if isinstance(one, float) or isinstance(two, float):
        return math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == two)


def _beside(changes: set[Change], wanted: set[Change]) -> str:
    """Say how changes differ from those that are wanted."""
    more, fewer = changes - wanted, wanted - changes
    told = ([f"also {_listed(more)}"] if more else []) + ([f"but not {_listed(fewer)}"] if fewer else [])
    return ", ".join(told) or "these"


def _listed(changes: Iterable[Change]) -> str:
    told = [
        f"{one.customer} {'entered' if one.entered else 'left'} {one.segment} at {format_instant(one.at)}"
        for one in sorted(changes)
    ]
    return "; ".join(told) or "nothing"
