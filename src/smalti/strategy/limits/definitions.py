"""What a plan must respect, as it is written in a project: money, capacity, contact frequency, quiet hours, numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from smalti.facts import Microseconds, length_of_time, parse_duration
from smalti.strategy.assumptions import Amount, MoneyAmount, Percentage

_T = TypeVar("_T")
_Named = Annotated[
    tuple[tuple[str, _T], ...],
    BeforeValidator(lambda value: tuple(value.items()) if isinstance(value, Mapping) else value),
]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
"""One name, or several."""


def _sets(value: Any) -> Any:
    """Let one set stand for a list of one."""
    return (tuple(value),) if isinstance(value, list | tuple) and value and isinstance(value[0], str) else value


_Sets = Annotated[tuple[tuple[str, ...], ...], BeforeValidator(_sets)]
"""Several sets of names, or one."""


_FORESEEABLE = parse_duration("3660 days")


def foreseeable(value: Any, what: str, example: str) -> str:
    """Read a length of time by which a plan looks ahead or back: ten years at most.

    Raises:
        ValueError: It is none, or longer.

    >>> foreseeable("48 hours", "a wait", "3 days")
    '2 days'
    """
    text = length_of_time(str(value), what, example)
    if parse_duration(text) > _FORESEEABLE:
        raise ValueError(f"too long for {what}: found '{value}', wanted at most 3,660 days")
    return text


MOST = 1_000_000_000_000
"""No number of customers or contacts is larger."""


class BudgetDefinition(BaseModel):
    """Money that may be spent; a plain amount is that of one plan."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    amount: MoneyAmount = Field(description="So much may be spent.")
    per: Literal["plan", "day", "week", "month", "quarter", "year"] = Field(
        "plan",
        description="In what: a plan, or a calendar period in the project's zone; what its touches have cost is spent.",
    )
    treatments: _Names = Field((), description="On these treatments; left out, on all.")
    strategies: _Names = Field((), description="On treatments that serve these strategies, in place of treatments.")

    @model_validator(mode="before")
    @classmethod
    def _amount_alone(cls, value: Any) -> Any:
        return {"amount": value} if isinstance(value, int | float | str) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _one_reading(self) -> BudgetDefinition:
        if self.treatments and self.strategies:
            raise ValueError("on what it is spent: found treatments: and strategies:, wanted one of them")
        return self


class CapacityDefinition(BaseModel):
    """How many contacts a channel can carry; a plain number is that of a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_day: int | None = Field(
        None, ge=0, le=MOST, description="At most so many contacts on one day of the project's zone."
    )
    in_all: int | None = Field(None, ge=0, le=MOST, description="At most so many contacts in a plan.")

    @model_validator(mode="before")
    @classmethod
    def _number_is_daily(cls, value: Any) -> Any:
        if isinstance(value, float):
            raise ValueError(  # noqa: TRY004 - pydantic tells it with its place
                f"contacts are counted: found {value:g}, wanted a whole number such as 40"
            )
        return {"per_day": value} if isinstance(value, int) and not isinstance(value, bool) else value


class FrequencyDefinition(BaseModel):
    """How often one customer may be contacted; touches there have been count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    most: int = Field(ge=0, le=MOST, description="At most so many contacts.")
    within: str = Field(description="In any stretch of time so long, such as 7 days.")
    channel: str | None = Field(None, description="By this channel; left out, by all together.")
    purpose: str | None = Field(None, description="For this purpose; left out, for all together.")

    @field_validator("within", mode="before")
    @classmethod
    def _a_length(cls, value: Any) -> Any:
        return length_of_time(str(value), "a frequency", "7 days")

    @property
    def window(self) -> Microseconds:
        """How long the stretch is."""
        return parse_duration(self.within)


class QuietDefinition(BaseModel):
    """Hours in which a customer is left in peace, by the clock where she is.

    >>> QuietDefinition(start="21:00", end="8:00").minutes
    (1260, 480)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: str | None = Field(None, alias="from", description="From when, such as 21:00.")
    end: str | None = Field(None, alias="until", description="Until when, such as 8:00; before from, on the day after.")
    days: Annotated[
        tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...],
        BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    ] = Field((), description="Days that are quiet as a whole, such as sunday.")
    channels: _Names = Field((), description="On these channels; left out, on all.")
    zone: str | None = Field(
        None,
        description="The attribute that holds a customer's time zone, such as Europe/London; else the project's.",
    )

    @field_validator("start", "end", mode="before")
    @classmethod
    def _a_clock(cls, value: Any) -> Any:
        text = None if value is None else str(value).strip()
        if text is not None and text != "24:00" and not _CLOCK.fullmatch(text):
            raise ValueError(f"no time of day: found '{value}', wanted such as 21:00")
        return "0:00" if text == "24:00" else text

    @model_validator(mode="after")
    def _whole(self) -> QuietDefinition:
        if (self.start is None) != (self.end is None):
            raise ValueError("quiet hours have a beginning and an end: wanted from: and until:")
        if self.start is None and not self.days:
            raise ValueError("nothing is quiet: wanted from: and until:, or days:")
        if len(set(self.days)) == len(WEEKDAYS):
            raise ValueError("every day is quiet: found seven days, wanted fewer")
        if self.start is not None and self.minutes[0] == self.minutes[1]:
            raise ValueError(f"nothing or everything is quiet: found from and until {self.start}")
        return self

    @property
    def minutes(self) -> tuple[int, int]:
        """Begin and end, in minutes after midnight; (0, 0) where only whole days are quiet."""
        if self.start is None or self.end is None:
            return 0, 0
        (one, other) = (tuple(int(part) for part in text.split(":")) for text in (self.start, self.end))
        return one[0] * 60 + one[1], other[0] * 60 + other[1]


class NumberDefinition(BaseModel):
    """How many customers of a plan, at least or at most, get a treatment or are of a segment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    treatment: str | None = Field(None, description="Who get this treatment; left out, any.")
    strategy: str | None = Field(None, description="Who get a treatment for this strategy; left out, any.")
    segment: str | None = Field(None, description="Who are in this segment; left out, all.")
    channel: str | None = Field(None, description="Who are first contacted by this channel; left out, any.")
    least: int | None = Field(None, ge=0, le=MOST, description="At least so many.")
    most: int | None = Field(None, ge=0, le=MOST, description="At most so many.")

    @model_validator(mode="after")
    def _some(self) -> NumberDefinition:
        if self.least is None and self.most is None:
            raise ValueError("no number: wanted least: or most:")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"no number is right: found at least {self.least} and at most {self.most}")
        return self


class FairnessDefinition(BaseModel):
    """What share of every group's customers who could be treated must be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str = Field(description="The segmentation, or the attribute or trait that is text, whose groups are looked at.")
    least: Percentage = Field(description="The share of each group's customers, of those who may be treated, that is.")
    treatments: _Names = Field((), description="By these treatments; left out, by any.")


class LimitsDefinition(BaseModel):
    """All that a plan must respect.

    >>> LimitsDefinition(budget=500, channels={"call": 40}).channels[0][1].per_day
    40
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    period: str = Field(
        "7 days", description="How long a plan is for: contacts are due within it, steps that follow may be later."
    )
    budget: tuple[BudgetDefinition, ...] = Field((), description="Money: an amount for a plan, or several budgets.")
    channels: _Named[CapacityDefinition] = Field((), description="By channel, how many contacts it can carry.")
    frequency: tuple[FrequencyDefinition, ...] = Field((), description="How often one customer may be contacted.")
    quiet: tuple[QuietDefinition, ...] = Field((), description="When customers are left in peace.")
    suppress: str | None = Field(None, description="The rule that is true of customers who are never contacted.")
    numbers: tuple[NumberDefinition, ...] = Field((), description="How many, at least or at most.")
    exclusive: _Sets = Field((), description="Sets of treatments of which one customer gets but one.")
    apart: str = Field("30 days", description="How long after one of such a set the others are kept from her.")
    bundles: _Sets = Field(
        (), description="Sets of treatments that one customer may get together; left out, one treatment each."
    )
    fairness: tuple[FairnessDefinition, ...] = Field((), description="What share of every group must be treated.")
    explore: Percentage = Field(
        0.0,
        description="The share of customers whose treatment is drawn among all that she may get, so that it can be measured.",
    )
    keep: MoneyAmount = Field(
        Amount(share=0.0),
        description="What another treatment must be worth more than the one planned before, to replace it.",
    )

    @field_validator("period", mode="before")
    @classmethod
    def _a_period(cls, value: Any) -> Any:
        return foreseeable(value, "a plan", "7 days")

    @field_validator("apart", mode="before")
    @classmethod
    def _a_length(cls, value: Any) -> Any:
        return length_of_time(str(value), "a plan", "7 days")

    @field_validator("budget", "frequency", "quiet", "numbers", "fairness", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else (value,)

    @property
    def window(self) -> Microseconds:
        """How long a plan is for."""
        return parse_duration(self.period)
