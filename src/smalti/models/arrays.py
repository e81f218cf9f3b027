"""Arrays of numbers, checked."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from smalti.errors import ModelError

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Booleans: TypeAlias = NDArray[np.bool_]


def numbers(values: ArrayLike, name: str) -> Floats:
    """Return `values` as an array of finite floats that are not negative.

    Raises:
        ModelError: naming the first row that is not such a number.

    Examples:
        >>> numbers([1, 2.5], "age").tolist()
        [1.0, 2.5]
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name}: expected numbers, got {type(values).__name__} with something else in it") from error
    if array.size and array.min() >= 0 and array.max() < np.inf:
        return array
    bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if bad.size:
        where = f"row {bad[0]}: " if array.ndim else ""
        raise ModelError(f"{name}: {where}expected a finite number that is not negative, got {array.flat[bad[0]]}")
    return array
