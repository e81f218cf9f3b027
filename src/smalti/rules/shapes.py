"""What the fields of a node may hold beyond their Python types: the words there are, and how many parts.

Text cannot break these rules, for the grammar does not let it; a tree built in Python or sent by a browser can. `check`
asks here first, and the JSON form takes its words from the same table.

>>> from smalti.rules.nodes import Aggregate
>>> print(misshapen(Aggregate("cuont", "orders"))[0])
unknown aggregate: found 'cuont', wanted one of count, any, all, sum, mean, min, max, first, last, nth, distinct, \
most_frequent; did you mean 'count'?
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from smalti.errors import Problem, nearest
from smalti.facts import FOREVER_AGO, LAST_INSTANT, LONGEST, UNITS, Type
from smalti.rules.aggregates import AGGREGATES
from smalti.rules.functions import FUNCTIONS
from smalti.rules.nodes import (
    Aggregate,
    Arithmetic,
    Call,
    Case,
    Compare,
    In,
    Last,
    Literal,
    Logic,
    Negate,
    Node,
    People,
    Sequence,
    StartOf,
    This,
    walk,
)

WORDS: Mapping[tuple[type[Node], str], tuple[str, tuple[str, ...]]] = {
    (Aggregate, "function"): ("aggregate", tuple(AGGREGATES)),
    (Call, "function"): ("function", tuple(FUNCTIONS)),
    (Compare, "op"): ("comparison", ("=", "!=", "<", "<=", ">", ">=")),
    (Arithmetic, "op"): ("sign of arithmetic", ("+", "-", "*", "/")),
    (Logic, "op"): ("word of logic", ("and", "or")),
    (StartOf, "unit"): ("unit of the calendar", UNITS),
    (This, "unit"): ("unit of the calendar", UNITS),
    (Sequence, "order"): ("sequence", ("followed_by", "preceded_by")),
    (People, "quantifier"): ("question about people", ("any", "all", "no")),
}
"""By node and field: what its word is called, and the words there are."""

LEAST: Mapping[tuple[type[Node], str], int] = {(Logic, "parts"): 2, (In, "options"): 1, (Case, "branches"): 1}
"""By node and field: the fewest parts it needs."""

_SURROGATE = re.compile("[\ud800-\udfff]")
TOO_LARGE = 2**63
"""The first whole number that no engine holds."""


def misshapen(node: Node) -> list[Problem]:
    """Give what is wrong with the shape of a tree; nothing for any tree that came from text."""
    return [problem for part in walk(node) for problem in _problems(part)]


def unknown_word(what: str, found: object, words: tuple[str, ...]) -> Problem:
    """Tell of a word that is not among those there are."""
    turned = next((word for word in words if sorted(word) == sorted(str(found))), None)
    near = turned or (nearest(str(found), words) if words[0].isidentifier() else None)
    return Problem(f"unknown {what}", str(found), "one of " + ", ".join(words), near)


def is_written_out(node: Node) -> bool:
    """Whether a node is a value written out, with a minus or without."""
    return isinstance(node, Literal) or (isinstance(node, Negate) and isinstance(node.part, Literal))


def holds(value: object, kind: Type) -> bool:
    """Whether a Python value can be one of a type, and one that the engines hold.

    >>> holds(5, Type.INTEGER), holds(True, Type.INTEGER), holds(float("inf"), Type.NUMBER)
    (True, False, False)
    """
    if kind is Type.TEXT:
        return isinstance(value, str) and not _SURROGATE.search(value)
    if kind is Type.BOOLEAN:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if kind is Type.NUMBER:
        return math.isfinite(value)
    if not isinstance(value, int):
        return False
    if kind is Type.INSTANT:
        return FOREVER_AGO <= value <= LAST_INSTANT
    return abs(value) <= LONGEST if kind is Type.DURATION else abs(value) < TOO_LARGE


def _problems(node: Node) -> Iterator[Problem]:
    line, column = node.span or (None, None)
    for (owner, name), (what, words) in WORDS.items():
        if type(node) is owner and getattr(node, name) not in words:
            yield unknown_word(what, getattr(node, name), words).at(line=line, column=column)
    for (owner, name), least in LEAST.items():
        if type(node) is owner and len(getattr(node, name)) < least:
            few = f"{len(getattr(node, name))} {name}"
            yield Problem(f"too few {name}", few, f"at least {least}", line=line, column=column)
    for what, found, wanted in _oddities(node):
        yield Problem(what, str(found), wanted, line=line, column=column)


def _oddities(node: Node) -> Iterator[tuple[str, object, str]]:
    match node:
        case Last(length) | Sequence(within=int(length)) if length > LONGEST:
            yield "too long", length, "at most 10,000 years in microseconds"
        case Literal(value, kind) if not holds(value, kind):
            yield f"not a value of {kind}", value, f"a value of {kind} that can be held"
        case Aggregate("nth", nth=nth) if nth is None or nth < 1:
            yield "not a place to count to", nth, "a whole number from 1"
        case Aggregate(function, nth=nth) if function != "nth" and nth is not None:
            yield f"{function} counts to no place", nth, "nth, or no number"
        case In(_, options) if not all(is_written_out(option) for option in options):
            yield "an option that is not written out", type(node).__name__.lower(), "values such as 'shoes' or 5"
