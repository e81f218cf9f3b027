"""The average effect of each arm, over all customers and in segments; what is looked at together is corrected together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from smalti.engine.proving.segmenting import Cut
from smalti.engine.proving.trial import Trial
from smalti.experiments import difference, value_of
from smalti.experiments.logged import Floats, Logged
from smalti.experiments.readout import (
    AverageEffect,
    Heterogeneity,
    Metric,
    Statistics,
    Terms,
    adjusted,
    compare,
    corrected,
    heterogeneity,
    statistics_by,
)

MOST_ARMS = 6
"""With more arms than this, no segment has enough of each to be read out arm by arm."""
_VALUE = "value"


@dataclass(frozen=True)
class Everyone:
    """What it would be worth to give everyone one arm.

    Attributes:
        arm: The arm.
        value: Per customer, before costs.
        low: Low end of its interval.
        high: High end.
        ess: How many decisions of equal weight would know as much.
        largest_weight: The largest weight of a decision.
    """

    arm: str
    value: float
    low: float
    high: float
    ess: float
    largest_weight: float


@dataclass(frozen=True)
class Differing:
    """Whether the effect of an arm differs among the segments of a segmentation.

    Attributes:
        segmentation: By what customers are cut.
        arm: The arm held against the control.
        labels: The segments.
        effects: The effect in each.
        found: Cochran's test; p corrected for all segmentations and arms looked at.
        differ: Whether segments differ by more than chance.
    """

    segmentation: str
    arm: str
    labels: tuple[str, ...]
    effects: tuple[AverageEffect, ...]
    found: Heterogeneity
    differ: bool


def is_even(trial: Trial) -> bool:
    """Say whether an arm was drawn with one chance for everybody, so that its customers are like all others."""
    lowest, highest = (np.full(len(trial.arms), start) for start in (np.inf, -np.inf))
    np.minimum.at(lowest, trial.arm, trial.probability)
    np.maximum.at(highest, trial.arm, trial.probability)
    there = trial.counts > 0
    return bool((highest[there] - lowest[there] <= 1e-9 * highest[there]).all())


def average_effects(trial: Trial, name: str, log: Logged, predicted: Floats, level: float) -> tuple[AverageEffect, ...]:
    """Give the average effect of each arm against the control.

    Where chances vary from customer to customer, or customers have several rows, means of arms are not comparable or their
    errors wrong: then doubly robust values are held against each other instead.
    """
    if is_even(trial) and trial.customer is None:
        parts = statistics_by({_VALUE: log.outcome}, log.arm, len(trial.arms))
        metric, terms = Metric(name, _VALUE), Terms(level)
        control = parts[trial.control]
        return tuple(
            compare(control, parts[place], metric, terms, (trial.arms[trial.control], trial.arms[place]))
            for place in trial.treatments
        )
    return tuple(_robust(trial, name, log, predicted, place, level) for place in trial.treatments)


def _robust(trial: Trial, name: str, log: Logged, predicted: Floats, place: int, level: float) -> AverageEffect:
    every, none = (np.full(trial.rows, one, np.int64) for one in (place, trial.control))
    found = difference(log, every, none, "dr", predicted, level=level)
    worth = [value_of(log, one, "dr", predicted, level=level).value for one in (every, none)]
    known = found.error > 0
    return AverageEffect(
        metric=name,
        arm=trial.arms[place],
        control=trial.arms[trial.control],
        customers=int(trial.counts[place]),
        control_customers=int(trial.counts[trial.control]),
        value=worth[0],
        control_value=worth[1],
        effect=found.value,
        error=found.error if known else float("nan"),
        low=found.low if known else float("-inf"),
        high=found.high if known else float("inf"),
        p=_two_sided(found.value, found.error) if known else 1.0,
        level=level,
        relative=found.value / worth[1] if worth[1] > 0 else None,
    )


def _two_sided(value: float, error: float) -> float:
    from scipy.special import ndtr  # noqa: PLC0415

    return float(2 * ndtr(-abs(value / error)))


def everyone(trial: Trial, log: Logged, predicted: Floats, level: float) -> tuple[Everyone, ...]:
    """Give what it would be worth to give everyone each arm."""
    found = []
    for place, arm in enumerate(trial.arms):
        told = value_of(log, np.full(trial.rows, place, np.int64), "dr", predicted, level=level)
        found.append(Everyone(arm, told.value, told.low, told.high, told.ess, told.largest_weight))
    return tuple(found)


def differing(trial: Trial, name: str, log: Logged, cuts: Sequence[Cut], level: float) -> tuple[Differing, ...]:
    """Give where the effect of an arm differs among segments, the surest first; all p-values are corrected together (Holm)."""
    if len(trial.arms) > MOST_ARMS or not is_even(trial) or trial.customer is not None:
        return ()
    found = [one for cut in cuts for one in _among(trial, name, log, cut, level)]
    if not found:
        return ()
    p_values = adjusted([one.found.p for one in found], "holm", level)
    told = [
        Differing(one.segmentation, one.arm, one.labels, corrected(one.effects), _with(one.found, p), p <= 1 - level)
        for one, p in zip(found, p_values, strict=True)
    ]
    return tuple(sorted(told, key=lambda one: (one.found.p, one.segmentation, one.arm)))


def _among(trial: Trial, name: str, log: Logged, cut: Cut, level: float) -> list[Differing]:
    arms, labels = len(trial.arms), cut.labels
    parts = statistics_by({_VALUE: log.outcome}, cut.codes * arms + trial.arm, arms * len(labels))
    found = []
    for place in trial.treatments:
        effects = [_one(parts, arms * one, trial, place, name, level) for one in range(len(labels))]
        known = [(label, one) for label, one in zip(labels, effects, strict=True) if one is not None and one.error > 0]
        told = heterogeneity([one for _, one in known])
        if told is not None:
            names, each = zip(*known, strict=True)
            found.append(Differing(cut.name, trial.arms[place], tuple(names), tuple(each), told, False))
    return found


def _one(
    parts: Sequence[Statistics], start: int, trial: Trial, place: int, name: str, level: float
) -> AverageEffect | None:
    control, treated = parts[start + trial.control], parts[start + place]
    if min(control.count, treated.count) < 2:
        return None
    arms = (trial.arms[trial.control], trial.arms[place])
    return compare(control, treated, Metric(name, _VALUE), Terms(level), arms)


def _with(found: Heterogeneity, p: float) -> Heterogeneity:
    return Heterogeneity(found.segments, found.q, p, found.common, found.part)


def plain(value: Any) -> Any:
    """Give a frozen value, or several, as dictionaries and lists that JSON takes; NaN and infinity are None."""
    if hasattr(value, "__dataclass_fields__"):
        value = asdict(value)
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
