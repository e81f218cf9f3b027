"""Trees as lines of Python: one value after another, three-valued logic written out.

Each tree becomes a local variable, and equal trees the same one. What can't be missing isn't asked whether it is. The
lines work on a state ``s`` and an instant ``T``; in a condition on one fact also on the columns of that fact and of the
one it stands beside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, singledispatchmethod
from typing import Any, NamedTuple

from smalti.facts import DAY, PARTS, calendar_days_since, days_to_anniversary, start_of, years_since
from smalti.rules.functions import SINCE, TO_MINOR
from smalti.rules.nodes import (
    OPPOSITES,
    Aggregate,
    Arithmetic,
    Between,
    Call,
    Case,
    Compare,
    In,
    IsMissing,
    Its,
    Last,
    Like,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
    Now,
    People,
    Quantile,
    Sequence,
    StartOf,
    This,
)
from smalti.rules.step.ages import age_bound
from smalti.rules.step.definitions import Definitions, salt_of
from smalti.rules.step.slots import Layout
from smalti.rules.step.tallies import SCALE, Tally, most_frequent


class Value(NamedTuple):
    """A variable or a literal of the generated Python, and whether it may be missing."""

    text: str
    maybe: bool


MISSING = Value("None", True)
OPERATORS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def lower(text: str) -> str:
    """Give text in lower case, letter by letter, each staying one letter."""
    return "".join(letter.lower()[0] for letter in text)


def indent(lines: list[str]) -> list[str]:
    """Move lines to the right."""
    return [f"    {line}" for line in lines]


@lru_cache(maxsize=1 << 10)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in pattern), re.DOTALL)


def fits(pattern: str, text: str) -> bool:
    """Whether text fits a pattern in which ``%`` stands for any characters and ``_`` for one."""
    return _pattern(pattern).fullmatch(text) is not None


@dataclass
class Reading:
    """What is needed to read trees.

    Attributes:
        definitions: What names stand for.
        layout: Where things are held.
        known: What the generated Python finds by name.
    """

    definitions: Definitions
    layout: Layout
    known: dict[str, Any]
    _kept: dict[tuple[str, object], str] = field(default_factory=dict)

    def keep(self, kind: str, value: Any, key: object = None) -> str:
        """Give a name under which the generated Python finds a value, the same name for equal ones."""
        key = (kind, value if key is None else key)
        if key not in self._kept:
            self._kept[key] = f"{kind}_{len(self._kept)}"
            self.known[self._kept[key]] = value
        return self._kept[key]


KNOWN: Mapping[str, Any] = {
    "floor": math.floor,
    "lower": lower,
    "fits": fits,
    "start_of": start_of,
    "most_frequent": most_frequent,
    "calendar_days_since": calendar_days_since,
    "years_since": years_since,
    "days_to_anniversary": days_to_anniversary,
    **PARTS,
}
"""Functions that the generated Python calls."""

_CALLS: dict[str, Callable[..., str]] = {
    "abs": "abs({})".format,
    "floor": "floor({})".format,
    TO_MINOR: "floor({} + 0.5)".format,
    "lower": "lower({})".format,
    "trim": "{}.strip(' ')".format,
    "length": "len({})".format,
    "contains": "{1} in {0}".format,
    "starts_with": "{}.startswith({})".format,
    "ends_with": "{}.endswith({})".format,
    **{part: f"{part}({{}}, {{}})".format for part in PARTS},
}


class Body:
    """The lines of one function, written as trees are asked for.

    Args:
        reading: What the trees stand on.
        columns: In a condition on one fact: its columns.
        beside: In a sequence's condition: the columns of the fact it stands beside.
        present: Trees that are known not to be missing where these lines stand.
    """

    def __init__(
        self,
        reading: Reading,
        columns: Mapping[str, Value] | None = None,
        beside: Mapping[str, Value] | None = None,
        present: Collection[Node] = (),
    ) -> None:
        self.reading = reading
        self.columns = columns
        self.beside = beside
        self.present = present
        self.lines: list[str] = []
        self.fact = ""
        self._memo: dict[object, Value] = {}
        self._sides: dict[Value, tuple[str, str, str]] = {}

    def value(self, node: Node) -> Value:
        """Write what gives a tree's value, unless it is written already."""
        if node not in self._memo:
            found = self.read(node)
            self._memo[node] = found._replace(maybe=False) if node in self.present else found
        return self._memo[node]

    def let(self, text: str, maybe: bool, key: object = None) -> Value:
        """Write a line that gives an expression a name, the same one for the same key."""
        if key is not None and key in self._memo:
            return self._memo[key]
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {text}")
        found = Value(name, maybe)
        if key is not None:
            self._memo[key] = found
        return found

    def strict(self, parts: list[Value], text: str, *, absent: str = "", key: object = None) -> Value:
        """Write an expression that is missing when a part is, or when a further condition holds."""
        if any(part == MISSING for part in parts):
            return MISSING
        asked = [f"{name} is None" for name in dict.fromkeys(part.text for part in parts if part.maybe)]
        asked += [absent] if absent else []
        return self.let(f"None if {' or '.join(asked)} else {text}" if asked else text, bool(asked), key)

    @singledispatchmethod
    def read(self, node: Node) -> Value:
        """Write what gives a node's value."""
        raise TypeError(f"not a node of the language: {node!r}")

    @read.register
    def _(self, node: Literal) -> Value:
        return self.constant(node.value)

    def constant(self, value: Any) -> Value:
        """Give a constant as it stands in the generated Python."""
        if value is None:
            return MISSING
        plain = isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value))
        return Value(f"({value!r})" if plain else self.reading.keep("constant", value), False)

    @read.register
    def _(self, node: Quantile) -> Value:
        return self.constant(self.reading.definitions.constant(node))

    @read.register
    def _(self, node: Name) -> Value:
        if self.columns is not None:
            return self.columns.get(node.name, MISSING)
        definitions = self.reading.definitions
        if node.name in definitions.traits:
            return self.value(definitions.traits[node.name])
        return self.let(f"s[{self.reading.layout.scores[node.name]}]", True)

    @read.register
    def _(self, node: Its) -> Value:
        return (self.beside or {}).get(node.column, MISSING)

    @read.register
    def _(self, node: Now) -> Value:
        return Value("T", False)

    @read.register
    def _(self, node: StartOf) -> Value:
        return self.let(f"start_of({node.unit!r}, T, {node.zone!r})", False)

    @read.register
    def _(self, node: Aggregate) -> Value:
        definitions, layout = self.reading.definitions, self.reading.layout
        if definitions.needs_history(node):
            name = self.reading.keep("history", node)
            bounds = [self.value(bound).text for bound in definitions.bounds(node)]
            return self.let(f"{name}_of({', '.join(['s', 'T', *bounds])})", node.column is not None)
        if isinstance(node.window, Last | This):
            return self._of_window(node, node.window)
        pool = layout.pool_of(node)
        slots = [f"s[{pool.tallies[tally]}]" for tally in layout.tallies(node)]
        kinds = tuple(tally.kind for tally in layout.tallies(node))
        return self._of_tallies(node, kinds, slots)

    def _of_tallies(self, node: Aggregate, kinds: tuple[str, ...], slots: list[str]) -> Value:
        total = slots[0] if kinds[0] == "total" else f"{slots[0]} / {SCALE}"
        if kinds[0] in ("total", "fixed_total"):
            if node.function == "sum":
                return self.let(total, False)
            return self.let(f"{total} / {slots[1]} if {slots[1]} else None", True)
        if kinds[0] == "facts":
            return self.let({"count": "{}", "any": "{} > 0", "all": "{} == 0"}[node.function].format(slots[0]), False)
        if node.function == "distinct":
            return self.let(f"len({slots[0]})", False)
        if kinds[0] in ("first", "last"):
            return self.let(f"None if {slots[0]} is None else {slots[0]}[1]", True)
        if kinds[0] == "nth":
            return self.let(f"{slots[0]}[{node.nth} - 1][1] if len({slots[0]}) >= {node.nth} else None", True)
        if kinds[0] == "counts":
            return self.let(f"most_frequent({slots[0]})", True)
        return self.let(slots[0], True)

    def _of_window(self, node: Aggregate, window: Last | This) -> Value:
        layout = self.reading.layout
        pool = layout.pool_of(node)
        frame = pool.frames[window]
        tallies: tuple[Tally, ...] = layout.tallies(node)
        if tallies:
            slots = [f"s[{frame.tallies[tally]}]" for tally in tallies]
            return self._of_tallies(node, tuple(tally.kind for tally in tallies), slots)
        inside = self.let(f"len(s[{pool.ats}]) - s[{frame.start}]", False, key=(pool.ats, frame.start))
        if node.column is None:
            return {
                "count": lambda: inside,
                "any": lambda: self.let(f"{inside.text} > 0", False),
                "all": lambda: self.let(f"{inside.text} == 0", False),
            }[node.function]()
        column = pool.ats if node.column == "at" else pool.columns[node.column]
        return self.let(
            f"of_window({node.function!r}, s[{pool.ats}], s[{column}], s[{frame.start}], {node.nth or 0})", True
        )

    @read.register
    def _(self, node: Sequence) -> Value:
        return self.let(f"{self.reading.keep('sequence', node)}_of(s, T, {self.fact})", True)

    @read.register
    def _(self, node: Member) -> Value:
        answer = self.value(self.reading.definitions.rule_of(node))
        return self.let(f"{answer.text} is True", False) if answer.maybe else answer

    @read.register
    def _(self, node: People) -> Value:
        definitions, layout = self.reading.definitions, self.reading.layout
        of = f"s[{layout.people[definitions.people.index(node)]}]"
        if node.quantifier == "all":
            return self.let(f"False if {of}[1] else None if {of}[2] else True", True)
        found = "True" if node.quantifier == "any" else "False"
        return self.let(f"{found} if {of}[0] else None if {of}[2] else not {found}", True)

    @read.register
    def _(self, node: Arithmetic) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        by_zero = f"{right.text} == 0" if node.op == "/" and not self._never_zero(right) else ""
        return self.strict([left, right], f"{left.text} {node.op} {right.text}", absent=by_zero)

    def _never_zero(self, value: Value) -> bool:
        return value.text.startswith("(") and value.text not in ("(0)", "(0.0)", "(-0.0)")

    @read.register
    def _(self, node: Negate) -> Value:
        part = self.value(node.part)
        return self.strict([part], f"-{part.text}")

    @read.register
    def _(self, node: Compare) -> Value:
        bound = age_bound(node, self.reading.definitions) if self.columns is None else None
        if bound is not None:
            since = self.value(bound.since)
            age = self.strict([since], f"T - {since.text}", key=("age", bound.since))
            answer = self.strict([age], bound.asked(age.text), key=("asked", bound))
            self._sides.setdefault(answer, (bound.op, age.text, str(bound.reached)))
            return answer
        return self.compared(node.op, self.value(node.left), self.value(node.right))

    def compared(self, op: str, left: Value, right: Value) -> Value:
        """Write a comparison, the same one for the same sides."""
        key = (op, left.text, right.text)
        answer = self.strict([left, right], f"{left.text} {OPERATORS[op]} {right.text}", key=key)
        self._sides.setdefault(answer, key)
        return answer

    @read.register
    def _(self, node: Logic) -> Value:
        return self.logic(node.op, [self.value(part) for part in node.parts])

    def logic(self, op: str, parts: list[Value]) -> Value:
        """Write all or any of the parts, in three-valued logic where one may be unknown."""
        neutral = Value("(True)" if op == "and" else "(False)", False)
        parts = [part for part in dict.fromkeys(parts) if part != neutral] or [neutral]
        if len(parts) == 1:
            return parts[0]
        if not any(part.maybe for part in parts):
            return self.let(f" {op} ".join(part.text for part in parts), False)
        end, others = ("False", "True") if op == "and" else ("True", "False")
        ended = [
            f"{part.text} is {end}" if part.maybe else (f"not {part.text}" if op == "and" else part.text)
            for part in parts
        ]
        unknown = [f"{part.text} is None" for part in parts if part.maybe]
        return self.let(f"{end} if {' or '.join(ended)} else None if {' or '.join(unknown)} else {others}", True)

    @read.register
    def _(self, node: Not) -> Value:
        part = self.value(node.part)
        return self.strict([part], f"not {part.text}")

    @read.register
    def _(self, node: In) -> Value:
        part, options = self.value(node.part), [self.value(option) for option in node.options]
        return self.strict([part], f"{part.text} in ({', '.join(option.text for option in options)},)")

    @read.register
    def _(self, node: Between) -> Value:
        halves = (Compare("<=", node.low, node.part), Compare("<=", node.part, node.high))
        return self.logic("and", [self.value(half) for half in halves])

    @read.register
    def _(self, node: Like) -> Value:
        part = self.value(node.part)
        return self.strict([part], f"fits({node.pattern!r}, {part.text})")

    @read.register
    def _(self, node: IsMissing) -> Value:
        part = self.value(node.part)
        return self.let(f"{part.text} is None", False) if part.maybe else Value("(False)", False)

    @read.register
    def _(self, node: Case) -> Value:
        branches = [(self.value(condition), self.value(value)) for condition, value in node.branches]
        otherwise = MISSING if node.otherwise is None else self.value(node.otherwise)
        last = self._last_of([condition for condition, _ in branches])
        if last is not None:
            otherwise = branches[last][1]
            branches = branches[:last]
        text = "".join(f"{value.text} if {condition.text} else " for condition, value in branches) + otherwise.text
        return self.let(text, otherwise.maybe or any(value.maybe for _, value in branches))

    def _last_of(self, conditions: list[Value]) -> int | None:
        """Give the branch that is taken if none before it is, because one of those asks the opposite; none may be unknown."""
        asked: set[tuple[str, str, str]] = set()
        for place, condition in enumerate(conditions):
            op, left, right = self._sides.get(condition, ("", "", ""))
            if op and not condition.maybe:
                if (OPPOSITES[op], left, right) in asked:
                    return place
                asked.add((op, left, right))
        return None

    @read.register
    def _(self, node: Call) -> Value:
        if (salt := salt_of(node)) is not None:
            return self.let(f"s[{self.reading.layout.draws[salt]}]", False)
        parts = [self.value(argument) for argument in node.arguments]
        if node.function == "coalesce":
            return self._first_known(parts)
        if node.function == "days_since":
            age = self.strict(parts, f"T - {parts[0].text}", key=("age", node.arguments[0]))
            return self.strict([age], f"{age.text} / {DAY}")
        if node.function in SINCE:
            return self.strict(parts, f"{node.function}({parts[0].text}, T, {parts[1].text})")
        if node.function in ("least", "greatest"):
            sign = "<" if node.function == "least" else ">"
            best = parts[0]
            for part in parts[1:]:
                best = self.strict([best, part], f"{part.text} if {part.text} {sign} {best.text} else {best.text}")
            return best
        return self.strict(parts, _CALLS[node.function](*(part.text for part in parts)))

    def _first_known(self, parts: list[Value]) -> Value:
        kept: list[Value] = []
        for part in parts:
            if part != MISSING:
                kept.append(part)
            if not part.maybe:
                break
        if not kept:
            return MISSING
        text = "".join(f"{part.text} if {part.text} is not None else " for part in kept[:-1]) + kept[-1].text
        return self.let(text, kept[-1].maybe)
