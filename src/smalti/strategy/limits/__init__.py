"""What a plan must respect.

- `definitions`: budgets, capacities, contact frequency, quiet hours, numbers, as they are written in a project
- `ready`: the same with the rule of suppression as a tree
"""

from smalti.strategy.limits.definitions import (
    WEEKDAYS,
    BudgetDefinition,
    CapacityDefinition,
    FairnessDefinition,
    FrequencyDefinition,
    LimitsDefinition,
    NumberDefinition,
    QuietDefinition,
    foreseeable,
)
from smalti.strategy.limits.ready import Limits

__all__ = [
    "WEEKDAYS",
    "BudgetDefinition",
    "CapacityDefinition",
    "FairnessDefinition",
    "FrequencyDefinition",
    "Limits",
    "LimitsDefinition",
    "NumberDefinition",
    "QuietDefinition",
    "foreseeable",
]
