"""What the gain of every treatment is reckoned from: what is to be won, and how often it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.engine.experimenting import Weighed, Weighing, updated
from smalti.engine.foresight.behaviour import to_floats
from smalti.engine.given import Facts
from smalti.engine.planning.asking import Asked
from smalti.engine.reckoning import Reckoned
from smalti.experiments.readout import AverageEffect
from smalti.facts import Type
from smalti.project import Strategy
from smalti.rules import names_in
from smalti.strategy import ASSUMED_COLUMNS, Belief
from smalti.strategy.peers import Floats
from smalti.strategy.plan import Effect, Worth
from smalti.strategy.treatments import Treatment

UNKNOWN_ERROR = 0.5
"""Standard error, as a share of the mean effect, taken where nothing says how far a score's effects may be off."""


@dataclass(frozen=True, eq=False)
class Grounds:
    """What gains are reckoned from.

    Attributes:
        facts: The facts and the project; strategies go by measured success already.
        weighing: The experiments; None where there are none.
        reckoned: Everything as of the instant.
        asked: What was asked of all customers.
    """

    facts: Facts
    weighing: Weighing | None
    reckoned: Reckoned
    asked: Asked


def worths_of(grounds: Grounds) -> tuple[dict[str, Worth], tuple[str, ...]]:
    """Give by treatment what its gain is reckoned from, and what a reader should know, in sentences.

    Args:
        grounds: What it is reckoned from.
    """
    strategies = {one.name: one for one in grounds.facts.prepared.strategies}
    found: dict[str, Worth] = {}
    notes = []
    for one in grounds.facts.prepared.treatments:
        served = strategies[one.strategy]
        belief, note = _measured_belief(one, served, grounds.weighing)
        notes += [note] if note else []
        headroom = served.headroom if one.headroom is None else one.headroom
        found[one.name] = Worth(
            served.definition,
            grounds.asked.headroom[one.name],
            grounds.reckoned.values.doubt,
            grounds.reckoned.modelled and not names_in(headroom) & ASSUMED_COLUMNS,
            belief,
            _effect(grounds, one) if one.definition.score is not None else None,
        )
    return found, tuple(notes)


def _measured_belief(
    treatment: Treatment, served: Strategy, weighing: Weighing | None
) -> tuple[Belief | None, str | None]:
    """Give what an experiment with an arm called like the treatment has measured of it; None where there is none."""
    found = _measured(treatment.name, weighing)
    if found is None or treatment.definition.score is not None:
        return None, None
    before = treatment.definition.effect or served.definition.success
    after = updated(before, found[1].effect, found[1].error, f"experiment {found[0]}")
    if after == before:
        return None, None
    return after, (
        f"{treatment.title} works on {100 * after.rate:.3g} % of those who get it, as experiment {found[0]} has measured; "
        f"{before.by} had assumed {100 * before.rate:.3g} %"
    )


def _measured(name: str, weighing: Weighing | None) -> tuple[str, AverageEffect] | None:
    """Give what an experiment with an arm of a name has measured of a condition, its sizes being right."""
    for one in () if weighing is None else weighing.found:
        rate = one.trial.decides.kind is Type.BOOLEAN
        if not rate or name not in one.trial.arms or name == one.trial.definition.control:
            continue
        effect = _average(one, one.trial.decides.name, name)
        if effect is not None and effect.error > 0:
            return one.trial.name, effect
    return None


def _average(one: Weighed, outcome: str, arm: str) -> AverageEffect | None:
    """Give the average effect of an arm; None where it is not known or the arms have not the sizes asked for."""
    if one.judged is None or one.judged.sizes.alarm:
        return None
    return next((each for each in one.judged.effects if (each.metric, each.arm) == (outcome, arm)), None)


def _effect(grounds: Grounds, treatment: Treatment) -> Effect:
    """Give what a score foretells of a treatment's effect on each customer."""
    facts, name = grounds.facts, str(treatment.definition.score)
    score = next(one for one in facts.prepared.scores if name in one.types)
    money = score.types[name] is Type.MONEY
    foreseen = grounds.reckoned.foreseen
    values = (
        to_floats(foreseen.columns[name]) if foreseen is not None else np.full(grounds.reckoned.traits.num_rows, np.nan)
    )
    known = values[~np.isnan(values)]
    error = UNKNOWN_ERROR * abs(float(known.mean())) if len(known) else 0.0
    shown = score.definition.effect is not None
    for one in () if grounds.weighing is None else grounds.weighing.found:
        if one.trial.name == score.definition.effect:
            arm = score.definition.arm or one.trial.definition.treated[0][0]
            average = _average(one, score.definition.outcome or one.trial.decides.name, arm)
            if average is not None and average.error > 0:
                error = average.error * (facts.currency.scale if money else 1)
    return Effect(
        name,
        values,
        _worth(grounds, treatment, money=money),
        error,
        "measured" if shown else "modelled",
        f"experiment {score.definition.effect}" if shown else f"score {score.title}",
    )


def _worth(grounds: Grounds, treatment: Treatment, *, money: bool) -> Floats | float:
    """Give what one unit of a score is worth, minor units: as it is written; of money the margin, else what is to be won."""
    written = treatment.definition.worth
    if written is not None:
        if money and written.share is not None:
            return written.share
        return written.exact(grounds.facts.currency, grounds.reckoned.average_order)
    if money:
        margin = grounds.reckoned.values.margin
        return grounds.facts.project.assumptions.margin_rate if np.isnan(margin) else margin
    return grounds.asked.headroom[treatment.name]
