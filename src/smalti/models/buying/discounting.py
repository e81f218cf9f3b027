"""What is yet to come, discounted: a purchase next year is worth less than one next week."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from smalti.errors import ModelError
from smalti.models.arrays import Floats
from smalti.models.buying.expectation import Steps
from smalti.models.buying.protocol import RepeatBuying


def discounted_purchases(
    model: RepeatBuying,
    repeats: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    horizon: float,
    annual_rate: float,
    units_per_year: float,
    steps: int = 12,
) -> Floats:
    """Return the expected purchases in the next `horizon`, each discounted to the as-of instant.

    The horizon is cut into equal steps; what is expected within a step is discounted from the step's middle.

    Args:
        model: the fitted buying model.
        repeats: x of each customer.
        recency: t_x of each customer.
        age: T of each customer.
        horizon: in the model's unit of time, one for all.
        annual_rate: yearly rate of discount, 0.1 for 10 %.
        units_per_year: how many of the model's units of time make a year, such as 365.25 / 7 weeks.
        steps: how many steps; 12 are months when the horizon is a year.

    Raises:
        ModelError: for histories that cannot be, or a horizon, rate, year or number of steps that makes no sense.

    Examples:
        >>> from smalti.models.buying.model import BuyingModel
        >>> model = BuyingModel("mbg_nbd", 0.525, 6.183, 0.891, 1.614)
        >>> discounted_purchases(model, [0, 5], [0, 30], 39, 52, 0.10, 52).round(3)
        array([0.188, 3.104])
    """
    cut = discount_steps(horizon, annual_rate, units_per_year, steps)
    return model.expected_purchases(repeats, recency, age, horizon, cut)


def discounted_exposure(horizon: float, annual_rate: float, units_per_year: float, steps: int = 12) -> float:
    """Return the discounted length of the horizon, in the model's unit of time.

    A customer who certainly stays makes her rate times this many discounted purchases.

    Args:
        horizon: in the model's unit of time.
        annual_rate: yearly rate of discount, 0.1 for 10 %.
        units_per_year: how many units of time make a year.
        steps: how many steps.

    Examples:
        >>> discounted_exposure(52, 0.0, 52), round(discounted_exposure(52, 0.10, 52), 3)
        (52.0, 49.599)
    """
    factors = discount_steps(horizon, annual_rate, units_per_year, steps).factors
    return horizon * math.fsum(factors) / steps


def discount_steps(horizon: float, annual_rate: float, units_per_year: float, steps: int) -> Steps:
    """Return the horizon cut into equal steps, each with the discount factor of its middle.

    Raises:
        ModelError: for a negative horizon, a rate of -100 % or less, a year without length, or no steps.

    Examples:
        >>> discount_steps(52, 0.21, 52, 1)
        Steps(ends=(1.0,), factors=(0.9090909090909091,))
    """
    if not (math.isfinite(horizon) and horizon >= 0):
        raise ModelError(f"horizon: expected a finite time that is not negative, got {horizon}")
    if not (math.isfinite(annual_rate) and annual_rate > -1):
        raise ModelError(f"annual rate: expected a share such as 0.1 for 10 %, got {annual_rate}")
    if not (math.isfinite(units_per_year) and units_per_year > 0):
        raise ModelError(f"units per year: expected a positive number such as 52.18 weeks, got {units_per_year}")
    if steps < 1:
        raise ModelError(f"steps: expected at least 1, got {steps}")
    years = horizon / units_per_year / steps
    factors = tuple((1.0 + annual_rate) ** (-(step + 0.5) * years) for step in range(steps))
    return Steps(tuple((step + 1) / steps for step in range(steps)), factors)
