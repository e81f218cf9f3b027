"""What a treatment is as it is written in a project: for whom, by which channel, in which steps, at what cost, saying what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from smalti.errors import SmaltiError
from smalti.facts import Microseconds, length_of_time, parse_duration, parse_instant
from smalti.strategy.assumptions import BY_PROJECT, Amount, MoneyAmount, Percentage
from smalti.strategy.limits import foreseeable
from smalti.strategy.playbook import Belief

_T = TypeVar("_T")
_Named = Annotated[
    tuple[tuple[str, _T], ...],
    BeforeValidator(lambda value: tuple(value.items()) if isinstance(value, Mapping) else value),
]
_Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
"""One name, or several."""


def _instant(text: str | None) -> str | None:
    """Refuse what is no instant."""
    if text is not None:
        try:
            parse_instant(text)
        except SmaltiError as error:
            raise ValueError(str(error)) from None
    return text


class VariantDefinition(BaseModel):
    """How a message is put to the members of one segment: what is given replaces the message's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    segment: str = Field(description="The segment whose members get it; the first that fits a customer is taken.")
    name: str | None = Field(None, description="What the variant is called; left out, as the segment is.")
    subject: str | None = Field(None, description="The subject line, a template.")
    offer: str | None = Field(None, description="What is offered, a template.")
    body: str | None = Field(None, description="The text, a template.")


class MessageDefinition(BaseModel):
    """What a customer reads: templates with the names of traits and attributes in double braces.

    >>> MessageDefinition.model_validate("Dear {{ first_name | default('customer') }}").body
    "Dear {{ first_name | default('customer') }}"
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = Field(None, description="What people call the message.")
    subject: str = Field("", description="The subject line, a template; empty where the channel has none.")
    offer: str = Field("", description="What is offered, a template; the body speaks of it as {{ offer }}.")
    body: str = Field(description="The text, a template.")
    variants: tuple[VariantDefinition, ...] = Field((), description="By segment, what is said otherwise.")
    language: str | None = Field(None, description="How money, numbers and dates are written, such as en_GB.")

    @model_validator(mode="before")
    @classmethod
    def _text_is_body(cls, value: Any) -> Any:
        return {"body": value} if isinstance(value, str) else value


class StepDefinition(BaseModel):
    """One contact of a treatment."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)

    after: str = Field(
        "0 days", description="How long after the step before; of the first that follows, after the start."
    )
    channel: str = Field(description="The channel.")
    message: str | None = Field(None, description="The message; left out, the treatment's.")
    condition: str | None = Field(
        None,
        alias="if",
        description="The rule that must be true of what happened since the treatment began: opened, ordered, or in the "
        "language; left out, always.",
    )
    cost: MoneyAmount | None = Field(None, description="Cost of this contact; left out, the treatment's.")
    reach: Percentage = Field(
        1.0, description="The share of those who began that is expected to come to this step; limits count everybody."
    )

    @field_validator("after", mode="before")
    @classmethod
    def _a_wait(cls, value: Any) -> Any:
        text = str(value)
        return "0 days" if text.strip() in ("0", "0 days") else foreseeable(text, "a wait", "3 days")

    @property
    def wait(self) -> Microseconds:
        """How long after the step before."""
        return parse_duration(self.after)


class TriggerDefinition(BaseModel):
    """What a treatment begins with, other than a date: one thing that happens to a customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enters: str | None = Field(None, description="The segment: it begins when a customer enters it.")
    event: str | None = Field(
        None,
        description="A rule about the facts, such as any(events, last 1 hour, where name = 'Cart'): when it becomes true.",
    )
    anniversary: str | None = Field(None, description="The attribute or trait, an instant, whose yearly day it is.")
    predicted: str | None = Field(
        None,
        description="The trait or score that foretells when it is due: an instant, such as next_order, or days from now.",
    )
    before: str | None = Field(
        None, description="How long before the anniversary or the predicted day, such as 7 days."
    )
    within: str = Field("1 day", description="How long after it the treatment may still begin.")
    again: str | None = Field(
        None, description="After how long it may begin once more, as again: of the treatment; left out, never again."
    )

    @field_validator("before", "within", mode="before")
    @classmethod
    def _near(cls, value: Any) -> Any:
        return value if value is None else foreseeable(value, "a trigger", "7 days")

    @field_validator("again", mode="before")
    @classmethod
    def _length(cls, value: Any) -> Any:
        return value if value is None else length_of_time(str(value), "a trigger", "7 days")

    @model_validator(mode="after")
    def _one(self) -> TriggerDefinition:
        given = [name for name in ("enters", "event", "anniversary", "predicted") if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"what it begins with: found {found}, wanted one of enters, event, anniversary, predicted")
        if (
            self.anniversary is not None
            and self.before is not None
            and parse_duration(self.before) >= parse_duration("365 days")
        ):
            raise ValueError(f"before: found '{self.before}' before an anniversary, wanted less than a year")
        if self.before is not None and given[0] not in ("anniversary", "predicted"):
            raise ValueError(f"before: found with {given[0]}, wanted with anniversary or predicted")
        return self


class RedemptionDefinition(BaseModel):
    """What an offer costs when it is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    cost: MoneyAmount = Field(description="Cost of one offer taken: money, or a share of the average order.")
    rate: Percentage = Field(
        description="The share of those contacted who take it, whether or not they would have bought."
    )


class TreatmentDefinition(BaseModel):
    """Something done to a customer in service of a strategy.

    >>> one = TreatmentDefinition(strategy="win_back", channels="email", message="come_back", cost=0.05)
    >>> one.channels, one.steps, one.begins
    (('email',), (), 'date')
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)

    title: str | None = Field(None, description="What people call it.")
    why: str = Field("", description="What it is for, in one sentence.")
    strategy: str = Field(description="The strategy that it serves.")
    who: str | None = Field(
        None, description="The rule that says for whom it may be chosen, beside the strategy's own; left out, no other."
    )
    channels: _Names = Field((), description="The channels of the first contact: the best for each customer is taken.")
    message: str | None = Field(None, description="The message, by its name under messages.")
    offer: str | None = Field(
        None, description="What is offered, in words, for reports; messages say it their own way."
    )
    purpose: str | None = Field(
        None, description="What contacts are for, by which their frequency may be limited; left out, the strategy."
    )
    cost: MoneyAmount = Field(
        Amount(share=0.0), description="Cost of one contact: money, or a share of the average order."
    )
    redemption: RedemptionDefinition | None = Field(None, description="What the offer costs when it is taken.")
    fixed: MoneyAmount | None = Field(None, description="Cost of doing it at all, once in a plan.")
    effect: Belief | None = Field(
        None,
        description="How often it works: a rate, or rate, strength, basis and by; left out, as often as its strategy.",
    )
    score: str | None = Field(
        None, description="The score that foretells its effect on each customer, in place of one rate for all."
    )
    worth: MoneyAmount | None = Field(
        None,
        description="What one unit of that score is worth; left out, the headroom of its strategy, or of spend the margin.",
    )
    headroom: str | None = Field(
        None, description="What is to be won, as money in the language; left out, the strategy's."
    )
    most: int | None = Field(None, ge=0, le=1_000_000_000_000, description="At most so many customers in a plan.")
    least: int | None = Field(None, ge=0, le=1_000_000_000_000, description="At least so many customers in a plan.")
    start: str | None = Field(None, alias="from", description="Since when it may be used, such as 2026-03-01.")
    end: str | None = Field(None, alias="until", description="Until when it may begin.")
    on: str | None = Field(None, description="The day or instant on which it begins for all, in place of a trigger.")
    trigger: TriggerDefinition | None = Field(
        None, description="What it begins with: entering a segment, an event, an anniversary, a predicted day."
    )
    steps: tuple[StepDefinition, ...] = Field(
        (), description="The contacts that follow the first, each after a wait and under a condition."
    )
    stop: str | None = Field(
        None, description="The rule that ends it, about what happened since it began: ordered, or in the language."
    )
    again: str | None = Field(
        None,
        description="After how long the same customer may get it once more, such as 90 days; left out, never again where "
        "a trigger began it, not again for the same on:, and else as soon as limits allow.",
    )
    priority: float = Field(
        1.0,
        gt=0,
        allow_inf_nan=False,
        description="A lever: what its gain is multiplied by when choosing; told apart from the gain.",
    )

    @field_validator("start", "end", "on")
    @classmethod
    def _an_instant(cls, text: str | None) -> str | None:
        return _instant(text)

    @field_validator("again", mode="before")
    @classmethod
    def _a_length(cls, value: Any) -> Any:
        return value if value is None else length_of_time(str(value), "a treatment", "90 days")

    @field_validator("effect", mode="before")
    @classmethod
    def _rate_is_belief(cls, value: Any) -> Any:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return {"rate": value, "by": BY_PROJECT}
        if isinstance(value, Belief):
            return value if "by" in value.model_fields_set else value.model_copy(update={"by": BY_PROJECT})
        return {"by": BY_PROJECT, **value} if isinstance(value, Mapping) else value

    @model_validator(mode="after")
    def _whole(self) -> TreatmentDefinition:
        if self.on is not None and self.trigger is not None:
            raise ValueError("it begins twice: found on: and trigger:, wanted one of them")
        if self.again is not None and self.trigger is not None and self.trigger.again is not None:
            raise ValueError(
                "again: is written twice: found under the treatment and under trigger:, wanted one of them"
            )
        if self.effect is not None and self.score is not None:
            raise ValueError("two effects: found effect: and score:, wanted one of them")
        if self.start and self.end and parse_instant(self.start) >= parse_instant(self.end):
            raise ValueError(f"it ends before it starts: found from {self.start} until {self.end}")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError(f"no number is right: found at least {self.least} and at most {self.most}")
        if not self.channels and self.steps:
            raise ValueError("steps without a first contact: wanted channels:, such as email")
        return self

    @property
    def begins(self) -> str:
        """What it begins with: ``trigger`` or ``date``."""
        return "date" if self.trigger is None else "trigger"
