"""The steps of a timeline: what happens, how long is waited, what shall be so then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from smalti.errors import Problem, nearest
from smalti.facts import Instant, Stream
from smalti.project.check import Prepared
from smalti.project.handwriting import Reader, told
from smalti.project.places import Path_
from smalti.strategy import VALUE_COLUMNS

KINDS = ("fact", "score", "wait", "until", "expect", "changed")
"""What a step may be, by the word it has."""


@dataclass(frozen=True)
class Delivery:
    """A fact that comes in.

    Attributes:
        now: When it comes in.
        line: The line of the file that says so.
        customer: Whose it is.
        stream: Its stream.
        fact: Its instant under ``at``, and the columns that are known.
        again: Whether it is delivered twice.
    """

    now: Instant
    line: int
    customer: str
    stream: str
    fact: Mapping[str, Any]
    again: bool = False


@dataclass(frozen=True)
class Scoring:
    """A score that is set for a customer from `now` on."""

    now: Instant
    line: int
    customer: str
    score: str
    value: Any


@dataclass(frozen=True)
class Expectation:
    """What a trait or a membership shall be.

    Attributes:
        now: As of when.
        line: The line of the file that says so.
        customer: Whose it is.
        name: A trait, or a segment.
        wanted: All values that are right; None is missing or unknown.
        within: How far off a number may be.
        written: What shall be, as it is written.
    """

    now: Instant
    line: int
    customer: str
    name: str
    wanted: tuple[Any, ...]
    written: str
    within: float = 0.0


@dataclass(frozen=True, order=True)
class Change:
    """A customer enters or leaves a segment: the rule becomes true at the instant, or stops being true."""

    at: Instant
    customer: str
    segment: str
    entered: bool


@dataclass(frozen=True)
class Changes:
    """All changes of membership that there shall have been since the last such step, or the start; no more, no fewer."""

    now: Instant
    line: int
    wanted: tuple[Change, ...]


@dataclass(frozen=True)
class Waiting:
    """Time goes on up to `now`, and nothing else happens."""

    now: Instant
    line: int


Step: TypeAlias = Delivery | Scoring | Expectation | Changes | Waiting


class Steps:
    """Reads the steps in order, the clock going on with them."""

    def __init__(
        self, reading: Reader, prepared: Prepared | None, streams: Mapping[str, Stream], lost: set[str]
    ) -> None:
        self.reading = reading
        self.streams = streams
        self.lost = lost
        self.segments = [one.name for one in prepared.segments] if prepared else None
        self.types = {one.name: one.type for one in prepared.traits} if prepared else {}
        self.scores = prepared.score_types if prepared else {name: kind for name, (kind, _) in VALUE_COLUMNS.items()}
        self.now: Instant = 0
        self.line = 0

    def read(self, written: Any, start: Instant) -> list[Step]:
        """Read all steps from what is written under ``steps``."""
        self.now = start
        if not isinstance(written, list):
            wanted = "a list of what happens and what shall be so, each step with a dash in front"
            self.reading.problem(("steps",), Problem("no steps", told(written), wanted))
            return []
        steps: list[Step] = []
        for position, step in enumerate(written):
            path: Path_ = ("steps", position)
            place = self.reading.origin.places.get(path)
            self.line = place.line if place else 0
            settings = self.reading.settings(path, step, f"one of {', '.join(KINDS)}")
            steps += self._step(path, settings) if settings else []
        return steps

    def _step(self, path: Path_, step: dict[str, Any]) -> list[Step]:
        kinds = [kind for kind in KINDS if kind in step]
        if len(kinds) != 1:
            found = next(iter(step)) if not kinds else " and ".join(kinds)
            wanted = f"one of {', '.join(KINDS)}"
            near = nearest(found, KINDS) if not kinds else None
            self.reading.problem((*path, next(iter(step)), "key"), Problem("unknown step", found, wanted, near))
            return []
        if kinds[0] in ("fact", "score"):
            return self._fact(path, step) if kinds[0] == "fact" else self._score(path, step)
        for name in step:
            if name != kinds[0]:
                self.reading.problem((*path, name, "key"), Problem("a step of its own", name, f"- {name}: ..."))
        here = (*path, kinds[0])
        value = step[kinds[0]]
        if kinds[0] == "expect":
            return self._expectations(here, value)
        if kinds[0] == "changed":
            return self._changes(here, value)
        return self._wait(here, value, kinds[0])

    def _wait(self, path: Path_, value: Any, kind: str) -> list[Step]:
        until = self.reading.until(path, value, self.now, wait=kind == "wait")
        self.now = self.now if until is None else until
        return [Waiting(self.now, self.line)]

    def _customer(self, path: Path_, step: Mapping[str, Any]) -> str:
        if "customer" not in step:
            self.reading.problem(path, Problem("'customer' is missing", wanted="whose it is, such as customer: ada"))
            return ""
        customer = step["customer"]
        if isinstance(customer, bool) or not isinstance(customer, str | int) or not str(customer).strip():
            self.reading.problem(
                (*path, "customer"), Problem("not a customer's id", told(customer), "text such as ada")
            )
        return str(customer)

    def _fact(self, path: Path_, step: dict[str, Any]) -> list[Step]:
        customer = self._customer(path, step)
        if not self.reading.known((*path, "fact"), str(step["fact"]), sorted(self.streams), "stream"):
            return []
        stream = self.streams[str(step["fact"])]
        given = {name: value for name, value in step.items() if name not in ("fact", "customer", "at", "again")}
        at = self.now
        if "at" in step:
            at = self.reading.instant((*path, "at"), step["at"]) or 0
        fact: dict[str, Any] = {"at": at}
        for name, value in given.items():
            if self.reading.known((*path, name, "key"), name, stream.names, f"column of {stream.name}"):
                fact[name] = self.reading.value((*path, name), value, stream[name].type)
        again = step.get("again", False)
        if not isinstance(again, bool):
            self.reading.problem((*path, "again"), Problem("wrong value", told(again), "true or false"))
        self.reading.amounts.fill_in(stream, fact)
        return [Delivery(self.now, self.line, customer, stream.name, fact, again is True)]

    def _score(self, path: Path_, step: dict[str, Any]) -> list[Step]:
        customer = self._customer(path, step)
        for name in step:
            self.reading.known((*path, name, "key"), name, ("score", "customer", "value"), "setting")
        score = str(step["score"])
        if not self.reading.known((*path, "score"), score, list(self.scores), "score"):
            return []
        value = self.reading.value((*path, "value"), step.get("value"), self.scores[score])
        return [Scoring(self.now, self.line, customer, score, value)]

    def _expectations(self, path: Path_, value: Any) -> list[Step]:
        found: list[Step] = []
        for customer, names in self.reading.settings(path, value, "customers, each with what shall be so").items():
            wanted = "traits and segments, each with what it shall be"
            for name, written in self.reading.settings((*path, customer), names, wanted).items():
                here = (*path, customer, name)
                expected = self._expected(here, customer, name, written)
                found += [expected] if expected else []
        return found

    def _expected(self, path: Path_, customer: str, name: str, written: Any) -> Expectation | None:
        place = self.reading.origin.places.get(path)
        line = place.line if place else self.line
        if self.segments is None or name in self.lost:
            return None
        if name in self.segments and name not in self.types:
            answers: dict[Any, tuple[Any, ...]] = {
                True: (True,),
                False: (False,),
                "in": (True,),
                "out": (False, None),
                "unknown": (None,),
            }
            key = written if isinstance(written, bool | str) else None
            if key not in answers:
                wanted = "in or out; or true, false or unknown"
                self.reading.problem(path, Problem("wrong value", told(written), wanted))
                return None
            said = str(written).lower() if isinstance(written, bool) else str(written)
            return Expectation(self.now, line, customer, name, answers[key], said)
        if not self.reading.known((*path, "key"), name, [*self.types, *self.segments], "trait or segment"):
            return None
        expected = self.reading.expected(path, written, self.types[name])
        if expected is None:
            return None
        value, within = expected
        said = self.reading.amounts.say(value, self.types[name])
        return Expectation(self.now, line, customer, name, (value,), said, within)

    def _changes(self, path: Path_, value: Any) -> list[Step]:
        if value == "nothing":
            return [Changes(self.now, self.line, ())]
        if not isinstance(value, list):
            wanted = "nothing, or a list such as - {customer: ada, left: active, at: 2026-07-01}"
            self.reading.problem(path, Problem("wrong value", told(value), wanted))
            return []
        found = []
        for position, one in enumerate(value):
            change = self._change((*path, position), one)
            found += [change] if change else []
        return [Changes(self.now, self.line, tuple(sorted(found)))]

    def _change(self, path: Path_, value: Any) -> Change | None:
        step = self.reading.settings(path, value, "customer, left or entered, and at")
        if not step:
            return None
        for name in step:
            self.reading.known((*path, name, "key"), name, ("customer", "entered", "left", "at"), "setting")
        customer = self._customer(path, step)
        ways = [way for way in ("entered", "left") if way in step]
        if len(ways) != 1 or "at" not in step:
            lacking = "'at' is missing" if len(ways) == 1 else "one of entered and left is wanted"
            self.reading.problem(path, Problem(lacking))
            return None
        segment = str(step[ways[0]])
        at = self.reading.instant((*path, "at"), step["at"])
        if self.segments is None or segment in self.lost or at is None:
            return None
        if not self.reading.known((*path, ways[0]), segment, self.segments, "segment"):
            return None
        return Change(at, customer, segment, ways[0] == "entered")
