"""The playbook: what can be wanted for a customer, for whom, and how its gain is reckoned in money.

A strategy is written in the language: a rule says who is eligible, an expression in money says what is to be won if it
works (the headroom), a belief says how often it works. The expected gain is rate x headroom - cost.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

from smalti.strategy.assumptions import BY_DEFAULT, Amount, MoneyAmount, Percentage

Basis: TypeAlias = Literal["assumed", "modelled", "measured"]

LEAVE_ALONE = "leave_alone"
DO_NOT_TARGET = "do_not_target"


class Belief(BaseModel):
    """How often a strategy works, and how sure we are of it.

    The rate is the chance, among those it is tried on, that the headroom is won *because* of it. Doubt is a Beta
    distribution with this mean that weighs as much as `strength` customers observed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: Percentage = Field(description="Chance that trying it wins the headroom, over not trying it.")
    strength: float = Field(20.0, gt=0, description="How many observed customers the belief is worth.")
    basis: Basis = Field("assumed", description="assumed, modelled or measured.")
    by: str = Field(BY_DEFAULT, description="Who assumed it, or which experiment measured it.")


class StrategyDefinition(BaseModel):
    """One strategy of a playbook.

    >>> PLAYBOOK["retain"].mechanism, PLAYBOOK["win_back"].mechanism
    ('retention', 'retention')
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    title: str = Field(description="What people call it.")
    about: str = Field("", description="What is done, in one sentence.")
    mechanism: str = Field(description="How it works; a customer's secondary strategy works by another.")
    eligible: str = Field(description="The rule that says for whom it may be chosen.")
    headroom: str = Field(description="What is to be won, as money in the language.")
    success: Belief = Field(description="How often it works.")
    cost: MoneyAmount = Field(Amount(share=0.0), description="Cost of trying it once on one customer.")
    because: str = Field(
        description="The reason, with {names} of traits and value columns to be filled in, and {horizon}."
    )

    @field_validator("success", mode="before")
    @classmethod
    def _rate_is_belief(cls, value: Any) -> Any:
        return {"rate": value} if isinstance(value, int | float | str) else value


_STANDARD: dict[str, dict[str, str | float]] = {
    "onboard": {
        "success": 0.08,
        "cost": "2 %",
        "title": "Onboard",
        "about": "Help a new customer to a second purchase.",
        "mechanism": "habit",
        "eligible": "purchase_days = 1 and days_since_first_order <= 120 and onboarding_gap > 0",
        "headroom": "onboarding_gap",
        "because": "bought for the first time {days_since_first_order} days ago; customers like her who came back "
        "bring {onboarding_gap} more in {horizon}",
    },
    "develop": {
        "success": 0.06,
        "cost": "2 %",
        "title": "Develop",
        "about": "Give reasons to buy more often.",
        "mechanism": "frequency",
        "eligible": "purchase_days >= 2 and p_alive >= 0.5 and frequency_gap > 0",
        "headroom": "frequency_gap",
        "because": "{expected_orders} days with an order expected in {horizon}; buying as often as comparable "
        "customers would add {frequency_gap}",
    },
    "cross_sell": {
        "success": 0.05,
        "cost": "2 %",
        "title": "Cross-sell",
        "about": "Introduce what she does not buy yet.",
        "mechanism": "range",
        "eligible": "p_alive >= 0.5 and cross_sell_gap > 0",
        "headroom": "cross_sell_gap",
        "because": "what she does not buy yet is expected to bring {cross_sell_gap} in {horizon}",
    },
    "up_sell": {
        "success": 0.05,
        "cost": "2 %",
        "title": "Up-sell",
        "about": "Offer the better or the larger.",
        "mechanism": "basket",
        "eligible": "purchase_days >= 2 and p_alive >= 0.5 and basket_gap > 0",
        "headroom": "basket_gap",
        "because": "{expected_order_value} expected on a day with an order; baskets as large as comparable customers' "
        "would add {basket_gap}",
    },
    "retain": {
        "success": 0.10,
        "cost": "3 %",
        "title": "Retain",
        "about": "Give a good customer a reason to stay before she leaves.",
        "mechanism": "retention",
        "eligible": "purchase_days >= 2 and p_alive >= 0.5 and value_leaving > 0",
        "headroom": "value_leaving",
        "because": "{p_alive} likely to be still a customer after {days_since_order} days of silence; "
        "{value_leaving} of {value_if_kept} may yet leave in {horizon}",
    },
    "win_back": {
        "success": 0.03,
        "cost": "3 %",
        "title": "Win back",
        "about": "Bring back who has probably left.",
        "mechanism": "retention",
        "eligible": "purchase_days >= 1 and p_alive < 0.5 and value_lapsed > 0",
        "headroom": "value_lapsed",
        "because": "{p_alive} likely to be still a customer after {days_since_order} days of silence; "
        "she would bring {value_lapsed} more if she came back and stayed",
    },
    "reward": {
        "success": 0.15,
        "cost": "3 %",
        "title": "Reward",
        "about": "Thank the best, so that they feel seen and buy a tenth more.",
        "mechanism": "recognition",
        "eligible": "p_alive >= 0.7 and value_to_come >= quantile(value_to_come, 0.9, where value_to_come > 0)",
        "headroom": "value_to_come * 0.1",
        "because": "among the tenth of those with anything to come who have the most: {value_to_come} in {horizon}",
    },
    "migrate": {
        "success": 0.15,
        "cost": "2 %",
        "title": "Migrate",
        "about": "Move her orders to a channel that costs less.",
        "mechanism": "channel",
        "eligible": "channel_excess > 0 and p_alive >= 0.5",
        "headroom": "channel_excess",
        "because": "orders like the past year's would cost {channel_excess} less to serve in the cheapest channel in {horizon}",
    },
    "reduce_cost": {
        "success": 0.15,
        "cost": "1 %",
        "title": "Reduce cost",
        "about": "Cut what it costs to serve her: fewer returns, fewer free extras.",
        "mechanism": "service",
        "eligible": "service_excess > 0 and p_alive >= 0.5",
        "headroom": "service_excess",
        "because": "at the past year's rate, returns and service cost {service_excess} more in {horizon} than for customers "
        "with as many orders",
    },
    DO_NOT_TARGET: {
        "success": 0.95,
        "cost": "0 %",
        "title": "Do not target",
        "about": "Take her off the mailings that everybody gets.",
        "mechanism": "restraint",
        "eligible": "contact_saving > 0",
        "headroom": "contact_saving",
        "because": "{value_to_come} to come in {horizon}: leaving her out of what everybody is sent is worth "
        "{contact_saving}",
    },
    LEAVE_ALONE: {
        "success": 0.0,
        "cost": "0 %",
        "title": "Leave alone",
        "about": "Do nothing special: it goes well, or nothing we know would pay.",
        "mechanism": "none",
        "eligible": "true",
        "headroom": "money(0)",
        "because": "{value_to_come} to come if nothing is done, and nothing we could do is expected to pay for itself",
    },
}

PLAYBOOK: dict[str, StrategyDefinition] = {
    name: StrategyDefinition.model_validate(fields) for name, fields in _STANDARD.items()
}
"""The standard playbook. Its success rates are assumptions until a project's own experiments replace them."""
