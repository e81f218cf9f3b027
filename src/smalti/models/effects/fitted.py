"""Fitted effects: a frozen value that tells what each arm would do to anyone whose traits it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from smalti.models.arrays import Floats
from smalti.models.effects.drivers import Driver, GroupEffect
from smalti.models.effects.learners import Learner
from smalti.models.effects.shrinking import Evidence
from smalti.models.stored import same_names
from smalti.models.supervised import Column, Input, Unlearnt
from smalti.models.supervised.inputs import encode, encode_one
from smalti.models.supervised.shapley import contributions
from smalti.models.supervised.trees import Forest

VERSION = 1
"""Of the form in which fitted effects are stored, and of what their numbers mean."""


@dataclass(frozen=True, eq=False)
class FittedEffects:
    """Effects as they were fitted: made by `fit_effects`, kept as numbers and texts.

    Attributes:
        arms: The names of the arms.
        control: The place of the control.
        learner: How effects were learnt.
        inputs: The traits that are wanted.
        unlearnt: Traits that were given but told nothing: all missing, or all the same.
        effect_forests: For each arm the trees of its effect; without trees 0 for the control.
        outcome_forests: For each arm the trees of the outcome under it.
        lowest: The lowest outcome that was seen; nothing lower is told.
        highest: The highest.
        evidence: What is known of each arm's effect, in the order of the arms without the control.
        drivers: What effects depend on, the strongest first.
        groups: Mean effects by groups of each trait.
        warnings: What to know before believing any of it, in sentences.
        version: Of this form.
    """

    arms: tuple[str, ...]
    control: int
    learner: Learner
    inputs: tuple[Input, ...]
    unlearnt: tuple[Unlearnt, ...]
    effect_forests: tuple[Forest, ...]
    outcome_forests: tuple[Forest, ...]
    lowest: float
    highest: float
    evidence: tuple[Evidence, ...]
    drivers: tuple[Driver, ...]
    groups: tuple[GroupEffect, ...]
    warnings: tuple[str, ...] = ()
    version: int = VERSION

    def effects(self, columns: Sequence[Column]) -> Floats:
        """Tell the effect of each arm against the control, in the unit of the outcome; shape (n, arms), 0 for the control.

        Args:
            columns: The traits it was fitted on, in any order, n values each; others are left aside.

        Raises:
            ModelError: When a trait is missing, or of another kind or unit than it was fitted on.
        """
        return self._told(self.effect_forests, columns)

    def predicted(self, columns: Sequence[Column]) -> Floats:
        """Tell the outcome under each arm, shape (n, arms), as it was learnt within each arm alone.

        Raises:
            ModelError: As `effects` does.
        """
        return self._told(self.outcome_forests, columns).clip(self.lowest, self.highest)

    def effects_one(self, values: Mapping[str, float | str | None]) -> Floats:
        """Tell one customer's effects, shape (arms,): the same numbers as `effects` gives, bit for bit.

        Args:
            values: Her traits by name; None where missing, or NaN for a number.

        Raises:
            ModelError: When a trait is not given, or of another kind.
        """
        row = encode_one(self.inputs, values)
        return np.array([forest.raw_one(row) for forest in self.effect_forests])

    def contributions(self, columns: Sequence[Column], arm: int) -> Floats:
        """Tell what each trait adds to the effect of an arm on each customer, beyond the mean; shape (n, inputs).

        Exact Shapley values: they sum to the effect less the mean effect over the rows it was fitted on.

        Raises:
            ModelError: As `effects` does.
        """
        return contributions(self.effect_forests[arm], encode(self.inputs, columns), len(self.inputs))

    def to_dict(self) -> dict[str, Any]:
        """Return it as texts, numbers and lists, as JSON keeps them."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        for name in ("inputs", "unlearnt", "effect_forests", "outcome_forests"):
            told[name] = [one.to_dict() for one in told[name]]
        for name in ("evidence", "drivers", "groups"):
            told[name] = [asdict(one) for one in told[name]]
        return {**told, "arms": list(self.arms), "warnings": list(self.warnings)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> FittedEffects:
        """Return the fitted effects that `to_dict` gave.

        Raises:
            ModelError: When a name is missing or unknown.
        """
        same_names(cls.__name__, stored, [one.name for one in fields(cls)])
        parts: dict[str, Any] = {
            "arms": tuple(stored["arms"]),
            "warnings": tuple(stored["warnings"]),
            "inputs": tuple(Input.from_dict(one) for one in stored["inputs"]),
            "unlearnt": tuple(Unlearnt.from_dict(one) for one in stored["unlearnt"]),
            "effect_forests": tuple(Forest.from_dict(one) for one in stored["effect_forests"]),
            "outcome_forests": tuple(Forest.from_dict(one) for one in stored["outcome_forests"]),
            "evidence": tuple(Evidence(**one) for one in stored["evidence"]),
            "drivers": tuple(Driver(**one) for one in stored["drivers"]),
            "groups": tuple(GroupEffect(**one) for one in stored["groups"]),
        }
        return cls(**{**stored, **parts})

    def _told(self, forests: Sequence[Forest], columns: Sequence[Column]) -> Floats:
        if not self.inputs:
            rows = len(columns[0]) if columns else 1
            return np.repeat([[forest.start for forest in forests]], rows, axis=0)
        data = encode(self.inputs, columns)
        return np.column_stack([forest.raw(data) for forest in forests])
