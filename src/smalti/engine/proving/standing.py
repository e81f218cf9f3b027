"""How customers stand by what was known of them before: past value, recency and frequency, as those rank them who rank."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.errors import SmaltiError, nearest
from smalti.experiments.logged import Floats, Integers
from smalti.models.supervised import Column
from smalti.sources.roles import words_of

ROLES = ("value", "recency", "frequency")
_NAMES = {
    "value": re.compile(r"\b(history|monetary|spend|spent|revenue|turnover|value|amount|ltv|clv|donated)\b"),
    "recency": re.compile(r"\b(recency|since)\b"),
    "frequency": re.compile(r"\b(frequency|freq|orders|purchases|visits)\b"),
}
_FIFTHS = 5


@dataclass(frozen=True, eq=False)
class Standing:
    """How customers stand.

    Attributes:
        columns: Of each role (value, recency, frequency) the column that tells it; those that nothing tells are left out.
        value: What they were worth before, as a rank from 0 to 1, missing ones last; shape (n,). None where nothing tells it.
        rfm: The sum of the fifths they are in by recency, frequency and value; shape (n,). None where fewer than two are told.
    """

    columns: Mapping[str, str]
    value: Floats | None
    rfm: Floats | None


def standing(columns: Sequence[Column], said: Sequence[tuple[str, str]] = ()) -> Standing:
    """Find how customers stand, by columns that are named or whose names say what they are.

    Args:
        columns: What was known of customers before.
        said: Roles, each with the column that tells it.

    Raises:
        SmaltiError: A role or column is unknown, or the column holds no numbers.

    >>> columns = [Column("history", "number", np.arange(10.0)), Column("recency", "number", np.arange(10.0)[::-1])]
    >>> found = standing(columns)
    >>> dict(found.columns), found.rfm.tolist()
    ({'value': 'history', 'recency': 'recency'}, [0.0, 0.0, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 8.0, 8.0])
    """
    numbers = {one.name: one for one in columns if one.kind == "number"}
    found = {role: name for role in ROLES if (name := _told(role, numbers)) is not None}
    for role, name in said:
        found[_known(role, ROLES, "rank")] = _known(name, tuple(numbers), f"rank {role}")
    of = {role: _missing_last(numbers[name].values, low=role == "recency") for role, name in found.items()}
    fifths = [_fifth(of[role]) for role in ROLES if role in of]
    return Standing(
        columns=found,
        value=_place(of["value"]) / max(len(of["value"]) - 1, 1) if "value" in of else None,
        rfm=np.sum(fifths, axis=0).astype(np.float64) if len(fifths) > 1 else None,
    )


def _told(role: str, numbers: Mapping[str, Column]) -> str | None:
    """Give the first column whose name says that it tells the role, and which tells more than a few customers apart."""
    for name, column in numbers.items():
        if _NAMES[role].search(words_of(name)) and len(np.unique(column.values)) > _FIFTHS:
            return name
    return None


def _known(name: str, names: Sequence[str], what: str) -> str:
    if name in names:
        return name
    near = nearest(name, names)
    hint = f"; did you mean '{near}'?" if near else ""
    raise SmaltiError(f"{what}: found '{name}', wanted one of {', '.join(names[:20])}{hint}")


def _missing_last(values: Floats, *, low: bool) -> Floats:
    """Turn values so that more is better, with missing ones below all."""
    turned = -values.astype(np.float64) if low else values.astype(np.float64)
    return np.where(np.isnan(turned), -np.inf, turned)


def _place(values: Floats) -> Floats:
    """Give the place of each in ascending order, equals sharing the middle of theirs."""
    _, code, size = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(size)
    middle: Floats = (ends - size / 2 - 0.5)[code]
    return middle


def _fifth(values: Floats) -> Integers:
    fifths: Integers = np.minimum((_place(values) + 0.5) * _FIFTHS // len(values), _FIFTHS - 1).astype(np.int64)
    return fifths
