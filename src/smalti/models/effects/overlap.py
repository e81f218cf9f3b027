"""Chances of arms that nobody logged, estimated from who was given what, and why to doubt effects learnt from them.

Where arms were not drawn at random, customers who were given an arm differ from those who were not. What was seen of them can
be weighed out, where there are customers of every kind in every arm; what was not seen cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.errors import ModelError
from smalti.models.arrays import Floats, Integers
from smalti.models.effects.data import LEAST_IN_ARM
from smalti.models.effects.learning import dealt
from smalti.models.supervised import Column
from smalti.models.supervised.boosting import grow
from smalti.models.supervised.inputs import encode, find_inputs

_PARTS, _ROUNDS = 3, 50
_LEAST, _FAR, _FEW, _MUCH = 0.02, 0.1, 0.3, 0.01


@dataclass(frozen=True)
class Balance:
    """How far customers of an arm are from all customers in one trait, in standard deviations of all.

    Attributes:
        trait: The name of the trait; of a category with its name, of a number's absence with `missing`.
        arm: The name of the arm.
        before: The difference of means as they are.
        after: The difference once each customer counts by one over her chance of the arm; above .1 is far.
    """

    trait: str
    arm: str
    before: float
    after: float


@dataclass(frozen=True)
class Overlap:
    """Whether customers of every kind are in every arm.

    Attributes:
        trimmed: The share of customers whose estimated chance of some arm was below .02 and was lifted to it.
        lowest: The lowest estimated chance, before.
        effective: For each arm its effective sample size over its number of customers, 1 where all count the same.
        balance: Traits by arm, those farthest apart after weighing first.
    """

    trimmed: float
    lowest: float
    effective: tuple[float, ...]
    balance: tuple[Balance, ...]

    @property
    def good(self) -> bool:
        """Whether nothing here speaks against weighing: few trimmed, no arm leaning on few, no trait far apart after."""
        apart = max((abs(one.after) for one in self.balance), default=0.0)
        return self.trimmed <= _MUCH and min(self.effective) >= _FEW and apart <= _FAR


@dataclass(frozen=True, eq=False)
class Propensities:
    """Estimated chances of arms.

    Attributes:
        chances: The chance of each arm, shape (n, arms); rows sum to 1; none below .02, or half an equal share where there
            are more than 25 arms.
        chosen: The chance of the arm that was given, as `EffectData` wants it; shape (n,).
        overlap: Whether customers of every kind are in every arm.
        warning: What has to be said wherever an effect from these chances is shown.
    """

    chances: Floats
    chosen: Floats
    overlap: Overlap
    warning: str


def propensities(
    columns: Sequence[Column], arms: tuple[str, ...], arm: Integers, customer: Integers | None = None, seed: int = 0
) -> Propensities:
    """Estimate each customer's chance of each arm, by boosted trees that never saw her.

    Args:
        columns: The traits as they stood when the arm was chosen; n values each.
        arms: The names of the arms.
        arm: The place of what was done; shape (n,).
        customer: Whose each row is, as in `EffectData`.
        seed: Of how customers are dealt into parts.

    Raises:
        ModelError: When there are no traits, or an arm was given to too few.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> age = rng.uniform(20, 80, 3000)
        >>> arm = (rng.random(3000) < np.where(age > 50, 0.7, 0.3)).astype(int)
        >>> told = propensities([Column("age", "number", age)], ("none", "mail"), arm, seed=1)
        >>> bool(abs(told.chances[age > 60, 1].mean() - 0.7) < 0.05), told.overlap.good
        (True, True)
        >>> told.warning.split(":")[0]
        'not an experiment'
    """
    if not columns:
        raise ModelError("columns: expected one or more traits to estimate chances from, got none")
    for column in columns:
        if len(column) != len(arm):
            raise ModelError(f"{column.name}: expected {len(arm):,} values, as many as arm has, got {len(column):,}")
    if len(arm) and not 0 <= arm.min() <= arm.max() < len(arms):
        raise ModelError(f"arm: expected places in {len(arms)} arms, got {arm.min()} to {arm.max()}")
    counts = np.bincount(arm, minlength=len(arms))
    for name, count in zip(arms, counts.tolist(), strict=True):
        if count < LEAST_IN_ARM:
            raise ModelError(
                f"arm {name}: found {count:,} customers, wanted at least {LEAST_IN_ARM} to estimate chances"
            )
    raw = _estimated(columns, len(arms), arm, customer, seed)
    # each chance is mixed with the smallest allowed, so that none is below it and rows still sum to 1
    low, least = raw.min(axis=1), min(_LEAST, 0.5 / len(arms))
    lift = np.where(low < least, (least - low) / (1.0 / len(arms) - low), 0.0)[:, None]
    chances = raw * (1 - lift) + lift / len(arms)
    chosen = chances[np.arange(len(arm)), arm]
    overlap = Overlap(
        trimmed=float((low < least).mean()),
        lowest=float(low.min()),
        effective=tuple(_effective(1.0 / chosen[arm == place]) for place in range(len(arms))),
        balance=_balance(columns, arms, arm, chosen),
    )
    return Propensities(chances, chosen, overlap, _warning(overlap, arms))


def _estimated(columns: Sequence[Column], arms: int, arm: Integers, customer: Integers | None, seed: int) -> Floats:
    inputs, _ = find_inputs(columns)
    if not inputs:
        shares = np.bincount(arm, minlength=arms) / len(arm)
        return np.repeat(shares[None, :], len(arm), axis=0)
    data = encode(inputs, columns)
    parts = dealt(np.arange(len(arm)) if customer is None else customer, _PARTS, seed)
    chances = np.empty((len(arm), arms))
    for part in range(_PARTS):
        fit, told = parts != part, parts == part
        learnt = tuple(column[fit] for column in data)
        forests = grow("category", inputs, learnt, arm[fit], classes=arms, rounds=_ROUNDS, seed=seed)
        raw = np.column_stack([forest.raw(tuple(column[told] for column in data)) for forest in forests])
        lifted = np.exp(raw - raw.max(axis=1, keepdims=True))
        chances[told] = lifted / lifted.sum(axis=1, keepdims=True)
    return chances


def _effective(weights: Floats) -> float:
    return float(weights.sum() ** 2 / (weights @ weights) / len(weights))


def _balance(columns: Sequence[Column], arms: Sequence[str], arm: Integers, chosen: Floats) -> tuple[Balance, ...]:
    found = []
    for name, values in _marks(columns):
        size = float(values.std()) or 1.0
        for place, arm_name in enumerate(arms):
            rows = arm == place
            before = float(values[rows].mean() - values.mean()) / size
            after = float(np.average(values[rows], weights=1.0 / chosen[rows]) - values.mean()) / size
            found.append(Balance(name, arm_name, before, after))
    return tuple(sorted(found, key=lambda one: -abs(one.after)))


def _marks(columns: Sequence[Column]) -> list[tuple[str, Floats]]:
    """Return traits as numbers: numbers with their mean where missing, and one mark for each frequent category."""
    marks: list[tuple[str, Floats]] = []
    for column in columns:
        if column.kind == "number":
            values = column.values.astype(np.float64)
            missing = np.isnan(values)
            if not missing.all():
                marks.append((column.name, np.where(missing, values[~missing].mean(), values)))
            if missing.any() and not missing.all():
                marks.append((f"{column.name} missing", missing.astype(np.float64)))
            continue
        inputs, _ = find_inputs([column])
        for one in inputs:
            codes = encode([one], [column])[0]
            marks += [(f"{one.name} {name}", (codes == code) * 1.0) for code, name in enumerate(one.categories[:20])]
    return marks


def _warning(overlap: Overlap, arms: Sequence[str]) -> str:
    told = (
        "not an experiment: nobody logged the chance with which each arm was chosen. Chances were estimated from the traits "
        "given; wherever something else decided as well, these effects are wrong, and no interval says by how much"
    )
    if overlap.trimmed > _MUCH:
        told += f". {overlap.trimmed:.0%} of customers had next to no chance of some arm: effects on them are guesses"
    for name, share in zip(arms, overlap.effective, strict=True):
        if share < _FEW:
            told += f". What is told of {name} leans on few customers: they are worth {share:.0%} of their number"
    far = [one for one in overlap.balance if abs(one.after) > _FAR]
    if far:
        told += f". Arms still differ after weighing, most of all in {far[0].trait} ({far[0].arm} by {far[0].after:+.2f} sd)"
    return told + "."
