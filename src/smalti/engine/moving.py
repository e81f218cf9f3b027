"""When what a run says of a customer changes by itself: read from the run's row of her alone, without her facts.

A run keeps values of traits, not facts. A trait such as days since the latest order moves with the clock from what the row
holds: that is followed to the microsecond by the live step. A trait over the last 365 days changes when an order leaves that
window, of which the row says nothing: of it nothing is foretold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smalti.errors import DefinitionError
from smalti.facts import CUSTOMERS, STANDARD_STREAMS, Currency, Instant, Type
from smalti.rules import (
    Aggregate,
    Call,
    IsMissing,
    Last,
    Member,
    Name,
    Node,
    Now,
    People,
    Quantile,
    StartOf,
    This,
    Vocabulary,
    check,
    names_in,
    parse,
    rebuild,
    walk,
    write,
)
from smalti.rules.functions import DRAW, SINCE
from smalti.rules.step import Step
from smalti.segments import FRAMEWORKS
from smalti.traits import standard_traits


def foretold(
    rule: Node,
    info: Mapping[str, Any],
    values: Mapping[str, Any],
    fitted: Mapping[Quantile, Any],
    customer_id: str = "",
) -> Callable[[Node], Instant | None]:
    """Give what foretells when the parts of a rule change if nothing happens; None where they don't, or it can't be told.

    Args:
        rule: The rule, made ready, over names of the run's table of customers.
        info: The run.
        values: The customer's values, by name, in the form the meaning takes.
        fitted: The constants of the rule's quantiles.
        customer_id: Who the customer is, of whom nothing else makes her draws.
    """
    traits, opaque = _followed(info, values)
    constants = _constants(info, [rule, *traits.values()]) | dict(fitted)
    reached = _reached(rule, traits)
    mine = {name: traits[name] for name in reached if name in traits}
    held = reached - mine.keys()
    drawn = {write(part): IsMissing(part) for part in walk(rule) if isinstance(part, Call) and part.function == DRAW}
    step = Step(mine, {name: IsMissing(Name(name)) for name in sorted(held)} | drawn, {}, constants)
    state, now = step.empty(customer_id), info["as_of_microseconds"]
    step.on_time(state, now)
    for name in sorted(held):
        step.set_score(state, name, values.get(name), now)

    def changes_at(node: Node) -> Instant | None:
        asked_of_others = any(isinstance(part, Aggregate | Member | People) for part in walk(node))
        if asked_of_others or _reached(node, traits) & opaque:
            return None
        return step.next_change(state, node, now)

    return changes_at


def ages_unseen(info: Mapping[str, Any], values: Mapping[str, Any]) -> Callable[[Node], bool]:
    """Give what tells of a part of a rule whether facts that leave a window may change it, of which the row says nothing.

    Args:
        info: The run.
        values: The customer's values, by name.
    """
    traits, opaque = _followed(info, values)
    return lambda node: bool(_reached(node, traits) & opaque)


def _constants(info: Mapping[str, Any], trees: list[Node]) -> dict[Quantile, Any]:
    known = {one["key"]: one["raw"] for one in info["fitted"]}
    found = {part for tree in trees for part in walk(tree) if isinstance(part, Quantile)}
    return {one: known.get(write(one)) for one in found}


def _reached(node: Node, traits: Mapping[str, Node]) -> set[str]:
    """Give the names a tree speaks of, and those that these rest on."""
    found: set[str] = set()
    edge = names_in(node)
    while edge:
        found |= edge
        edge = {name for one in edge & traits.keys() for name in names_in(traits[one])} - found
    return found


def _followed(info: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[dict[str, Node], set[str]]:
    """Give the traits that move and can be followed from the row, made ready; and the names of those that cannot be."""
    trees = {name: tree for name, tree in _trees(info).items() if name in values}
    still: dict[Node, str] = {
        tree: name for name, tree in trees.items() if isinstance(tree, Aggregate) and not _moves(tree)
    }
    types = {name: Type(kind) for name, kind in info["types"].items()}
    words = Vocabulary({}, types, Currency(info["currency"]), time_zone=info["time_zone"])
    followed: dict[str, Node] = {}
    opaque: set[str] = set()
    for name, tree in trees.items():
        if tree in still or not _moves_at_all(tree, trees):
            continue
        checked = check(_named(tree, still), words)
        if checked.problems:
            opaque.add(name)
        else:
            followed[name] = checked.node
    return followed, opaque


def _trees(info: Mapping[str, Any]) -> dict[str, Node]:
    """Give the definitions of the run's traits as they are written, as far as they are known; not of attributes."""
    texts = {name: one.value for name, one in standard_traits(STANDARD_STREAMS, {}).items()}
    for name, recipe in FRAMEWORKS.items():
        texts |= recipe(_settings(info, name)).traits
    texts |= {name: one["value"] for name, one in info["definitions"]["traits"]}
    found = {}
    for name, text in texts.items():
        if name not in info["attributes"]:
            try:
                found[name] = parse(text)
            except DefinitionError:
                continue
    return found


def _settings(info: Mapping[str, Any], framework: str) -> Any:
    """Give the settings of a framework in the run; of one that is not in it, or whose run kept none, the defaults."""
    used = info["definitions"].get("use") or ()
    pairs = [pair for pair in used if isinstance(pair, list | tuple)]
    return next((settings for one, settings in pairs if one == framework), None)


def _moves(tree: Node) -> bool:
    """Whether a tree itself changes with time: by the clock, or since facts leave its windows."""
    return any(
        isinstance(part, Now | StartOf | Last | This) or (isinstance(part, Call) and part.function in SINCE)
        for part in walk(tree)
    )


def _moves_at_all(tree: Node, trees: Mapping[str, Node]) -> bool:
    named = _reached(tree, trees)
    return _moves(tree) or any(_moves(trees[name]) for name in named & trees.keys())


def _named(tree: Node, still: Mapping[Node, str]) -> Node:
    """Put the names of traits in place of summaries that they stand for, and of attributes' values."""
    if tree in still:
        return Name(still[tree])
    if isinstance(tree, Aggregate) and (tree.stream, tree.function, tree.window) == (CUSTOMERS.name, "last", None):
        return Name(tree.column or "")
    return rebuild(tree, lambda part: _named(part, still))
