"""Traits as trees take them: numbers as they are, categories as codes, what is missing as missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from smalti.errors import ModelError, nearest
from smalti.models.supervised.training import Column, Kind

Encoded: TypeAlias = tuple[NDArray[Any], ...]
"""One array for each input: floats with NaN where missing, or codes of categories of which the last is `missing`."""

SELDOM = 20
"""A category held by fewer rows than this tells nothing of itself and counts as missing."""

MOST_CATEGORIES = 100
"""So many categories of a trait are told apart, the most frequent; the others count as missing."""


@dataclass(frozen=True)
class Input:
    """A trait that a fitted score wants.

    Attributes:
        name: Of the trait.
        kind: `number` or `category`.
        unit: What numbers are counted in.
        categories: Those told apart, in the order of their codes; any other counts as missing.
    """

    name: str
    kind: Kind
    unit: str = ""
    categories: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as texts and lists."""
        return {**asdict(self), "categories": list(self.categories)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Input:
        """Return the input that `to_dict` gave."""
        return cls(**{**stored, "categories": tuple(stored["categories"])})


@dataclass(frozen=True)
class Unlearnt:
    """A trait from which nothing could be learnt.

    Attributes:
        name: Of the trait.
        state: How its values were, such as `missing for everybody`.
        value: The one value there was, None where all were missing or none was frequent enough.
    """

    name: str
    state: str
    value: float | str | None = None

    def differs(self, column: Column) -> bool:
        """Tell whether a column now says something that it did not say when the score was fitted.

        >>> Unlearnt("visits", "missing for everybody").differs(Column("visits", "number", np.array([1.0, np.nan])))
        True
        """
        if self.state == _TOO_MANY:
            return False
        said = _said(column)
        return bool(np.any(said != self.value)) if self.value is not None else bool(len(said))

    def to_dict(self) -> dict[str, Any]:
        """Return it as texts and numbers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Unlearnt:
        """Return what `to_dict` gave."""
        return cls(**stored)


_MISSING, _SAME, _TOO_MANY = "missing for everybody", "the same for everybody", "different for nearly everybody"


def find_inputs(columns: Sequence[Column]) -> tuple[tuple[Input, ...], tuple[Unlearnt, ...]]:
    """Say what can be learnt from, categories before numbers, each in the order of their names, and what cannot.

    >>> kept, left = find_inputs([Column("age", "number", np.arange(3.0)), Column("plan", "category", np.array([None] * 3))])
    >>> [one.name for one in kept], [one.state for one in left]
    (['age'], ['missing for everybody'])
    """
    kept: list[Input] = []
    left: list[Unlearnt] = []
    for column in sorted(columns, key=lambda one: (one.kind == "number", one.name)):
        found = _input(column)
        if isinstance(found, Input):
            kept.append(found)
        else:
            left.append(found)
    return tuple(kept), tuple(left)


def _input(column: Column) -> Input | Unlearnt:
    said = _said(column)
    if not len(said):
        return Unlearnt(column.name, _MISSING)
    if len(said) == len(column) and bool(np.all(said == said[0])):
        value = said[0]
        return Unlearnt(column.name, _SAME, value if isinstance(value, str) else float(value))
    if column.kind == "number":
        return Input(column.name, "number", column.unit)
    categories = _frequent(said)
    return Input(column.name, "category", column.unit, categories) if categories else Unlearnt(column.name, _TOO_MANY)


def _said(column: Column) -> NDArray[Any]:
    """Return the values that are not missing."""
    if column.kind == "number":
        return np.asarray(column.values[~np.isnan(column.values.astype(np.float64))])
    return np.array([value for value in column.values.tolist() if value is not None], dtype=object)


def _frequent(said: NDArray[Any]) -> tuple[str, ...]:
    names, counts = np.unique(said.astype(str), return_counts=True)
    often = np.flatnonzero(counts >= SELDOM)
    first = often[np.argsort(-counts[often], kind="stable")][:MOST_CATEGORIES]
    return tuple(sorted(str(name) for name in names[first]))


def encode(inputs: Sequence[Input], columns: Sequence[Column]) -> Encoded:
    """Return the values of each input, in the order of the inputs.

    Raises:
        ModelError: When a trait is missing, of another kind or unit, or of another length.

    >>> plan = Column("plan", "category", np.array(["b", None, "new", "a"], dtype=object))
    >>> encode([Input("plan", "category", categories=("a", "b"))], [plan])
    (array([1, 2, 2, 0], dtype=uint8),)
    """
    given = {column.name: column for column in columns}
    chosen = [_same(one, given) for one in inputs]
    if len({len(column) for column in chosen}) > 1:
        lengths = ", ".join(f"{column.name} {len(column):,}" for column in chosen)
        raise ModelError(f"expected as many values of each trait, got {lengths}")
    return tuple(_values(one, column) for one, column in zip(inputs, chosen, strict=True))


def _same(one: Input, given: Mapping[str, Column]) -> Column:
    column = given.get(one.name)
    if column is None:
        near = nearest(one.name, given)
        raise ModelError(f"the score wants {one.name}, which is not there" + (f"; is it now {near}?" if near else ""))
    if column.kind != one.kind:
        raise ModelError(f"{one.name}: the score was fitted on a {one.kind}, got a {column.kind}")
    if column.unit != one.unit:
        raise ModelError(f"{one.name}: the score was fitted on {_unit(one.unit)}, got {_unit(column.unit)}")
    return column


def _unit(unit: str) -> str:
    return unit or "plain numbers"


def _values(one: Input, column: Column) -> NDArray[Any]:
    if one.kind == "number":
        return np.ascontiguousarray(column.values, dtype=np.float64)
    codes = _Codes(one.categories)
    return np.fromiter(map(codes.__getitem__, column.values.tolist()), dtype=np.uint8, count=len(column))


class _Codes(dict[object, int]):
    """Codes of categories; whatever is not among them is missing, the last code."""

    def __init__(self, categories: Sequence[str]) -> None:
        super().__init__((name, code) for code, name in enumerate(categories))
        self.missing = len(categories)

    def __missing__(self, name: object) -> int:
        return self.missing


def encode_one(inputs: Sequence[Input], values: Mapping[str, float | str | None]) -> tuple[float | int, ...]:
    """Return one customer's values, each as `encode` has it.

    Raises:
        ModelError: When a trait is not given, or of another kind.

    >>> encode_one([Input("plan", "category", categories=("a", "b")), Input("age", "number")], {"plan": "b", "age": None})
    (1, nan)
    """
    return tuple(_value(one, values) for one in inputs)


def _value(one: Input, values: Mapping[str, float | str | None]) -> float | int:
    if one.name not in values:
        near = nearest(one.name, values)
        raise ModelError(f"the score wants {one.name}, which is not there" + (f"; is it now {near}?" if near else ""))
    value = values[one.name]
    if one.kind == "category":
        if not (value is None or isinstance(value, str)):
            raise ModelError(f"{one.name}: the score was fitted on a category, got {value!r}")
        return one.categories.index(value) if value in one.categories else len(one.categories)
    if value is None:
        return float("nan")
    if isinstance(value, str) or math.isinf(value):
        raise ModelError(f"{one.name}: the score was fitted on a finite number, got {value!r}")
    return float(value)
