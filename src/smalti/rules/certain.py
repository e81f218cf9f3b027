"""Certainties: rules and parts of them that are always true or never, windows that hold nothing, branches never reached.

They have a meaning and are no mistakes of the language, so `check` lets them pass; but nobody means them, so a project tells
of them where it checks what people wrote. What is called certain is so for every customer at every instant, see `possible`.

>>> from smalti.rules.text import parse
>>> for problem in certainty(parse("count(orders) > 5 and vip and count(orders) < 3")):
...     print(problem)
1:31: a rule that is never true: found 'count(orders) > 5 and count(orders) < 3', wanted one that can be true
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from smalti.errors import Problem
from smalti.rules.functions import TO_MINOR
from smalti.rules.nodes import (
    After,
    Aggregate,
    Call,
    Case,
    Compare,
    During,
    Literal,
    Logic,
    Node,
    Not,
    Now,
    People,
    Quantile,
    Sequence,
    Window,
    children,
)
from smalti.rules.possible import CONDITIONS, Given, assume, fact_in, possible, reached
from smalti.rules.ranges import Answers
from smalti.rules.text import write


def certainty(node: Node, written: Node | None = None) -> list[Problem]:
    """Give what is certain about a rule or trait and can hardly be meant, in the order in which it is written.

    A rule that is nothing but ``true`` is meant: everyone. Of what is certain because a part of it is, only the part is told.

    Args:
        node: The tree, made ready by `check`.
        written: The same tree before that, in whose words the problems are told; without it the ready tree's own.
    """
    words = dict(_pairs(node, written)) if written is not None else {}
    finder = _Finder(node, words)
    return list(finder.rule(node, Given()) if _is_rule(node) else finder.below(node, Given()))


def _is_rule(node: Node) -> bool:
    return isinstance(node, CONDITIONS) or (isinstance(node, Literal) and isinstance(node.value, bool))


def _pairs(ready: Node, written: Node) -> Iterator[tuple[int, Node]]:
    """Give each node of a ready tree, by identity, with the node it was made from."""
    yield id(ready), written
    own_money = isinstance(written, Call) and written.function == "money"
    if isinstance(ready, Call) and ready.function == TO_MINOR:
        ready = ready.arguments[0]
        yield id(ready), written
    elif own_money:
        yield from _pairs(ready, next(children(written)))
        return
    for one, other in zip(children(ready), children(written), strict=False):
        yield from _pairs(one, other)


@dataclass(frozen=True)
class _Finder:
    """One walk over one tree.

    Attributes:
        root: The whole tree.
        words: The nodes as they were written, by the identity of what `check` made of them.
    """

    root: Node
    words: Mapping[int, Node]

    def text(self, node: Node) -> str:
        return write(self.words.get(id(node), node))

    def problem(self, what: str, node: Node, wanted: str, found: str | None = None) -> Problem:
        line, column = node.span or (None, None)
        return Problem(what, found or self.text(node), wanted, line=line, column=column)

    def rule(self, node: Node, given: Given) -> Iterator[Problem]:
        """Tell of a condition where one is asked: of its parts, or if nothing is to be said of them, of itself."""
        inside = node
        while isinstance(inside, Not):
            inside = inside.part
        parts = list(self.below(inside, given))
        yield from parts or self._verdict(node, given)

    def below(self, node: Node, given: Given) -> Iterator[Problem]:
        """Tell of what is below a node."""
        match node:
            case Logic(_, parts):
                for part in parts:
                    yield from self.rule(part, given)
            case Aggregate(window=window, where=where):
                if window is not None:
                    yield from self._window(window)
                if where is not None:
                    yield from self.rule(where, fact_in(window))
            case Sequence(where=where):
                if where is not None:
                    yield from self.rule(where, fact_in(None))
            case People(rule=rule):
                yield from self.rule(rule, Given())
            case Quantile(of, _, among):
                yield from self.part(of, Given())
                if among is not None:
                    yield from self.rule(among, Given())
            case Case():
                yield from self._case(node, given)
            case _:
                for child in children(node):
                    yield from self.part(child, given)

    def part(self, node: Node, given: Given) -> Iterator[Problem]:
        """Tell of a part that need not be a condition."""
        return self.rule(node, given) if isinstance(node, CONDITIONS) else self.below(node, given)

    def _verdict(self, node: Node, given: Given) -> Iterator[Problem]:
        if isinstance(node, Literal) and node.value is True:
            return
        sort = "rule" if node is self.root else "condition"
        match _certain(possible(node, given)):
            case "never":
                place, found = self._reason(node, given)
                yield self.problem(f"a {sort} that is never true", place, "one that can be true", found)
            case "always":
                yield self.problem(f"a {sort} that is always true", node, "one that can be false")
            case "whenever":
                yield self.problem(
                    f"a {sort} that is true whenever it is known", node, "one that can be false, or is missing"
                )

    def _reason(self, node: Node, given: Given) -> tuple[Node, str]:
        """Give where a rule contradicts itself, and the two parts that do."""
        if isinstance(node, Logic) and node.op == "and":
            for one, two in combinations(node.parts, 2):
                if assume(Logic("and", (one, two)), True, given) is None:
                    words = tuple(self.words.get(id(part), part) for part in (one, two))
                    return two, write(Logic("and", words))
        return node, self.text(node)

    def _window(self, window: Window) -> Iterator[Problem]:
        for bound in children(window):
            yield from self.part(bound, Given())
        held, wanted = "can never hold anything", ""
        match window:
            case During(low, high) if True not in possible(Compare("<=", low, high)):
                wanted = "a start before the end"
            case During(low, high) if possible(Compare("<", low, high)) <= {False, None} and not _one(low, high):
                held, wanted = "holds one instant at most", "a start before the end"
            case During(low, _) if True not in possible(Compare("<=", low, Now())):
                wanted = "a start that is not in the future"
            case After(instant) if True not in possible(Compare("<", instant, Now())):
                wanted = "a start that is not in the future"
        if wanted:
            yield self.problem(f"a window that {held}", window, wanted)

    def _case(self, node: Case, given: Given) -> Iterator[Problem]:
        for number, (condition, value) in enumerate(node.branches):
            inside = list(self.rule(condition, given))
            yield from inside
            if not inside and reached(node, number, given) is None:
                yield self.problem(
                    "a branch that is never reached", condition, "a condition that no branch before it takes up"
                )
            yield from self.part(value, given)
        if node.otherwise is not None:
            if reached(node, len(node.branches), given) is None:
                wanted = "branches that leave something over"
                yield self.problem("an else that is never reached", node.otherwise, wanted)
            yield from self.part(node.otherwise, given)


def _one(low: Node, high: Node) -> bool:
    """Whether two instants are always one, so that a window between them asks for that very instant."""
    return True not in possible(Compare("!=", low, high))


def _certain(answers: Answers) -> str | None:
    if True not in answers:
        return "never"
    if False not in answers:
        return "whenever" if None in answers else "always"
    return None
