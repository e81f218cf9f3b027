"""What an order is for: gifts for Christmas and birthdays; most orders say nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smalti.samples.columns import Ints
from smalti.samples.draws import Aspect, generator

if TYPE_CHECKING:
    from smalti.samples.lives import Purchases

OCCASIONS = ("christmas", "birthday", None)
_CHRISTMAS, _BIRTHDAY, _NONE = 0, 1, 2


def occasions(bought: Purchases, gives: Ints, category: Ints, seed: int, block: int) -> Ints:
    """Draw the occasion of each order of a block, as a place in `OCCASIONS`.

    Gift orders are those of customers who give (`gives`, 0 or 1 by customer) and a few others; gifts and toys are given more
    often than other goods. From 15 November to 24 December they are for Christmas, at other times mostly for birthdays.
    """
    rng = generator(seed, block, Aspect.OCCASIONS)
    days = (bought.at // 86400).astype("datetime64[D]")
    of_year = (days - days.astype("datetime64[Y]")).astype(np.int64)
    leap = (days.astype("datetime64[Y]").astype("datetime64[D]") + 365).astype("datetime64[Y]") == days.astype(
        "datetime64[Y]"
    )
    season = (of_year >= 318 + leap) & (of_year <= 357 + leap)
    giver, present = gives[bought.customer] == 1, category < 2
    chance = np.where(giver, 0.75, 0.03) * np.where(present, 1.2, 0.7) + np.where(season & present, 0.30, 0.0)
    chosen = rng.random(len(bought.at)) < np.minimum(chance, 0.97)
    drawn: Ints = np.where(chosen, np.where(season, _CHRISTMAS, _BIRTHDAY), _NONE)
    return drawn
