"""Who buys what next, at the level of the product or of the category, from what was bought and nothing else.

- `purchases`: `Purchases`, who bought what on which day, and what it says as of a day
- `items`: what is known of items: popular of late, bought again how soon, bought together with what, factors
- `views`: how a customer and an item look to a forecast, in blocks that fit into memory
- `learning`: chances and spend fitted at an earlier day on what came after it
- `regression`: log-odds of chances and logs of amounts, by Newton's method
- `season`: what the season ahead brought a year ago
- `ranking`: hit rate, recall, NDCG over all items
- `judging`: last baskets left out, every forecaster marked on the same ones
- `calibration`: whether chances and money come true
- `newcomers`: who has never bought
- `trial`: a way chosen at one past day and judged at a later one
- `model`: `ProductModel`, the fitted value that scores anyone
- `fitting`: `fit_next`, from purchases to a model
"""

from __future__ import annotations

from smalti.models.products.fitting import fit_next, horizon_of
from smalti.models.products.model import REASONS, WAYS, NextItems, ProductModel, joined
from smalti.models.products.purchases import Purchases

__all__ = ["REASONS", "WAYS", "NextItems", "ProductModel", "Purchases", "fit_next", "horizon_of", "joined"]
