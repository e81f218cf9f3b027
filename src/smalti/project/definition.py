"""A project: a folder of definitions as one frozen value, without verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from smalti.errors import SmaltiError, nearest
from smalti.facts import Currency
from smalti.project.experiments import ExperimentDefinition, HoldOutDefinition
from smalti.project.scores import ScoreDefinition
from smalti.project.use import Used
from smalti.segments import ChannelDefinition, SegmentationDefinition, SegmentDefinition
from smalti.segments.quality import QualitySettings
from smalti.sources import SourceDefinition
from smalti.strategy import Assumptions, Belief
from smalti.strategy.assumptions import MoneyAmount
from smalti.strategy.limits import LimitsDefinition
from smalti.strategy.treatments import MessageDefinition, TreatmentDefinition
from smalti.traits import TraitDefinition

_T = TypeVar("_T")


def _items(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, Mapping) else value


Named = Annotated[tuple[tuple[str, _T], ...], BeforeValidator(_items)]
"""Definitions by name; written as a mapping, held as pairs so that the project can be hashed."""


class StrategyChange(BaseModel):
    """A change to a strategy of the standard playbook, or, where all is given, a new one."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    off: bool = Field(False, description="Leave this strategy out.")
    title: str | None = Field(None, description="What people call it.")
    about: str | None = Field(None, description="What is done, in one sentence.")
    mechanism: str | None = Field(None, description="How it works; the secondary strategy works by another.")
    eligible: str | None = Field(None, description="The rule that says for whom it may be chosen.")
    headroom: str | None = Field(None, description="What is to be won, as money in the language.")
    success: Belief | None = Field(None, description="How often it works: a rate, or rate, strength, basis and by.")
    cost: MoneyAmount | None = Field(None, description="Cost of one try: money, or a share of the average order.")
    because: str | None = Field(None, description="The reason, with {names} to be filled in.")

    @field_validator("success", mode="before")
    @classmethod
    def _rate_is_belief(cls, value: Any) -> Any:
        return {"rate": value, "by": "this project"} if isinstance(value, int | float | str) else value


class Project(BaseModel):
    """Everything that defines a run: sources, traits, segments, playbook, assumptions.

    Loaded from ``smalti.yml`` or built in code to the same value.

    >>> shop = Project(name="Corner Shop", currency="GBP", traits={"orders_30d": "count(orders, last 30 days)"})
    >>> dict(shop.traits)["orders_30d"].value, hash(shop) == hash(shop.model_copy())
    ('count(orders, last 30 days)', True)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("project", min_length=1, description="The project's name, at the head of its report.")
    currency: str = Field(
        "XXX", description="ISO 4217 code of all money, such as EUR; XXX is money of no stated currency."
    )
    time_zone: str = Field(
        "UTC", description="Zone of all calendar units, and of dates that name none, such as Europe/London."
    )
    account: str | None = Field(
        None, description="The attribute that names the account a person belongs to, where customers are companies too."
    )
    sources: Named[SourceDefinition] = Field((), description="Outside files, by the stream they become.")
    use: Used | None = Field(
        None, description="Standard frameworks: a list of names, or settings by name; left out, the usual ones."
    )
    traits: Named[TraitDefinition] = Field((), description="The project's own traits, by name.")
    scores: Named[ScoreDefinition] = Field(
        (), description="What is foretold of each customer, learnt from the traits as of earlier instants, by name."
    )
    segments: Named[SegmentDefinition] = Field((), description="The project's own segments, by name.")
    segmentations: Named[SegmentationDefinition] = Field(
        (), description="What sets of segments are called and for; and those that are fitted: crossed, split, grouped."
    )
    channels: Named[ChannelDefinition] = Field(
        (), description="Ways to reach customers: the address each takes, and the consent or lawful basis to use it."
    )
    quality: QualitySettings = Field(
        QualitySettings.model_validate({}), description="How segmentations are tested before they are used."
    )
    playbook: Named[StrategyChange] = Field((), description="Changes to the standard playbook, by strategy.")
    experiments: Named[ExperimentDefinition] = Field(
        (), description="What is tried on some customers and not on others, by name, to measure whether it works."
    )
    hold_out: HoldOutDefinition | None = Field(
        None, description="The share of customers who are left out of every experiment, such as 5 %."
    )
    treatments: Named[TreatmentDefinition] = Field(
        (),
        description="What can be done to a customer, by name: for which strategy, by which channel, in which steps.",
    )
    messages: Named[MessageDefinition] = Field(
        (), description="What customers read, by name: templates, and how they are put to the members of a segment."
    )
    limits: LimitsDefinition | None = Field(
        None, description="What a plan must respect: money, capacity, contact frequency, quiet hours, numbers."
    )
    assumptions: Assumptions = Field(Assumptions.model_validate({}), description="Margin, costs, horizon, discount.")
    seed: int = Field(0, ge=0, description="Seed of everything that is drawn at random.")

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        try:
            return Currency(code).code
        except SmaltiError as error:
            raise ValueError(str(error)) from None

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            near = nearest(zone, available_timezones())
            hint = f"; did you mean '{near}'?" if near else ""
            raise ValueError(f"unknown time zone: found '{zone}', wanted a name such as Europe/London{hint}")
        return zone
