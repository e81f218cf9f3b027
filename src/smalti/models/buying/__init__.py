"""Repeat buying without a contract: who is still a customer, how often she will buy.

- `model`: MBG/NBD and BG/NBD, `fit_buying` to a `BuyingModel` (active, expected purchases, interval of purchases)
- `pareto`: Pareto/NBD, `fit_pareto` to a `ParetoModel`, which answers the same; on `pareto_likelihood`,
  `pareto_counts` and `power_integral`
- `protocol`, `kinds`: `RepeatBuying`, what every kind answers; fitting and reading back any kind by its name
- `waiting`: when the next purchase comes, and when we will know that she is gone
- `discounting`: purchases and time in a horizon, discounted
- `histories`: purchase histories checked, grouped and weighted
- `likelihood`: log-likelihood, its exact gradient, the odds of having dropped out
- `expectation`: expected purchases of an active customer, by quadrature and interpolation
- `counts`: the exact distribution of the number of purchases in a horizon
- `asked`: histories and a horizon, checked and laid flat
"""

from __future__ import annotations

from smalti.models.buying.discounting import discounted_exposure, discounted_purchases
from smalti.models.buying.histories import Histories, group_histories
from smalti.models.buying.kinds import RepeatBuyingKind, fit_repeat_buying, repeat_buying_from_dict
from smalti.models.buying.likelihood import Kind
from smalti.models.buying.model import BuyingModel, fit_buying
from smalti.models.buying.pareto import ParetoModel, fit_pareto
from smalti.models.buying.protocol import RepeatBuying
from smalti.models.buying.waiting import gone_after, next_purchase, purchase_by

__all__ = [
    "BuyingModel",
    "Histories",
    "Kind",
    "ParetoModel",
    "RepeatBuying",
    "RepeatBuyingKind",
    "discounted_exposure",
    "discounted_purchases",
    "fit_buying",
    "fit_pareto",
    "fit_repeat_buying",
    "gone_after",
    "group_histories",
    "next_purchase",
    "purchase_by",
    "repeat_buying_from_dict",
]
