"""What can be told of a tree before any customer is asked: the values it may have, in any world at all.

Reasoning is by ranges, over what is known of every world: counts are never negative, facts never lie ahead, an hour is from 0
to 23. `assume` takes a condition to be true or false and says what follows for everything it speaks of, or that it cannot be;
so a conjunction that contradicts itself is found out. All of it errs on one side only: whatever `meaning` can answer is among
the `possible` answers, which a property test holds it to.

>>> from smalti.rules.text import parse
>>> sorted(possible(parse("count(orders) >= 0"))), possible(parse("count(orders) > 5 and count(orders) < 3"))
([True], frozenset({False}))
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch
from typing import Any

from smalti.facts import DAY, Type
from smalti.rules.functions import CALENDAR, DRAW, TO_MINOR
from smalti.rules.nodes import (
    MIRRORED,
    OPPOSITES,
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
    Window,
    walk,
)
from smalti.rules.ranges import (
    ANYTHING,
    TIMES,
    Answers,
    Range,
    allowed,
    answers,
    implied,
    join,
    mapped,
    meet,
    negative,
    product,
    quotient,
    total,
)

CONDITIONS = (Compare, Logic, Not, In, Between, Like, IsMissing, Sequence, Member, People)
"""The nodes that are true or false by what they are."""

_EITHER: Answers = frozenset({True, False})
_PARTS_OF_CLOCKS = {"hour": (0, 23), "month": (1, 12), "weekday": (1, 7), "day_of_month": (1, 31)}
_FINER = {"year": ("quarter", "month", "day"), "quarter": ("month", "day"), "month": ("day",), "week": ("day",)}
"""By unit of the calendar, the units that never begin before it."""


@dataclass(frozen=True)
class Given:
    """What is taken to hold.

    Attributes:
        ranges: Of some trees, their values.
        from_now: Of some instants, the time from now to them: never above zero where they are past.
        worked_out: What has been worked out from these, so that it is done once.
    """

    ranges: Mapping[Node, Range] = field(default_factory=dict)
    from_now: Mapping[Node, Range] = field(default_factory=dict)
    worked_out: dict[Node, Range] = field(default_factory=dict, compare=False, repr=False)

    def with_range(self, node: Node, values: Range) -> Given:
        """Give the same, and that a tree has some of these values."""
        return Given({**self.ranges, node: values}, self.from_now)

    def with_time(self, node: Node, apart: Range) -> Given:
        """Give the same, and that an instant lies so far from now."""
        return Given(self.ranges, {**self.from_now, node: apart})


def possible(node: Node, given: Given | None = None) -> Answers:
    """Give the answers that a condition, made ready by `check`, may have; None is unknown."""
    found = range_of(node, given)
    known = _EITHER if found.options is None else found.options
    return frozenset(known if found.known else ()) | frozenset({None} if found.missing else ())


def range_of(node: Node, given: Given | None = None) -> Range:
    """Give the values that a tree may have.

    >>> from smalti.rules.text import parse
    >>> found = range_of(parse("count(orders) + 5"))
    >>> found.low, found.high, found.missing
    (5, None, False)
    """
    given = Given() if given is None else given
    found = given.worked_out.get(node)
    if found is None:
        found = _as_range(_answers(node, given)) if isinstance(node, CONDITIONS) else _range(node, given)
        if node in given.ranges:
            found = meet(found, given.ranges[node])
        given.worked_out[node] = found
    return found


def _as_range(found: Answers) -> Range:
    known = [answer for answer in found if answer is not None]
    return Range.of(*known, missing=None in found) if known else Range(known=False, missing=None in found)


def assume(node: Node, wanted: bool, given: Given | None = None) -> Given | None:
    """Give what follows when a condition is true, or is false; None if it cannot be."""
    given = Given() if given is None else given
    if isinstance(node, Not):
        return assume(node.part, not wanted, given)
    if isinstance(node, Between):
        return assume(_as_logic(node), wanted, given)
    if isinstance(node, Logic):
        if not meet(given.ranges.get(node, ANYTHING), Range.of(wanted)).known:
            return None
        followed = _assume_logic(node, wanted, given)
        return followed and followed.with_range(node, Range.of(wanted))
    if wanted not in possible(node, given):
        return None
    found: Given | None = _noted(node, Range.of(wanted), given)
    match node:
        case Compare(op, left, right):
            found = _assume_compare(op if wanted else OPPOSITES[op], left, right, given)
        case In(part):
            found = _assume_in(node, part, wanted, given)
        case Like(part, pattern):
            found = _refined(part, _fitting(pattern, wanted), given)
        case IsMissing(part):
            found = (
                _refined(part, Range(), given) if not wanted else _noted(part, Range(known=False, missing=True), given)
            )
    return None if found is None else _noted(node, Range.of(wanted), found)


def reached(case: Case, number: int, given: Given | None = None) -> Given | None:
    """Give what follows when the branch of that number is taken, or ``else`` after the last; None if it never is."""
    given = Given() if given is None else given
    found: Given | None = given
    if number < len(case.branches):
        found = assume(case.branches[number][0], True, given)
    for condition, _ in case.branches[:number]:
        if found is None:
            return None
        answered = possible(condition, found)
        if answered <= {True}:
            return None
        if None not in answered:
            found = assume(condition, False, found)
    return found


def fact_in(window: Window | None) -> Given:
    """Give what is known of a fact in a window: it is not in the future, and not before the window."""
    at = Name("at")
    since = Range(high=0, whole=True)
    match window:
        case Last(duration):
            since = Range(-duration, 0, above=True, whole=True)
    given = Given({at: Range(whole=True)}, {at: since})
    if window is not None and not any(isinstance(part, Name) for part in walk(window)):
        for bound in _bounds(window, at):
            given = assume(bound, True, given) or given
    return given


def _bounds(window: Window | None, at: Name) -> Iterator[Compare]:
    match window:
        case After(instant):
            yield Compare("<", instant, at)
        case Before(instant):
            yield Compare("<", at, instant)
        case During(low, high):
            yield Compare("<=", low, at)
            yield Compare("<=", at, high)


def _noted(node: Node, values: Range, given: Given) -> Given | None:
    """Give what is given, and that a tree has some of these values; None if it has none of them."""
    before = range_of(node, given)
    both = meet(before, values)
    if both.impossible:
        return None
    return given if both == before else given.with_range(node, both)


def _refined(node: Node, values: Range, given: Given) -> Given | None:
    """Give what is given, and that a tree is known and in a range, with what follows for its parts."""
    found = _noted(node, replace(values, missing=False), given)
    if found is None:
        return None
    if isinstance(node, CONDITIONS):
        point = range_of(node, found).point
        return found if point is None else assume(node, point, found)
    for part, follows in _parts_that_follow(node, range_of(node, found)):
        if found is not None:
            found = _refined(part, follows, found)
    return found


def _parts_that_follow(node: Node, values: Range) -> Iterator[tuple[Node, Range]]:
    """Give the parts that must be known for a tree to be known, with what they must be."""
    base, offset = peel(node)
    if base is not node:
        yield base, _shifted(values, -offset)
    elif isinstance(node, Negate):
        yield node.part, negative(values)
    elif isinstance(node, Arithmetic):
        yield from ((part, Range()) for part in (node.left, node.right))
    elif isinstance(node, Call) and node.function != "coalesce":
        yield from ((part, Range()) for part in node.arguments)


def _shifted(values: Range, offset: int) -> Range:
    """Give the range moved by a whole number; ends that are not whole are left out, for reals would round them."""
    if not all(end is None or isinstance(end, int) for end in (values.low, values.high, *(values.options or ()))):
        return Range()
    return mapped(values, lambda end: end + offset, whole=values.whole, strictly=True)


def _assume_logic(node: Logic, wanted: bool, given: Given) -> Given | None:
    if wanted is (node.op == "and"):
        found: Given | None = given
        for part in sorted(node.parts, key=lambda part: any(isinstance(one, Logic | Between) for one in walk(part))):
            found = None if found is None else assume(part, wanted, found)
        return found
    ways = [way for part in node.parts if (way := assume(part, wanted, given)) is not None]
    return given if len(ways) > 1 else next(iter(ways), None)


def _assume_compare(op: str, left: Node, right: Node, given: Given) -> Given | None:
    one, two = range_of(left, given), range_of(right, given)
    found = _refined(left, allowed(op, two), given)
    found = None if found is None else _refined(right, allowed(MIRRORED[op], one), found)
    for other_op in () if one.point is not None or two.point is not None else ("=", "!=", "<", "<=", ">", ">="):
        if found is not None and (follows := implied(op, other_op)) is not None:
            found = _noted(Compare(other_op, left, right), Range.of(follows), found)
    (base, offset), (other, shift) = peel(left), peel(right)
    if isinstance(other, Now):
        return None if found is None else _dated(base, allowed(op, Range.of(shift - offset)), found)
    if isinstance(base, Now):
        return None if found is None else _dated(other, allowed(MIRRORED[op], Range.of(offset - shift)), found)
    return found


def _dated(node: Node, values: Range, given: Given) -> Given | None:
    """Give what is given, and that an instant lies so far from now."""
    before = from_now(node, given)
    both = meet(before, replace(values, whole=True))
    if both.impossible:
        return None
    return given if both == before else given.with_time(node, both)


def _assume_in(node: In, part: Node, wanted: bool, given: Given) -> Given | None:
    options = _options(node)
    return _refined(part, Range.of(*options) if wanted else Range(excluded=options), given)


def _fitting(pattern: str, wanted: bool) -> Range:
    """Give the texts that fit a pattern, or do not, as far as a range can."""
    if set("%_") & set(pattern):
        return Range()
    return Range.of(pattern) if wanted else Range(excluded=frozenset({pattern}))


def _options(node: In) -> frozenset[Any]:
    return frozenset(range_of(option).point for option in node.options)


def _as_logic(node: Between) -> Logic:
    return Logic("and", (Compare("<=", node.low, node.part), Compare("<=", node.part, node.high)))


def peel(node: Node) -> tuple[Node, int]:
    """Take whole numbers and durations that are added to a tree off it, where that is exact.

    >>> from smalti.rules.text import parse
    >>> peel(parse("count(orders) + 2 - 5"))
    (Aggregate(function='count', stream='orders', column=None, window=None, where=None, nth=None), -3)
    """
    if isinstance(node, Arithmetic) and node.op in "+-":
        sides = [(node.left, node.right)] if node.op == "-" else [(node.left, node.right), (node.right, node.left)]
        for rest, added in sides:
            amount = _constant(added)
            if amount is not None and (_is_exact(added) or range_of(rest).whole):
                base, offset = peel(rest)
                return base, offset + (amount if node.op == "+" else -amount)
    return node, 0


def _constant(node: Node) -> int | None:
    if any(not isinstance(part, Literal | Negate | Arithmetic) for part in walk(node)):
        return None
    found = range_of(node)
    return found.point if found.whole and not found.missing else None


def _is_exact(node: Node) -> bool:
    """Whether a constant can only be added to what is held in whole numbers."""
    return any(isinstance(part, Literal) and part.type in (Type.DURATION, Type.MONEY) for part in walk(node))


def from_now(node: Node, given: Given | None = None) -> Range:
    """Give the time from now to an instant, in microseconds: below zero for what is past.

    >>> from smalti.rules.text import parse
    >>> from_now(parse("last(orders.at)")).high
    0
    """
    base, offset = peel(node)
    own = Range(whole=True)
    taken = given.from_now.get(base) if given is not None else None
    if isinstance(base, Now):
        own = Range.of(0)
    elif isinstance(base, StartOf) or (
        isinstance(base, Aggregate) and base.column == "at" and base.function != "distinct"
    ):
        own = Range(high=0, whole=True)
    apart = own if taken is None else meet(own, taken)
    return total(apart, Range.of(offset)) if offset else apart


def _apart(left: Node, right: Node, given: Given) -> Range:
    """Give the range of ``left - right``, as far as it can be told without knowing either."""
    (base, offset), (other, shift) = peel(left), peel(right)
    if base == other:
        return Range.of(offset - shift)
    apart = total(from_now(left, given), negative(from_now(right, given)))
    if isinstance(base, StartOf) and isinstance(other, StartOf) and base.zone == other.zone:
        if other.unit in _FINER.get(base.unit, ()):
            apart = meet(apart, Range(high=offset - shift))
        if base.unit in _FINER.get(other.unit, ()):
            apart = meet(apart, Range(low=offset - shift))
    return apart


@singledispatch
def _answers(node: Node, given: Given) -> Answers:
    """Give the answers a condition may have by what it is."""
    raise TypeError(f"not a condition of the language: {node!r}")


@_answers.register
def _(node: Compare, given: Given) -> Answers:
    left, right = range_of(node.left, given), range_of(node.right, given)
    found = answers(node.op, left, right)
    if not left.known or not right.known:
        return found
    missing = left.missing or right.missing
    return found & answers(node.op, replace(_apart(node.left, node.right, given), missing=missing), Range.of(0))


@_answers.register
def _(node: Logic, given: Given) -> Answers:
    parts = [possible(part, given) for part in node.parts]
    settled = node.op == "or"
    if frozenset({settled}) in parts:
        return frozenset({settled})
    found = {answer for answer in (settled, None) if any(answer in part for part in parts)}
    if _assume_logic(node, not settled, given) is not None:
        found.add(not settled)
    return frozenset(found)


@_answers.register
def _(node: Not, given: Given) -> Answers:
    return frozenset(None if answer is None else not answer for answer in possible(node.part, given))


@_answers.register
def _(node: In, given: Given) -> Answers:
    part, options = range_of(node.part, given), _options(node)
    found = answers("=", part, Range.of(*options))
    return found - {False} if part.options is not None and part.options <= options else found


@_answers.register
def _(node: Between, given: Given) -> Answers:
    return possible(_as_logic(node), given)


@_answers.register
def _(node: Like, given: Given) -> Answers:
    part = range_of(node.part, given)
    if not set("%_") & set(node.pattern):
        return answers("=", part, Range.of(node.pattern))
    return (_EITHER if part.known else frozenset()) | frozenset({None} if part.missing else ())


@_answers.register
def _(node: IsMissing, given: Given) -> Answers:
    part = range_of(node.part, given)
    return frozenset({True} if part.missing else ()) | frozenset({False} if part.known else ())


@_answers.register
def _(node: Sequence, given: Given) -> Answers:
    waits = node.order == "followed_by" and node.within is not None
    return _EITHER | {None} if waits else _EITHER


@_answers.register
def _(node: Member, given: Given) -> Answers:
    return _EITHER


@_answers.register
def _(node: People, given: Given) -> Answers:
    return _EITHER | (possible(node.rule) & {None})


@singledispatch
def _range(node: Node, given: Given) -> Range:
    """Give the values a tree may have by what it is."""
    return ANYTHING


@_range.register
def _(node: Literal, given: Given) -> Range:
    return Range.of(node.value)


@_range.register(Now)
@_range.register(StartOf)
def _(node: Now | StartOf, given: Given) -> Range:
    return Range(whole=True)


@_range.register
def _(node: Aggregate, given: Given) -> Range:
    if node.function in ("count", "distinct"):
        return TIMES
    if node.function in ("any", "all"):
        return Range.of(False, True)
    return Range(missing=node.function != "sum", whole=node.column == "at")


@_range.register
def _(node: Arithmetic, given: Given) -> Range:
    one, two = range_of(node.left, given), range_of(node.right, given)
    match node.op:
        case "+":
            return total(one, two)
        case "-":
            return total(one, negative(two))
        case "*":
            return product(one, two)
    return quotient(one, two)


@_range.register
def _(node: Negate, given: Given) -> Range:
    return negative(range_of(node.part, given))


@_range.register
def _(node: Quantile, given: Given) -> Range:
    return replace(range_of(node.of), missing=True)


@_range.register
def _(node: Case, given: Given) -> Range:
    found = [
        range_of(value, then)
        for number, (_, value) in enumerate(node.branches)
        if (then := reached(node, number, given)) is not None
    ]
    rest = reached(node, len(node.branches), given)
    if rest is not None:
        found.append(Range(known=False, missing=True) if node.otherwise is None else range_of(node.otherwise, rest))
    return join(found) if found else ANYTHING


@_range.register
def _(node: Call, given: Given) -> Range:
    values = [range_of(argument, given) for argument in node.arguments]
    if node.function == "coalesce":
        return replace(join(values), missing=all(value.missing for value in values))
    found = _of_call(node, values, given)
    missing, known = any(value.missing for value in values), all(value.known for value in values)
    return replace(found, missing=missing, known=known and found.known).tidy()


def _of_call(node: Call, values: list[Range], given: Given) -> Range:
    match node.function:
        case "days_since":
            return mapped(negative(from_now(node.arguments[0], given)), lambda apart: apart / DAY, whole=False)
        case "least":
            return negative(_largest([negative(value) for value in values]))
        case "greatest":
            return _largest(values)
        case "abs":
            return _size(values[0])
        case "floor":
            return mapped(values[0], math.floor, whole=True)
        case "length":
            return TIMES
        case function if function == DRAW:
            return Range(low=0, high=1, below=True)
        case "days_to_anniversary":
            return Range(low=0, high=366, whole=True)
        case function if function in _PARTS_OF_CLOCKS:
            low, high = _PARTS_OF_CLOCKS[function]
            return Range(low=low, high=high, whole=True)
        case "calendar_days_since" | "years_since" if from_now(node.arguments[0], given).high == 0:
            return Range(low=-1, whole=True)  # the clocks may have shown a date before they were put back
        case function if function == TO_MINOR:
            return mapped(total(values[0], Range.of(0.0)), lambda minor: math.floor(minor + 0.5), whole=True)
        case function if function in CALENDAR:
            return Range(whole=True)
    return Range()


def _largest(values: list[Range]) -> Range:
    lows = [value.low for value in values if value.low is not None]
    highs = [value.high for value in values]
    high = None if None in highs else max(highs)
    return Range(max(lows, default=None), high, whole=all(value.whole for value in values)).tidy()


def _size(value: Range) -> Range:
    if value.low is not None and value.low >= 0:
        return value
    high = None if value.low is None or value.high is None else max(abs(value.low), abs(value.high))
    return Range(0, high, whole=value.whole).tidy()
