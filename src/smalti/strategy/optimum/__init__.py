"""The best for all at once, under limits: which action each customer gets, the bound no choice can exceed, prices of limits.

- `problem`: `Limit`, and the `Solution`
- `solving`: `solve` for what memory holds, `solve_blocks` for more, `contradiction`
- `narrowing`: from all customers to the few in doubt, by prices known ever better; `smooth` estimates prices and how far they
  may be off, `passes` looks at all customers, `linear` solves for the few exactly; `kinds` takes equal customers together
- `whole`: from shares to whole customers; `exchanging` and `branching` make that better
- `opening`: which actions are worth what they cost to do at all
- `contradicting`: the smallest set of limits that cannot be kept together
- `table`, `cells`: many customers in blocks, few cell by cell
"""

from smalti.strategy.optimum.problem import NOTHING, Limit, Solution
from smalti.strategy.optimum.solving import Block, Fixed, contradiction, solve, solve_blocks

__all__ = ["NOTHING", "Block", "Fixed", "Limit", "Solution", "contradiction", "solve", "solve_blocks"]
