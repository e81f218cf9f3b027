"""The tree of a rule or trait: frozen values without logic.

Every reading of the language - check, meaning, query, explain, text - is a function over these. Two trees are equal when
they say the same; where a node stood in its text (`span`) does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from smalti.facts import Microseconds, Type

Span: TypeAlias = tuple[int, int]
"""Line and column in the text of the definition, both counted from 1."""


@dataclass(frozen=True)
class Node:
    """What every node is."""

    span: Span | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True)
class Literal(Node):
    """A value written out: text, number, boolean, duration (microseconds) or instant (microseconds UTC).

    A number that meets money becomes a literal of money, in minor units, when the tree is checked.
    """

    value: str | int | float | bool
    type: Type


@dataclass(frozen=True)
class Name(Node):
    """A trait, attribute or score; within a condition on one fact, a column of its stream."""

    name: str


@dataclass(frozen=True)
class Its(Node):
    """A column of the fact just outside a sequence's ``where``: the one that is followed or preceded."""

    column: str


@dataclass(frozen=True)
class Now(Node):
    """The as-of instant."""


@dataclass(frozen=True)
class StartOf(Node):
    """The start of the calendar unit that the as-of instant lies in.

    Attributes:
        unit: One of ``day week month quarter year``.
        zone: The time zone, filled in when the tree is checked.
    """

    unit: str
    zone: str | None = None


@dataclass(frozen=True)
class Last(Node):
    """The window of facts with ``T - duration < at <= T``: a fact leaves exactly at ``at + duration``."""

    duration: Microseconds


@dataclass(frozen=True)
class This(Node):
    """The window of facts in the calendar unit that T lies in, up to T; fields as of `StartOf`."""

    unit: str
    zone: str | None = None


@dataclass(frozen=True)
class After(Node):
    """The window of facts with ``instant < at``; an instant about the customer, asked as of T."""

    instant: Node


@dataclass(frozen=True)
class Before(Node):
    """The window of facts with ``at < instant``."""

    instant: Node


@dataclass(frozen=True)
class During(Node):
    """The window of facts with ``low <= at <= high``."""

    low: Node
    high: Node


Window: TypeAlias = Last | This | After | Before | During
"""Which of the facts that are visible at T an aggregate looks at; a missing bound lets none pass."""


@dataclass(frozen=True)
class Aggregate(Node):
    """A summary of a customer's facts in one stream.

    Attributes:
        function: A key of `aggregates.AGGREGATES`.
        stream: The stream's name.
        column: The column summarised, or None for a summary of the facts themselves.
        window: Which facts; None takes all that are visible.
        where: A condition on one fact; only facts for which it is true count. Of ``all`` it is what is asked.
        nth: Of ``nth`` only: which one, counted from 1.
    """

    function: str
    stream: str
    column: str | None = None
    window: Window | None = None
    where: Node | None = None
    nth: int | None = None


@dataclass(frozen=True)
class Sequence(Node):
    """A condition on one fact: whether another fact follows or precedes it.

    Followed: there is a fact b of the stream with ``at < b.at <= T``, at most `within` later, for which `where` is true.
    While one may still come in time the answer is unknown. Preceded: the same backwards, ``b.at < at``; never unknown.

    Attributes:
        order: ``followed_by`` or ``preceded_by``.
        stream: The stream of the other fact.
        within: The longest time between the two, both ends included; None for any.
        where: A condition on the other fact, in which `Its` names columns of this one.
    """

    order: str
    stream: str
    within: Microseconds | None = None
    where: Node | None = None


@dataclass(frozen=True)
class Member(Node):
    """Whether the customer is in another segment: true or false, never unknown."""

    segment: str


@dataclass(frozen=True)
class Score(Node):
    """A fitted score by its name; a `Name` once the tree is checked."""

    name: str


@dataclass(frozen=True)
class People(Node):
    """Whether a rule is true of an account's people.

    Attributes:
        quantifier: ``any``, ``all`` or ``no``. Of an account without people any is false, all and no are true.
        rule: What is asked of each of them, as of T, in three-valued logic.
        link: What names a person's account, filled in when the tree is checked.
    """

    quantifier: str
    rule: Node
    link: Node | None = None


@dataclass(frozen=True)
class Arithmetic(Node):
    """``left op right`` with op one of ``+ - * /``; division is real, and by zero missing."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Negate(Node):
    """The negative of a number, money or duration."""

    part: Node


@dataclass(frozen=True)
class Compare(Node):
    """``left op right`` with op one of ``= != < <= > >=``."""

    op: str
    left: Node
    right: Node


MIRRORED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""By comparison the one that says the same with its sides changed."""

OPPOSITES = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
"""By comparison the one that is true where it is false."""


@dataclass(frozen=True)
class Logic(Node):
    """All (``and``) or any (``or``) of two or more parts, in three-valued logic."""

    op: str
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not(Node):
    """Not, in three-valued logic: the opposite of unknown is unknown."""

    part: Node


@dataclass(frozen=True)
class In(Node):
    """Whether a value is one of the options, all literals."""

    part: Node
    options: tuple[Node, ...]


@dataclass(frozen=True)
class Between(Node):
    """``low <= part <= high``."""

    part: Node
    low: Node
    high: Node


@dataclass(frozen=True)
class Like(Node):
    """Whether text fits a pattern in which ``%`` stands for any characters and ``_`` for one."""

    part: Node
    pattern: str


@dataclass(frozen=True)
class IsMissing(Node):
    """Whether a value is missing: never unknown itself."""

    part: Node


@dataclass(frozen=True)
class Case(Node):
    """The value of the first branch whose condition is true, else `otherwise`, else missing."""

    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None = None


@dataclass(frozen=True)
class Call(Node):
    """A function of values, a key of `functions.FUNCTIONS`."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Quantile(Node):
    """A fitted constant: the smallest value that at least the share `p` of customers do not exceed.

    It is fitted once per run over the customers for whom `of` is not missing and `among`, if given, is true; assigning a
    customer then only compares. Type 1 of Hyndman and Fan (1996), so that it is a value somebody has.
    """

    of: Node
    p: float
    among: Node | None = None


def children(node: Node) -> Iterator[Node]:
    """Give the nodes directly below one, in the order in which they are written.

    >>> [child.name for child in children(Compare("<", Name("a"), Name("b")))]
    ['a', 'b']
    """
    for part in fields(node):
        yield from _nodes_in(getattr(node, part.name))


def walk(node: Node) -> Iterator[Node]:
    """Give a node and all below it, each before its own."""
    yield node
    for child in children(node):
        yield from walk(child)


def rebuild(node: Node, change: Callable[[Node], Node]) -> Node:
    """Give the node with each of its direct children replaced by what `change` makes of it."""
    changed = {part.name: _changed(getattr(node, part.name), change) for part in fields(node) if part.name != "span"}
    return replace(node, **changed)


def _nodes_in(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes_in(item)


def _changed(value: Any, change: Callable[[Node], Node]) -> Any:
    if isinstance(value, Node):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_changed(item, change) for item in value)
    return value
