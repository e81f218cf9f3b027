"""Comparisons that move with the clock, brought to a form in which the instant of their flip is known.

An atom (see `definitions`) is brought to one of four forms; all others are searched for (see `reach`).

- An *age*: ``days_since(x)`` against a constant. ``(T - x) / DAY > c`` is ``T - x >= n`` for the least whole n that
  makes it true, found once by bisection over the very same division; it flips at ``x + n``.
- *Linear*: sums of instants and durations in which ``now`` stands once in all: whole numbers, so the flip is exact.
- A *chain*: one ``days_since(x)`` or ``now``, then sums, products and quotients with values that stand still, against
  such a value. Rounding keeps order, so there is at most one flip; it is guessed backwards and found nearby.
- *Midnights*: ``calendar_days_since(x)`` against a value that stands still.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from smalti.facts import DAY, LAST_INSTANT, Instant, today
from smalti.rules.nodes import MIRRORED, Arithmetic, Call, Compare, Literal, Negate, Node, Now, Quantile
from smalti.rules.step.definitions import Definitions

_FAR = 2**62


class Age(NamedTuple):
    """``days_since(since) op constant`` in whole microseconds.

    Attributes:
        since: The instant looked back to.
        op: The comparison.
        reached: The least age in microseconds, in days of 24 hours not below the constant.
        passed: The least age above it.
    """

    since: Node
    op: str
    reached: int
    passed: int

    def asked(self, age: str) -> str:
        """Write the comparison of an age in microseconds."""
        reached, passed = self.reached, self.passed
        return {
            ">=": f"{age} >= {reached}",
            "<": f"{age} < {reached}",
            ">": f"{age} >= {passed}",
            "<=": f"{age} < {passed}",
            "=": f"{reached} <= {age} < {passed}",
            "!=": f"not {reached} <= {age} < {passed}",
        }[self.op]

    def flips(self) -> list[int]:
        """Give the ages at which the answer changes."""
        ages = {">=": [self.reached], "<": [self.reached], ">": [self.passed], "<=": [self.passed]}
        found = ages.get(self.op, [self.reached, self.passed])
        return [age for age in found if -_FAR < age < _FAR]


def age_bound(node: Compare, definitions: Definitions) -> Age | None:
    """Read a comparison as one of an age with a constant, or give None if it isn't one.

    >>> from smalti.facts import Type
    >>> lately = Compare("<=", Call("days_since", (Literal(0, Type.INSTANT),)), Literal(30, Type.INTEGER))
    >>> age_bound(lately, Definitions({}, {}, {}, {})).passed == 30 * DAY + 1
    True
    """
    left, right = definitions.follow(node.left), definitions.follow(node.right)
    op = node.op
    if not isinstance(left, Call):
        left, right, op = right, left, MIRRORED[op]
    constant = constant_of(right, definitions)
    if not (isinstance(left, Call) and left.function == "days_since") or constant is None:
        return None
    if definitions.needs(left.arguments[0]).moving:
        return None
    return Age(left.arguments[0], op, _least(constant, strict=False), _least(constant, strict=True))


def constant_of(node: Node, definitions: Definitions) -> float | None:
    """Give the number that a literal, its negative or a fitted constant is; None for anything else."""
    if isinstance(node, Negate):
        inner = constant_of(node.part, definitions)
        return None if inner is None else -inner
    value = (
        node.value if isinstance(node, Literal) else definitions.constant(node) if isinstance(node, Quantile) else None
    )
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@lru_cache(maxsize=1 << 12)
def _least(days: float, *, strict: bool) -> int:
    """Give the least age in microseconds whose days are not below, or above, so many."""

    def reached(age: int) -> bool:
        return age / DAY > days if strict else age / DAY >= days

    low, high = -_FAR, _FAR
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


class Linear(NamedTuple):
    """``sign * now + rest``, of instants and durations.

    Attributes:
        sign: How often ``now`` stands in it, minus how often it is taken away.
        rest: What else is added or taken away: each tree with 1 or -1.
    """

    sign: int
    rest: tuple[tuple[int, Node], ...]


def linear(node: Node, definitions: Definitions) -> Linear | None:
    """Read a tree as sums of ``now`` and of what stands still; None if it isn't made so."""
    node = definitions.follow(node)
    if not definitions.needs(node).moving:
        return Linear(0, ((1, node),))
    if isinstance(node, Now):
        return Linear(1, ())
    if isinstance(node, Negate):
        part = linear(node.part, definitions)
        return None if part is None else Linear(-part.sign, tuple((-sign, one) for sign, one in part.rest))
    if not isinstance(node, Arithmetic) or node.op not in "+-":
        return None
    left, right = linear(node.left, definitions), linear(node.right, definitions)
    if left is None or right is None:
        return None
    turn = 1 if node.op == "+" else -1
    return Linear(left.sign + turn * right.sign, left.rest + tuple((turn * sign, one) for sign, one in right.rest))


class Link(NamedTuple):
    """One step of a chain: what is done, with what, and whether that stands on the left."""

    op: str
    other: Node | None
    on_the_left: bool


class Chain(NamedTuple):
    """``now`` or the days since an instant, then step by step sums, products and quotients."""

    since: Node | None
    links: tuple[Link, ...]


def chain(node: Node, definitions: Definitions) -> Chain | None:
    """Read a tree as a chain; None if it isn't one."""
    node = definitions.follow(node)
    if isinstance(node, Now):
        return Chain(None, ())
    if isinstance(node, Call) and node.function == "days_since" and not definitions.needs(node.arguments[0]).moving:
        return Chain(node.arguments[0], ())
    if isinstance(node, Negate):
        part = chain(node.part, definitions)
        return None if part is None else Chain(part.since, (*part.links, Link("-", None, True)))
    if not isinstance(node, Arithmetic):
        return None
    on_the_left = not definitions.needs(node.left).moving
    moving, other = (node.right, node.left) if on_the_left else (node.left, node.right)
    if definitions.needs(other).moving or (node.op == "/" and on_the_left):
        return None
    part = chain(moving, definitions)
    return None if part is None else Chain(part.since, (*part.links, Link(node.op, other, on_the_left)))


def flip_after(answer: Callable[[Instant], bool], guess: Instant, now: Instant) -> Instant | None:
    """Give the first instant after `now` at which an answer that changes once at most has changed; None if it never does.

    >>> flip_after(lambda at: at > 41, 40, 0), flip_after(lambda at: at > 41, 40, 50)
    (42, None)
    """
    for reach in (0, 3, 1_000):
        low, high = max(guess - 1 - reach, now), guess + reach
        if now < high < LAST_INSTANT and answer(low) != answer(high):
            return _bisect(answer, low, high)
    return _bisect(answer, now, LAST_INSTANT) if answer(now) != answer(LAST_INSTANT) else None


def _bisect(answer: Callable[[Instant], bool], low: Instant, high: Instant) -> Instant:
    """Give the first instant after `low` that is answered otherwise; that is so of `high`."""
    before = answer(low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if answer(middle) == before else (low, middle)
    return high


@lru_cache(maxsize=1 << 12)
def day_begins(day: int, zone: str) -> Instant:
    """Give the first instant whose day, in days since 1970-01-01, is this one or a later one.

    >>> day_begins(1, "UTC") == DAY
    True
    """
    return _bisect(lambda at: today(at, zone) >= day, (day - 3) * DAY, (day + 3) * DAY)
