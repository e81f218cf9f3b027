"""What customers are grouped by: traits as columns of comparable size, with a value for whoever did not answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from smalti.errors import ModelError
from smalti.facts import Type

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.int64]

KINDS = (Type.BOOLEAN, Type.INTEGER, Type.NUMBER, Type.MONEY)
"""The types of traits by which customers can be grouped."""

NOBODYS = -1
"""The label of a customer of whom nothing is known that she could be grouped by."""


@dataclass(frozen=True)
class Measure:
    """A trait that customers are grouped by, as it was among those it was fitted on.

    Attributes:
        name: The trait's name.
        type: Its type: boolean, integer, number or money.
        mean: Mean of those who have it, true being 1; money in major units. It stands for a value that is missing.
        scale: What differences are divided by: 1 for a boolean, else two standard deviations, so that both weigh alike
            (Gelman 2008, Scaling regression inputs by dividing by two standard deviations).
        step: A round number near a twentieth of the scale, the grain in which rules speak of the trait; 1 for a boolean.
        answered: The share of customers who have it.
    """

    name: str
    type: Type
    mean: float
    scale: float
    step: float
    answered: float

    @property
    def boolean(self) -> bool:
        """Whether it is true or false, rather than a quantity."""
        return self.type is Type.BOOLEAN


def measures_of(values: Mapping[str, npt.ArrayLike], types: Mapping[str, Type] | None = None) -> tuple[Measure, ...]:
    """Look at the traits customers are to be grouped by.

    Args:
        values: One value per customer and trait, missing as NaN; booleans as such or as 0 and 1, money in major units.
        types: Types by name; where none is given, an array of booleans is boolean and all else a number.

    Raises:
        ModelError: No trait; columns of several lengths; a trait that is no quantity, is infinite somewhere, is the same for
            all, or a boolean other than 0 and 1.

    >>> [one] = measures_of({"orders": [0.0, 2.0, 4.0, np.nan]})
    >>> one.mean, round(one.scale, 3), one.step, one.answered
    (2.0, 3.266, 0.1, 0.75)
    """
    if not values:
        raise ModelError("groups: expected at least one trait to group by, got none")
    lengths = {name: np.asarray(column).shape for name, column in values.items()}
    if len(set(lengths.values())) != 1 or len(next(iter(lengths.values()))) != 1:
        raise ModelError(f"groups: expected one value per customer and trait, got columns of shape {lengths}")
    given = types or {}
    return tuple(_measure(name, column, given.get(name)) for name, column in values.items())


def _measure(name: str, column: npt.ArrayLike, told: Type | None) -> Measure:
    given = np.asarray(column)
    kind = told or (Type.BOOLEAN if given.dtype == np.bool_ else Type.NUMBER)
    if kind not in KINDS:
        wanted = ", ".join(one.value for one in KINDS)
        raise ModelError(f"groups: {name} is of type {kind.value}, expected one of {wanted}")
    number = given.astype(np.float64)
    known = number[~np.isnan(number)]
    if np.isinf(known).any():
        raise ModelError(f"groups: {name} is infinite for some customers, expected numbers")
    if not len(known) or (known == known[0]).all():
        raise ModelError(f"groups: {name} is the same for all who have it, so nobody can be told apart by it")
    if kind is Type.BOOLEAN and not np.isin(known, (0.0, 1.0)).all():
        raise ModelError(f"groups: {name} is said to be true or false, but has other values than 0 and 1")
    scale = 1.0 if kind is Type.BOOLEAN else 2 * float(known.std())
    step = 1.0 if kind is Type.BOOLEAN else _round_step(scale / 20, kind)
    return Measure(name, kind, float(known.mean()), scale, step, len(known) / len(number))


def _round_step(near: float, kind: Type) -> float:
    power = math.floor(math.log10(near))
    lead = next(digit for digit in (5, 2, 1) if digit * 10.0**power <= near * 1.000001)
    step = float(f"{lead}e{power}")
    least = {Type.INTEGER: 1.0, Type.MONEY: 1.0}.get(kind, 0.0)
    return max(step, least)


def columns_of(measures: Sequence[Measure], values: Mapping[str, npt.ArrayLike]) -> Floats:
    """Give the measures' values as a table, shape (n, measures), missing as NaN.

    Raises:
        ModelError: A measure is not among the values.
    """
    lacking = [one.name for one in measures if one.name not in values]
    if lacking:
        raise ModelError(f"groups: expected a value for {', '.join(lacking)}, got only {', '.join(values)}")
    return np.column_stack([np.asarray(values[one.name], dtype=np.float64) for one in measures])


def scaled(measures: Sequence[Measure], columns: Floats) -> Floats:
    """Give the table k-means works on: missing values filled with the mean, all divided by the scale, shape (n, measures).

    >>> measures = measures_of({"new": [True, False], "orders": [2.0, 4.0]})
    >>> scaled(measures, np.array([[1.0, 3.0], [np.nan, 7.0]]))
    array([[1. , 1.5],
           [0.5, 3.5]])
    """
    means, scales = (np.array([getattr(one, what) for one in measures]) for what in ("mean", "scale"))
    return np.asarray(np.where(np.isnan(columns), means, columns) / scales)


def unknown(measures: Sequence[Measure], columns: Floats) -> npt.NDArray[np.bool_]:
    """Say of whom nothing is known, shape (n,): nobody can be told so if some measure was known of all it was fitted on."""
    if not may_be_unknown(measures):
        return np.zeros(len(columns), dtype=np.bool_)
    return np.asarray(np.isnan(columns).all(axis=1))


def may_be_unknown(measures: Sequence[Measure]) -> bool:
    """Whether every measure was missing for some of those it was fitted on."""
    return all(one.answered < 1 for one in measures)
