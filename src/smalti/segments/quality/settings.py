"""How a project has its segmentations tested: what counts as outcome, how far back to look, which bars to clear."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from smalti.segments.quality.bars import Bars


class QualitySettings(BaseModel):
    """What a project says under ``quality:``.

    >>> QualitySettings.model_validate({"bars": {"least_members": 50}}).bars.least_members
    50
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    in_runs: bool = Field(
        False,
        description="Whether every run makes the tests too and tells them in its report; it takes about as long again.",
    )
    outcome: str | None = Field(
        None,
        description="What segments should tell apart, in the language: a number or money made of facts, such as count(orders). "
        "Aggregates in it see what happened after the earlier instant, unless they name a window. Left out, what customers "
        "spent, less what was given back.",
    )
    horizon_days: int | None = Field(
        None,
        ge=1,
        description="Days between the instant as of which customers are put into segments and the one up to which their "
        "outcome is seen; left out, half of the time for which there are facts, at most 365.",
    )
    lasting: tuple[str, ...] = Field(
        (),
        description="Attributes without a date that were so at the earlier instant too, such as country or birth_date. Others "
        "may know the future: whether segments that rest on them tell what comes later is not shown.",
    )
    customers: int = Field(
        50_000,
        ge=1_000,
        description="Customers looked at, at most; of more a random sample is drawn. Intervals say what that costs.",
    )
    resamples: int = Field(
        100, ge=20, description="How often fitted cuts are fitted anew to resampled customers, two to a pair."
    )
    bars: Bars = Field(Bars.model_validate({}), description="What a segmentation has to clear.")
