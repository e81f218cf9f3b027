"""What a discount has to do with it: who buys at full price, who only on offer, and who is coming to need it."""

from __future__ import annotations

from pydantic import Field, model_validator

from smalti.segments.frameworks.framework import Framework, Given, Row, Settings, percent, plain, segments_of
from smalti.segments.frameworks.minimum import Minimum


class PriceSensitivitySettings(Settings):
    """Settings of price sensitivity."""

    min_orders: int = Field(
        3, ge=1, description="Orders of which the discount is known, to tell anything of a customer."
    )
    full_price: float = Field(
        0.2, ge=0, lt=1, description="Share of orders with a discount, 0 to 1, up to which: full price."
    )
    offers_only: float = Field(
        0.8, gt=0, le=1, description="Share of orders with a discount, 0 to 1, from which: only on offer."
    )

    @model_validator(mode="after")
    def _one_below_the_other(self) -> PriceSensitivitySettings:
        if self.full_price >= self.offers_only:
            found = f"full_price {plain(self.full_price)}, offers_only {plain(self.offers_only)}"
            raise ValueError(f"shares that leave no middle: found {found}, wanted full_price below offers_only")
        return self


def price_sensitivity(settings: PriceSensitivitySettings, given: Given) -> Framework:
    """Tell by the share of orders with a discount who pays the full price, who buys only on offer, and who does both.

    Fewer than three orders tell too little: one order on offer is nobody's habit. At least 50 customers who bought twice.
    """
    share, enough = "discounted_order_share", f"discount_known_orders >= {settings.min_orders}"
    low, high = plain(settings.full_price), plain(settings.offers_only)
    rows = [
        Row(
            "full_price",
            f"{enough} and {share} <= {low}",
            f"a discount on at most {percent(settings.full_price)} of their orders",
            "Buy at full price",
        ),
        Row(
            "mixed_prices",
            f"{enough} and {share} > {low} and {share} < {high}",
            "buy at full price and on offer",
            "Buy at full price and on offer",
        ),
        Row(
            "offers_only",
            f"{enough} and {share} >= {high}",
            f"a discount on at least {percent(settings.offers_only)} of their orders",
            "Buy only on offer",
        ),
        Row(
            "price_too_little_to_tell",
            f"discount_known_orders is missing or discount_known_orders < {settings.min_orders} or {share} is missing",
            f"fewer than {settings.min_orders} orders of which it is known whether there was a discount",
            "Price: too little to tell",
        ),
    ]
    return Framework(
        name="price_sensitivity",
        about="Who buys at full price, and who only on offer",
        kind="behavioural",
        needs=("discount_known_orders", "discounted_order_share"),
        traits={},
        segments=segments_of("price_sensitivity", "behavioural", rows),
        minimum=Minimum(repeat_buyers=50, because="a habit shows in those who came again"),
    )


class DiscountDependenceSettings(Settings):
    """Settings of discount dependence."""

    window_days: int = Field(
        365, ge=1, le=3650, description="Days of the later of the two periods compared, and of the earlier."
    )
    min_orders: int = Field(2, ge=1, description="Orders in the later period, to tell anything of a customer.")
    slight: float = Field(
        0.05, ge=0, lt=1, description="Share of the price given as discount, 0 to 1, up to which it is slight."
    )
    change: float = Field(
        0.05, gt=0, lt=1, description="Difference between the two shares, 0 to 1, from which it counts as one."
    )


def discount_dependence(settings: DiscountDependenceSettings, given: Given) -> Framework:
    """Tell by the share of the price that was given as discount, this year against the year before, who comes to need it.

    At least 50 customers who bought twice, and two periods of history: a share of nothing does not rise.
    """
    days, orders = settings.window_days, f"discount_orders >= {settings.min_orders}"
    later, earlier = f"last {days} days", f"between now - {2 * days} days and now - {days} days"
    slight, change = plain(settings.slight), plain(settings.change)
    known = f"{orders} and discount_taken"
    rows = [
        Row(
            "discount_slight", f"{known} <= {slight}", f"at most {percent(settings.slight)} off", "Hardly any discount"
        ),
        Row(
            "discount_rising",
            f"{known} > {slight} and coalesce(discount_change, 0.0) >= {change}",
            "take more off than in the period before",
            "Discount rising",
        ),
        Row(
            "discount_steady",
            f"{known} > {slight} and coalesce(discount_change, 0.0) < {change} "
            f"and coalesce(discount_change, 0.0) > -{change}",
            "take as much off as in the period before, or bought nothing then",
            "Discount steady",
        ),
        Row(
            "discount_falling",
            f"{known} > {slight} and coalesce(discount_change, 0.0) <= -{change}",
            "take less off than in the period before",
            "Discount falling",
        ),
        Row(
            "discount_too_little_to_tell",
            f"discount_orders < {settings.min_orders} or discount_taken is missing",
            f"fewer than {settings.min_orders} orders of known discount in the last {days} days",
            "Discount: too little to tell",
        ),
    ]
    return Framework(
        name="discount_dependence",
        about="Whose price is made by discounts, and whether more than before",
        kind="behavioural",
        needs=("discount_365d",),
        traits={
            "discount_orders": f"count(orders, {later}, where discount is not missing)",
            "discount_taken": _taken(later),
            "discount_taken_before": _taken(earlier),
            "discount_change": "discount_taken - discount_taken_before",
        },
        segments=segments_of("discount_dependence", "behavioural", rows),
        titles={
            "discount_orders": "orders of known discount, lately",
            "discount_taken": "share of the price given as discount, lately",
            "discount_taken_before": "share of the price given as discount, in the period before",
            "discount_change": "change of the share given as discount",
        },
        minimum=Minimum(repeat_buyers=50, history_days=2 * days, because="two periods to compare"),
    )


def _taken(window: str) -> str:
    off = f"sum(orders.discount, {window})"
    return f"{off} / ({off} + sum(orders.revenue, {window}, where discount is not missing))"
