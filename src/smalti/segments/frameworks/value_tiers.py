"""Tiers by spend in the last year."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from smalti.segments.frameworks.framework import Framework, Given, Row, Settings, percent, plain, rising, segments_of
from smalti.segments.frameworks.minimum import Minimum

Share = Annotated[float, Field(gt=0, lt=1)]


class ValueTierSettings(Settings):
    """Settings of the value tiers."""

    shares: tuple[Share, Share, Share] = Field(
        (0.05, 0.2, 0.5),
        description="Shares of those who spent, 0 to 1 and rising: platinum; platinum and gold; platinum, gold and silver.",
    )

    @field_validator("shares")
    @classmethod
    def _they_rise(cls, shares: tuple[float, float, float]) -> tuple[float, float, float]:
        if not rising(shares):
            raise ValueError(f"shares that do not rise: found {list(shares)}, wanted such as [0.05, 0.2, 0.5]")
        return shares


_PARTS = {0.05: "best twentieth", 0.1: "best tenth", 0.2: "best fifth", 0.25: "best quarter", 0.5: "better half"}


def value_tiers(settings: ValueTierSettings, given: Given) -> Framework:
    """Tell platinum, gold, silver and bronze apart by spend in the last year; by default a twentieth, a fifth, a half.

    At least five buyers are wanted in the smallest tier, and a year of history, since it is spend of a year that is compared.
    """
    best, good, half = settings.shares
    cuts = {
        share: f"quantile(spend_365d, {plain(round(1 - share, 9))}, where spend_365d > 0)" for share in settings.shares
    }
    told = {share: _PARTS.get(share, f"best {percent(share)}") for share in settings.shares}
    lower = "the lower half of those who spent" if half == 0.5 else "the rest of those who spent"
    rows = [
        Row("platinum", f"spend_365d > {cuts[best]}", f"the {told[best]} by spend in the last year"),
        Row("gold", f"spend_365d > {cuts[good]} and spend_365d <= {cuts[best]}", f"the rest of the {told[good]}"),
        Row("silver", f"spend_365d > {cuts[half]} and spend_365d <= {cuts[good]}", f"the rest of the {told[half]}"),
        Row("bronze", f"spend_365d > 0 and spend_365d <= {cuts[half]}", lower),
        Row("no_spend", "spend_365d is missing or spend_365d <= 0", "nothing spent in the last year"),
    ]
    return Framework(
        name="value_tiers",
        about="How much each customer spent in the last year, against the others",
        kind="value",
        needs=("spend_365d",),
        traits={},
        segments=segments_of("value_tiers", "value", rows),
        minimum=Minimum(
            buyers=round(5 / min(best, good - best, half - good)),
            history_days=365,
            because="five buyers in the smallest tier, and the year that is compared",
        ),
    )
