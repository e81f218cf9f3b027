"""The plan: for every customer the treatment or none, when, why, and what each limit is worth.

What a plan is made from stands in `strategy.candidates` and is named here too.

- `actions`: what one customer can get: treatments by channel, bundles
- `gains`: what each action is expected to bring each customer
- `making`: `make_plan`, from `Candidates` and `Limits` to a `Plan`
- `made`: the `Plan`, a value
- `tables`: the tables and numbers that a run holds of it
- `deciding`: `Decider`, for one customer now
"""

from smalti.strategy.candidates import UNKNOWN, Action, Candidates, Contact, Gains, UnderWay
from smalti.strategy.plan.actions import actions_of
from smalti.strategy.plan.deciding import Context, Decider, Decision, Offer, Standing, standing_of
from smalti.strategy.plan.gains import Effect, Worth, gains_of
from smalti.strategy.plan.informing import plan_info, prices_of
from smalti.strategy.plan.made import CHANGES, CHOSEN, Before, LimitUse, Plan, Planned
from smalti.strategy.plan.making import make_plan
from smalti.strategy.plan.tables import limits_table, options_table, plan_table, totals_table

__all__ = [
    "CHANGES",
    "CHOSEN",
    "UNKNOWN",
    "Action",
    "Before",
    "Candidates",
    "Contact",
    "Context",
    "Decider",
    "Decision",
    "Effect",
    "Gains",
    "LimitUse",
    "Offer",
    "Plan",
    "Planned",
    "Standing",
    "UnderWay",
    "Worth",
    "actions_of",
    "gains_of",
    "limits_table",
    "make_plan",
    "options_table",
    "plan_info",
    "plan_table",
    "prices_of",
    "standing_of",
    "totals_table",
]
