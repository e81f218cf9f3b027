"""When each atom flips next, as lines of Python; see `ages` for the forms that are foreseen and `reach` for all others."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from smalti.facts import DAY, LAST_INSTANT, local_day
from smalti.rules.nodes import MIRRORED, OPPOSITES, Call, Compare, Node
from smalti.rules.step.ages import Chain, age_bound, chain, day_begins, flip_after, linear
from smalti.rules.step.emit import OPERATORS, Body, Value, indent
from smalti.rules.step.slots import NEVER

_FAR_DAYS = 2_000_000
"""Beyond so many days nothing is foreseen."""


_NEAR = 1_000
"""More microseconds than a guess can be wrong by, where nothing is added on the way and so no digits are lost."""


def least_day(op: str, days: float) -> list[int]:
    """Give the whole days at which a comparison with a count of days changes.

    >>> least_day(">=", 2), least_day(">", 2), least_day("=", 2), least_day("<", 2.5)
    ([2], [3], [2, 3], [3])
    """
    if not -_FAR_DAYS < days < _FAR_DAYS:
        return []
    reached, passed = math.ceil(days), math.floor(days) + 1
    return {">=": [reached], "<": [reached], ">": [passed], "<=": [passed]}.get(op, [reached, passed])


def next_midnight(op: str, then: int, days: float, zone: str, now: int) -> int:
    """Give the first instant after `now` at which the calendar days since `then`, compared with `days`, change answer."""
    begins = [day_begins(local_day(then, zone) + count, zone) for count in least_day(op, days)]
    return min((at for at in begins if now < at <= LAST_INSTANT), default=NEVER)


KNOWN = {"flip_after": flip_after, "next_midnight": next_midnight}
"""Functions that the generated Python calls."""


@dataclass
class Flips:
    """Writes into `body` the lines that leave in ``w`` the next flip of some atoms after ``T``."""

    body: Body
    lines: list[str] = field(default_factory=list)
    ages: dict[Node, set[int]] = field(default_factory=dict)

    def write(self, atoms: list[Node]) -> None:
        """Write the lines for these atoms."""
        plain = dict.fromkeys(_turned(atom) for atom in atoms if not self._aged(atom))
        self.body.lines.append(f"w = {NEVER}")
        for since, ages in self.ages.items():
            self._write_ages(self.body.value(since), sorted(ages))
        for atom in plain:
            if not self._foreseen(atom):
                name = self.body.reading.keep("atom", atom)
                self.body.lines += [f"e = search({name}, s, T)", "if e < w:", "    w = e"]

    def _aged(self, atom: Node) -> bool:
        bound = age_bound(atom, self.body.reading.definitions) if isinstance(atom, Compare) else None
        if bound is not None:
            self.ages.setdefault(bound.since, set()).update(bound.flips())
        return bound is not None

    def _write_ages(self, since: Value, ages: list[int]) -> None:
        """Write the next of the ages that are reached one after the other."""
        if since.text == "None" or not ages:
            return
        told = "".join(f"{since.text} + {age} if a < {age} else " for age in ages) + str(NEVER)
        lines = [f"a = T - {since.text}", f"e = {told}", "if e < w:", "    w = e"]
        if since.maybe:
            lines = [f"if {since.text} is not None:", *indent(lines)]
        self.body.lines += lines

    def _foreseen(self, atom: Node) -> bool:
        return isinstance(atom, Compare) and (self._linear(atom) or self._midnight(atom) or self._chained(atom))

    def _known(self, values: list[Value], lines: list[str]) -> None:
        asked = [f"{value.text} is not None" for value in dict.fromkeys(values) if value.maybe]
        if any(value.text == "None" for value in values):
            return
        if asked:
            lines = [f"if {' and '.join(asked)}:", *indent(lines)]
        self.body.lines += lines

    def _linear(self, atom: Compare) -> bool:
        definitions = self.body.reading.definitions
        left, right = linear(atom.left, definitions), linear(atom.right, definitions)
        if left is None or right is None or left.sign - right.sign not in (-1, 0, 1):
            return False
        sign = left.sign - right.sign
        rest = [*left.rest, *((-one, node) for one, node in right.rest)]
        if sign == 0:
            return True
        values = [(one, self.body.value(node)) for one, node in rest]
        told = " ".join(f"{'-' if one == sign else '+'} {value.text}" for one, value in values)
        op = atom.op if sign > 0 else MIRRORED[atom.op]
        later = {">=": [0], "<": [0], ">": [1], "<=": [1]}.get(op, [0, 1])
        lines = [f"y = 0 {told}"]
        for more in later:
            lines += [f"if T < y + {more} < w:", f"    w = y + {more}"]
        self._known([value for _, value in values], lines)
        return True

    def _sides(self, atom: Compare) -> tuple[str, Node, Node] | None:
        """Give a comparison with what moves on the left, if only one side moves."""
        definitions = self.body.reading.definitions
        moving = [definitions.needs(side).moving for side in (atom.left, atom.right)]
        if moving == [True, False]:
            return atom.op, atom.left, atom.right
        return (MIRRORED[atom.op], atom.right, atom.left) if moving == [False, True] else None

    def _midnight(self, atom: Compare) -> bool:
        sides, definitions = self._sides(atom), self.body.reading.definitions
        if sides is None:
            return False
        op, left, right = sides[0], definitions.follow(sides[1]), sides[2]
        if not (isinstance(left, Call) and left.function == "calendar_days_since"):
            return False
        if definitions.needs(left.arguments[0]).moving:
            return False
        then, zone, days = (self.body.value(node) for node in (*left.arguments, right))
        told = f"e = next_midnight({op!r}, {then.text}, {days.text}, {zone.text}, T)"
        self._known([then, days], [told, "if e < w:", "    w = e"])
        return True

    def _chained(self, atom: Compare) -> bool:
        sides, definitions = self._sides(atom), self.body.reading.definitions
        found = chain(sides[1], definitions) if sides is not None else None
        if sides is None or found is None or sides[0] in ("=", "!="):
            return False
        values = [self.body.value(link.other) if link.other is not None else Value("0", False) for link in found.links]
        aim = self.body.value(sides[2])
        start = [self.body.value(found.since)] if found.since is not None else []
        asked, guess = _forwards(found, start, values), _backwards(found, start, values, aim.text)
        asked = f"{asked} {OPERATORS[sides[0]]} {aim.text}"
        scales = [value for link, value in zip(found.links, values, strict=True) if link.op in "*/" and link.other]
        lines = [
            f"y = {guess}",
            f"if -{_FAR_DAYS * DAY} < y < {_FAR_DAYS * DAY}:",
            "    y = int(y)",
            f"    f = {_at(asked, 'y')}",
            f"    if ({_at(asked, 'y - 1')}) == f:",
            "        y += 1",
            f"        if ({_at(asked, 'y')}) == f:",
            f"            y = flip_after(lambda t: {_at(asked, 't')}, y, T)",
            "else:",
            f"    y = flip_after(lambda t: {_at(asked, 't')}, T, T)",
            "if y is not None and T < y < w:",
            "    w = y",
        ]
        if all(link.op in "*/" for link in found.links):
            lines = [lines[0], f"if y - {_NEAR} < w:", *indent(lines[1:])]
        if scales:
            lines = [f"if {' and '.join(f'{one.text} != 0' for one in scales)}:", *indent(lines)]
        self._known([*start, *values, aim], lines)
        return True


def _turned(atom: Node) -> Node:
    """Give an atom that flips when this one does: of two opposite comparisons the same."""
    if isinstance(atom, Compare) and atom.op in (">", ">=", "!="):
        return Compare(OPPOSITES[atom.op], atom.left, atom.right)
    return atom


def _at(asked: str, instant: str) -> str:
    return asked.replace("@", instant)


def _forwards(found: Chain, start: list[Value], values: list[Value]) -> str:
    """Write a chain of the instant ``@``, with the very operations of its trees."""
    text = f"((@ - {start[0].text}) / {DAY})" if start else "(@)"
    for link, value in zip(found.links, values, strict=True):
        if link.other is None:
            text = f"(-{text})"
        elif link.on_the_left:
            text = f"({value.text} {link.op} {text})"
        else:
            text = f"({text} {link.op} {value.text})"
    return text


def _backwards(found: Chain, start: list[Value], values: list[Value], aim: str) -> str:
    """Write a guess, as a real number, of the instant at which a chain meets its aim."""
    text = aim
    for link, value in reversed(list(zip(found.links, values, strict=True))):
        if link.other is None:
            text = f"(-{text})"
        elif link.op == "-" and link.on_the_left:
            text = f"({value.text} - {text})"
        else:
            text = f"({text} {_INVERSES[link.op]} {value.text})"
    return f"{start[0].text} + {text} * {DAY}" if start else text


_INVERSES = {"+": "-", "-": "+", "*": "/", "/": "*"}
