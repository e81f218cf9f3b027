"""Contracts that may be renewed: how long customers stay, and what the periods to come are worth.

- `periods`: a `Period` of the calendar; which occasions to renew have been, and on which of them a customer left
- `contracts`: customers or cohorts, checked and grouped; the life table
- `model`: shifted beta-geometric and beta-discrete-Weibull, `fit_retention` to a `RetentionModel`
- `hazards`: their likelihood and its exact gradient over a life table
- `departures`: rates of renewal seen, drawn towards a model's, where they depart from its shape
- `backtest`: the last periods held out, the model beside simple rates
- `choosing`: `choose_retention`: the simpler of the two that is not beaten

>>> model = fit_retention(cohorts([[1000, 869, 743, 653, 593, 551, 517, 491]]), unit="year")
>>> model.renewal_chance([0, 7]).round(3), model.discounted_periods([0, 7], rate=0.10).round(2)
(array([0.851, 0.942]), array([5.41, 7.53]))
"""

from __future__ import annotations

from smalti.models.retention.backtest import backtest_retention, held_periods
from smalti.models.retention.choosing import RetentionChoice, choose_retention
from smalti.models.retention.contracts import Contracts, LifeTable, cohorts, contracts
from smalti.models.retention.departures import departing, departure
from smalti.models.retention.model import RetentionKind, RetentionModel, fit_retention
from smalti.models.retention.periods import Period, local_days

__all__ = [
    "Contracts",
    "LifeTable",
    "Period",
    "RetentionChoice",
    "RetentionKind",
    "RetentionModel",
    "backtest_retention",
    "choose_retention",
    "cohorts",
    "contracts",
    "departing",
    "departure",
    "fit_retention",
    "held_periods",
    "local_days",
]
