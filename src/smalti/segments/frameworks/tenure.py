"""How long each customer has been one."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from smalti.segments.frameworks.framework import Framework, Given, Row, Settings, rising, segments_of
from smalti.segments.frameworks.minimum import Minimum

Days = Annotated[int, Field(ge=1, le=36500)]


class TenureSettings(Settings):
    """Settings of tenure."""

    cuts: tuple[Days, ...] = Field(
        (90, 365, 1095), min_length=1, description="Rising days since the first order, each the end of a segment."
    )

    @field_validator("cuts")
    @classmethod
    def _they_rise(cls, cuts: tuple[int, ...]) -> tuple[int, ...]:
        if not rising(cuts):
            raise ValueError(f"cuts that do not rise: found {list(cuts)}, wanted such as [90, 365, 1095]")
        return cuts


def tenure(settings: TenureSettings, given: Given) -> Framework:
    """Tell customers apart by days since their first order; each segment ends at a cut, the cut included.

    History must reach beyond the longest cut, or nobody can have been a customer for so long.
    """
    cuts, since = settings.cuts, "days_since_first_order"
    first = Row(
        f"tenure_up_to_{_span(cuts[0])}",
        f"{since} <= {cuts[0]}",
        f"began in the last {cuts[0]:,} days",
        _said("Up to", cuts[0]),
    )
    middle = [
        Row(
            f"tenure_{_span(low)}_to_{_span(high)}",
            f"{since} > {low} and {since} <= {high}",
            f"began more than {low:,} and up to {high:,} days ago",
            f"{_said('', low).capitalize()} to {_said('', high)}",
        )
        for low, high in pairwise(cuts)
    ]
    last = Row(
        f"tenure_over_{_span(cuts[-1])}",
        f"{since} > {cuts[-1]}",
        f"began more than {cuts[-1]:,} days ago",
        _said("Over", cuts[-1]),
    )
    none = Row("tenure_none", f"{since} is missing", "known, but without an order yet", "Not yet a customer")
    return Framework(
        name="tenure",
        about="How long each customer has been one",
        kind="lifecycle",
        needs=(since,),
        traits={},
        segments=segments_of("tenure", "lifecycle", [first, *middle, last, none]),
        minimum=Minimum(history_days=cuts[-1], because="history beyond the longest cut"),
    )


def _span(days: int) -> str:
    return _said("", days).replace(" ", "_")


def _said(word: str, days: int) -> str:
    """Say a number of days in years where it is whole ones."""
    years, rest = divmod(days, 365)
    number, unit = (years, "year") if not rest else (days, "day")
    return f"{word} {number} {unit}{'s' if number > 1 else ''}".strip()
