"""What an experiment has shown of an arm's effect on anyone: fitted once, told of every customer by a pure function."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.facts import Instant
from smalti.models.effects import FittedEffects


@dataclass(frozen=True, eq=False)
class Shown:
    """What an experiment has shown of the effect that a score tells.

    Attributes:
        experiment: Its title.
        arm: The arm whose effect it is.
        control: The arm it is held against.
        place: The place of the arm.
        at: The instant from which all that it was learnt from is known; it tells nothing as of earlier ones.
        since: When the experiment started.
        customers: How many customers it was learnt from.
        fitted: The effect of every arm on anyone; None where there is too little to learn from.
        chance: Whether the outcome is a condition, and the effect a difference in its chance.
        why: Why there is none.
        notes: What a reader should know, in sentences.
    """

    experiment: str
    arm: str
    control: str
    place: int
    at: Instant
    since: Instant
    customers: int
    fitted: FittedEffects | None
    chance: bool = False
    why: str = ""
    notes: tuple[str, ...] = ()
