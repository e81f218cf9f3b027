"""Fitted scores: how likely a customer is still active, how often she will buy, how much she will spend.

The room takes and gives arrays and frozen values; it never sees a connection. Fit first, then score anyone:

- `buying`: MBG/NBD and BG/NBD, `fit_buying` to a `BuyingModel` (active, expected purchases, interval of purchases)
- `spend`: Gamma-Gamma, `fit_gamma_gamma` to a `GammaGamma` (expected spend per purchase and its interval)
- `discounting`: purchases and time in a horizon, discounted
- `histories`: purchase histories checked, grouped and weighted
- `likelihood`: log-likelihood, its exact gradient, the odds of having dropped out
- `expectation`: expected purchases of an active customer, by quadrature and interpolation
- `counts`: the exact distribution of the number of purchases in a horizon
- `fitting`: L-BFGS in log-parameters, judged by the objective
- `stored`: checks on a stored model

>>> model = BuyingModel("mbg_nbd", r=0.525, alpha=6.183, a=0.891, b=1.614, unit="week")
>>> model.expected_purchases(repeats=[0, 4], recency=[0, 30], age=[39, 39], horizon=52).round(2)
array([0.2 , 2.73])
"""

from __future__ import annotations

from smalti.models.buying import BuyingModel, fit_buying
from smalti.models.discounting import discounted_exposure, discounted_purchases
from smalti.models.histories import Histories, group_histories
from smalti.models.likelihood import Kind
from smalti.models.spend import GammaGamma, fit_gamma_gamma

__all__ = [
    "BuyingModel",
    "GammaGamma",
    "Histories",
    "Kind",
    "discounted_exposure",
    "discounted_purchases",
    "fit_buying",
    "fit_gamma_gamma",
    "group_histories",
]
