"""What a trait is: a text in the language, and what people call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from smalti.facts import Type
from smalti.rules import Node


class TraitDefinition(BaseModel):
    """A trait as it is written in a project; plain text stands for its `value`.

    >>> TraitDefinition.model_validate("count(orders, last 90 days)").value
    'count(orders, last 90 days)'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str = Field(description="The trait in the language, such as sum(orders.revenue, last 365 days).")
    title: str | None = Field(default=None, description="What people call it, such as 'spend in the last year'.")

    @model_validator(mode="before")
    @classmethod
    def _text_is_value(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str) else value


@dataclass(frozen=True)
class Trait:
    """A trait made ready: checked, typed, in the form the readings take."""

    name: str
    type: Type
    node: Node
    title: str
