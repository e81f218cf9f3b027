"""Trees as expressions over the columns of one table: of facts, of pairs of facts, or of customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, singledispatchmethod
from typing import Any, TypeAlias

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from smalti.facts import DAY, SHARES, Instant, start_of
from smalti.rules.functions import CALENDAR, DRAW, TO_MINOR
from smalti.rules.needs import column_of
from smalti.rules.nodes import (
    After,
    Aggregate,
    Arithmetic,
    Before,
    Between,
    Call,
    Case,
    Compare,
    During,
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
    Window,
)
from smalti.rules.query.calendar import on_calendar
from smalti.rules.query.columns import constant, ibis_type
from smalti.rules.query.dialects import Dialect

Fitted: TypeAlias = Mapping[Quantile, Any]
"""Constants of quantiles; None for one fitted on nobody."""

ITS = "_its_"
"""What the columns of the fact that another is beside begin with."""


class Reading:
    """Reads trees as expressions over a table, which grows by a column for each value that is needed often.

    Attributes:
        table: The table as it has grown; build the query on it after everything is read.
        known: Columns that hold the values of trees: flags of sequences, bounds of windows.
    """

    def __init__(
        self,
        table: ir.Table,
        at: Instant,
        dialect: Dialect,
        fitted: Fitted | None = None,
        known: Mapping[Node, str] | None = None,
    ) -> None:
        self.table = table
        self.at = at
        self.dialect = dialect
        self.fitted = fitted or {}
        self.known = known or {}
        self._bound: dict[Any, Any] = {}

    def bind(self, value: Any) -> Any:
        """Give a value as a column of the table."""
        key = value.op()
        if key not in self._bound:
            name = f"_bound_{len(self._bound)}"
            self.table = self.table.mutate(**{name: value})
            self._bound[key] = self.table[name]
        return self._bound[key]

    def draw(self, salt: Any) -> Any:
        """Give the draw of a name as a column of the table, the same one whenever it is asked for."""
        key = (DRAW, salt.op())
        if key not in self._bound:
            self._bound[key] = self.bind(_draw(salt, self))
        return self._bound[key]

    def value(self, node: Node) -> Any:
        """Give the value of a tree: a column that holds it already, or what is read."""
        return self.table[self.known[node]] if node in self.known else self.read(node)

    def window(self, window: Window | None) -> list[ir.BooleanValue]:
        """Give the conditions under which a fact lies in a window."""
        at = self.table["at"]
        match window:
            case Last(duration):
                return [at > self._instant(self.at - duration)]
            case This(unit, zone):
                return [at >= self._instant(start_of(unit, self.at, str(zone)))]
            case After(instant):
                return [at > self.value(instant)]
            case Before(instant):
                return [at < self.value(instant)]
            case During(low, high):
                return [self.value(low) <= at, at <= self.value(high)]
        return []

    def _instant(self, instant: Instant) -> Any:
        return ibis.literal(instant, type="int64")

    @singledispatchmethod
    def read(self, node: Node) -> Any:
        """Give the value of a tree as an expression over the table."""
        raise TypeError(f"not a node of the language: {node!r}")

    @read.register
    def _(self, node: Literal) -> Any:
        return constant(node.value, ibis_type(node.type))

    @read.register
    def _(self, node: Name) -> Any:
        return self.table[node.name]

    @read.register(Aggregate | Member | People)
    def _(self, node: Aggregate | Member | People) -> Any:
        return self.table[column_of(node)]

    @read.register
    def _(self, node: Its) -> Any:
        return self.table[ITS + node.column]

    @read.register
    def _(self, node: Sequence) -> Any:
        return self.table[self.known[node]]

    @read.register
    def _(self, node: Now) -> Any:
        return constant(self.at, "int64")

    @read.register
    def _(self, node: StartOf) -> Any:
        return constant(start_of(node.unit, self.at, str(node.zone)), "int64")

    @read.register
    def _(self, node: Arithmetic) -> Any:
        left, right = self.read(node.left), self.read(node.right)
        if node.op == "/":
            return left.cast("float64") / right.cast("float64").nullif(0.0)
        return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right}[node.op]()

    @read.register
    def _(self, node: Negate) -> Any:
        return -self.read(node.part)

    @read.register
    def _(self, node: Compare) -> Any:
        return COMPARISONS[node.op](_closed(self.read(node.left)), _closed(self.read(node.right)))

    @read.register
    def _(self, node: Logic) -> Any:
        parts = [self.read(part) for part in node.parts]
        return _joined(parts, ibis.and_ if node.op == "and" else ibis.or_)

    @read.register
    def _(self, node: Not) -> Any:
        return ~self.read(node.part)

    @read.register
    def _(self, node: In) -> Any:
        part, options = _closed(self.read(node.part)), [self.read(option) for option in node.options]
        return ibis.or_(*(part == one for one in options)) if part.type().is_boolean() else part.isin(options)

    @read.register
    def _(self, node: Between) -> Any:
        part = self.read(node.part)
        return (self.read(node.low) <= part) & (part <= self.read(node.high))

    @read.register
    def _(self, node: Like) -> Any:
        pattern = node.pattern.replace("\\", "\\\\") if self.dialect.escapes_in_like else node.pattern
        return self.read(node.part).like(pattern)

    @read.register
    def _(self, node: IsMissing) -> Any:
        return _closed(self.read(node.part)).isnull()

    @read.register
    def _(self, node: Case) -> Any:
        branches = [(self.read(condition), self.read(value)) for condition, value in node.branches]
        otherwise = None if node.otherwise is None else self.read(node.otherwise)
        return ibis.cases(*branches, else_=otherwise)

    @read.register
    def _(self, node: Call) -> Any:
        if node.function in CALENDAR:
            instant, zone = node.arguments
            assert isinstance(zone, Literal)  # noqa: S101 check put it there
            return on_calendar(node.function, self.read(instant), str(zone.value), self.at, self.bind)
        values = [self.read(argument) for argument in node.arguments]
        return FUNCTIONS[node.function](values, self)

    @read.register
    def _(self, node: Quantile) -> Any:
        value = self.fitted[node]
        if value is None:
            # Of another type first: the compiler reads `x = NULL` as `x IS NULL`.
            return ibis.null("string").cast(self.read(node.of).type())
        return constant(value, "float64" if isinstance(value, float) else "int64")


def _closed(value: Any) -> Any:
    """Put a condition in parentheses, which the compiler forgets around one that is compared or asked about."""
    is_whole = not value.type().is_boolean() or isinstance(value.op(), ops.Field | ops.Literal)
    return value if is_whole else value & ibis.literal(True)


def _joined(parts: list[Any], join: Callable[..., Any]) -> Any:
    """Join conditions as a balanced tree: the compiler goes down every level of it."""
    while len(parts) > 2:
        parts = [join(*parts[start : start + 2]) for start in range(0, len(parts), 2)]
    return join(*parts)


def known_only(values: list[Any], best: Any) -> Any:
    """Make a function of several values missing when any of them is."""
    missing = ibis.or_(*(value.isnull() for value in values))
    return ibis.ifelse(missing, ibis.null(best.type()), best)


def _length(text: Any, here: Reading) -> Any:
    if "length" in here.dialect.text:
        return _named(here.dialect.text["length"], "int64", text)
    return text.length().cast("int64")


def _lower(text: Any, here: Reading) -> Any:
    """Lower letter by letter: of two letters, engines lower one to two others, and one by what it stands beside."""
    if "lower" in here.dialect.text:
        told = _named(here.dialect.text["translate"], "string", text, *map(ibis.literal, _ODD_LETTERS))
        return _named(here.dialect.text["lower"], "string", told)
    return text.translate(*_ODD_LETTERS).lower()


_ODD_LETTERS = ("İΣ", "iσ")
_DIGITS = "0123456789abcdef"


def _draw(salt: Any, here: Reading) -> Any:
    """Read the first 8 digits of the digest by their places in a text: of numbers in digits each engine has its own ideas."""
    digest = salt + ibis.literal(":") + here.table["customer_id"]
    for function in here.dialect.digest:
        digest = _named(function, "string", digest)
    digest = here.bind(digest)
    # Reals from the start: engines whose places are of 32 bits would run over.
    worth = [_digit(digest, place).cast("float64") * float(16 ** (8 - place)) for place in range(1, 9)]
    return sum(worth[1:], worth[0]) / float(SHARES)


def _digit(text: Any, place: int) -> Any:
    """Give the digit at a place, counted from 1; the compiler's own way asks at each place whether it is below zero."""
    return ibis.literal(_DIGITS).find(_function("substr", ("string", "int64", "int64"), "string")(text, place, 1))


def _one(text: str) -> Any:
    """Stand for a function of the engine's own that takes a text."""


def _two(text: str, letters: str) -> Any:
    """Stand for a function of the engine's own that takes two texts."""


def _three(text: str, old: str, new: str) -> Any:
    """Stand for a function of the engine's own that takes three texts."""


def _named(function: str, kind: str, *values: Any) -> Any:
    """Call a function of the engine, of texts, by its name."""
    return _function(function, ("string",) * len(values), kind)(*values)


@cache
def _function(name: str, takes: tuple[str, ...], gives: str) -> Any:
    """Give a function of the engine, the same one whenever it is asked for, so that equal calls of it are equal."""
    stand_in = {1: _one, 2: _two, 3: _three}[len(takes)]
    return ibis.udf.scalar.builtin(stand_in, name=name, signature=(takes, gives))


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}

FUNCTIONS: dict[str, Callable[[list[Any], Reading], Any]] = {
    "days_since": lambda values, here: (ibis.literal(here.at, type="int64") - values[0]).cast("float64") / float(DAY),
    "coalesce": lambda values, _: ibis.coalesce(*values),
    "least": lambda values, _: known_only(values, ibis.least(*values)),
    "greatest": lambda values, _: known_only(values, ibis.greatest(*values)),
    "abs": lambda values, _: values[0].abs(),
    "lower": lambda values, here: _lower(values[0], here),
    "trim": lambda values, _: _named("trim", "string", values[0], ibis.literal(" ")),
    "length": lambda values, here: _length(values[0], here),
    "contains": lambda values, _: values[0].contains(values[1]),
    "starts_with": lambda values, _: values[0].startswith(values[1]),
    "ends_with": lambda values, _: values[0].endswith(values[1]),
    DRAW: lambda values, here: here.draw(values[0]),
    "floor": lambda values, _: values[0].cast("float64").floor().cast("int64"),
    TO_MINOR: lambda values, _: (values[0].cast("float64") + 0.5).floor().cast("int64"),
}
"""How each function of values is written; those of the calendar are in `calendar`."""
