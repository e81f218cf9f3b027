"""Why a rule holds or does not for one customer: its parts, by how much, and when each will change by itself.

A rule is taken apart down to what cannot be parted: `and`, `or`, `not` inwards, membership into the other segment's rule.
Each part says whether it decides: of an `and` that is false those that are false decide, the others could be anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smalti.facts import Instant, Type
from smalti.rules.explain.sentences import comparison, kind_of, opposite, sentence
from smalti.rules.explain.words import Words
from smalti.rules.functions import TO_MINOR
from smalti.rules.nodes import (
    MIRRORED,
    Arithmetic,
    Between,
    Call,
    Compare,
    In,
    IsMissing,
    Like,
    Literal,
    Logic,
    Member,
    Name,
    Negate,
    Node,
    Not,
    Quantile,
    walk,
)


@dataclass(frozen=True)
class Reason:
    """One part of a rule that is not made of others, and how it stands for one customer.

    Attributes:
        sentence: The part in words.
        answer: Whether it holds; None is unknown.
        found: The customer's own value in words, where the part looks at one.
        change: When it will change by itself, or up to where it stays as it is, in words.
        decides: Whether the answer of the whole rule rests on it.
        away: How far the value is from where the answer changes, in words.
        changes_at: The exact microsecond at which it changes if nothing happens; None if it never does, or nobody said.
        parts: The reasons behind it: those of another segment's rule.
    """

    sentence: str
    answer: bool | None
    found: str | None = None
    change: str | None = None
    decides: bool = True
    away: str | None = None
    changes_at: Instant | None = None
    parts: tuple[Reason, ...] = field(default=())


@dataclass(frozen=True)
class _Case:
    """What is known of the customer, and how it is said."""

    words: Words
    value: Callable[[Node], Any]
    changes_at: Callable[[Node], Instant | None]
    now: Instant | None
    rules: Mapping[str, Node]
    ages_unseen: Callable[[Node], bool]


def reasons(
    node: Node,
    words: Words,
    value: Callable[[Node], Any],
    *,
    changes_at: Callable[[Node], Instant | None] | None = None,
    now: Instant | None = None,
    rules: Mapping[str, Node] | None = None,
    ages_unseen: Callable[[Node], bool] = lambda _: False,
) -> list[Reason]:
    """Tell which parts of a rule hold for one customer, by how much, and when that will change.

    Args:
        node: The rule, made ready by `check`.
        words: How names and values are said.
        value: Gives the customer's value of a tree.
        changes_at: Gives the first instant at which the value of a tree changes with no new fact, or None for never; without
            it nothing is said of changes by themselves.
        now: The as-of instant, so that it can be said how far off a change is.
        rules: The rules of other segments, by name, to look into where membership is asked.
        ages_unseen: Whether time alone may change the value of a tree although `changes_at` cannot tell when.

    Returns:
        The parts in the order in which they are written, nested ones too.

    >>> from smalti.facts import Currency
    >>> from smalti.rules.text import parse
    >>> her = {"spend": 480, "vip": False}
    >>> rule = parse("spend >= 500 or spend < 100")
    >>> both = reasons(rule, Words(Currency("XXX")), lambda part: her["spend"] if part == Name("spend") else
    ...     part.value if isinstance(part, Literal) else False)
    >>> [(one.found, one.away) for one in both]
    [('spend is 480', '20 too little'), ('spend is 480', '380 too much')]
    """
    case = _Case(words, value, changes_at or (lambda _: None), now, rules or {}, ages_unseen)
    return _taken_apart(node, case, decides=True)


def because(reasons_: Sequence[Reason], answer: bool | None) -> str:
    """Say in one sentence why a customer is in a segment, or is not, or why it cannot be said.

    >>> because([Reason("spend is at least 500", False, "spend is 480", away="20 too little")], False)
    'not in, because spend is at least 500 fails: spend is 480, 20 too little'
    >>> because([Reason("vip", True), Reason("age is above 17", True, "age is 30")], True)
    'in, because vip holds, and age is above 17 holds: age is 30'
    """
    outcome = {True: "in", False: "not in", None: "unknown"}[answer]
    verb = {True: "holds", False: "fails", None: "is unknown"}
    told = []
    for reason in reasons_:
        if reason.decides:
            detail = ", ".join(part for part in (reason.found, reason.away) if part)
            told.append(f"{reason.sentence} {verb[reason.answer]}" + (f": {detail}" if detail else ""))
    return f"{outcome}, because {', and '.join(told)}" if told else outcome


def _taken_apart(node: Node, case: _Case, *, decides: bool) -> list[Reason]:
    match node:
        case Not(part=Not() | Logic() | Compare() as part):
            return _taken_apart(opposite(part), case, decides=decides)
        case Logic(parts=parts):
            whole = case.value(node)
            return [
                reason
                for part in parts
                for reason in _taken_apart(part, case, decides=decides and case.value(part) is whole)
            ]
        case _:
            return [_reason(node, case, decides)]


def _reason(node: Node, case: _Case, decides: bool) -> Reason:
    answer = case.value(node)
    found, away, until = _measured(node, case, answer)
    at = case.changes_at(node)
    if until is not None and case.ages_unseen(node):
        until += "; time alone may change it too, which cannot be told from a run"
    return Reason(
        sentence(node, case.words),
        answer,
        found,
        until if at is None else _by_itself(at, case),
        decides,
        away,
        at,
        _behind(node, case),
    )


def _by_itself(at: Instant, case: _Case) -> str:
    ahead = "" if case.now is None else f" ({case.words.ahead(at - case.now)})"
    return f"changes by itself on {case.words.date_and_time(at)}{ahead} if nothing happens"


def _behind(node: Node, case: _Case) -> tuple[Reason, ...]:
    """Give the reasons of another segment's rule; a rule that comes back to itself is looked into once."""
    asked = node.part if isinstance(node, Not) else node
    if not isinstance(asked, Member) or asked.segment not in case.rules:
        return ()
    others = {name: rule for name, rule in case.rules.items() if name != asked.segment}
    inner = _Case(case.words, case.value, case.changes_at, case.now, others, case.ages_unseen)
    return tuple(_taken_apart(case.rules[asked.segment], inner, decides=True))


_Measured = tuple[str | None, str | None, str | None]
"""What was found, how far it is from where the answer changes, and up to where it stays as it is; each in words."""


def _measured(node: Node, case: _Case, answer: bool | None) -> _Measured:
    match node:
        case Compare():
            return _compared(node, case, answer)
        case Between() | Not(part=Between()):
            between = node if isinstance(node, Between) else node.part
            return _between(between, case) if isinstance(between, Between) else (None, None, None)
        case In(part=part) | Like(part=part) | Not(part=In(part=part) | Like(part=part)):
            return _found(part, case), None, None
        case Not(part=IsMissing(part=part)) if answer:
            return _found(part, case), None, None
        case _:
            return None, None, None


def _found(node: Node, case: _Case) -> str | None:
    """Say the customer's value of a tree, unless it is written out or true and false themselves."""
    if _is_constant(node):
        return None
    value = case.value(node)
    return f"{sentence(node, case.words)} is {_told(value, _kind(node, case.words), case)}"


def _told(value: Any, kind: Type | None, case: _Case) -> str:
    return case.words.moment(value) if kind is Type.INSTANT and value is not None else case.words.value(value, kind)


def _kind(node: Node, words: Words, other: Node | None = None) -> Type | None:
    """Give the type of a side of a comparison; numbers beside money are money."""
    return kind_of(node, words) or (kind_of(other, words) if other is not None else None)


def _is_constant(node: Node) -> bool:
    return all(
        isinstance(part, Literal | Negate | Arithmetic | Quantile)
        or (isinstance(part, Call) and part.function == TO_MINOR)
        for part in _outside_quantiles(node)
    )


def _outside_quantiles(node: Node) -> list[Node]:
    hidden = {
        id(below) for part in walk(node) if isinstance(part, Quantile) for below in walk(part) if below is not part
    }
    return [part for part in walk(node) if id(part) not in hidden]


def _compared(node: Compare, case: _Case, answer: bool | None) -> _Measured:
    op, left, right = node.op, node.left, node.right
    if _is_constant(left) and not _is_constant(right):
        op, left, right = MIRRORED[op], right, left
    own, bound = case.value(left), case.value(right)
    kind = _kind(left, case.words, right)
    found = f"{sentence(left, case.words)} is {_told(own, kind, case)}"
    if not _is_constant(right):
        found += f", {sentence(right, case.words)} is {_told(bound, kind, case)}"
    if answer is None or op in ("=", "!=") or not (_is_measure(own) and _is_measure(bound)):
        return found, None, None
    verb = comparison(op if answer else _opposed(op), kind).removeprefix("is ")
    near = _distance(own, bound, kind, case)
    until = f"stays so while it is {verb} {_told(bound, kind, case)}" + (f", {near} away" if near else "")
    return found, _away(own, bound, kind, case, answer=answer), until


def _opposed(op: str) -> str:
    turned = opposite(Compare(op, Name(""), Name("")))
    return turned.op if isinstance(turned, Compare) else op


def _is_measure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distance(own: Any, bound: Any, kind: Type | None, case: _Case) -> str | None:
    if own == bound:
        return None
    return case.words.value(abs(own - bound), Type.DURATION if kind is Type.INSTANT else kind)


def _away(own: Any, bound: Any, kind: Type | None, case: _Case, *, answer: bool) -> str | None:
    """Say how far a value is from a bound it keeps or misses."""
    near = _distance(own, bound, kind, case)
    if kind is Type.INSTANT:
        return f"{near} {'after' if own > bound else 'before'} that" if near else "just then"
    if near is None:
        return "just at it"
    if answer:
        return f"{near} to spare"
    return f"{near} too {'much' if own > bound else 'little'}"


def _between(node: Between, case: _Case) -> _Measured:
    kind = _kind(node.part, case.words, node.low)
    own, low, high = (case.value(one) for one in (node.part, node.low, node.high))
    found = f"{sentence(node.part, case.words)} is {_told(own, kind, case)}"
    if not all(_is_measure(one) for one in (own, low, high)):
        return found, None, None
    bound = low if own < low else high if own > high else min(low, high, key=lambda one: abs(own - one))
    inside = low <= own <= high
    away = _away(own, bound, kind, case, answer=inside)
    return found, away, None
