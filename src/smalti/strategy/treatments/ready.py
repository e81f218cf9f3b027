"""Treatments made ready: their rules as trees, names resolved."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.facts import Instant, Microseconds, parse_duration
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
        due: Of an anniversary or a predicted day, the days from the as-of instant until it begins, as a tree: whole days of the
            project's zone of an anniversary; None where it begins otherwise.
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
    due: Node | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.definition.title or self.name.replace("_", " ").capitalize()

    @property
    def strategy(self) -> str:
        """The strategy that it serves."""
        return self.definition.strategy

    @property
    def again(self) -> Microseconds | None:
        """After how long the same customer may get it once more; None where that is not said.

        Where it is not said, what a trigger began is never begun again, what is for one day not again for that day; anything
        else may be, as soon as limits allow.
        """
        trigger = self.definition.trigger
        text = self.definition.again or (trigger.again if trigger is not None else None)
        return parse_duration(text) if text is not None else None

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
