"""The best for all at once, under limits: which action each customer gets, the bound no choice can exceed, prices of limits.

- `problem`: `Limit`, and the `Solution`
"""

from smalti.strategy.optimum.problem import NOTHING, Limit, Solution

__all__ = ["NOTHING", "Limit", "Solution"]
