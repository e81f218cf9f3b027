"""Every node of the language as part of an English sentence.

>>> from smalti.facts import Currency
>>> from smalti.rules.text import parse
>>> words = Words(Currency("GBP"), {"spend_365d": "spend in the last year"})
>>> sentence(parse("spend_365d >= 500 and count(orders, last 30 days) = 0"), words)
'spend in the last year is at least 500 and the number of orders in the last 30 days is 0'
>>> sentence(parse("any(events, where name = 'Cart' and not followed_by(orders, within 2 days))"), words)
"there is an event where (name is 'Cart' and no order follows within 2 days)"
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch

from smalti.facts import CUSTOMERS, Type, format_duration
from smalti.rules.aggregates import AGGREGATES
from smalti.rules.explain.words import Words
from smalti.rules.functions import DRAW, TO_MINOR
from smalti.rules.nodes import (
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
    Its,
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
    Score,
    Sequence,
    StartOf,
    This,
    Window,
    walk,
)


@dataclass(frozen=True)
class _Told:
    """How things are said, and of which fact: inside a condition its stream, inside a sequence also the one beside it."""

    words: Words
    stream: str | None = None
    beside: str | None = None


def sentence(node: Node, words: Words) -> str:
    """Tell a rule or trait as part of an English sentence, without a full stop."""
    return _say(node, _Told(words))


def opposite(node: Node) -> Node:
    """Give the plainest tree that says not: the same answers for true, false and unknown alike.

    >>> opposite(Compare("<", Name("a"), Name("b")))
    Compare(op='>=', left=Name(name='a'), right=Name(name='b'))
    """
    match node:
        case Compare(op=op):
            return replace(node, op=OPPOSITES[op])
        case Not(part=part):
            return part
        case Logic(op=op, parts=parts):
            return replace(node, op="or" if op == "and" else "and", parts=tuple(opposite(part) for part in parts))
        case _:
            return Not(node)


_COMPARISONS = {"=": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_IN_TIME = _COMPARISONS | {"<": "is before", "<=": "is not after", ">": "is after", ">=": "is not before"}
_PASSED = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "=": "exactly"}
_OPERATIONS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_NAMED = {
    "weekday": dict(enumerate("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(), 1)),  # noqa: SIM905
    "month": dict(
        enumerate(
            "January February March April May June July August September October November December".split(),  # noqa: SIM905
            1,
        )
    ),
}
_INSTANTS = frozenset({"first", "last", "nth", "min", "max"})
_ONE = {"first": "first", "min": "first", "last": "latest", "max": "latest"}
_CALLS = {
    "year": "the year of {}",
    "month": "the month of {}",
    "day_of_month": "the day of the month of {}",
    "weekday": "the weekday of {}",
    "hour": "the hour of {}",
    "days_since": "days since {}",
    "calendar_days_since": "calendar days since {}",
    "years_since": "full years since {}",
    "days_to_anniversary": "days until the anniversary of {}",
}
"""Functions of an instant, which is said by what happened then."""
_TEXT_CALLS = {
    "lower": "{} in lower case",
    "trim": "{} without blanks around it",
    "length": "the length of {}",
    "contains": "{} contains {}",
    "starts_with": "{} starts with {}",
    "ends_with": "{} ends with {}",
    "abs": "the size of {}",
    "floor": "{} rounded down",
}
_NOT_CALLS = {"contains": "does not contain", "starts_with": "does not start with", "ends_with": "does not end with"}
_SEVERAL = {"coalesce": "the first known of", "least": "the smallest of", "greatest": "the largest of"}
_PEOPLE = {
    "any": "for at least one of its people",
    "all": "for every one of its people",
    "no": "for none of its people",
}


@singledispatch
def _say(node: Node, told: _Told) -> str:
    raise TypeError(f"not a node of the language: {node!r} in {told!r}")


@_say.register
def _(node: Literal, told: _Told) -> str:
    return told.words.moment(int(node.value)) if node.type is Type.INSTANT else told.words.value(node.value, node.type)


@_say.register
def _(node: Name, told: _Told) -> str:
    if told.stream is None or (told.stream == CUSTOMERS.name and node.name != "at"):
        return told.words.title(node.name)
    return "its time" if node.name == "at" else _plain(node.name)


@_say.register
def _(node: Score, told: _Told) -> str:
    return told.words.title(node.name)


@_say.register
def _(node: Its, told: _Told) -> str:
    what = "time" if node.column == "at" else _plain(node.column)
    return f"the {what} of that {_one(told.beside or 'fact')}"


@_say.register
def _(node: Now, told: _Told) -> str:
    return "now"


@_say.register
def _(node: StartOf, told: _Told) -> str:
    return "the start of today" if node.unit == "day" else f"the start of this {node.unit}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _one(stream: str) -> str:
    """Say one fact of a stream, whose name says several."""
    if stream == CUSTOMERS.name:
        return "record"
    name = _plain(stream)
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("ches", "shes", "sses", "xes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "news")) else name


def _many(stream: str) -> str:
    return "records" if stream == CUSTOMERS.name else _plain(stream)


def _an(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiouAEIOU' else 'a'} {noun}"


def _window(window: Window | None, told: _Told) -> str:
    match window:
        case None:
            return ""
        case Last(duration=duration):
            return f" in the last {format_duration(duration)}"
        case This(unit=unit):
            return " today" if unit == "day" else f" this {unit}"
        case After(instant=instant):
            return f" after {_moment(instant, told)}"
        case Before(instant=instant):
            return f" before {_moment(instant, told)}"
        case During(low=low, high=high):
            return f" from {_moment(low, told)} to {_moment(high, told)}"


def _moment(node: Node, told: _Told) -> str:
    """Say an instant by what happened then."""
    if isinstance(node, Aggregate) and node.column == "at" and node.function in _INSTANTS:
        return _one_fact(node, told)
    return _inside(node, told)


def _one_fact(node: Aggregate, told: _Told) -> str:
    which = ordinal(node.nth or 1) if node.function == "nth" else _ONE[node.function]
    return f"the {which} {_one(node.stream)}{_which(node, told)}"


def _which(node: Aggregate | Sequence, told: _Told) -> str:
    """Say the window and the condition of an aggregate, or how near in time and under what condition."""
    if isinstance(node, Aggregate):
        window, inside = _window(node.window, told), replace(told, stream=node.stream, beside=None)
    else:
        window = "" if node.within is None else f" within {format_duration(node.within)}"
        inside = replace(told, stream=node.stream, beside=told.stream)
    return f"{window} where {_inside(node.where, inside)}" if node.where is not None else window


@_say.register
def _(node: Aggregate, told: _Told) -> str:
    if node.stream == CUSTOMERS.name and node.function == "last" and node.column is not None and node == _latest(node):
        return told.words.title(node.column)
    many, one, which = _many(node.stream), _one(node.stream), _which(node, told)
    if node.function == "any":
        return f"there is {_an(one)}{which}"
    if node.function == "all":
        condition = (
            _inside(node.where, replace(told, stream=node.stream, beside=None)) if node.where is not None else ""
        )
        return f"for every {one}{_window(node.window, told)}, {condition}"
    if node.column is None:
        return f"the number of {many}{which}"
    if node.column == "at" and node.function in _INSTANTS:
        return f"the time of {_one_fact(node, told)}"
    column = told.words.title(node.column) if node.stream == CUSTOMERS.name else _plain(node.column)
    column = "time" if node.column == "at" else column
    if node.function in ("first", "last", "nth"):
        return f"the {column} of {_one_fact(node, told)}"
    if node.function == "distinct":
        return f"the number of different values of {column} among {many}{which}"
    return f"{AGGREGATES[node.function].words} {column} of {many}{which}"


def _latest(node: Aggregate) -> Aggregate:
    return Aggregate("last", node.stream, node.column)


@_say.register
def _(node: Sequence, told: _Told) -> str:
    return _sequence(node, told, _an(_one(node.stream)))


def _sequence(node: Sequence, told: _Told, other: str) -> str:
    verb = "follows" if node.order == "followed_by" else "came before"
    return f"{other} {verb}{_which(node, told)}"


@_say.register
def _(node: Member, told: _Told) -> str:
    return f"is in {told.words.title(node.segment)}"


@_say.register
def _(node: People, told: _Told) -> str:
    return f"{_PEOPLE[node.quantifier]}, {_inside(node.rule, told)}"


@_say.register
def _(node: Arithmetic, told: _Told) -> str:
    if node.op in "+-" and isinstance(node.right, Literal) and node.right.type is Type.DURATION:
        length = _say(node.right, told)
        if isinstance(node.left, Now):
            return f"{length} ago" if node.op == "-" else f"{length} from now"
        if kind_of(node.left, told.words) is Type.INSTANT:
            return f"{length} {'before' if node.op == '-' else 'after'} {_moment(node.left, told)}"
    return f"{_inside(node.left, told)} {_OPERATIONS[node.op]} {_inside(node.right, told)}"


@_say.register
def _(node: Negate, told: _Told) -> str:
    return f"minus {_inside(node.part, told)}"


@_say.register
def _(node: Compare, told: _Told) -> str:
    if isinstance(node.right, Its) and isinstance(node.left, Name) and node.left.name == node.right.column:
        same = {"=": "is the same", "!=": "is another"}.get(node.op)
        if same is not None:
            return f"{_say(node.left, told)} {same}"
    if isinstance(node.left, Call) and node.left.function == "days_since" and node.op in _PASSED:
        then = _moment(node.left.arguments[0], told)
        return f"{_PASSED[node.op]} {_inside(node.right, told)} days have passed since {then}"
    if (share := _share_drawn(node)) is not None:
        inside = "" if node.op in ("<", "<=") else "not "
        return f"is {inside}in the first {share:.12g} % of {_say(node.left, told)}"
    in_time = Type.INSTANT in (kind_of(node.left, told.words), kind_of(node.right, told.words))
    verb = comparison(node.op, Type.INSTANT if in_time else None)
    return f"{_say(node.left, told)} {verb} {_beside(node.right, node.left, told)}"


def _share_drawn(node: Compare) -> float | None:
    """Give the share of customers, in percent, that a comparison tells from all others by a draw."""
    match node:
        case Compare("=" | "!="):
            return None
        case Compare(_, Call(function), Literal(int() | float() as share)) if function == DRAW and 0 <= share <= 1:
            return 100 * share
    return None


def comparison(op: str, kind: Type | None) -> str:
    """Say a comparison of values of a type.

    >>> comparison("<", Type.MONEY), comparison("<", Type.INSTANT)
    ('is below', 'is before')
    """
    return (_IN_TIME if kind is Type.INSTANT else _COMPARISONS)[op]


def _beside(node: Node, other: Node, told: _Told) -> str:
    """Say a value that is compared with another: the number of a month or weekday by its name, a year as it is written."""
    if isinstance(node, Literal) and isinstance(other, Call) and other.function in _NAMED:
        return _NAMED[other.function].get(int(node.value)) or _say(node, told)
    if isinstance(node, Literal) and isinstance(other, Call) and other.function == "year":
        return str(node.value)
    return _say(node, told)


@_say.register
def _(node: Logic, told: _Told) -> str:
    return f" {node.op} ".join(_inside(part, told) for part in node.parts)


@_say.register
def _(node: Not, told: _Told) -> str:
    part = node.part
    match part:
        case In():
            return f"{_say(part.part, told)} is none of {_listed(part, told)}"
        case IsMissing():
            return f"{_say(part.part, told)} is known"
        case Between():
            return f"{_say(part.part, told)} is not between {_ends(part, told)}"
        case Like():
            return f"{_say(part.part, told)} does not look like '{part.pattern}'"
        case Compare():
            return _say(opposite(part), told)
        case Not():
            return _say(part.part, told)
        case Aggregate(function="any"):
            return f"there is no {_one(part.stream)}{_which(part, told)}"
        case Sequence():
            return _sequence(part, told, f"no {_one(part.stream)}")
        case Member():
            return f"is not in {told.words.title(part.segment)}"
        case Call(function=function) if function in _NOT_CALLS:
            text, piece = part.arguments
            return f"{_say(text, told)} {_NOT_CALLS[function]} {_say(piece, told)}"
        case Name():
            return f"not {_say(part, told)}"
        case _:
            return f"it is not so that {_inside(part, told)}"


@_say.register
def _(node: In, told: _Told) -> str:
    return f"{_say(node.part, told)} is one of {_listed(node, told)}"


@_say.register
def _(node: Between, told: _Told) -> str:
    return f"{_say(node.part, told)} is between {_ends(node, told)}"


def _ends(node: Between, told: _Told) -> str:
    return f"{_beside(node.low, node.part, told)} and {_beside(node.high, node.part, told)}"


@_say.register
def _(node: Like, told: _Told) -> str:
    return f"{_say(node.part, told)} looks like '{node.pattern}'"


@_say.register
def _(node: IsMissing, told: _Told) -> str:
    return f"{_say(node.part, told)} is missing"


@_say.register
def _(node: Case, told: _Told) -> str:
    said = [f"{_say(value, told)} if {_say(condition, told)}" for condition, value in node.branches]
    if node.otherwise is not None:
        said.append(f"{_say(node.otherwise, told)} otherwise")
    return ", ".join(said)


@_say.register
def _(node: Call, told: _Told) -> str:
    if node.function == TO_MINOR:
        return _in_minor_units(node.arguments[0], told)
    if node.function in _CALLS:
        return _CALLS[node.function].format(_moment(node.arguments[0], told))
    said = [_inside(argument, told) for argument in node.arguments]
    if node.function == DRAW:
        return f"the draw {said[0]}"
    if node.function in _TEXT_CALLS:
        return _TEXT_CALLS[node.function].format(*said)
    if node.function in _SEVERAL:
        return f"{_SEVERAL[node.function]} {', '.join(said[:-1])} and {said[-1]}"
    return f"{_plain(node.function)} of {' and '.join(said)}"


def _in_minor_units(node: Node, told: _Told) -> str:
    """Say what `check` rounds to whole minor units: money times a number, a mean, or a number taken as money."""
    scale = told.words.currency.scale
    match node:
        case Arithmetic(op="*", left=left, right=Literal(value=value)) if value == scale and _is_plain(
            left, told.words
        ):
            return f"{_inside(left, told)} as money"
    return _say(node, told)


def _is_plain(node: Node, words: Words) -> bool:
    """Whether a tree is known to be of plain numbers."""
    measured = [part for part in walk(node) if isinstance(part, Name | Aggregate)]
    return all(kind_of(part, words) in (Type.INTEGER, Type.NUMBER) for part in measured)


@_say.register
def _(node: Quantile, told: _Told) -> str:
    value = told.words.fitted.get(node)
    said = f"the {ordinal(node.p * 100, words=False)} percentile of {_say(node.of, told)}"
    if node.among is not None:
        said += f" where {_inside(node.among, told)}"
    return said if value is None else f"{told.words.value(value, kind_of(node, told.words))} ({said})"


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def ordinal(number: float, *, words: bool = True) -> str:
    """Say a number as a place in a row.

    >>> ordinal(2), ordinal(22), ordinal(2, words=False), ordinal(99.9)
    ('second', '22nd', '2nd', '99.9th')
    """
    if words and number in range(1, len(_ORDINALS) + 1):
        return _ORDINALS[int(number) - 1]
    text = f"{number:g}"
    teens = text.endswith(("11", "12", "13"))
    return text + ("th" if teens else {"1": "st", "2": "nd", "3": "rd"}.get(text[-1], "th"))


def kind_of(node: Node, words: Words) -> Type | None:
    """Give the type of a tree as far as it can be told from the tree and the types of names.

    >>> from smalti.facts import Currency
    >>> kind_of(Arithmetic("-", Now(), Literal(5, Type.DURATION)), Words(Currency("GBP")))
    <Type.INSTANT: 'instant'>
    """
    match node:
        case Literal():
            return node.type
        case Name(name=name):
            return words.types.get(name, Type.INSTANT if name == "at" else None)
        case Now() | StartOf() | Its(column="at"):
            return Type.INSTANT
        case Aggregate(column="at", function=function) if function in _INSTANTS:
            return Type.INSTANT
        case Aggregate(function="count" | "distinct"):
            return Type.INTEGER
        case Aggregate(stream=CUSTOMERS.name, function="last", column=str(column)):
            return words.types.get(column)
        case Arithmetic(op="+" | "-"):
            left, right = kind_of(node.left, words), kind_of(node.right, words)
            if left is right is Type.INSTANT:
                return Type.DURATION
            return left or right
        case Call(function="coalesce" | "least" | "greatest"):
            return kind_of(node.arguments[0], words)
        case Negate(part=part) | Quantile(of=part):
            return kind_of(part, words)
        case _:
            return None


def _inside(node: Node, told: _Told) -> str:
    text = _say(node, told)
    return f"({text})" if isinstance(node, Logic | Arithmetic | Case) and not _is_moment(node, told.words) else text


def _is_moment(node: Node, words: Words) -> bool:
    """Whether arithmetic is said as one moment, such as 30 days ago."""
    return isinstance(node, Arithmetic) and kind_of(node, words) is Type.INSTANT


def _listed(node: In, told: _Told) -> str:
    return ", ".join(_beside(option, node.part, told) for option in node.options)
