"""What a proof says: frozen values, and the form in which they are stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from smalti.errors import ModelError
from smalti.experiments.proof.evidence import Budget

NOTHING, GENERIC, SEGMENT, INDIVIDUAL = "nothing", "generic", "segment", "individual"
LADDER = (NOTHING, GENERIC, SEGMENT, INDIVIDUAL)


@dataclass(frozen=True)
class Standing:
    """What one policy is worth, per row (customer) of the log.

    Attributes:
        policy: "nothing", "generic", "segment" (the best of all segmentations, chosen in the training folds),
            "individual", or "segment: <name>" for one segmentation.
        value: The outcome less the costs.
        error: Its standard error, with what chance shared between folds may add (`widening`).
        low: Lower end of its own interval at the level of the proof.
        high: Upper end.
        outcome: The outcome before costs.
        cost: What it costs.
        contacted: The share of rows that are given another arm than the control (1 where there is none).
    """

    policy: str
    value: float
    error: float
    low: float
    high: float
    outcome: float
    cost: float
    contacted: float


@dataclass(frozen=True)
class Lead:
    """By how much one policy is worth more than a simpler one, per row (customer), on the same rows.

    Attributes:
        policy: The policy that asks for more.
        over: The simpler one.
        value: The difference in value after costs.
        error: Its standard error, with what chance shared between folds may add (`widening`).
        low: Lower end of the interval for this difference alone.
        high: Upper end.
        low_together: Lower end of the interval that holds for all differences at once: without a budget for those of the
            ladder, at a budget for those of the ladder at all budgets of the proof.
        high_together: Upper end.
        differ: The share of rows for which the two choose differently.
    """

    policy: str
    over: str
    value: float
    error: float
    low: float
    high: float
    low_together: float
    high_together: float
    differ: float


@dataclass(frozen=True)
class Point:
    """The policies at one budget.

    Attributes:
        budget: The budget, or None where only the costs hold back.
        standings: Every policy, the ladder first, then each segmentation.
        leads: Each policy of the ladder over each simpler one, and each segmentation over generic.
        recommended: The simplest policy of the ladder that no other beats: none has `low_together` above 0 over it; one of
            "nothing", "generic", "segment", "individual".
    """

    budget: Budget | None
    standings: tuple[Standing, ...]
    leads: tuple[Lead, ...]
    recommended: str

    def standing(self, policy: str) -> Standing:
        """Give what a policy is worth.

        Raises:
            ModelError: It was not proven.
        """
        for one in self.standings:
            if one.policy == policy:
                return one
        raise ModelError(f"policy: found '{policy}', wanted one of {', '.join(one.policy for one in self.standings)}")

    def lead(self, policy: str, over: str) -> Lead:
        """Give the difference of two policies.

        Raises:
            ModelError: They were not held against each other.
        """
        for one in self.leads:
            if (one.policy, one.over) == (policy, over):
                return one
        raise ModelError(f"policies: '{policy}' was not held against '{over}'")


@dataclass(frozen=True)
class Misses:
    """How often the segment misses the person, and what that is worth, without budgets, after costs.

    Attributes:
        shown: Whether it is shown that people differ from their segments at all in what works for them.
        share: At least this share of rows has another best arm than its segment, as far as what is known of the customers
            foretells it; 0 where nothing is shown.
        low: Lower end of its interval at the level of the proof.
        high: Upper end.
        uncorrected: The share that one would count if every estimate were taken at its word: mostly noise.
        slope: By how much effects truly differ within segments where the given expectations differ by 1: 1 when they are
            right, 0 when they are noise; NaN when they do not differ.
        slope_error: Its standard error.
        worth: What is gained per row of the log by giving them their own best arm, judged on rows nobody learnt from.
        worth_error: Its standard error.
        worth_low: Lower end of its interval.
        worth_high: Upper end.
    """

    shown: bool
    share: float
    low: float
    high: float
    uncorrected: float
    slope: float
    slope_error: float
    worth: float
    worth_error: float
    worth_low: float
    worth_high: float


@dataclass(frozen=True)
class Chosen:
    """What a policy would do, learnt from all rows: this is what is used after the proof, without a budget.

    Attributes:
        segmentation: The segmentation, or "" for the generic policy.
        segment: The segment, or "" for the generic policy.
        arm: What its customers would get.
        rows: How many rows it has.
        expected: The value after costs that is expected of a row under that arm, more than under the arm the others are held
            against (the control, or where there is none the commonest arm). Chosen as the best on the rows that say so, it
            flatters where arms are close; the standings do not.
    """

    segmentation: str
    segment: str
    arm: str
    rows: int
    expected: float


@dataclass(frozen=True)
class Proof:
    """Which of nothing, one for all, one per segment and one per person is worth most, and how sure that is.

    Attributes:
        arms: The names of the arms.
        control: The arm the others are held against; None where there is none.
        rows: How many rows (decisions) the log has.
        customers: How many customers they are about.
        folds: How many folds there are.
        level: The level of all intervals, such as 0.95.
        seed: What the parts within folds and the critical values were drawn by.
        points: The policies without a budget first, then at each budget.
        misses: How often the segment misses the person (without segmentations: how often one for all does).
        best_segmentation: The segmentation chosen from all rows, or None where there is none.
        chosen_in_folds: In how many folds each segmentation was chosen.
        generic: What the generic policy would do.
        segments: What the policy of `best_segmentation` would do.
        warnings: What the reader must know before believing it, as sentences.
    """

    arms: tuple[str, ...]
    control: str | None
    rows: int
    customers: int
    folds: int
    level: float
    seed: int
    points: tuple[Point, ...]
    misses: Misses
    best_segmentation: str | None
    chosen_in_folds: tuple[tuple[str, int], ...]
    generic: Chosen
    segments: tuple[Chosen, ...]
    warnings: tuple[str, ...]

    @property
    def recommended(self) -> str:
        """The policy to use when only the costs hold back: the simplest that no other beats."""
        return self.points[0].recommended

    def stored(self) -> dict[str, Any]:
        """Give the proof as JSON keeps it; NaN is None."""
        form = _plain(asdict(self))
        assert isinstance(form, dict)  # noqa: S101 - for the reader of types
        return form

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Proof:
        """Give back the proof that `stored` gave.

        Raises:
            ModelError: A name is missing or unknown.
        """
        try:
            return cls(**_restored(dict(stored)))
        except (TypeError, KeyError) as error:
            raise ModelError(f"stored proof: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN


def _numbers(form: Mapping[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in form.items()}


def _restored(form: dict[str, Any]) -> dict[str, Any]:
    points = tuple(
        Point(
            budget=Budget(**one["budget"]) if one["budget"] else None,
            standings=tuple(Standing(**_numbers(each)) for each in one["standings"]),
            leads=tuple(Lead(**_numbers(each)) for each in one["leads"]),
            recommended=one["recommended"],
        )
        for one in form["points"]
    )
    return form | {
        "arms": tuple(form["arms"]),
        "points": points,
        "misses": Misses(**_numbers(form["misses"])),
        "chosen_in_folds": tuple((name, times) for name, times in form["chosen_in_folds"]),
        "generic": Chosen(**_numbers(form["generic"])),
        "segments": tuple(Chosen(**_numbers(each)) for each in form["segments"]),
        "warnings": tuple(form["warnings"]),
    }
