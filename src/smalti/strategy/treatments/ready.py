"""Treatments made ready: their rules as trees, names resolved."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.facts import Instant, Microseconds
from smalti.rules import Node
from smalti.strategy.treatments.definitions import MessageDefinition, StepDefinition, TreatmentDefinition


@dataclass(frozen=True)
class Step:
    """A contact that follows the first.

    Attributes:
        place: 2 for the first that follows, and so on; the first contact of a treatment is step 1.
        definition: What was written.
        delay: How long after the treatment began it is due, quiet hours aside: the waits up to it together.
        condition: What must be true then, as a tree about the facts as of then; None where nothing must.
        message: The name of its message; None where there is none.
    """

    place: int
    definition: StepDefinition
    delay: Microseconds
    condition: Node | None
    message: str | None


@dataclass(frozen=True)
class Treatment:
    """A treatment made ready.

    Attributes:
        name: Its name.
        definition: What was written.
        who: Its own rule; None where it has none. The strategy's rule stands beside it.
        headroom: What is to be won, as a tree of money; None where it is the strategy's.
        stop: What ends it, as a tree about the facts as of then; None where nothing does.
        begins: Of a trigger, what must be true as of the instant, as a tree: of `enters`, membership now; of an anniversary or
            a predicted day, that it is due within the plan; None where it begins on a date or at once.
        start: Since when it may be used; None since ever.
        end: Until when; None for ever.
        on: The instant on which it begins for all; None where it does not.
        steps: The contacts that follow the first.
        purpose: What contacts are for.
    """

    name: str
    definition: TreatmentDefinition
    who: Node | None
    headroom: Node | None
    stop: Node | None
    begins: Node | None
    start: Instant | None
    end: Instant | None
    on: Instant | None
    steps: tuple[Step, ...]
    purpose: str

    @property
    def title(self) -> str:
        """What people call it."""
        return self.definition.title or self.name.replace("_", " ").capitalize()

    @property
    def strategy(self) -> str:
        """The strategy that it serves."""
        return self.definition.strategy

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of the first contact; empty where nobody is contacted."""
        return self.definition.channels


@dataclass(frozen=True)
class Message:
    """A message made ready: every name in its templates is known."""

    name: str
    definition: MessageDefinition
    fields: tuple[str, ...]
