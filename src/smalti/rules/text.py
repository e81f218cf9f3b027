"""How people write the language, and back: text to tree and tree to text, without loss.

>>> write(parse("count(orders, last 90 days) >= 2 and not country = 'France'"))
"count(orders, last 90 days) >= 2 and not country = 'France'"
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, singledispatch
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from smalti.errors import DefinitionError, Problem, SmaltiError, nearest
from smalti.facts import Type, format_duration, format_instant, parse_duration, parse_instant
from smalti.rules.aggregates import AGGREGATES
from smalti.rules.functions import FUNCTIONS
from smalti.rules.nodes import (
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
    Span,
    StartOf,
    This,
    Window,
)

_TOO_LARGE = 2**63
_SURROGATE = re.compile("[\ud800-\udfff]")
_OF_A_SEQUENCE = re.compile(r"(followed_by|preceded_by)\s*\(\s*\w+$")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYWORDS = frozenset(
    [
        "or",
        "and",
        "not",
        "in",
        "between",
        "like",
        "is",
        "missing",
        "last",
        "where",
        "case",
        "when",
        "then",
        "else",
        "end",
        "true",
        "false",
        "instant",
        "quantile",
        "now",
        "today",
        "start",
        "this",
        "after",
        "before",
        "within",
        "its",
    ]
)
_QUANTIFIERS = {"any": "any_person", "all": "all_people", "no": "no_person"}
_WORDS_WITH_PARENTHESES = ("quantile", "nth", "member", "score", "followed_by", "preceded_by", *_QUANTIFIERS.values())


def parse(text: str) -> Node:
    """Read a rule or trait.

    Raises:
        DefinitionError: The text is not of the language; the problem names the line and column in the text.

    >>> parse("spend > 5")
    Compare(op='>', left=Name(name='spend'), right=Literal(value=5, type=<Type.INTEGER: 'integer'>))
    """
    if found := _SURROGATE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        raise DefinitionError([Problem("half a character", repr(found[0]), "whole ones", line=line, column=column)])
    try:
        tree = _parser().parse(text)
        return _Build().transform(tree)  # type: ignore[no-any-return]
    except UnexpectedInput as error:
        raise DefinitionError([_problem(text, error)]) from None
    except VisitError as error:
        if isinstance(error.orig_exc, SmaltiError):
            line, column = _span(error.obj.meta) or (1, 1)
            raise DefinitionError([Problem(str(error.orig_exc), line=line, column=column)]) from None
        raise
    except RecursionError:
        raise DefinitionError([Problem("a rule too deeply nested", wanted="one in smaller steps")]) from None


@cache
def _parser() -> Lark:
    grammar = files("smalti.rules").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _problem(text: str, error: UnexpectedInput) -> Problem:
    line, column = max(error.line, 1), max(error.column, 1)
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        lines = text.split("\n")
        return Problem("the text ends too soon", wanted="more", line=len(lines), column=len(lines[-1]) + 1)
    found = str(error.token) if isinstance(error, UnexpectedToken) else text.split("\n")[line - 1][column - 1 :][:1]
    before = text.split("\n")[line - 1][: column - 1].rstrip()
    word = re.search(r"[A-Za-z_]\w*$", before)
    if found == "(" and word:
        known = list(dict.fromkeys([*AGGREGATES, *FUNCTIONS, *_WORDS_WITH_PARENTHESES]))
        place = word.start() + 1
        return Problem(
            "unknown function", word[0], "one of " + ", ".join(known), nearest(word[0], known), line=line, column=place
        )
    if found == "." and word and _OF_A_SEQUENCE.search(before):
        return Problem(
            "a sequence is of facts", f"{word[0]}.", f"the stream itself: {word[0]}", line=line, column=column
        )
    if found == "." and word:
        wanted = f"an aggregate around a column, such as sum({word[0]}.revenue)"
        return Problem("a column of a stream cannot stand alone", f"{word[0]}.", wanted, line=line, column=column)
    if found.startswith('"'):
        return Problem("text goes in single quotes", found, "such as 'shoes'", line=line, column=column)
    if isinstance(error, UnexpectedCharacters):
        hint = "=" if text.split("\n")[line - 1][column - 1 : column + 1] == "==" else None
        return Problem("unexpected character", found, "the rest of a rule", hint, line=line, column=column)
    if found == "=" and before.endswith("="):
        return Problem("unexpected word", "==", "a single = to compare", "=", line=line, column=column - 1)
    hint = found.lower() if found.lower() in _KEYWORDS - {found} else None
    return Problem("unexpected word", found, _expected(error), hint, line=line, column=column)


def _expected(error: UnexpectedInput) -> str:
    accepted = getattr(error, "accepts", None) or getattr(error, "expected", None) or set()
    names = {"NAME": "a name", "NUMBER": "a number", "TEXT": "a text in single quotes", "COMPARISON": "a comparison"}
    names |= {
        "RPAR": ")",
        "LPAR": "(",
        "COMMA": "a comma",
        "DOT": "a dot",
        "$END": "the end",
        "DURATION": "a duration such as 30 days",
        "SIGN": "+ or -",
        "MINUS": "-",
        "QUOTED": "a name in double quotes",
        "AGGREGATE": "an aggregate",
        "FUNCTION": "a function",
        "SCALE": "* or /",
        "SEQUENCE": "a sequence",
        "PEOPLE": "a question about people",
        "UNIT": "day, week, month, quarter or year",
        "_START_OF": "start of",
    }
    words = sorted({names.get(name, name.lower().removeprefix("_")) for name in accepted})
    return "one of " + ", ".join(words) if words else "the rest of a rule"


def _held(value: float, token: str) -> Any:
    """Give a number that the engines can hold."""
    if value >= _TOO_LARGE if isinstance(value, int) else math.isinf(value):
        raise SmaltiError(f"too large: found '{token}', wanted a value below {_TOO_LARGE:,}")
    return value


def _unquoted(token: str) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote)


def _counted(token: Token) -> int:
    if not token.isdigit() or not 0 < int(token) < _TOO_LARGE:
        raise SmaltiError(f"not a place to count to: found '{token}', wanted a whole number from 1")
    return int(token)


@dataclass(frozen=True)
class _Filter:
    """A condition after ``where``, told apart from windows, which are nodes too."""

    condition: Node


def _condition(parts: Iterable[object]) -> Node | None:
    return next((part.condition for part in parts if isinstance(part, _Filter)), None)


@v_args(meta=True, inline=True)
class _Build(Transformer[Token, Any]):  # type: ignore[misc]
    """Builds nodes from the parser's tree; each method has the name of a rule of the grammar."""

    def either(self, meta: Any, *parts: Node) -> Node:
        return Logic("or", parts, span=_span(meta))

    def both(self, meta: Any, *parts: Node) -> Node:
        return Logic("and", parts, span=_span(meta))

    def opposite(self, meta: Any, part: Node) -> Node:
        return Not(part, span=_span(meta))

    def compare(self, meta: Any, left: Node, op: Token, right: Node) -> Node:
        return Compare(str(op), left, right, span=_span(meta))

    def options(self, meta: Any, *options: Node) -> tuple[Node, ...]:
        return options

    def among(self, meta: Any, part: Node, options: tuple[Node, ...]) -> Node:
        return In(part, options, span=_span(meta))

    def not_among(self, meta: Any, part: Node, options: tuple[Node, ...]) -> Node:
        return Not(In(part, options, span=_span(meta)), span=_span(meta))

    def between(self, meta: Any, part: Node, low: Node, high: Node) -> Node:
        return Between(part, low, high, span=_span(meta))

    def not_between(self, meta: Any, part: Node, low: Node, high: Node) -> Node:
        return Not(Between(part, low, high, span=_span(meta)), span=_span(meta))

    def like(self, meta: Any, part: Node, pattern: Token) -> Node:
        return Like(part, _unquoted(pattern), span=_span(meta))

    def not_like(self, meta: Any, part: Node, pattern: Token) -> Node:
        return Not(Like(part, _unquoted(pattern), span=_span(meta)), span=_span(meta))

    def missing(self, meta: Any, part: Node) -> Node:
        return IsMissing(part, span=_span(meta))

    def present(self, meta: Any, part: Node) -> Node:
        return Not(IsMissing(part, span=_span(meta)), span=_span(meta))

    def arithmetic(self, meta: Any, left: Node, op: Token, right: Node) -> Node:
        return Arithmetic(str(op), left, right, span=_span(meta))

    def negate(self, meta: Any, part: Node) -> Node:
        return Negate(part, span=_span(meta))

    def name(self, meta: Any, token: Token) -> Node:
        return Name(str(token), span=_span(meta))

    def quoted_name(self, meta: Any, token: Token) -> Node:
        return Name(_unquoted(token), span=_span(meta))

    def subject(self, meta: Any, stream: Token, column: Token | None = None) -> tuple[str, str | None]:
        if column is None:
            return str(stream), None
        return str(stream), _unquoted(column) if column.type == "QUOTED" else str(column)

    def last(self, meta: Any, duration: Token) -> Node:
        return Last(parse_duration(duration), span=_span(meta))

    def this_day(self, meta: Any) -> Node:
        return This("day", span=_span(meta))

    def this(self, meta: Any, unit: Token) -> Node:
        return This(str(unit), span=_span(meta))

    def after(self, meta: Any, instant: Node) -> Node:
        return After(instant, span=_span(meta))

    def before(self, meta: Any, instant: Node) -> Node:
        return Before(instant, span=_span(meta))

    def during(self, meta: Any, low: Node, high: Node) -> Node:
        return During(low, high, span=_span(meta))

    def filter(self, meta: Any, condition: Node) -> _Filter:
        return _Filter(condition)

    def within(self, meta: Any, duration: Token) -> int:
        return parse_duration(duration)

    def aggregate(self, meta: Any, function: Token, subject: tuple[str, str | None], *rest: Window | _Filter) -> Node:
        window = next((part for part in rest if not isinstance(part, _Filter)), None)
        return Aggregate(str(function), *subject, window, _condition(rest), span=_span(meta))

    def nth(self, meta: Any, subject: tuple[str, str | None], number: Token, *rest: Window | _Filter) -> Node:
        window = next((part for part in rest if not isinstance(part, _Filter)), None)
        return Aggregate("nth", *subject, window, _condition(rest), _counted(number), span=_span(meta))

    def sequence(self, meta: Any, order: Token, stream: Token, *rest: int | _Filter) -> Node:
        within = next((part for part in rest if isinstance(part, int)), None)
        return Sequence(str(order), str(stream), within, _condition(rest), span=_span(meta))

    def its(self, meta: Any, column: Token) -> Node:
        return Its(_unquoted(column) if column.type == "QUOTED" else str(column), span=_span(meta))

    def label(self, meta: Any, token: Token) -> str:
        return _unquoted(token) if token.type == "QUOTED" else str(token)

    def member(self, meta: Any, segment: str) -> Node:
        return Member(segment, span=_span(meta))

    def score(self, meta: Any, name: str) -> Node:
        return Score(name, span=_span(meta))

    def people(self, meta: Any, quantifier: Token, rule: Node) -> Node:
        known = {word: name for name, word in _QUANTIFIERS.items()}
        return People(known[str(quantifier)], rule, span=_span(meta))

    def now(self, meta: Any) -> Node:
        return Now(span=_span(meta))

    def today(self, meta: Any) -> Node:
        return StartOf("day", span=_span(meta))

    def start_of(self, meta: Any, unit: Token) -> Node:
        return StartOf(str(unit), span=_span(meta))

    def call(self, meta: Any, function: Token, *arguments: Node) -> Node:
        return Call(str(function), arguments, span=_span(meta))

    def quantile(self, meta: Any, of: Node, p: Token, *rest: _Filter) -> Node:
        return Quantile(of, float(p), _condition(rest), span=_span(meta))

    def branch(self, meta: Any, condition: Node, value: Node) -> tuple[Node, Node]:
        return condition, value

    def case(self, meta: Any, *parts: tuple[Node, Node] | Node) -> Node:
        branches = tuple(part for part in parts if isinstance(part, tuple))
        otherwise = next((part for part in parts if isinstance(part, Node)), None)
        return Case(branches, otherwise, span=_span(meta))

    def duration(self, meta: Any, token: Token) -> Node:
        return Literal(parse_duration(token), Type.DURATION, span=_span(meta))

    def number(self, meta: Any, token: Token) -> Node:
        whole = token.isdigit()
        value = _held(int(token) if whole else float(token), token)
        return Literal(value, Type.INTEGER if whole else Type.NUMBER, span=_span(meta))

    def text(self, meta: Any, token: Token) -> Node:
        return Literal(_unquoted(token), Type.TEXT, span=_span(meta))

    def true(self, meta: Any) -> Node:
        return Literal(True, Type.BOOLEAN, span=_span(meta))

    def false(self, meta: Any) -> Node:
        return Literal(False, Type.BOOLEAN, span=_span(meta))

    def instant(self, meta: Any, token: Token) -> Node:
        return Literal(parse_instant(_unquoted(token)), Type.INSTANT, span=_span(meta))


def _span(meta: Any) -> Span | None:
    return None if meta.empty else (meta.line, meta.column)


def write(node: Node) -> str:
    """Write a tree in the language; `parse` gives the same tree back.

    >>> write(Not(In(Name("country"), (Literal("France", Type.TEXT),))))
    "country not in ('France')"
    """
    return _write(node)


_LOOSENESS = {Logic: 1, Not: 2, Compare: 3, In: 3, Between: 3, Like: 3, IsMissing: 3, Arithmetic: 5, Negate: 6}


def _tightness(node: Node) -> int:
    if isinstance(node, Logic):
        return 0 if node.op == "or" else 1
    if isinstance(node, Not) and isinstance(node.part, In | Between | Like | IsMissing):
        return 3
    if isinstance(node, Arithmetic):
        return 4 if node.op in "+-" else 5
    return _LOOSENESS.get(type(node), 9)


def _inside(node: Node, tightness: int) -> str:
    text = _write(node)
    return text if _tightness(node) >= tightness else f"({text})"


def _quoted(text: str, quote: str) -> str:
    return quote + text.replace(quote, quote * 2) + quote


def write_name(name: str) -> str:
    """Write a name, in double quotes where it is not a plain word.

    >>> write_name("country"), write_name("Marital Status")
    ('country', '"Marital Status"')
    """
    plain = _PLAIN_NAME.fullmatch(name) and name not in _KEYWORDS
    return name if plain else _quoted(name, '"')


@singledispatch
def _write(node: Node) -> str:
    raise TypeError(f"not a node of the language: {node!r}")


@_write.register
def _(node: Literal) -> str:
    if node.type is Type.TEXT:
        return _quoted(str(node.value), "'")
    if node.type is Type.BOOLEAN:
        return "true" if node.value else "false"
    if node.type is Type.DURATION:
        return format_duration(int(node.value))
    if node.type is Type.INSTANT:
        return f"instant '{format_instant(int(node.value))}'"
    return repr(node.value)


@_write.register
def _(node: Name) -> str:
    return write_name(node.name)


@_write.register
def _(node: Its) -> str:
    return f"its.{write_name(node.column)}"


@_write.register
def _(node: Now) -> str:
    return "now"


@_write.register
def _(node: StartOf) -> str:
    return "today" if node.unit == "day" else f"start of {node.unit}"


@_write.register
def _(node: Last) -> str:
    return f"last {format_duration(node.duration)}"


@_write.register
def _(node: This) -> str:
    return "today" if node.unit == "day" else f"this {node.unit}"


@_write.register
def _(node: After) -> str:
    return f"after {_inside(node.instant, 4)}"


@_write.register
def _(node: Before) -> str:
    return f"before {_inside(node.instant, 4)}"


@_write.register
def _(node: During) -> str:
    return f"between {_inside(node.low, 4)} and {_inside(node.high, 4)}"


@_write.register
def _(node: Aggregate) -> str:
    parts = [node.stream if node.column is None else f"{node.stream}.{write_name(node.column)}"]
    if node.nth is not None:
        parts.append(str(node.nth))
    if node.window is not None:
        parts.append(_write(node.window))
    if node.where is not None:
        parts.append(f"where {_write(node.where)}")
    return f"{node.function}({', '.join(parts)})"


@_write.register
def _(node: Sequence) -> str:
    parts = [node.stream]
    if node.within is not None:
        parts.append(f"within {format_duration(node.within)}")
    if node.where is not None:
        parts.append(f"where {_write(node.where)}")
    return f"{node.order}({', '.join(parts)})"


@_write.register
def _(node: Member) -> str:
    return f"member({write_name(node.segment)})"


@_write.register
def _(node: Score) -> str:
    return f"score({write_name(node.name)})"


@_write.register
def _(node: People) -> str:
    return f"{_QUANTIFIERS[node.quantifier]}({_write(node.rule)})"


@_write.register
def _(node: Arithmetic) -> str:
    tightness = _tightness(node)
    return f"{_inside(node.left, tightness)} {node.op} {_inside(node.right, tightness + 1)}"


@_write.register
def _(node: Negate) -> str:
    return f"-{_inside(node.part, 6)}"


@_write.register
def _(node: Compare) -> str:
    return f"{_inside(node.left, 4)} {node.op} {_inside(node.right, 4)}"


@_write.register
def _(node: Logic) -> str:
    return f" {node.op} ".join(_inside(part, _tightness(node) + 1) for part in node.parts)


@_write.register
def _(node: Not) -> str:
    part = node.part
    if isinstance(part, In | Between | Like | IsMissing):
        return _predicate(part, negated=True)
    return f"not {_inside(part, 2)}"


@_write.register(In)
@_write.register(Between)
@_write.register(Like)
@_write.register(IsMissing)
def _(node: In | Between | Like | IsMissing) -> str:
    return _predicate(node, negated=False)


def _predicate(node: In | Between | Like | IsMissing, *, negated: bool) -> str:
    subject, word = _inside(node.part, 4), "not " if negated else ""
    match node:
        case In():
            return f"{subject} {word}in ({', '.join(_write(option) for option in node.options)})"
        case Between():
            return f"{subject} {word}between {_inside(node.low, 4)} and {_inside(node.high, 4)}"
        case Like():
            return f"{subject} {word}like {_quoted(node.pattern, chr(39))}"
        case IsMissing():
            return f"{subject} is {word}missing"


@_write.register
def _(node: Case) -> str:
    branches = " ".join(f"when {_write(condition)} then {_write(value)}" for condition, value in node.branches)
    otherwise = f" else {_write(node.otherwise)}" if node.otherwise is not None else ""
    return f"case {branches}{otherwise} end"


@_write.register
def _(node: Call) -> str:
    return f"{node.function}({', '.join(_write(argument) for argument in node.arguments)})"


@_write.register
def _(node: Quantile) -> str:
    among = f", where {_write(node.among)}" if node.among is not None else ""
    return f"quantile({_write(node.of)}, {node.p!r}{among})"
