"""Repeat buying without a contract: who is still a customer, how often she will buy.

- `model`: MBG/NBD and BG/NBD, `fit_buying` to a `BuyingModel` (active, expected purchases, interval of purchases)
- `discounting`: purchases and time in a horizon, discounted
- `histories`: purchase histories checked, grouped and weighted
- `likelihood`: log-likelihood, its exact gradient, the odds of having dropped out
- `expectation`: expected purchases of an active customer, by quadrature and interpolation
- `counts`: the exact distribution of the number of purchases in a horizon
"""

from __future__ import annotations

from smalti.models.buying.discounting import discounted_exposure, discounted_purchases
from smalti.models.buying.histories import Histories, group_histories
from smalti.models.buying.likelihood import Kind
from smalti.models.buying.model import BuyingModel, fit_buying

__all__ = [
    "BuyingModel",
    "Histories",
    "Kind",
    "discounted_exposure",
    "discounted_purchases",
    "fit_buying",
    "group_histories",
]
