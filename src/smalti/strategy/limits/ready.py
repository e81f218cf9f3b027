"""Limits made ready: their one rule as a tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from smalti.rules import Node
from smalti.strategy.limits.definitions import LimitsDefinition


@dataclass(frozen=True)
class Limits:
    """All that a plan must respect, made ready.

    Attributes:
        definition: What was written.
        suppress: The rule that is true of customers who are never contacted; None where there is none.
    """

    definition: LimitsDefinition = field(default_factory=lambda: LimitsDefinition.model_validate({}))
    suppress: Node | None = None
