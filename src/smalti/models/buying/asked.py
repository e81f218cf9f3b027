"""A question about customers: their histories and a horizon, checked and laid flat, and the shape of the answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from smalti.errors import ModelError
from smalti.models.arrays import Floats, numbers
from smalti.models.buying.histories import checked


@dataclass(frozen=True, eq=False)
class Asked:
    """Histories and horizons, four one-dimensional arrays of one length.

    Attributes:
        repeats: x.
        recency: t_x.
        age: T.
        horizon: of each customer, in the unit of the ages.
        shape: of the answer.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    horizon: Floats
    shape: tuple[int, ...]

    @classmethod
    def of(cls, repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: ArrayLike = 0.0) -> Asked:
        """Check histories and horizon and broadcast them to one shape.

        Raises:
            ModelError: for histories that cannot be, a negative or infinite horizon, or shapes that do not fit.

        Examples:
            >>> asked = Asked.of([0, 2], [0, 5], 9, 4)
            >>> asked.age.tolist(), asked.horizon.tolist(), asked.shape
            ([9.0, 9.0], [4.0, 4.0], (2,))
        """
        history, spans = checked(repeats, recency, age), numbers(horizon, "horizon")
        try:
            x, t_x, big_t, spans = np.broadcast_arrays(*history, spans)
        except ValueError as error:
            found = f"{spans.shape} for customers of shape {history[0].shape}"
            raise ModelError(f"horizon: expected one for all or one each, got {found}") from error
        return cls(x.ravel(), t_x.ravel(), big_t.ravel(), spans.ravel(), x.shape)

    @property
    def history(self) -> tuple[Floats, Floats, Floats]:
        """The histories alone."""
        return self.repeats, self.recency, self.age
