"""From purchases to a model: tried out on the past, then learnt once more from the latest that has come true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smalti.errors import ModelError
from smalti.models.products.items import item_facts
from smalti.models.products.learning import fit_chances, fit_spending, lesson
from smalti.models.products.model import WAYS, ProductModel
from smalti.models.products.newcomers import newcomers
from smalti.models.products.purchases import Purchases
from smalti.models.products.season import in_season, season
from smalti.models.products.trial import ranks_of, try_out

LONGEST = 90
"""Days ahead that are foretold, at most."""
SHORTEST = 14
LEAST_CUSTOMERS = 50
"""Customers who bought both before and within the latest horizon: a back-test wants as many."""


def horizon_of(purchases: Purchases, day: int, longest: int = LONGEST) -> int:
    """Give how many days ahead can be foretold: a quarter of the history, at most `longest`.

    Raises:
        ModelError: The history is too short to learn on a part and to judge on another.

    >>> horizon_of(Purchases.of([0, 0], ["tea", "tea"], [0, 400], [1, 1], 1), 400)
    90
    """
    known = purchases.until(day)
    history = day - int(known.day.min()) if len(known) else 0
    horizon = min(longest, history // 4)
    if horizon < SHORTEST:
        raise ModelError(f"{history} days of purchases, and a forecast of the next wants at least {4 * SHORTEST}")
    return horizon


def fit_next(
    purchases: Purchases,
    day: int,
    *,
    level: str,
    horizon: int | None = None,
    groups: Sequence[str | None] | None = None,
    seed: int = 0,
) -> ProductModel:
    """Fit the forecast of what is bought next, chosen and judged out of time.

    Args:
        purchases: Lines; what is later than the day is not looked at.
        day: As of which day.
        level: What an item is, `product` or `category`.
        horizon: Days ahead; None takes a quarter of the history, at most 90.
        groups: A text said of each customer, such as her country: what sells most there is offered to who has never
            bought, if that was better out of time.
        seed: Of all that is drawn by lot.

    Raises:
        ModelError: There is too little to learn from or to judge on.
    """
    known = purchases.until(day)
    ahead = horizon if horizon is not None else horizon_of(known, day)
    if ahead < 1:
        raise ModelError(f"horizon: expected at least 1 day, got {ahead}")
    _enough(known, day - ahead)
    trial = try_out(known, day, ahead, seed=seed)
    half_life, names = trial.settings.half_life, WAYS[trial.way]
    learnt = lesson(known, day - ahead, ahead, trial.facts, names, seed=seed)
    new = newcomers(known, (day - ahead, day), half_life, groups, ranks_of(len(known.items)), seed)
    return ProductModel(
        level,
        day,
        ahead,
        known.items,
        trial.way,
        item_facts(known, day, trial.settings),
        in_season(fit_chances(learnt, names), season(known, day, ahead)),
        fit_spending(learnt),
        len(np.unique(known.customer)),
        new.groups,
        new.shares(known, day, half_life),
        trial.backtest(level, new),
    )


def _enough(known: Purchases, day: int) -> None:
    if len(known.items) < 2:
        raise ModelError(f"{len(known.items)} item that anybody bought, and a choice wants at least 2")
    both = np.intersect1d(known.until(day).customer, known.where(known.day > day).customer).size
    if both < LEAST_CUSTOMERS:
        raise ModelError(
            f"{both} customers bought both before and within the latest horizon, and a back-test wants at least "
            f"{LEAST_CUSTOMERS}"
        )
