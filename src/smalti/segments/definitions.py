"""What a segment is: a named rule with an owner, a purpose and an action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from smalti.errors import nearest
from smalti.rules import Node

Kind: TypeAlias = Literal[
    "demographic",
    "geographic",
    "psychographic",
    "needs",
    "behavioural",
    "value",
    "jobs_to_be_done",
    "occasion",
    "lifecycle",
    "engagement",
    "predictive",
    "negative",
]
"""What a segment goes by; negative ones say whom not to target."""

UNGROUPED = "segments"
"""The segmentation of segments that name none."""


class SegmentDefinition(BaseModel):
    """A segment as it is written in a project; plain text stands for its rule.

    >>> SegmentDefinition.model_validate({"who": "spend_365d >= 500", "why": "our best"}).who
    'spend_365d >= 500'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: str = Field(description="The rule: members are the customers for whom it is true.")
    title: str | None = Field(default=None, description="What people call the segment.")
    why: str = Field(default="", description="Its purpose, in one sentence.")
    owner: str | None = Field(default=None, description="Who answers for it.")
    strategy: str | None = Field(default=None, description="The strategy its members' message should serve.")
    channels: tuple[str, ...] = Field(default=(), description="Channels through which its members may be reached.")
    segmentation: str = Field(default=UNGROUPED, description="The set of segments it is used together with.")
    kind: Kind | None = Field(
        default=None, description="What it goes by, told in reports; negative means: whom not to target."
    )
    parent: str | None = Field(default=None, description="The segment it is a part of.")

    @model_validator(mode="before")
    @classmethod
    def _text_is_rule(cls, value: Any) -> Any:
        return {"who": value} if isinstance(value, str) else value

    @field_validator("kind", mode="before")
    @classmethod
    def _known_kind(cls, value: Any) -> Any:
        kinds = get_args(Kind)
        if isinstance(value, str) and value not in kinds:
            near = nearest(value, kinds)
            hint = f"; did you mean '{near}'?" if near else ""
            raise ValueError(f"unknown kind: found '{value}', wanted one of {', '.join(kinds)}{hint}")
        return value


@dataclass(frozen=True)
class Segment:
    """A segment made ready: its rule checked and in the form the readings take."""

    name: str
    definition: SegmentDefinition
    node: Node
    written: Node

    @property
    def title(self) -> str:
        """What people call it."""
        return self.definition.title or self.name.replace("_", " ").capitalize()
