"""What each customer got in an experiment, and what came of it: one row per customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from smalti.errors import ModelError, nearest
from smalti.experiments.logged import Floats, Integers


@dataclass(frozen=True, eq=False)
class Segmented:
    """A segmentation of n customers, as it stood before the experiment: a segment that the treatment can change proves nothing.

    Attributes:
        labels: The names of the segments.
        codes: Of each customer the place of her segment in `labels`, -1 where she is in none; shape (n,).
    """

    labels: tuple[str, ...]
    codes: Integers


@dataclass(frozen=True, eq=False)
class Observed:
    """The customers of an experiment.

    Attributes:
        arms: The names of the arms.
        arm: Of each customer the place of her arm in `arms`, -1 where she takes no part (is held out); shape (n,).
        columns: Outcomes, denominators and covariates, by name; each of shape (n,). A covariate may be NaN where it is unknown.
        segments: The segmentations to read by, by name.

    Raises:
        ModelError: The arms, places or lengths are not as said above.
    """

    arms: tuple[str, ...]
    arm: Integers
    columns: Mapping[str, Floats]
    segments: Mapping[str, Segmented] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.arms) < 2 or len(set(self.arms)) < len(self.arms):
            raise ModelError(f"arms: expected two or more different names, got {', '.join(self.arms) or 'none'}")
        _places(self.arm, len(self.arms), "arm")
        for name, column in self.columns.items():
            _as_long(column.shape, self.arm, name)
        for name, groups in self.segments.items():
            _as_long(groups.codes.shape, self.arm, name)
            _places(groups.codes, len(groups.labels), name)

    def column(self, name: str) -> Floats:
        """Give a column as numbers.

        Raises:
            ModelError: There is no such column, or it has no numbers.
        """
        given = np.asarray(self.columns[_known(name, self.columns, "column")])
        if len(given) and given.dtype.kind not in "iufb":
            raise ModelError(f"{name}: expected numbers, got {given.dtype}")
        return given.astype(np.float64)

    def segment(self, name: str) -> Segmented:
        """Give a segmentation.

        Raises:
            ModelError: There is no such segmentation.
        """
        return self.segments[_known(name, self.segments, "segmentation")]


ROWS = "rows"
"""The column of `of_customers` that says how many rows each customer had: the denominator of a mean per row."""


def of_customers(observed: Observed, customer: Integers) -> Observed:
    """Give one row per customer where there are several (visits, orders): columns are added up, and `rows` says of how many.

    Customers are drawn into arms, not their rows; whoever takes rows for independent gets intervals that are too narrow. A mean
    per row becomes the ratio of a column to `rows`.

    Args:
        observed: Several rows per customer.
        customer: Of each row the place of its customer, from 0 up; shape (n,).

    Returns:
        One row per customer that has any, in the order of their places.

    Raises:
        ModelError: A customer is in several arms or segments.

    Examples:
        >>> visits = Observed(("none", "mail"), np.array([0, 0, 1]), {"orders": np.array([1.0, 0.0, 1.0])})
        >>> one = of_customers(visits, np.array([0, 0, 1]))
        >>> one.arm.tolist(), one.columns["orders"].tolist(), one.columns["rows"].tolist()
        ([0, 1], [1.0, 1.0], [2.0, 1.0])
    """
    _as_long(customer.shape, observed.arm, "customer")
    _, first, place = np.unique(customer, return_index=True, return_inverse=True)

    def once(codes: Integers, name: str) -> Integers:
        several = int(np.count_nonzero(np.bincount(place[codes != codes[first][place]])))
        if several:
            raise ModelError(f"{name}: expected each customer in one, got {several:,} customers in several")
        return codes[first]

    columns: dict[str, Floats] = {
        name: np.bincount(place, observed.column(name), len(first)).astype(np.float64) for name in observed.columns
    }
    columns[ROWS] = np.bincount(place, minlength=len(first)).astype(np.float64)
    segments = {name: Segmented(one.labels, once(one.codes, name)) for name, one in observed.segments.items()}
    return Observed(observed.arms, once(observed.arm, "arm"), columns, segments)


def _as_long(shape: tuple[int, ...], arm: Integers, name: str) -> None:
    if shape != arm.shape:
        raise ModelError(f"{name}: expected {len(arm)} rows as in arm, got {shape}")


def _places(codes: Integers, count: int, name: str) -> None:
    if len(codes) and not (int(codes.min()) >= -1 and int(codes.max()) < count):
        raise ModelError(
            f"{name}: expected places from -1 to {count - 1}, got {int(codes.min())} to {int(codes.max())}"
        )


def _known(name: str, names: Mapping[str, object], what: str) -> str:
    if name in names:
        return name
    near = nearest(name, names)
    hint = f"; did you mean '{near}'?" if near else ""
    raise ModelError(f"{what}: found '{name}', wanted one of {', '.join(names) or 'none'}{hint}")
