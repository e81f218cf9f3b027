"""Fitted scores: how likely a customer is still active, how often she will buy, how much she will spend.

The room takes and gives arrays and frozen values; it never sees a connection. Fit first, then score anyone:

- `buying/`: MBG/NBD and BG/NBD, `fit_buying` to a `BuyingModel` (active, expected purchases, interval of purchases)
- `spend`: Gamma-Gamma, `fit_gamma_gamma` to a `GammaGamma` (expected spend per purchase and its interval)
- `backtest`: how a fitted model did on a past that it had not seen
- `fitting`: L-BFGS in log-parameters, judged by the objective
- `arrays`: arrays of numbers, checked
- `stored`: checks on a stored model

>>> model = BuyingModel("mbg_nbd", r=0.525, alpha=6.183, a=0.891, b=1.614, unit="week")
>>> model.expected_purchases(repeats=[0, 4], recency=[0, 30], age=[39, 39], horizon=52).round(2)
array([0.2 , 2.73])
"""

from __future__ import annotations

from smalti.models.backtest import BackTest, Band, Measure
from smalti.models.buying import (
    BuyingModel,
    Histories,
    Kind,
    discounted_exposure,
    discounted_purchases,
    fit_buying,
    group_histories,
)
from smalti.models.spend import GammaGamma, fit_gamma_gamma

__all__ = [
    "BackTest",
    "Band",
    "BuyingModel",
    "GammaGamma",
    "Histories",
    "Kind",
    "Measure",
    "discounted_exposure",
    "discounted_purchases",
    "fit_buying",
    "fit_gamma_gamma",
    "group_histories",
]
