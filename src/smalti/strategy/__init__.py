"""Strategy first: what each customer is worth, what we want for her, and why.

- `assumptions`: what is taken for granted, by whom
- `peers`: comparable customers
- `value_map`: value now, to come, at risk, untapped
- `playbook`: the strategies, their rules, headrooms and beliefs
- `match`: primary and secondary strategy by expected gain
- `reasons`: the reasons in numbers, and why not the next
- `candidates`: all that a plan is made from, as arrays
"""

from smalti.strategy.assumptions import BY_DEFAULT, BY_PROJECT, Amount, Assumptions
from smalti.strategy.match import Match, Option, Total, match, reckon, totals
from smalti.strategy.playbook import DO_NOT_TARGET, LEAVE_ALONE, PLAYBOOK, Belief, StrategyDefinition
from smalti.strategy.reasons import placeholders, reasons, why_not
from smalti.strategy.value_map import (
    ASSUMED_COLUMNS,
    PUBLISHED,
    VALUE_COLUMNS,
    Behaviour,
    Outlook,
    ValueMap,
    foresee,
    value_map,
)

__all__ = [
    "ASSUMED_COLUMNS",
    "BY_DEFAULT",
    "BY_PROJECT",
    "DO_NOT_TARGET",
    "LEAVE_ALONE",
    "PLAYBOOK",
    "PUBLISHED",
    "VALUE_COLUMNS",
    "Amount",
    "Assumptions",
    "Behaviour",
    "Belief",
    "Match",
    "Option",
    "Outlook",
    "StrategyDefinition",
    "Total",
    "ValueMap",
    "foresee",
    "match",
    "placeholders",
    "reasons",
    "reckon",
    "totals",
    "value_map",
    "why_not",
]
