"""The tree as JSON and back without loss, for the browser's builder and whoever else writes rules by machine.

A node is an object whose ``node`` says which it is; its other keys are the fields of the node in `nodes`, and a field that
says nothing is left out. ``{"node": "compare", "op": ">=", "left": ..., "right": ...}`` is an example. Durations stand as text
("90 days"), instants in ISO 8601, numbers as numbers; whole numbers beyond 2**53 - 1, which a browser cannot hold, as text.
The branches of a case are objects with ``when`` and ``then``. All of it follows from the fields and their types: a new node
needs no line here, and `json_schema` describes what `from_json` takes.

It is the form of trees as people write them. What only `check` puts in - money in minor units, time zones - has no place here.

>>> from smalti.rules.text import parse, write
>>> told = to_json(parse("count(orders, last 90 days) >= 2"))
>>> told["left"]
{'node': 'aggregate', 'function': 'count', 'stream': 'orders', 'window': {'node': 'last', 'duration': '90 days'}}
>>> write(from_json(told))
'count(orders, last 90 days) >= 2'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, NamedTuple, TypeAlias, get_args, get_type_hints

from smalti.errors import DefinitionError, Problem, SmaltiError, nearest
from smalti.facts import Type, format_duration, format_instant, parse_duration, parse_instant
from smalti.rules.nodes import In, Literal, Node, Window
from smalti.rules.shapes import LEAST, TOO_LARGE, WORDS, holds, is_written_out, unknown_word

Json: TypeAlias = Any
"""Plain values, as `json.loads` gives them."""

_MOST_EXACT = 2**53 - 1
_FILLED_IN = frozenset({"span", "zone", "link"})
_WORD = r"^[A-Za-z_][A-Za-z0-9_]*$"
_WHOLE = r"^-?(0|[1-9][0-9]*)$"
_DURATION = r"^-?[0-9]+ (microsecond|second|minute|hour|day|week)s?$"
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
_WRITTEN = tuple(kind for kind in Type if kind is not Type.MONEY)


@dataclass(frozen=True)
class _Part:
    """One field of a node: what it is called, whether it may be left out, and its form."""

    name: str
    optional: bool
    form: _Form


class _Form(NamedTuple):
    """How the value of a field is described, written, and read at a path."""

    schema: Mapping[str, Json]
    write: Callable[[Any], Json]
    read: Callable[[Json, str, list[Problem]], Any]


def to_json(node: Node) -> dict[str, Json]:
    """Give a tree, as it was written, as plain values: objects, lists, text, numbers and booleans.

    Raises:
        ValueError: The tree holds what only `check` puts in.

    >>> to_json(Literal(2_592_000_000_000, Type.DURATION))
    {'node': 'literal', 'type': 'duration', 'value': '30 days'}
    """
    told: dict[str, Json] = {"node": _key(type(node))}
    if isinstance(node, Literal):
        return told | {"type": str(node.type), "value": _written_value(node)}
    if any(getattr(node, name, None) is not None for name in ("zone", "link")):
        raise ValueError(f"a tree made ready has no JSON form, found {node!r}; give it as it was written")
    for part in _PARTS[type(node)]:
        value = getattr(node, part.name)
        if value is not None:
            told[part.name] = part.form.write(value)
    return told


def from_json(value: Json) -> Node:
    """Read a tree from plain values.

    Raises:
        DefinitionError: It is not the form of a tree. Every problem begins with the path to where it is, such as
            ``and[1].left``: the part of that name, or the part of ``and`` with that number, counted from 0.

    >>> from_json({"node": "name", "name": "country"})
    Name(name='country')
    >>> from_json({"node": "not", "part": {"node": "nam", "name": "vip"}})
    Traceback (most recent call last):
      ...
    smalti.errors.DefinitionError: 1 problem in the definitions:
      part: unknown node: found 'nam', wanted a node that gives a value; did you mean 'name'?
    """
    problems: list[Problem] = []
    try:
        node = _read_node(value, "", problems, _EXPRESSIONS)
    except RecursionError:
        raise DefinitionError([Problem("a rule too deeply nested", wanted="one in smaller steps")]) from None
    if problems or node is None:
        raise DefinitionError(problems)
    return node


def json_schema() -> dict[str, Json]:
    """Give the JSON Schema (draft 2020-12) of what `to_json` gives and `from_json` takes.

    Whatever `from_json` takes fits it. What fits can still be refused: for a 30 February, or by `check` for its meaning.

    >>> json_schema()["$defs"]["is_missing"]["properties"]["part"]
    {'$ref': '#/$defs/expression'}
    """
    nodes = {key: _schema(kind) for key, kind in (*_EXPRESSIONS.items(), *_WINDOWS.items())}
    minus = {"allOf": [{"$ref": "#/$defs/negate"}, {"properties": {"part": {"$ref": "#/$defs/literal"}}}]}
    written_out = {"literal": {"$ref": "#/$defs/literal"}, "negate": minus}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule or trait of smalti",
        "$ref": "#/$defs/expression",
        "$defs": {
            "expression": _chosen("node", {key: {"$ref": f"#/$defs/{key}"} for key in _EXPRESSIONS}),
            "window": _chosen("node", {key: {"$ref": f"#/$defs/{key}"} for key in _WINDOWS}),
            "written_out": _chosen("node", written_out),
            **nodes,
        },
    }


def _chosen(key: str, schemas: Mapping[str, Json]) -> dict[str, Json]:
    """Give the schema of an object that is one of several, as one of its keys says.

    Not ``oneOf``: with that a validator tries every one at every level, which takes for ever in a deep tree.
    """
    cases = [{"if": {"properties": {key: {"const": name}}}, "then": schema} for name, schema in schemas.items()]
    return {"type": "object", "required": [key], "properties": {key: {"enum": [*schemas]}}, "allOf": cases}


def _key(kind: type[Node]) -> str:
    """Give what a node is called: its class in small letters.

    >>> _key(Literal)
    'literal'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


_WINDOWS: Mapping[str, type[Node]] = {_key(kind): kind for kind in get_args(Window)}
_EXPRESSIONS: Mapping[str, type[Node]] = {
    _key(kind): kind for kind in Node.__subclasses__() if kind not in get_args(Window)
}


def _form(kind: type[Node], name: str, hint: Any) -> _Form:
    """Give the form of a field, from the words there are for it and from its type."""
    if (kind, name) in WORDS:
        return _word(*WORDS[kind, name])
    if name in ("duration", "within"):
        return _durations()
    if hint in (Node, Node | None):
        return _one(_EXPRESSIONS, "expression")
    if hint == Window | None:
        return _one(_WINDOWS, "window")
    if hint == tuple[Node, ...]:
        return _many(LEAST.get((kind, name), 0), "written_out" if kind is In else "expression")
    if hint == tuple[tuple[Node, Node], ...]:
        return _branches(LEAST[kind, name])
    if hint in (str, str | None):
        if name == "stream":
            return _text({"type": "string", "pattern": _WORD}, "the name of a stream")
        return _text({"type": "string", "minLength": 0 if name == "pattern" else 1}, "a text")
    if hint == int | None:
        return _number({"type": "integer", "minimum": 1, "maximum": _MOST_EXACT}, int, "a whole number from 1")
    if hint is float:
        return _number({"type": "number", "minimum": 0, "maximum": 1}, float, "a number between 0 and 1")
    raise TypeError(f"no JSON form for {kind.__name__}.{name}: {hint}")


def _at(path: str, problem: Problem) -> Problem:
    return Problem(f"{path}: {problem.what}" if path else problem.what, problem.found, problem.wanted, problem.hint)


def _told(value: Json) -> str:
    text = f"{value!r}" if isinstance(value, str | int | float | bool | None) else f"a {type(value).__name__}"
    return text.strip("'") if len(text) <= 80 else text[:77] + "..."


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _read_node(value: Json, path: str, problems: list[Problem], kinds: Mapping[str, type[Node]]) -> Node | None:
    sort = "a window" if kinds is _WINDOWS else "a node that gives a value"
    if not isinstance(value, dict) or "node" not in value:
        wanted = 'an object that says which node it is, such as {"node": "name", "name": "country"}'
        problems.append(_at(path, Problem("not a node", _told(value), wanted)))
        return None
    key = value["node"]
    kind = kinds.get(key) if isinstance(key, str) else None
    if kind is None:
        problems.append(_at(path, Problem("unknown node", _told(key), sort, nearest(str(key), kinds))))
        return None
    if not _keys_fit(kind, value, path, problems):
        return None
    if kind is Literal:
        return _read_literal(value, path, problems)
    before = len(problems)
    read = {}
    for part in _PARTS[kind]:
        if part.name in value:
            name = value["op"] if part.name == "parts" and value["op"] in ("and", "or") else part.name
            read[part.name] = part.form.read(value[part.name], _below(path, name), problems)
    return kind(**read) if len(problems) == before else None


def _keys_fit(kind: type[Node], value: Mapping[str, Json], path: str, problems: list[Problem]) -> bool:
    """Whether the keys of an object are those of its node."""
    before, known, key = len(problems), [part.name for part in _PARTS[kind]], _key(kind)
    for name in value:
        if name != "node" and name not in known:
            wanted = "one of " + ", ".join(known) if known else "nothing beside node"
            problems.append(_at(path, Problem(f"unknown part of {key}", str(name), wanted, nearest(str(name), known))))
    lacking = [part.name for part in _PARTS[kind] if not part.optional and part.name not in value]
    if lacking and len(problems) == before:
        has = ", ".join(map(str, value))
        problems.append(_at(path, Problem(f"{key} is not whole", has, "also " + " and ".join(lacking))))
    return len(problems) == before


def _schema(kind: type[Node]) -> dict[str, Json]:
    about = re.sub(r"``|`", "", (kind.__doc__ or "").split("\n")[0])
    if kind is Literal:
        return {"description": about} | _chosen("type", {str(one): _literal_schema(one) for one in _WRITTEN})
    properties = {"node": {"const": _key(kind)}} | {part.name: dict(part.form.schema) for part in _PARTS[kind]}
    required = ["node", *(part.name for part in _PARTS[kind] if not part.optional)]
    return {
        "description": about,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


_VALUES: Mapping[Type, tuple[Mapping[str, Json], str]] = {
    Type.TEXT: ({"type": "string"}, "a text"),
    Type.INTEGER: (
        {
            "oneOf": [
                {"type": "integer", "minimum": -_MOST_EXACT, "maximum": _MOST_EXACT},
                {"type": "string", "pattern": _WHOLE},
            ]
        },
        f"a whole number, as text beyond {_MOST_EXACT}",
    ),
    Type.NUMBER: ({"type": "number"}, "a number"),
    Type.BOOLEAN: ({"type": "boolean"}, "true or false"),
    Type.INSTANT: ({"type": "string", "pattern": _INSTANT}, "an instant such as 2026-06-30T12:00:00Z"),
    Type.DURATION: ({"type": "string", "pattern": _DURATION}, "a duration such as 30 days"),
}
"""By type of a literal: the schema of its value, and what is wanted in words."""


def _literal_schema(kind: Type) -> dict[str, Json]:
    properties = {"node": {"const": "literal"}, "type": {"const": str(kind)}, "value": dict(_VALUES[kind][0])}
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _written_value(node: Literal) -> Json:
    if not holds(node.value, node.type) or node.type is Type.MONEY:
        raise ValueError(f"no JSON form for {node!r}; give the tree as it was written")
    match node.type:
        case Type.DURATION:
            return _told_duration(int(node.value))
        case Type.INSTANT:
            return format_instant(int(node.value))
        case Type.INTEGER if abs(int(node.value)) > _MOST_EXACT:
            return str(node.value)
        case Type.NUMBER:
            return float(node.value)
    return node.value


def _told_duration(value: int) -> str:
    return ("-" if value < 0 else "") + format_duration(abs(value))


def _read_literal(value: Mapping[str, Json], path: str, problems: list[Problem]) -> Node | None:
    kinds = tuple(str(kind) for kind in _WRITTEN)
    if value["type"] not in kinds:
        problems.append(_at(_below(path, "type"), unknown_word("type of a value", _told(value["type"]), kinds)))
        return None
    kind = Type(value["type"])
    found = _value_of(kind, value["value"])
    if found is None or not holds(found, kind):
        wanted = _VALUES[kind][1]
        problems.append(_at(_below(path, "value"), Problem(f"not a value of {kind}", _told(value["value"]), wanted)))
        return None
    return Literal(found, kind)


def _value_of(kind: Type, value: Json) -> Any:
    """Read the value of a literal, or give None if it is not one of the type."""
    is_text, is_number = isinstance(value, str), isinstance(value, int | float) and not isinstance(value, bool)
    match kind:
        case Type.DURATION if is_text:
            return _read_duration(value)
        case Type.INSTANT if is_text:
            return _read_instant(value)
        case Type.INTEGER if is_text:
            return int(value) if len(value) < 32 and re.fullmatch(_WHOLE, value) else None
        case Type.INTEGER:
            return value if is_number and isinstance(value, int) and abs(value) <= _MOST_EXACT else None
        case Type.NUMBER if is_number:
            return float(value) if abs(value) < 10**308 or isinstance(value, float) else None
        case Type.TEXT | Type.BOOLEAN:
            return value
    return None


def _read_duration(value: str) -> int | None:
    if not re.fullmatch(_DURATION, value) or len(value) > 40:
        return None
    return (-1 if value.startswith("-") else 1) * parse_duration(value.removeprefix("-"))


def _read_instant(value: str) -> int | None:
    try:
        return parse_instant(value) if re.fullmatch(_INSTANT, value) else None
    except (SmaltiError, OverflowError):
        return None


def _word(what: str, words: tuple[str, ...]) -> _Form:
    def read(value: Json, path: str, problems: list[Problem]) -> str | None:
        if isinstance(value, str) and value in words:
            return value
        problems.append(_at(path, unknown_word(what, _told(value), words)))
        return None

    return _Form({"enum": list(words)}, str, read)


def _checked(
    schema: Mapping[str, Json], accept: Callable[[Json], Any], write: Callable[[Any], Json], wanted: str
) -> _Form:
    """Give the form of a plain value; `accept` gives it as Python holds it, or None."""

    def read(value: Json, path: str, problems: list[Problem]) -> Any:
        found = accept(value)
        if found is None:
            problems.append(_at(path, Problem("not what stands here", _told(value), wanted)))
        return found

    return _Form(schema, write, read)


def _text(schema: Mapping[str, Json], wanted: str) -> _Form:
    def accept(value: Json) -> str | None:
        fits = isinstance(value, str) and len(value) >= schema.get("minLength", 0)
        return value if fits and re.fullmatch(schema.get("pattern", "(?s).*"), value) else None

    return _checked(schema, accept, str, wanted)


def _number(schema: Mapping[str, Json], kind: type[int] | type[float], wanted: str) -> _Form:
    def accept(value: Json) -> float | None:
        numbers = int if kind is int else (int, float)
        fits = isinstance(value, numbers) and not isinstance(value, bool)
        return kind(value) if fits and schema["minimum"] <= value <= schema["maximum"] else None

    return _checked(schema, accept, kind, wanted)


def _durations() -> _Form:
    def accept(value: Json) -> int | None:
        found = _read_duration(value) if isinstance(value, str) else None
        return found if found is not None and abs(found) < TOO_LARGE else None

    return _checked({"type": "string", "pattern": _DURATION}, accept, _told_duration, "a duration such as 30 days")


def _one(kinds: Mapping[str, type[Node]], name: str) -> _Form:
    def read(value: Json, path: str, problems: list[Problem]) -> Node | None:
        return _read_node(value, path, problems, kinds)

    return _Form({"$ref": f"#/$defs/{name}"}, to_json, read)


def _many(least: int, name: str) -> _Form:
    def read(value: Json, path: str, problems: list[Problem]) -> tuple[Node | None, ...]:
        read = [_read_node(one, at, problems, _EXPRESSIONS) for one, at in _listed(value, path, least, problems)]
        if name == "written_out" and any(node is not None and not is_written_out(node) for node in read):
            problems.append(
                _at(path, Problem("an option that is not written out", None, "values such as 'shoes' or 5"))
            )
        return tuple(read)

    schema = {"type": "array", "items": {"$ref": f"#/$defs/{name}"}, "minItems": least}
    return _Form(schema, lambda nodes: [to_json(node) for node in nodes], read)


def _listed(value: Json, path: str, least: int, problems: list[Problem]) -> Iterator[tuple[Json, str]]:
    if not isinstance(value, list) or len(value) < least:
        problems.append(_at(path, Problem("not a list", _told(value), f"a list of at least {least}")))
        return
    yield from ((one, f"{path}[{number}]") for number, one in enumerate(value))


def _branches(least: int) -> _Form:
    def read(value: Json, path: str, problems: list[Problem]) -> tuple[Any, ...]:
        found = []
        for one, at in _listed(value, path, least, problems):
            if not isinstance(one, dict) or set(one) != {"when", "then"}:
                found_keys = ", ".join(map(str, one)) if isinstance(one, dict) else _told(one)
                problems.append(_at(at, Problem("not a branch", found_keys, "an object of when and then")))
                continue
            found.append(
                tuple(_read_node(one[key], _below(at, key), problems, _EXPRESSIONS) for key in ("when", "then"))
            )
        return tuple(found)

    part = {"$ref": "#/$defs/expression"}
    branch = {
        "type": "object",
        "properties": {"when": part, "then": part},
        "required": ["when", "then"],
        "additionalProperties": False,
    }
    schema = {"type": "array", "items": branch, "minItems": least}
    return _Form(schema, lambda pairs: [{"when": to_json(when), "then": to_json(then)} for when, then in pairs], read)


def _read_parts(kind: type[Node]) -> tuple[_Part, ...]:
    hints = get_type_hints(kind)
    return tuple(
        _Part(one.name, one.default is not MISSING, _form(kind, one.name, hints[one.name]))
        for one in fields(kind)
        if one.name not in _FILLED_IN
    )


_PARTS: Mapping[type[Node], tuple[_Part, ...]] = {
    kind: _read_parts(kind) for kind in (*_EXPRESSIONS.values(), *_WINDOWS.values()) if kind is not Literal
} | {Literal: (_Part("type", False, _text({}, "")), _Part("value", False, _text({}, "")))}
