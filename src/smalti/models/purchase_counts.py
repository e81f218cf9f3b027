"""How many purchases a horizon will see, as a distribution, whichever buying model speaks."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers
from smalti.models.buying.counts import Counts
from smalti.models.buying.model import BuyingModel
from smalti.models.buying.pareto import ParetoModel
from smalti.models.buying.pareto_counts import ParetoCounts
from smalti.models.buying.protocol import RepeatBuying

_LEAST_CHANCE = 1e-9


class PurchaseCounts(Protocol):
    """Purchases in a horizon, one distribution per customer."""

    def more_than(self, count: int | Integers, rows: Integers | slice = slice(None)) -> Floats:
        """Return the chance of more than `count` purchases, for the given rows."""

    def any(self) -> Floats:
        """Return the chance of at least one purchase."""


def counts_if_active(model: RepeatBuying, repeats: Floats, age: Floats, horizon: float) -> PurchaseCounts:
    """Return the distribution of purchases given that she is active now; it depends on repeats and age alone.

    Raises:
        ModelError: The model's counts are not known here.

    >>> model = BuyingModel("mbg_nbd", 0.5, 6.0, 0.9, 1.6)
    >>> counts_if_active(model, np.array([3.0]), np.array([30.0]), 52.0).any().round(3)
    array([0.956])
    """
    active, spans = np.ones(repeats.size), np.full(repeats.size, float(horizon))
    if isinstance(model, BuyingModel):
        history = repeats, np.where(repeats > 0, age, 0.0), age
        return replace(Counts.of(model.parameters, history, spans), active=active)
    if isinstance(model, ParetoModel):
        return ParetoCounts.of(model.parameters, active, repeats, age, spans)
    raise ModelError(f"the distribution of purchases is known of mbg_nbd, bg_nbd and pareto_nbd, not of {model.kind!r}")


def count_log_likelihood(
    model: RepeatBuying, history: tuple[Floats, Floats, Floats], horizon: float, later: Floats
) -> Floats:
    """Return the log of the chance that the model gave to the number of purchases that came, for each customer.

    Chances below one in a billion count as that: one impossible customer must not outweigh all others.
    """
    active = model.p_alive(*history)
    counts, came = counts_if_active(model, history[0], history[2], horizon), later.astype(np.int64)
    beyond = active * counts.more_than(came)
    reached = np.ones(active.size)
    some = np.flatnonzero(came > 0)
    reached[some] = active[some] * counts.more_than(came[some] - 1, some)
    return np.asarray(np.log(np.maximum(reached - beyond, _LEAST_CHANCE)))


def rate_shape(model: RepeatBuying, repeats: Floats) -> Floats:
    """Return the shape of what is known of each customer's rate of buying, a Gamma distribution: r + x.

    Raises:
        ModelError: The model's rates are not known here.

    >>> rate_shape(BuyingModel("mbg_nbd", 0.5, 6.0, 0.9, 1.6), np.array([0.0, 3.0])).tolist()
    [0.5, 3.5]
    """
    if isinstance(model, BuyingModel | ParetoModel):
        return np.asarray(model.r + repeats)
    raise ModelError(f"rates of buying are known of mbg_nbd, bg_nbd and pareto_nbd, not of {model.kind!r}")
