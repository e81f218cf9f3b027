"""Stages of a customer's life, by her own rhythm."""

from __future__ import annotations

from pydantic import Field, model_validator

from smalti.segments.frameworks.framework import Framework, Given, Row, Settings, plain, segments_of
from smalti.segments.frameworks.minimum import Minimum


class LifecycleSettings(Settings):
    """Settings of the lifecycle stages; silence is measured in a customer's own usual days between purchases, her rhythm."""

    active: float = Field(2.0, gt=0, description="Rhythms of silence up to which she counts as active.")
    lapsed: float = Field(4.0, gt=0, description="Rhythms of silence beyond which she counts as lapsed.")
    shortest_days: float = Field(7.0, gt=0, description="Days that a rhythm has at least.")
    fallback_days: float = Field(90.0, gt=0, description="Days taken for a rhythm where nobody has one yet.")
    won_back: bool = Field(True, description="Whether those who came back from having lapsed are told apart.")

    @model_validator(mode="after")
    def _lapsed_is_later(self) -> LifecycleSettings:
        if self.lapsed <= self.active:
            found = f"lapsed {plain(self.lapsed)}, active {plain(self.active)}"
            raise ValueError(f"lapsed before no longer active: found {found}, wanted lapsed above active")
        return self


_BEFORE = "before last_order_at - 1 day"
_PREVIOUS = {"first_order_at", "last_order_at"}


def lifecycle(settings: LifecycleSettings, given: Given) -> Framework:
    """Tell new, active, won back, slipping, lapsed and prospects apart.

    Silence is measured in the customer's usual days between orders; with fewer than three days of purchase there is no
    rhythm yet, and the median one of those who have it stands in. Won back is who is active and whose latest purchase ended a
    silence that would have made her lapsed, reckoned by the rhythm she had before it; with her next purchase in time she is
    active again. Orders less than a day before the latest count as one purchase with it.

    At least 30 customers with a second day of purchase, for their median stands in for everybody else's, and half a year.
    """
    active, lapsed = plain(settings.active), plain(settings.lapsed)
    shortest, fallback = f"{settings.shortest_days!r}", f"{settings.fallback_days!r}"
    usual = (
        "coalesce(quantile(typical_gap_days, 0.5, where purchase_days >= 3), quantile(typical_gap_days, 0.5), "
        f"{fallback})"
    )
    rhythm = f"greatest(case when purchase_days >= 3 then typical_gap_days else {usual} end, {shortest})"
    traits = {"rhythm_days": rhythm, "rhythms_silent": "days_since_order / rhythm_days"}
    titles = {"rhythm_days": "rhythm in days", "rhythms_silent": "silence in rhythms"}
    returns = settings.won_back and given.column("orders", "day") is not None and given.names >= _PREVIOUS
    if returns:
        before = (
            "greatest(case when purchase_days_before >= 3 then (previous_order_at - first_order_at) / 1 day / "
            f"(purchase_days_before - 1) else {usual} end, {shortest})"
        )
        traits |= {
            "previous_order_at": f"last(orders.at, {_BEFORE})",
            "purchase_days_before": f"distinct(orders.day, {_BEFORE})",
            "rhythms_before_order": f"(last_order_at - previous_order_at) / 1 day / {before}",
        }
        titles |= {
            "previous_order_at": "purchase before the latest",
            "purchase_days_before": "days with an order before the latest purchase",
            "rhythms_before_order": "silence before the latest purchase, in rhythms of then",
        }
    return Framework(
        name="lifecycle",
        about="Where each customer stands, by her own rhythm",
        kind="lifecycle",
        needs=("orders_total", "purchase_days", "typical_gap_days", "days_since_order"),
        traits=traits,
        segments=segments_of("lifecycle", "lifecycle", _stages(active, lapsed, returns=returns)),
        titles=titles,
        minimum=Minimum(repeat_buyers=30, history_days=180, because="a median rhythm, and time enough to lapse"),
    )


_TIMES = {"2": "twice", "3": "three times", "4": "four times"}


def _stages(active: str, lapsed: str, *, returns: bool) -> list[Row]:
    bought = "orders_total >= 1 and "
    lately = f"rhythms_silent <= {active}"
    again = f"{bought}purchase_days >= 2 and {lately}"
    back = Row(
        "won_back",
        f"{again} and rhythms_before_order > {lapsed}",
        f"came back after more than {_TIMES.get(lapsed, lapsed + ' times')} the usual time",
        "Won back",
    )
    staying = f" and coalesce(rhythms_before_order, 0.0) <= {lapsed}" if returns else ""
    within = _TIMES.get(active, active + " times")
    rows = [
        Row(
            "prospect",
            "orders_total is missing or orders_total < 1 or rhythms_silent is missing",
            "known, but without an order, or without its date",
        ),
        Row("new", f"{bought}coalesce(purchase_days, 1) <= 1 and {lately}", "one day of purchase, lately"),
        Row("active", f"{again}{staying}", f"within {within} the usual time between orders"),
        back,
        Row(
            "slipping",
            f"{bought}rhythms_silent > {active} and rhythms_silent <= {lapsed}",
            "later than usual, not yet gone",
        ),
        Row(
            "lapsed",
            f"{bought}rhythms_silent > {lapsed}",
            f"silent for more than {_TIMES.get(lapsed, lapsed + ' times')} the usual time",
        ),
    ]
    return [row for row in rows if returns or row is not back]
