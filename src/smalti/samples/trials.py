"""Invented trials: who got which arm with which probability, what came of it, and the truth about every customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import pyarrow as pa

from smalti.errors import SmaltiError, nearest
from smalti.samples.columns import Floats, Ints, numbered, words

TrialKind: TypeAlias = Literal["noise", "generic", "segment", "individual"]
TRIAL_KINDS: tuple[TrialKind, ...] = get_args(TrialKind)
REGIONS = ("north", "east", "south", "west")
ATTRIBUTES = ("region", "new", "age", "visits", "spend_before", "days_since_order")

_LEVEL, _EFFECT, _NOISE = 20.0, 4.0, 12.0
_SCALE = 0.005


@dataclass(frozen=True, eq=False)
class Trial:
    """An invented trial.

    Attributes:
        table: One row per customer: customer_id (text), arm (text), probability (of the arm that was given), outcome (pounds,
            or 0 and 1), and what is known of her beforehand, the columns of `attributes`.
        truth: The outcome to be expected of each customer under each arm: customer_id, then a column per arm.
        arms: The names of the arms, the control first.
        attributes: The names of the columns known beforehand.
    """

    table: pa.Table
    truth: pa.Table
    arms: tuple[str, ...]
    attributes: tuple[str, ...] = ATTRIBUTES


@dataclass(frozen=True, eq=False)
class _Traits:
    """What is known beforehand: the words as places, the numbers as they are and as they pull, about -1 to 1."""

    region: Ints
    new: Ints
    age: Floats
    visits: Floats
    spend: Floats
    quiet: Floats


def trial(
    customers: int = 10_000,
    arms: int = 3,
    kind: TrialKind = "individual",
    *,
    binary: bool = False,
    effect: float = 1.0,
    seed: int = 7,
) -> Trial:
    """Invent a trial whose truth is known.

    All arms are drawn alike for customers who are not new; for the new, offers after the first are half as likely as the
    control and the first, so that probabilities differ and must be reckoned with. The control is called none, the others
    offer_1, offer_2 ...

    | kind | what is true |
    |---|---|
    | noise | no arm has any effect |
    | generic | each arm has one effect for everybody, offer_1 the best |
    | segment | which offer is best depends on the region, and on nothing else |
    | individual | what an offer brings depends on age, visits or spend before; to some it brings a loss |

    Args:
        customers: How many, at least one.
        arms: How many arms with the control, 2 to 50.
        kind: What is true.
        binary: Whether the outcome is 0 or 1 in place of pounds.
        effect: How strong effects are; the default is what a good mailing does.
        seed: Zero or more.

    Raises:
        SmaltiError: A number is out of range, or the kind is unknown.

    >>> small = trial(3, 2, "generic")
    >>> small.table.column_names[:4], small.truth.column_names
    (['customer_id', 'arm', 'probability', 'outcome'], ['customer_id', 'none', 'offer_1'])
    """
    _check(customers, arms, kind, effect, seed)
    traits = _traits(np.random.default_rng([seed, 0]), customers)
    expected = _expected(traits, arms, kind, effect)
    draws = np.random.default_rng([seed, 1])
    weights = _weights(traits, arms)
    bounds = np.cumsum(weights, axis=1)
    arm = np.minimum((bounds <= (draws.random(customers) * bounds[:, -1])[:, None]).sum(axis=1), arms - 1)
    rows = np.arange(customers)
    probability = weights[rows, arm] / bounds[:, -1]
    if binary:
        expected = np.clip(0.02 + _SCALE * expected, 0.001, 0.999)
        outcome = (draws.random(customers) < expected[rows, arm]).astype(np.float64)
    else:
        outcome = np.round(expected[rows, arm] + _NOISE * (draws.standard_gamma(1.5, customers) - 1.5), 2)
    return _tables(traits, arm, probability, outcome, expected)


def _check(customers: int, arms: int, kind: str, effect: float, seed: int) -> None:
    if customers < 1 or not 2 <= arms <= 50 or seed < 0:
        raise SmaltiError(
            f"A trial has one customer or more, 2 to 50 arms and a seed of zero or more, not {customers}, {arms} and {seed}."
        )
    if not np.isfinite(effect):
        raise SmaltiError(f"A trial's effect is a finite number, not {effect}.")
    if kind not in TRIAL_KINDS:
        near = nearest(str(kind), TRIAL_KINDS)
        hint = f" Did you mean '{near}'?" if near else ""
        raise SmaltiError(f"A trial is one of {', '.join(TRIAL_KINDS)}, not '{kind}'.{hint}")


def _traits(rng: np.random.Generator, customers: int) -> _Traits:
    return _Traits(
        region=rng.integers(len(REGIONS), size=customers),
        new=(rng.random(customers) < 0.4).astype(np.int64),
        age=rng.integers(18, 80, customers).astype(np.float64),
        visits=rng.poisson(4.0, customers).astype(np.float64),
        spend=np.round(60.0 * rng.standard_gamma(1.5, customers), 2),
        quiet=rng.integers(1, 366, customers).astype(np.float64),
    )


def _weights(traits: _Traits, arms: int) -> Floats:
    """How likely each arm is, up to a factor per customer: offers after the first go half as often to the new."""
    weights = np.ones((len(traits.new), arms))
    weights[:, 2:] = np.where(traits.new == 1, 0.5, 1.0)[:, None]
    return weights


def _expected(traits: _Traits, arms: int, kind: TrialKind, effect: float) -> Floats:
    level = _LEVEL + 0.03 * traits.spend + 0.5 * traits.visits - 0.005 * traits.quiet
    expected = np.repeat(level[:, None], arms, axis=1)
    pulls = (traits.age - 48.5) / 31, np.clip((traits.visits - 4) / 4, -1, 1), np.clip(traits.spend / 90 - 1, -1, 1)
    for offer in range(1, arms):
        gain = np.full(len(level), _EFFECT * (1 - 0.5 * (offer - 1) / max(arms - 1, 1)))
        if kind == "segment":
            gain = np.where(traits.region % (arms - 1) == offer - 1, 1.5 * _EFFECT, 0.25 * _EFFECT)
        if kind == "individual":
            sign = 1 if (offer - 1) // len(pulls) % 2 == 0 else -1
            gain = 0.25 * _EFFECT + 2 * _EFFECT * sign * pulls[(offer - 1) % len(pulls)]
        expected[:, offer] += 0.0 if kind == "noise" else effect * gain
    return expected


def _tables(traits: _Traits, arm: Ints, probability: Floats, outcome: Floats, expected: Floats) -> Trial:
    arms = ("none", *(f"offer_{place}" for place in range(1, expected.shape[1])))
    ids = numbered(("C", np.arange(1, len(arm) + 1), 6))
    table = {
        "customer_id": ids,
        "arm": words(arms, arm),
        "probability": pa.array(probability),
        "outcome": pa.array(outcome),
        "region": words(REGIONS, traits.region),
        "new": words(("no", "yes"), traits.new),
        "age": pa.array(traits.age),
        "visits": pa.array(traits.visits),
        "spend_before": pa.array(traits.spend),
        "days_since_order": pa.array(traits.quiet),
    }
    truth = {"customer_id": ids} | {name: pa.array(column) for name, column in zip(arms, expected.T, strict=True)}
    return Trial(pa.table(table), pa.table(truth), arms)
