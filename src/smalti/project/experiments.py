"""What an experiment is as it is written in a project: for whom, between what, by when, and how it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from smalti.errors import SmaltiError, nearest
from smalti.facts import Microseconds, length_of_time, parse_duration, parse_instant
from smalti.strategy.assumptions import MoneyAmount, Percentage

WORDS = {"purchase": "any(orders)", "spend": "sum(orders.revenue)"}
"""Outcomes with a word of their own, in the language."""
HOLD_OUT = "hold_out"
"""What the hold-out of everything is called among the experiments."""
EVERYTHING, NOTHING = "everything", "nothing"
"""Its arms: those to whom all is done, and those held out."""
ALONE = "outcome"
"""What the outcome of an experiment that has but one is called."""
_T = TypeVar("_T")


def _by_name(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, Mapping) else value


def _alone(value: Any) -> Any:
    """Let one outcome stand without a name."""
    return {ALONE: value} if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _instant(text: str | None) -> str | None:
    """Refuse what is no instant."""
    if text is not None:
        try:
            parse_instant(text)
        except SmaltiError as error:
            raise ValueError(str(error)) from None
    return text


_Named = Annotated[tuple[tuple[str, _T], ...], BeforeValidator(_by_name)]


class ArmDefinition(BaseModel):
    """One alternative of an experiment; a plain number stands for its weight.

    >>> ArmDefinition.model_validate(2).weight
    2.0
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    weight: float = Field(
        1.0, gt=0, allow_inf_nan=False, description="How many get it, beside the weights of the others."
    )
    cost: MoneyAmount | None = Field(
        None, description="Cost of it for one customer: money, or a share of the average order; nothing where left out."
    )
    title: str | None = Field(None, description="What people call it.")
    strategy: str | None = Field(
        None, description="The strategy whose success rate it measures, where the experiment has several arms."
    )

    @model_validator(mode="before")
    @classmethod
    def _number_is_weight(cls, value: Any) -> Any:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        return {"weight": value} if plain else {} if value is None else value


class LayerDefinition(BaseModel):
    """Customers shared out among experiments that must not meet; a plain name stands for the whole of it.

    >>> LayerDefinition.model_validate({"name": "mails", "from": "50 %"}).start
    0.5
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field(min_length=1, description="The layer: experiments that name it share its customers out.")
    start: Percentage = Field(0.0, alias="from", description="Where this experiment's part of the layer begins.")
    end: Percentage = Field(1.0, alias="to", description="Where it ends.")

    @model_validator(mode="before")
    @classmethod
    def _name_is_whole(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _some_of_it(self) -> LayerDefinition:
        if self.start >= self.end:
            raise ValueError(f"no part of the layer: found from {self.start:g} to {self.end:g}, wanted to: above from:")
        return self


class OutlierDefinition(BaseModel):
    """How far an outcome counts, fixed before anybody looks: the same for all arms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cap: float | None = Field(
        None, gt=0, description="What is above this counts as this: major units of money, or a number."
    )
    quantile: float | None = Field(
        None, ge=0.5, lt=1, description="What is above this quantile of all arms together counts as the quantile."
    )

    @model_validator(mode="after")
    def _one_rule(self) -> OutlierDefinition:
        if (self.cap is None) == (self.quantile is None):
            raise ValueError("outliers: wanted either cap: or quantile:, such as {quantile: 0.999}")
        return self


class HoldOutDefinition(BaseModel):
    """Customers who are left out of every experiment; a plain share stands for it.

    >>> HoldOutDefinition.model_validate("5 %").share
    0.05
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    share: Percentage = Field(0.0, description="How many are left out of everything, such as 5 %.")
    salt: str = Field("hold_out", min_length=1, description="What the draw is named by; another name, other customers.")
    treatments: _Named[Percentage] = Field(
        (),
        description="By treatment, or arm, how many never get it: left out of every plan, and every experiment that tries it.",
    )
    start: str | None = Field(
        None,
        alias="from",
        description="Since when nobody does anything to them, such as 2026-01-01; left out, since the first experiment starts.",
    )
    within: str = Field(
        "90 days", description="After how long they are held against everybody else: does all of it together work?"
    )
    outcome: _Named[str] | None = Field(
        None, description="By what, as outcome: of an experiment; left out, purchase and spend where there are orders."
    )
    covariate: str | None = Field(
        None, description="A trait from before that the outcome goes with: it narrows the intervals."
    )

    _one_or_several = field_validator("outcome", mode="before")(_alone)
    _plain = field_validator("within", mode="before")(_as_text)

    @field_validator("within")
    @classmethod
    def _a_length_of_time(cls, text: str) -> str:
        return length_of_time(text, "a hold-out", "90 days")

    @field_validator("start")
    @classmethod
    def _an_instant(cls, text: str | None) -> str | None:
        return _instant(text)

    @model_validator(mode="before")
    @classmethod
    def _share_alone(cls, value: Any) -> Any:
        return value if isinstance(value, Mapping | HoldOutDefinition) else {"share": value}

    @model_validator(mode="after")
    def _not_all(self) -> HoldOutDefinition:
        if max([self.share, *(share for _, share in self.treatments)]) >= 1:
            raise ValueError("everybody is held out: found 100 %, wanted less, such as 5 %")
        return self


class ExperimentDefinition(BaseModel):
    """An experiment as it is written in a project.

    >>> one = ExperimentDefinition(arms={"none": 1, "mail": 1}, control="none", outcome="purchase", within="14 days")
    >>> one.outcomes, one.window // 86_400_000_000, [name for name, _ in one.treated]
    ({'outcome': 'purchase'}, 14, ['mail'])
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)

    title: str | None = Field(None, description="What people call it.")
    why: str = Field("", description="What is to be found out, in one sentence.")
    who: str | None = Field(
        None,
        description="The rule that says who may take part, as of the start; left out, those for whom its strategy may be "
        "chosen, and everybody where there is none.",
    )
    arms: _Named[ArmDefinition] = Field(description="What is held against each other: by name a weight, or settings.")
    control: str = Field(description="The arm that the others are held against.")
    outcome: _Named[str] = Field(
        description="What is measured: purchase, spend, or a rule or number in the language about what comes after; "
        "several by name, the first being the one that decides."
    )
    within: str = Field(
        description="How long after the start, or after the touch, the outcome counts, such as 14 days."
    )
    start: str | None = Field(
        None, alias="from", description="When it starts, such as 2026-03-01; left out, with the first of its touches."
    )
    end: str | None = Field(None, alias="until", description="When it ends: touches at or after this do not count.")
    share: Percentage = Field(
        1.0, gt=0, description="How many of those who may take part do; raising it takes more in and moves nobody."
    )
    layer: LayerDefinition | None = Field(
        None, description="Where experiments must not meet: the layer, and this experiment's part of it."
    )
    strata: str | None = Field(
        None, description="A segmentation, or a trait that is text: the arms are exact in each of its groups."
    )
    salt: str | None = Field(
        None, min_length=1, description="What the draw is named by; left out, the experiment's name."
    )
    strategy: str | None = Field(
        None, description="The strategy it tries: its assumed success rate becomes the measured one."
    )
    against: tuple[str, ...] | None = Field(
        None,
        description="The segmentations the proof holds against individuals; left out, all whose segments exclude "
        "each other.",
    )
    traits: tuple[str, ...] | None = Field(
        None, description="The traits and attributes by which customers are told apart; left out, all that can be used."
    )
    covariate: str | None = Field(
        None, description="A trait, known before the start, that the outcome goes with: it narrows the intervals."
    )
    outliers: OutlierDefinition | None = Field(None, description="How far an outcome counts: a cap, or a quantile.")
    worth: MoneyAmount | None = Field(
        None,
        description="What one unit of the outcome is worth: money, or a share of the average order; of spend, the "
        "share that is earned.",
    )
    level: float = Field(0.95, ge=0.5, lt=1, description="What the intervals are to hold.")

    _one_or_several = field_validator("outcome", mode="before")(_alone)
    _plain = field_validator("within", mode="before")(_as_text)

    @field_validator("outcome")
    @classmethod
    def _something(cls, value: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        if not value or any(not text.strip() for _, text in value):
            raise ValueError("nothing is measured: wanted an outcome, such as purchase")
        return value

    @field_validator("within")
    @classmethod
    def _a_length_of_time(cls, text: str) -> str:
        return length_of_time(text, "an experiment", "14 days")

    @field_validator("start", "end")
    @classmethod
    def _an_instant(cls, text: str | None) -> str | None:
        return _instant(text)

    @model_validator(mode="after")
    def _whole(self) -> ExperimentDefinition:
        names = [name for name, _ in self.arms]
        if len(names) < 2:
            raise ValueError(f"nothing to compare: found {len(names)} arm, wanted two or more, control among them")
        if self.control not in names:
            near = nearest(self.control, names)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ValueError(f"unknown arm for control: found '{self.control}', wanted one of {', '.join(names)}{hint}")
        if self.start and self.end and parse_instant(self.start) >= parse_instant(self.end):
            raise ValueError(f"it ends before it starts: found from {self.start} until {self.end}")
        return self

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcomes by name, the one that decides first."""
        return dict(self.outcome)

    @property
    def window(self) -> Microseconds:
        """How long after an exposure the outcome counts."""
        return parse_duration(self.within)

    @property
    def treated(self) -> tuple[tuple[str, ArmDefinition], ...]:
        """The arms but the control."""
        return tuple((name, one) for name, one in self.arms if name != self.control)
