"""Values as people write them by hand: amounts, instants, lengths of time, and what is wrong with them at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from smalti.errors import Problem, SmaltiError, nearest
from smalti.facts import (
    ORDERS,
    Currency,
    Instant,
    Microseconds,
    Stream,
    Type,
    dated,
    format_duration,
    format_instant,
    format_minor,
    local_day,
    parse_duration,
    parse_instant,
    to_minor,
)
from smalti.project.places import Origin, Path_
from smalti.rules.shapes import holds

_T = TypeVar("_T")

_ABOUT = re.compile(r"about\s+(-?\d+(?:\.(\d+))?)")
_A = {
    Type.TEXT: "text",
    Type.INTEGER: "an integer",
    Type.NUMBER: "a number",
    Type.MONEY: "money",
    Type.BOOLEAN: "true or false",
    Type.INSTANT: "an instant",
    Type.DURATION: "a duration",
}
_WANTED = {
    Type.TEXT: "text; put it in quotes if text is meant",
    Type.INTEGER: "a whole number",
    Type.NUMBER: "a number",
    Type.MONEY: "an amount such as 12.34",
    Type.BOOLEAN: "true or false",
    Type.INSTANT: "an instant such as 2026-06-30 12:00",
    Type.DURATION: "a duration such as 30 days",
}


def moment_of(text: str, now: Instant, time_zone: str, *, wait: bool) -> Instant:
    """Give the instant up to which is waited: that of a text, or so long after now.

    Raises:
        SmaltiError: It is neither an instant nor a length of time, or lies before now.

    >>> moment_of("1 day and 2 hours less 1 microsecond", 0, "UTC", wait=True)
    93599999999
    """
    until = dated(now + length_of(text), text) if wait else parse_instant(text, time_zone)
    if until < now:
        raise SmaltiError(f"time does not go back: found '{text}', wanted an instant from {format_instant(now)} on")
    return until


def length_of(text: str) -> Microseconds:
    """Give a length of time, put together from several.

    >>> length_of("1 day and 2 hours less 1 second") // 1_000_000
    93599
    """
    total, sign = 0, 1
    for part in re.split(r"\s(and|less)\s", text):
        if part in ("and", "less"):
            sign = 1 if part == "and" else -1
        else:
            total += sign * parse_duration(part)
    return total


@dataclass(frozen=True)
class Amounts:
    """Reads values of each type into the form they are computed in, and says them.

    Attributes:
        currency: The currency of money.
        time_zone: The zone of instants that name none.
    """

    currency: Currency
    time_zone: str

    def read(self, value: Any, kind: Type) -> Any:
        """Read a value as YAML gives it; ``missing`` is None, and text in single quotes of its own is that text.

        Raises:
            SmaltiError: It is not of the type.

        >>> Amounts(Currency("GBP"), "UTC").read(12.5, Type.MONEY), Amounts(Currency("GBP"), "UTC").read("'a'", Type.TEXT)
        (1250, 'a')
        """
        if value == "missing" or (value == "unknown" and kind is Type.BOOLEAN):
            return None
        read = _READ[kind](self, value)
        if read is None:
            found = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else value
            raise SmaltiError(f"not {_A[kind]}: found '{found}', wanted {_WANTED[kind]}, or missing")
        if not holds(read, kind):
            raise SmaltiError(f"more than can be held: found '{value}', wanted {_WANTED[kind]} of a smaller size")
        return read

    def expected(self, value: Any, kind: Type) -> tuple[Any, float]:
        """Read a value that is expected, and how far off a number may be: ``about 0.33`` allows half of its last place.

        >>> Amounts(Currency("GBP"), "UTC").expected("about 0.33", Type.NUMBER)
        (0.33, 0.005)
        """
        about = _ABOUT.fullmatch(value) if isinstance(value, str) and kind is Type.NUMBER else None
        if about is not None:
            return float(about[1]), 0.5 / 10 ** len(about[2] or "")
        return self.read(value, kind), 0.0

    def say(self, value: Any, kind: Type | None) -> str:
        """Say a value; None is missing, or of something true or false unknown."""
        if value is None:
            return "unknown" if kind is Type.BOOLEAN else "missing"
        if kind is Type.MONEY and isinstance(value, int):
            return format_minor(value, self.currency)
        if kind is Type.INSTANT:
            return format_instant(value)
        if kind is Type.DURATION:
            return format_duration(value)
        return str(value).lower() if isinstance(value, bool) else repr(value)

    def fill_in(self, stream: Stream, fact: dict[str, Any]) -> None:
        """Give an order its calendar day, as every source of orders does."""
        if stream.name == ORDERS.name and "day" in stream and "day" not in fact:
            fact["day"] = local_day(fact["at"], self.time_zone)


class Reader:
    """Reads settings, noting every problem at its place.

    Attributes:
        origin: Where the settings are written.
        problems: What is wrong so far.
        amounts: How values are read.
    """

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.problems: list[Problem] = []
        self.amounts = Amounts(Currency("XXX"), "UTC")

    def problem(self, path: Path_, problem: Problem) -> None:
        """Note a problem with what is written at a path."""
        self.problems.append(self.origin.locate(problem, path))

    def known(self, path: Path_, name: str, names: Sequence[str], what: str) -> bool:
        """Whether a name is one of those there are; it is a problem if not."""
        if name in names:
            return True
        wanted = "one of " + ", ".join(names) if names else f"none, since there is no {what}"
        self.problem(path, Problem(f"unknown {what}", name, wanted, nearest(name, names)))
        return False

    def settings(self, path: Path_, value: Any, wanted: str) -> dict[str, Any]:
        """Give settings by name; it is a problem if there is something else."""
        if isinstance(value, dict):
            return value
        self.problem(path, Problem("wrong value", told(value), wanted))
        return {}

    def instant(self, path: Path_, value: Any) -> Instant | None:
        """Read an instant; it is a problem if there is something else."""
        return self._taken(path, lambda: parse_instant(str(value), self.amounts.time_zone))

    def value(self, path: Path_, value: Any, kind: Type) -> Any:
        """Read a value of a type; ``missing`` is None. It is a problem if it is none."""
        return self._taken(path, lambda: self.amounts.read(value, kind))

    def until(self, path: Path_, value: Any, now: Instant, *, wait: bool) -> Instant | None:
        """Read up to when is waited; it is a problem if there is something else."""
        return self._taken(path, lambda: moment_of(str(value), now, self.amounts.time_zone, wait=wait))

    def expected(self, path: Path_, value: Any, kind: Type) -> tuple[Any, float] | None:
        """Read what is expected of a value, and how far off it may be."""
        return self._taken(path, lambda: self.amounts.expected(value, kind))

    def _taken(self, path: Path_, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except SmaltiError as error:
            self.problem(path, Problem(str(error)))
            return None


def told(value: Any) -> str | None:
    """Say what was found where something else was wanted."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "settings"
    return "nothing" if value is None else str(value)


def _text(_: Amounts, value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    quoted = len(value) > 1 and value[0] == value[-1] == "'"
    return value[1:-1] if quoted else value


def _whole(_: Amounts, value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(_: Amounts, value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _money(amounts: Amounts, value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    minor = to_minor(value, amounts.currency)
    if Decimal(str(value)) * amounts.currency.scale != minor:
        raise SmaltiError(f"money finer than {amounts.currency.code} has: found '{value}', wanted whole minor units")
    return minor


def _truth(_: Amounts, value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_READ: dict[Type, Callable[[Amounts, Any], Any]] = {
    Type.TEXT: _text,
    Type.INTEGER: _whole,
    Type.NUMBER: _number,
    Type.MONEY: _money,
    Type.BOOLEAN: _truth,
    Type.INSTANT: lambda amounts, value: parse_instant(value, amounts.time_zone) if isinstance(value, str) else None,
    Type.DURATION: lambda _, value: length_of(value) if isinstance(value, str) else None,
}
