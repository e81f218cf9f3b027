"""What an experiment has shown of an arm's effect on anyone, for the scores that tell it."""

from __future__ import annotations

from smalti.engine.experimenting.judging import Counted, Judged
from smalti.engine.experimenting.starting import Start, traits_at
from smalti.engine.foresight.inputs import columns_of
from smalti.engine.given import Facts
from smalti.engine.shown import Shown
from smalti.errors import ModelError
from smalti.facts import Instant, Type
from smalti.models.effects import EffectData, fit_effects
from smalti.models.supervised import Column
from smalti.project import Foretelling, Trial


def shown(facts: Facts, trial: Trial, start: Start, seen: Counted, found: Judged, at: Instant) -> dict[str, Shown]:
    """Fit the effects that scores tell of an experiment.

    Args:
        facts: The facts and the project.
        trial: The experiment.
        start: The customers as of its start.
        seen: Those whose windows have passed.
        found: What it comes to.
        at: The instant from which all of it is known.
    """
    scores = [one for one in facts.prepared.scores if one.definition.effect == trial.name]
    return {one.name: _shown(facts, trial, one, (start, seen), found, at) for one in scores}


def _shown(
    facts: Facts, trial: Trial, score: Foretelling, seen: tuple[Start, Counted], found: Judged, at: Instant
) -> Shown:
    start, counted = seen
    arm = score.definition.arm or trial.definition.treated[0][0]
    outcome = next(one for one in trial.outcomes if one.name == (score.definition.outcome or trial.decides.name))
    values = counted.came[outcome.name] * (facts.currency.scale if outcome.kind is Type.MONEY else 1)
    control, place = trial.arms.index(trial.definition.control), trial.arms.index(arm)
    told = (trial.title, arm, trial.definition.control, place, at, start.at, len(values))
    if found.sizes.alarm:
        return Shown(*told, None, why=f"the arms of experiment {trial.name} have not the sizes that were asked for")
    exposed = counted.exposed
    try:
        data = EffectData(
            _columns(facts, score, start, counted),
            trial.arms,
            exposed.arm,
            exposed.probability,
            values,
            control=control,
        )
        fitted = fit_effects(data, seed=facts.project.seed)
    except ModelError as error:
        return Shown(*told, None, why=str(error).rstrip("."))
    return Shown(*told, fitted, outcome.kind is Type.BOOLEAN, notes=(*_notes(score), *fitted.warnings))


def _columns(facts: Facts, score: Foretelling, start: Start, seen: Counted) -> tuple[Column, ...]:
    if not score.inputs:
        return ()
    types = {name: facts.prepared.types[name] for name in score.inputs}
    table = traits_at(start, score.inputs, seen.rows)
    return columns_of(table, types, start.at, facts.project.currency, facts.prepared.words.currencies)


def _notes(score: Foretelling) -> tuple[str, ...]:
    if not score.undated:
        return ()
    named = ", ".join(score.undated[:5]) + (f" and {len(score.undated) - 5} more" if len(score.undated) > 5 else "")
    return (
        f"not learnt from {named}: without a date they may know what came later; "
        "name under quality: {lasting: ...} what was so at earlier instants too",
    )
