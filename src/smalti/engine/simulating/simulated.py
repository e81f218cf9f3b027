"""What was found by simulating: plans, how they compare, and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from smalti.engine.simulating.asked import Simulating

FORM = 1
"""The form of what `to_dict` gives."""


@dataclass(frozen=True)
class PlanFound:
    """What one plan came to.

    Attributes:
        key: Such as ``trigger individual``.
        when: ``calendar`` or ``trigger``.
        who: ``generic``, ``segment`` or ``individual``.
        how: ``one for all`` or ``own``: the way and hour.
        title: What it is called.
        contacts: The mean number of contacts in a repetition.
        orders: The mean number of orders they brought.
        gain: What a contact brought after its cost, in money; the mean over repetitions.
        low: Low end of the interval of that.
        high: High end.
        truth: What a contact of the same plans brings by the truth.
    """

    key: str
    when: str
    who: str
    how: str
    title: str
    contacts: float
    orders: float
    gain: float
    low: float
    high: float
    truth: float


@dataclass(frozen=True)
class Comparison:
    """By how much one plan is better than another.

    Attributes:
        key: What is compared: ``when``, ``who: segment``, ``who: individual``, ``how``.
        plan: The key of the first.
        over: The key of the second.
        title: What it is called.
        difference: How much more a contact of the first brings, in money; the mean over repetitions.
        low: Low end of the interval of that.
        high: High end.
        truth: The same by the truth.
        ratio: How many times the orders of a contact; None where the second brought none.
        ratio_low: Low end of the interval of that.
        ratio_high: High end.
        ratio_truth: The same by the truth.
        shown: Whether the first is shown to be better.
        words: A sentence.
    """

    key: str
    plan: str
    over: str
    title: str
    difference: float
    low: float
    high: float
    truth: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    ratio_truth: float | None
    shown: bool
    words: str


@dataclass(frozen=True)
class Simulated:
    """What was found.

    Attributes:
        asked: What was asked.
        plans: What each plan came to.
        comparisons: How they compare.
        notes: What to know before believing it.
        refused: How many contacts of all plans the last gate refused: consent, frequency, quiet hours, triggers.
    """

    asked: Simulating
    plans: tuple[PlanFound, ...]
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()
    refused: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """What to expect, a sentence for each comparison."""
        return tuple(one.words for one in self.comparisons)

    def comparison(self, key: str) -> Comparison:
        """Give a comparison by its key."""
        return {one.key: one for one in self.comparisons}[key]

    def plan(self, key: str) -> PlanFound:
        """Give a plan by its key."""
        return {one.key: one for one in self.plans}[key]

    def to_dict(self) -> dict[str, Any]:
        """Give it as dictionaries, lists, texts and numbers."""
        told: Mapping[str, Any] = {
            "form": FORM,
            "asked": asdict(self.asked),
            "plans": [asdict(one) for one in self.plans],
            "comparisons": [asdict(one) for one in self.comparisons],
            "sentences": list(self.sentences),
            "notes": list(self.notes),
            "refused": self.refused,
        }
        return dict(told)
