"""Repeat buying at regular opportunities, bought or not: BG/BB.

- `model`: `fit_discrete` to a `DiscreteModel` (active, expected purchases, interval, discounted residual purchases)
- `likelihood`: log-likelihood and its exact gradient over grouped histories

>>> donors = DiscreteModel(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783, unit="year")
>>> donors.expected_purchases(repeats=[6, 0], recency=[6, 0], opportunities=6, horizon=5).round(2)
array([3.75, 0.07])
"""

from __future__ import annotations

from smalti.models.discrete.model import DiscreteModel, fit_discrete

__all__ = ["DiscreteModel", "fit_discrete"]
