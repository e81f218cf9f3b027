"""Checking templates: unknown fields, mistakes and all that is forbidden, each with its line, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from jinja2 import nodes

from smalti.errors import Problem, SmaltiError, nearest
from smalti.facts import Type
from smalti.strategy.messages.filters import FILTERS
from smalti.strategy.messages.markup import is_html, unsafe_places
from smalti.strategy.messages.syntax import tree_of
from smalti.strategy.messages.values import locale_of
from smalti.strategy.treatments import MessageDefinition, VariantDefinition

OFFER = "offer"
"""The name by which a body speaks of its message's offer."""
RESERVED = frozenset({"self", "loop", "super", "caller", "varargs", "kwargs"})
"""Names that templates keep for themselves."""
TESTS = ("missing", "defined")
"""What can be asked with ``is``."""

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Filter,
    nodes.Keyword,
    nodes.Test,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.List,
    nodes.Tuple,
)
_LOOKED_UP = ("a part of a value", "a trait of its own")
_RECKONED = ("arithmetic", "a trait that reckons it")
_TOLD: tuple[tuple[type[nodes.Node], tuple[str, str]], ...] = (
    (nodes.For, ("a loop", "one customer's own values, which are no lists")),
    (nodes.Call, ("a call", "names and filters")),
    (nodes.Getattr, _LOOKED_UP),
    (nodes.Getitem, _LOOKED_UP),
    (nodes.Concat, ("a joining of texts", "them side by side, each in its braces")),
    (nodes.Neg, _RECKONED),
    (nodes.BinExpr, _RECKONED),
    (nodes.UnaryExpr, _RECKONED),
    (nodes.Include, ("another template", "one that is whole")),
    (nodes.Import, ("another template", "one that is whole")),
    (nodes.FromImport, ("another template", "one that is whole")),
    (nodes.Extends, ("another template", "one that is whole")),
)
_OTHERWISE = ("what is no name, filter or if", "only these")
_ESCAPES = frozenset({"e", "escape", "forceescape", "safe"})
_NUMBERS = frozenset({Type.INTEGER, Type.NUMBER, Type.MONEY})
Names: TypeAlias = Mapping[str, Type | None] | Iterable[str]


@lru_cache(maxsize=1 << 10)
def fields_of(text: str) -> tuple[str, ...]:
    """Give the names of the values that a template speaks of, sorted; none where it cannot be read.

    >>> fields_of("Dear {{ first_name | default('customer') }}, {% if points > 5 %}well done{% endif %}")
    ('first_name', 'points')
    """
    tree = tree_of(text)
    return () if isinstance(tree, Problem) else tuple(sorted({node.name for node in tree.find_all(nodes.Name)}))


def check_template(text: str, names: Names, *, markup: bool | None = None) -> list[Problem]:
    r"""Tell all that is wrong with a template.

    Args:
        text: The template.
        names: The names that it may speak of; with their types where they are known, else mistakes of type show only when
            it is filled in.
        markup: Whether it is part of an HTML text; left out, it is where there is a tag in it.

    Returns:
        Problems, each with its line in the template; empty where there are none.

    >>> for problem in check_template("Dear {{ frist_name }},\n{{ orders.__class__ }} {{ 7 * 7 }}", ["first_name", "orders"]):
    ...     print(problem)
    1: unknown field: found 'frist_name', wanted a trait or an attribute; did you mean 'first_name'?
    2: forbidden in a template: found 'a part of a value', wanted a trait of its own
    2: forbidden in a template: found 'arithmetic', wanted a trait that reckons it
    """
    tree = tree_of(text)
    if isinstance(tree, Problem):
        return [tree]
    kinds = dict(names) if isinstance(names, Mapping) else dict.fromkeys(names)
    parts, problems = _sorted_out(tree)
    problems += _unknown(parts, kinds)
    if not problems:
        problems = [*_ill_typed(tree, kinds)]
    if not problems and (is_html(tree) if markup is None else markup):
        problems = [*unsafe_places(tree)]
    return sorted(problems, key=lambda one: one.line or 0)


def check_message(message: MessageDefinition, names: Names) -> list[Problem]:
    """Tell all that is wrong with a message: its language, and each template of it and of its variants.

    Returns:
        Problems, each with its line in the template and the template as its subject, such as ``body of the variant 'vip'``.

    >>> [str(one) for one in check_message(MessageDefinition(subject="{{ ofer }}", body="{{ offer }}"), ["age"])]
    ["1: subject: unknown field: found 'ofer', wanted a trait or an attribute"]
    """
    kinds = dict(names) if isinstance(names, Mapping) else dict.fromkeys(names)
    problems = []
    if message.language is not None:
        try:
            locale_of(message.language)
        except SmaltiError as error:
            problems.append(Problem(str(error)).of("language"))
    parts: list[tuple[str, MessageDefinition | VariantDefinition]] = [("", message)]
    parts += [(f" of the variant '{one.name or one.segment}'", one) for one in message.variants]
    for whose, part in parts:
        tree = tree_of(part.body if part.body is not None else message.body)
        markup = not isinstance(tree, Problem) and is_html(tree)
        inside = {**kinds, OFFER: Type.TEXT}
        for what, text, known, is_markup in (
            ("subject", part.subject, kinds, False),
            ("offer", part.offer, kinds, markup),
            ("body", part.body, inside, markup),
        ):
            problems += [one.of(what + whose) for one in check_template(text or "", known, markup=is_markup)]
        if whose and part.offer is None and markup:
            problems += [one.of("body" + whose) for one in check_template(message.offer, kinds, markup=True)]
    return problems


def _sorted_out(tree: nodes.Template) -> tuple[list[nodes.Node], list[Problem]]:
    """Give the parts of a template that may be there, and what is wrong with the others; within these nothing is looked at."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 1)]
    allowed: list[nodes.Node] = []
    problems = []
    while waiting:
        node, line = waiting.pop()
        line = node.lineno or line
        minus = isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const)
        if isinstance(node, nodes.Const) and node.value is None:
            told = ("none", "is missing, as in {% if age is missing %}")
        elif isinstance(node, _ALLOWED) or minus:
            allowed.append(node)
            waiting += [(child, line) for child in reversed([*node.iter_child_nodes()])]
            continue
        else:
            told = next((told for kind, told in _TOLD if isinstance(node, kind)), _OTHERWISE)
        problems.append(Problem("forbidden in a template", *told, line=line))
    return allowed, problems


def _unknown(parts: Iterable[nodes.Node], kinds: Mapping[str, Type | None]) -> Iterator[Problem]:
    """Tell which names, filters and questions there are not, and which ifs say nothing otherwise."""
    for one in parts:
        if isinstance(one, nodes.Name) and (one.name not in kinds or one.name in RESERVED):
            hint = nearest(one.name, set(kinds) - RESERVED)
            yield Problem("unknown field", one.name, "a trait or an attribute", hint, line=one.lineno)
        elif isinstance(one, nodes.Filter):
            yield from _wrong_filter(one)
        elif isinstance(one, nodes.Test):
            if one.name not in TESTS or one.args or one.kwargs or not isinstance(one.node, nodes.Name):
                yield Problem("unknown question", one.name, "a name that is missing, or is defined", line=one.lineno)
        elif isinstance(one, nodes.CondExpr) and one.expr2 is None:
            yield Problem("an if without else", wanted="what is said otherwise", line=one.lineno)


def _wrong_filter(one: nodes.Filter) -> Iterator[Problem]:
    """Tell what is wrong with a filter and what it is given beside the value."""
    line = one.lineno
    if one.name == "default":
        if len(one.args) != 1 or one.kwargs:
            yield Problem("a default is one value", wanted="such as default('customer')", line=line)
        return
    if one.name in _ESCAPES:
        yield Problem(
            "forbidden filter", one.name, "none: values are escaped by themselves where a message is HTML", line=line
        )
        return
    known = FILTERS.get(one.name)
    if known is None:
        yield Problem(
            "unknown filter", one.name, f"one of default, {', '.join(FILTERS)}", nearest(one.name, FILTERS), line=line
        )
        return
    given: dict[object, nodes.Node] = dict(zip([name for name, _ in known.fits], one.args, strict=False))
    extra = len(one.args) > len(known.fits) or one.dyn_args is not None or one.dyn_kwargs is not None
    given |= {word.key: word.value for word in one.kwargs}
    fits: dict[object, Callable[[Any], bool]] = dict(known.fits)
    for name, value in given.items():
        if name not in fits or not isinstance(value, nodes.Const) or not fits[name](value.value):
            extra = True
    if extra:
        yield Problem(f"what the filter {one.name} takes", wanted=known.about, line=line)


def _ill_typed(tree: nodes.Template, kinds: Mapping[str, Type | None]) -> Iterator[Problem]:
    """Tell where types do not go together, as far as they are known."""
    for one in tree.find_all(nodes.Filter):
        known, kind = FILTERS.get(one.name), _kind(one.node, kinds)
        if known and kind is not None and known.takes and kind not in known.takes:
            wanted = " or ".join(sorted(known.takes))
            yield Problem(f"the filter {one.name} was given a wrong type", kind, wanted, line=one.lineno)
    for compared in tree.find_all(nodes.Compare):
        left: Type | None = _kind(compared.expr, kinds)
        for operand in compared.ops:
            others = operand.expr.items if isinstance(operand.expr, nodes.List | nodes.Tuple) else [operand.expr]
            for right in (_kind(other, kinds) for other in others):
                if left and right and not _alike(left, right):
                    yield Problem(
                        "cannot be compared", f"{left} with {right}", "values of one type", line=compared.lineno
                    )
            left = _kind(operand.expr, kinds)
    yield from _unwritable(tree, kinds)


def _unwritable(tree: nodes.Template, kinds: Mapping[str, Type | None]) -> Iterator[Problem]:
    """Tell what stands between braces and gives no words."""
    for output in tree.find_all(nodes.Output):
        for told in output.nodes:
            kind: str | None = "list" if isinstance(told, nodes.List | nodes.Tuple) else _kind(told, kinds)
            if kind in ("list", Type.BOOLEAN, Type.DURATION):
                wanted = "a text, a number, money or an instant; ask yes or no with {% if %}"
                yield Problem("what cannot be written", kind, wanted, line=told.lineno)


def _alike(one: Type, two: Type) -> bool:
    return one is two or {one, two} <= _NUMBERS


def _kind(node: nodes.Node | None, kinds: Mapping[str, Type | None]) -> Type | None:
    """Give the type of what an expression gives, None where it is not known."""
    if isinstance(node, nodes.Name):
        return kinds.get(node.name)
    if isinstance(node, nodes.Neg):
        return _kind(node.node, kinds)
    if isinstance(node, nodes.Const):
        told = {str: Type.TEXT, bool: Type.BOOLEAN, int: Type.INTEGER, float: Type.NUMBER}
        return told.get(type(node.value))
    if isinstance(node, nodes.Compare | nodes.Test | nodes.Not):
        return Type.BOOLEAN
    if isinstance(node, nodes.And | nodes.Or):
        sides = {_kind(node.left, kinds), _kind(node.right, kinds)}
        return Type.BOOLEAN if Type.BOOLEAN in sides else sides.pop() if len(sides) == 1 else None
    if isinstance(node, nodes.Filter) and node.node is not None:
        known = FILTERS.get(node.name)
        return known.gives if known and known.gives else _kind(node.node, kinds)
    return None
