"""One experiment judged: the average effect of every arm by every outcome, and the proof of the outcome that decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from smalti.engine.experimenting.drawing import Drawn
from smalti.engine.experimenting.exposing import Exposed
from smalti.engine.experimenting.starting import Start, groups_of, traits_at
from smalti.engine.foresight.behaviour import to_floats
from smalti.engine.foresight.inputs import columns_of
from smalti.engine.given import Facts
from smalti.engine.proving.asked import Asked
from smalti.engine.proving.learning import learn
from smalti.engine.proving.proved import Proved
from smalti.engine.proving.proving import prove_trial
from smalti.engine.proving.readouts import average_effects, is_even
from smalti.engine.proving.segmenting import Cut
from smalti.engine.proving.trial import Came
from smalti.engine.proving.trial import Trial as Proving
from smalti.errors import ModelError
from smalti.experiments.assignment import bucket
from smalti.experiments.logged import Floats, Integers
from smalti.experiments.readout import (
    AlwaysValid,
    AverageEffect,
    Metric,
    Observed,
    OutlierRule,
    ReadoutPlan,
    SampleRatio,
    Terms,
    Verdict,
    always_valid,
    cap,
    corrected,
    judge,
    read_out,
    sample_ratio,
)
from smalti.facts import Type
from smalti.models.supervised import Column
from smalti.project import Measured, Trial

FOLDS = 5
MOST_SEGMENTS = 200
"""A segmentation with more segments than this is not held against individuals: it would be one."""
_BEFORE = "before"


@dataclass(frozen=True, eq=False)
class Counted:
    """Those whose windows have passed, and what came of them.

    Attributes:
        exposed: Who, in which arm, with which chance, when; n of them.
        rows: Their rows among the customers of the start; shape (n,).
        came: By outcome 1 and 0, major units of money, or plain numbers, outliers capped; shape (n,).
        covariate: The pre-period trait, NaN where unknown; None where none is named.
        notes: What a reader should know, in sentences.
    """

    exposed: Exposed
    rows: Integers
    came: Mapping[str, Floats]
    covariate: Floats | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Judged:
    """What an experiment comes to.

    Attributes:
        effects: Every arm but the control by every outcome.
        verdicts: What each of them comes to.
        sizes: The sizes of the arms against those asked for.
        proved: The three-policy proof of the outcome that decides; None where there is too little.
        columns: What was known of the customers counted, as of the start.
        notes: What a reader should know, in sentences.
    """

    effects: tuple[AverageEffect, ...]
    verdicts: tuple[Verdict, ...]
    sizes: SampleRatio
    proved: Proved | None = None
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()


def counted(facts: Facts, trial: Trial, start: Start, exposed: Exposed, came: Mapping[str, Floats]) -> Counted:
    """Bring what came into the units in which it is told, cap outliers, and leave out whom nothing is known of.

    Args:
        facts: The facts and the project.
        trial: The experiment.
        start: The customers as of its start.
        exposed: Those whose windows have passed.
        came: What came of them, money in minor units.
    """
    known = np.logical_and.reduce([~np.isnan(values) for values in came.values()])
    notes = []
    if lost := int((~known).sum()):
        notes.append(
            f"of {lost:,} customers an outcome is unknown, such as a mean of nothing, and they are left out: if an arm changes "
            "who has one, the arms left are not alike"
        )
        exposed, came = exposed.where(known), {name: values[known] for name, values in came.items()}
    scale = facts.currency.scale
    told = {one.name: came[one.name] / scale if one.kind is Type.MONEY else came[one.name] for one in trial.outcomes}
    rule = trial.definition.outliers
    decides = trial.decides
    if rule is not None and decides.kind is not Type.BOOLEAN and len(exposed.arm):
        try:
            everyone = np.ones(len(exposed.arm), dtype=np.bool_)
            told[decides.name], done = cap(
                told[decides.name], OutlierRule(decides.name, rule.cap, rule.quantile), everyone
            )
            notes.append(done.words)
        except ModelError as error:
            notes.append(f"no outlier was capped: {error}")
    rows = start.rows_of(exposed.customers)
    before = trial.definition.covariate
    values = None if before is None else to_floats(traits_at(start, [before], rows)[before])
    return Counted(exposed, rows, told, values, tuple(notes))


def judged(facts: Facts, trial: Trial, start: Start, drawn: Drawn, seen: Counted, *, told: bool) -> Judged:
    """Judge an experiment.

    Args:
        facts: The facts and the project.
        trial: The experiment.
        start: The customers as of its start.
        drawn: The arms drawn, whose chances the sizes are held against.
        seen: Those whose windows have passed.
        told: Whether the proof is wanted too.
    """
    proving = _proving(facts, trial, start, drawn, seen)
    sizes = sample_ratio(proving.counts.tolist(), _weights(proving, drawn))
    effects, notes = _effects(facts, trial, drawn, seen, proving)
    verdicts = tuple(_verdict(facts, trial, one, seen, sizes) for one in effects)
    proved, more = _proof(facts, trial, start, seen, proving) if told and not sizes.alarm else (None, ())
    return Judged(effects, verdicts, sizes, proved, proving.columns, (*notes, *more))


def _verdict(facts: Facts, trial: Trial, one: AverageEffect, seen: Counted, sizes: SampleRatio) -> Verdict:
    """Judge an effect, in the words by which people call its arms and its outcome."""
    titles = {name: arm.title or spoken(name) for name, arm in trial.definition.arms}
    measured = next(each for each in trial.outcomes if each.name == one.metric)
    metric = replace(_metric(facts, measured, seen), name=spoken(one.metric))
    found = judge(replace(one, arm=titles[one.arm], control=titles[one.control]), metric, sizes)
    if trial.proves or sizes.alarm or measured.kind is not Type.MONEY or not one.error > 0:
        return found
    return replace(found, words=f"{found.words} {_in_all(facts, trial, one, measured)}")


def spoken(name: str) -> str:
    """Give a name as people say it.

    >>> spoken("came_back")
    'came back'
    """
    return name.replace("_", " ")


def _in_all(facts: Facts, trial: Trial, one: AverageEffect, measured: Measured) -> str:
    """Say what an effect on money comes to, for all to whom everything is done."""
    effect, low, high = (f"{value * one.customers:+,.0f}" for value in (one.effect, *one.interval))
    told = f"{effect} {_currency(facts, measured)}".rstrip()
    return (
        f"For all {one.customers:,} customers who are not held out that is {told} within {trial.definition.within} "
        f"({100 * one.level:g} % interval {low} to {high})."
    )


def _weights(proving: Proving, drawn: Drawn) -> list[float]:
    """Give the weights that the arms' sizes are held against: the chances logged, or those of the draw.

    Where chances differ from customer to customer no sizes are to be expected, and those there are pass.
    """
    if not proving.logged:
        return [float(one) for one in drawn.chances]
    if not is_even(proving):
        return [float(one) for one in proving.counts]
    chances = np.zeros(len(proving.arms))
    chances[proving.arm] = proving.probability
    return [float(one) for one in chances]


def _metric(facts: Facts, one: Measured, seen: Counted) -> Metric:
    unit = {Type.BOOLEAN: "share", Type.MONEY: _currency(facts, one)}.get(one.kind, "")
    return Metric(one.name, one.name, covariate=_BEFORE if seen.covariate is not None else None, unit=unit)


def _currency(facts: Facts, one: Measured) -> str:
    code = one.currency or facts.project.currency
    return "" if code == "XXX" else code


def _effects(
    facts: Facts, trial: Trial, drawn: Drawn, seen: Counted, proving: Proving
) -> tuple[tuple[AverageEffect, ...], tuple[str, ...]]:
    """Hold means against each other; where chances differ from customer to customer, doubly robust values."""
    level = trial.definition.level
    watched = len(np.unique(seen.exposed.at)) > 1
    planned = max(len(drawn.customers), len(seen.exposed.arm))
    if not is_even(proving):
        found: list[AverageEffect] = []
        for came in proving.outcomes:
            learnt = learn(proving, came.values, "dr", facts.project.seed)
            found += average_effects(proving, came.name, proving.log(came), learnt.predicted, level)
        if watched:
            found = [replace(one, always=_at_every_look(one, planned)) for one in found]
        note = "chances differ from customer to customer: arms are held against each other by doubly robust values"
        return corrected(found), (note,)
    columns = dict(seen.came) | ({} if seen.covariate is None else {_BEFORE: seen.covariate})
    plan = ReadoutPlan(
        tuple(_metric(facts, one, seen) for one in trial.outcomes),
        trial.definition.control,
        tuple(drawn.chances.tolist()),
        Terms(level, planned if watched else None),
    )
    readout = read_out(plan, Observed(trial.arms, seen.exposed.arm, columns))
    return readout.effects, ()


def _at_every_look(one: AverageEffect, planned: int) -> AlwaysValid:
    return always_valid(one.effect, one.error, one.customers + one.control_customers, planned, one.level)


def _proving(facts: Facts, trial: Trial, start: Start, drawn: Drawn, seen: Counted) -> Proving:
    """Give an experiment of the project in the form in which trials are proven."""
    names = trial.inputs
    types = {name: facts.prepared.types[name] for name in names}
    words = facts.prepared.words
    table = traits_at(start, names, seen.rows) if names else pa.table({})
    columns = columns_of(table, types, start.at, facts.project.currency, words.currencies)
    kinds = {Type.BOOLEAN: "rate", Type.MONEY: "money"}
    folds = (bucket(f"folds of {trial.salt}", seen.exposed.customers) * FOLDS).astype(np.int64)
    return Proving(
        name=trial.title,
        arms=trial.arms,
        control=trial.arms.index(trial.definition.control),
        arm=seen.exposed.arm,
        probability=seen.exposed.probability,
        outcomes=tuple(
            Came(one.name, kinds.get(one.kind, "number"), seen.came[one.name])  # type: ignore[arg-type]
            for one in trial.outcomes
        ),
        columns=tuple(one for one in columns if not _same(one)),
        folds=folds,
        planned=None if seen.exposed.logged else tuple(drawn.chances.tolist()),
        taken=(_taken(trial, seen.exposed),),
        warnings=seen.notes,
        logged=seen.exposed.logged,
    )


def _taken(trial: Trial, exposed: Exposed) -> str:
    """Say who is counted in which arm, and what is counted."""
    if exposed.how == "touches":
        who = "customers are counted in the arm of their first touch"
    else:
        who = "customers are counted in the arm they were drawn into at the start, whether it reached them or not"
    return f"{who[0].upper()}{who[1:]}; what came within {trial.definition.within} after it is their outcome."


def _same(column: Column) -> bool:
    """Whether a column says the same of everybody, so that nothing can be learnt from it."""
    values = column.values
    if column.kind == "number":
        known = values[~np.isnan(values)]
        return not len(known) or bool((known == known[0]).all() and len(known) == len(values))
    return len(set(values.tolist())) < 2


def cuts_of(facts: Facts, trial: Trial, start: Start, rows: Integers) -> tuple[Cut, ...]:
    """Give the segmentations, as of the start, that individuals are held against."""
    asked: Sequence[str] = trial.definition.against or tuple(facts.prepared.segmentations)
    found = []
    for name in asked:
        groups = groups_of(start, name, rows)
        if groups is not None and 1 < len(groups.labels) <= MOST_SEGMENTS:
            found.append(Cut(facts.prepared.segmentations[name].called(name), groups.code, groups.labels))
    return tuple(found)


def _proof(
    facts: Facts, trial: Trial, start: Start, seen: Counted, proving: Proving
) -> tuple[Proved | None, tuple[str, ...]]:
    cuts = cuts_of(facts, trial, start, seen.rows)
    asked, notes = _asked(facts, trial, start)
    unheld = [
        name
        for name in trial.definition.against or ()
        if facts.prepared.segmentations[name].called(name) not in {cut.name for cut in cuts}
    ]
    notes += tuple(f"{name} is not proven against: it has fewer than two segments, or they overlap" for name in unheld)
    decides = replace(proving, outcomes=proving.outcomes[:1])
    try:
        return prove_trial(decides, asked, cuts=cuts), notes
    except ModelError as error:
        return None, (*notes, f"nothing could be proven: {error}")


def _asked(facts: Facts, trial: Trial, start: Start) -> tuple[Asked, tuple[str, ...]]:
    """Give what arms cost and what the outcome is worth, in major units."""
    currency, average, decides = facts.currency, start.reckoned.average_order, trial.decides
    costs = tuple(
        (name, one.cost.exact(currency, average) / currency.scale)
        for name, one in trial.definition.arms
        if one.cost is not None
    )
    worth, notes = worth_of(facts, trial, average)
    code = facts.project.currency
    return (
        Asked(
            cost=costs,
            worth=() if worth is None else ((decides.name, worth),),
            currency=None if code == "XXX" else code,
            folds=FOLDS,
            level=trial.definition.level,
            seed=facts.project.seed,
        ),
        notes,
    )


def worth_of(facts: Facts, trial: Trial, average_order: float) -> tuple[float | None, tuple[str, ...]]:
    """Give what one unit of the outcome that decides is worth in major units, None where it counts as it is, and say so."""
    written, decides, currency = trial.definition.worth, trial.decides, facts.currency
    if decides.kind is Type.MONEY:
        assumed = facts.project.assumptions
        if written is None and decides.word is None:
            return None, ()
        share = written.share if written is not None else assumed.margin_rate
        by = "this project" if written is not None else assumed.by("margin_rate")
        return share, (f"of what is spent {100 * (share or 0):g} % is earned, as {by} assumes: that is what is proven",)
    if written is None:
        return None, ()
    return written.exact(currency, average_order) / currency.scale, ()
