"""What a message needs to know: without which values it can't be sent."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes

from smalti.errors import Problem
from smalti.strategy.messages.check import OFFER, fields_of
from smalti.strategy.messages.rendering import wording
from smalti.strategy.messages.syntax import tree_of
from smalti.strategy.treatments import MessageDefinition, VariantDefinition

_Names = frozenset[str]
_NONE: _Names = frozenset()


def needed_by(text: str) -> _Names:
    """Give the names without which a template may not be filled in; where none of them is missing, it is not refused for that.

    A name with a default is not among them, nor one that is spoken of only where it was asked whether it is missing. One
    that is spoken of only under some other condition is.

    >>> sorted(needed_by("{{ a }} {{ b | title | default('you') }} {% if c is not missing %}{{ c }} {{ d }}{% endif %}"))
    ['a', 'd']
    """
    tree = tree_of(text)
    return _NONE if isinstance(tree, Problem) else _needed(tree, _NONE)


def message_fields(message: MessageDefinition) -> tuple[str, ...]:
    """Give the names of all values that a message and its variants speak of, sorted; its own offer is none.

    >>> message_fields(MessageDefinition(offer="{{ saved }}", body="{{ name }}: {{ offer }}"))
    ('name', 'saved')
    """
    wholes = [message, *(wording(message, variant) for variant in message.variants)]
    named = {name for one in wholes for text in (one.subject, one.offer) for name in fields_of(text)}
    bodies = {name for one in wholes for name in fields_of(one.body)}
    return tuple(sorted(named | (bodies - {OFFER})))


def message_needs(message: MessageDefinition, variant: VariantDefinition | None = None) -> _Names:
    """Give the names without which a message, as a variant puts it, may be refused.

    >>> sorted(message_needs(MessageDefinition(subject="{{ a | default('b') }}", body="{{ c }}")))
    ['c']
    """
    told = wording(message, variant)
    return needed_by(told.subject) | needed_by(told.offer) | (needed_by(told.body) - {OFFER})


def _needed(node: nodes.Node, known: _Names) -> _Names:
    """Give what an expression or a part of a template needs, beside what is known to be there."""
    if isinstance(node, nodes.Name):
        return frozenset({node.name}) - known
    if isinstance(node, nodes.Test):
        return _NONE
    if isinstance(node, nodes.Filter) and node.name == "default" and node.node is not None:
        return _needed_by_all(node.args, known) | (_NONE if _is_name(node.node) else _needed(node.node, known))
    if isinstance(node, nodes.And | nodes.Or):
        answer = isinstance(node, nodes.And)
        return _needed(node.left, known) | _needed(node.right, known | _there(node.left, answer))
    if isinstance(node, nodes.If):
        return _needed_by_if(node, known)
    if isinstance(node, nodes.CondExpr):
        there, otherwise = known | _there(node.test, True), known | _there(node.test, False)
        last = _NONE if node.expr2 is None else _needed(node.expr2, otherwise)
        return _needed(node.test, known) | _needed(node.expr1, there) | last
    return _needed_by_all(node.iter_child_nodes(), known)


def _needed_by_all(parts: Iterable[nodes.Node], known: _Names) -> _Names:
    return _NONE.union(*(_needed(part, known) for part in parts))


def _needed_by_if(node: nodes.If, known: _Names) -> _Names:
    needed = _NONE
    for one in (node, *node.elif_):
        needed |= _needed(one.test, known) | _needed_by_all(one.body, known | _there(one.test, True))
        known |= _there(one.test, False)
    return needed | _needed_by_all(node.else_, known)


def _is_name(node: nodes.Node) -> bool:
    """Say whether it is a name, with filters or without, which pass on what is missing."""
    while isinstance(node, nodes.Filter) and node.name != "default" and node.node is not None:
        node = node.node
    return isinstance(node, nodes.Name)


def _there(test: nodes.Node, answer: bool) -> _Names:
    """Give the names that can't be missing where a question was answered so."""
    if isinstance(test, nodes.Not):
        return _there(test.node, not answer)
    if isinstance(test, nodes.Test) and isinstance(test.node, nodes.Name):
        return frozenset({test.node.name}) if answer == (test.name == "defined") else _NONE
    if (isinstance(test, nodes.And) and answer) or (isinstance(test, nodes.Or) and not answer):
        return _there(test.left, answer) | _there(test.right, answer)
    return _NONE
