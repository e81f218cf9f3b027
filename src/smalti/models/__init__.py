"""Fitted scores: how likely a customer is still active, how often she will buy, how much she will spend.

The room takes and gives arrays and frozen values; it never sees a connection. Fit first, then score anyone:

- `buying/`: MBG/NBD, BG/NBD and Pareto/NBD, `fit_repeat_buying` to a `RepeatBuying` (active, expected purchases, interval
  of purchases, waiting for the next one)
- `discrete/`: BG/BB, purchases at regular opportunities, `fit_discrete` to a `DiscreteModel`
- `retention/`: contracts that may be renewed, shifted beta-geometric and beta-discrete-Weibull, `fit_retention` to a
  `RetentionModel`, `choose_retention` of the two
- `survival`: how long what may end at every step goes on; sums over steps to come
- `spend`: Gamma-Gamma, `fit_gamma_gamma` to a `GammaGamma` (expected spend per purchase and its interval)
- `value`: what a customer will spend, discounted, with an interval that holds, `residual_value`
- `choosing`: which buying model to use, `choose` on a `Holdout`
- `holdout`, `accuracy`, `naive`: a past and what came after it, errors, and what a model must beat
- `sensitivity`: what hangs on discounts, `fit_offer_shares` and `fit_slopes`, drawn to the customer's segment
- `purchase_counts`: how many purchases a horizon will see, whichever model speaks
- `supervised/`: what comes within a horizon, from traits as of earlier instants, `fit_score` to a `FittedScore`
- `effects/`: what an arm of an experiment does to whom, `fit_effects` to a `FittedEffects`, `out_of_fold` for its own customers
- `products/`: who buys what next, `fit_next` to a `ProductModel` (chance and spend of every product or category)
- `lookalike`: who resembles a segment, `fit_likeness` to a `Likeness`
- `backtest`: how a fitted model did on a past that it had not seen
- `bins`, `drift`: an input as it was at the fit; whether inputs have changed since, and whether what was foretold came
- `fitting`: Newton steps or L-BFGS in log-parameters, judged by the objective; standard errors
- `slices`, `distinct`: long columns in slices side by side; the distinct values of a column
- `roots`: where rising functions cross zero
- `intervals`: intervals of shares
- `arrays`: arrays of numbers, checked
- `stored`: how a fitted model is stored and read back

>>> model = BuyingModel("mbg_nbd", r=0.525, alpha=6.183, a=0.891, b=1.614, unit="week")
>>> model.expected_purchases(repeats=[0, 4], recency=[0, 30], age=[39, 39], horizon=52).round(2)
array([0.2 , 2.73])
"""

from __future__ import annotations

from smalti.models.backtest import BackTest, Band, Measure
from smalti.models.bins import Bin, Bins, bins_from_rows, bins_of
from smalti.models.buying import (
    BuyingModel,
    Histories,
    Kind,
    ParetoModel,
    RepeatBuying,
    RepeatBuyingKind,
    discounted_exposure,
    discounted_purchases,
    fit_buying,
    fit_pareto,
    fit_repeat_buying,
    gone_after,
    group_histories,
    next_purchase,
    purchase_by,
    repeat_buying_from_dict,
)
from smalti.models.choosing import Choice, choose, spend_backtest
from smalti.models.discrete import DiscreteModel, fit_discrete
from smalti.models.drift import (
    Foretold,
    Shift,
    false_discoveries,
    foretold,
    panel_drift,
    population_stability,
    sample_drift,
)
from smalti.models.holdout import Holdout
from smalti.models.retention import (
    Contracts,
    Period,
    RetentionChoice,
    RetentionKind,
    RetentionModel,
    choose_retention,
    cohorts,
    contracts,
    fit_retention,
)
from smalti.models.sensitivity import OfferShares, Slopes, fit_offer_shares, fit_slopes
from smalti.models.spend import GammaGamma, fit_gamma_gamma
from smalti.models.supervised import Column, FittedScore, Scored, TrainingSet, fit_score
from smalti.models.value import ResidualValue, residual_value

__all__ = [
    "BackTest",
    "Band",
    "Bin",
    "Bins",
    "BuyingModel",
    "Choice",
    "Column",
    "Contracts",
    "DiscreteModel",
    "FittedScore",
    "Foretold",
    "GammaGamma",
    "Histories",
    "Holdout",
    "Kind",
    "Measure",
    "OfferShares",
    "ParetoModel",
    "Period",
    "RepeatBuying",
    "RepeatBuyingKind",
    "ResidualValue",
    "RetentionChoice",
    "RetentionKind",
    "RetentionModel",
    "Scored",
    "Shift",
    "Slopes",
    "TrainingSet",
    "bins_from_rows",
    "bins_of",
    "choose",
    "choose_retention",
    "cohorts",
    "contracts",
    "discounted_exposure",
    "discounted_purchases",
    "false_discoveries",
    "fit_buying",
    "fit_discrete",
    "fit_gamma_gamma",
    "fit_offer_shares",
    "fit_pareto",
    "fit_repeat_buying",
    "fit_retention",
    "fit_score",
    "fit_slopes",
    "foretold",
    "gone_after",
    "group_histories",
    "next_purchase",
    "panel_drift",
    "population_stability",
    "purchase_by",
    "repeat_buying_from_dict",
    "residual_value",
    "sample_drift",
    "spend_backtest",
]
