"""The outcome by which segmentations are tested: what happens after an instant, and nothing before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from smalti.errors import DefinitionError, Problem
from smalti.facts import CUSTOMERS, Type
from smalti.rules import (
    Aggregate,
    Last,
    Member,
    Name,
    Node,
    Quantile,
    Score,
    Vocabulary,
    check,
    names_in,
    parse,
    walk,
    write,
)
from smalti.rules.nodes import rebuild
from smalti.strategy import VALUE_COLUMNS

_KINDS = (Type.INTEGER, Type.NUMBER, Type.MONEY, Type.BOOLEAN)


def outcome_of(written: str, words: Vocabulary, traits: Mapping[str, Node]) -> tuple[Node | None, list[Problem]]:
    """Make an outcome ready, traits that it names written out; or tell what is wrong with it.

    Args:
        written: The outcome in the language.
        words: What it may speak of.
        traits: The traits, made ready.

    >>> from smalti.facts import ORDERS, Currency
    >>> words = Vocabulary({"orders": ORDERS}, {}, Currency("EUR"))
    >>> outcome_of("count(orders)", words, {})[1], outcome_of("count(orders", words, {})[0]
    ([], None)
    """
    try:
        tree = parse(written)
    except DefinitionError as error:
        return None, list(error.problems)
    checked = check(tree, words)
    problems = list(checked.problems)
    problems += [
        Problem("an outcome that is foreseen", name, "what happened") for name in names_in(tree) & VALUE_COLUMNS.keys()
    ]
    if not problems and checked.type not in _KINDS:
        wanted = "a number, money, or a condition, such as count(orders)"
        problems.append(Problem("an outcome that cannot be compared", f"{written} ({checked.type})", wanted))
    if problems:
        return None, problems
    node = _written_out(checked.node, traits)
    problems = list(_out_of_place(node))
    return (None, problems) if problems else (node, [])


def _written_out(node: Node, traits: Mapping[str, Node]) -> Node:
    if isinstance(node, Name) and node.name in traits:
        return _written_out(traits[node.name], traits)
    return rebuild(node, lambda one: _written_out(one, traits))


def _out_of_place(node: Node) -> Iterator[Problem]:
    for part in walk(node):
        if isinstance(part, Member | Quantile | Score):
            yield Problem("an outcome that is fitted", write(part), "what happened to the customer alone")
        if isinstance(part, Aggregate) and part.stream != CUSTOMERS.name and not isinstance(part.window, Last | None):
            wanted = "an aggregate without a window, which sees what happened after the earlier instant, or with last"
            yield Problem("an outcome that may see what was before", write(part), wanted)
