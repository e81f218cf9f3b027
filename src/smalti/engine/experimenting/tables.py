"""What a run publishes of its experiments: who was drawn, what came of it, which policy is best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from smalti.engine.experimenting.weighing import Weighed, Weighing
from smalti.experiments.assignment import rule_of
from smalti.experiments.proof import LADDER, Point, Proof
from smalti.experiments.readout import AverageEffect, Verdict
from smalti.facts import Instant, format_instant, to_datetime

_TEXT, _NUMBER, _WHOLE, _YES = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_INSTANT = pa.timestamp("us", tz="UTC")
ASSIGNMENTS = pa.schema([("customer_id", _TEXT), ("experiment", _TEXT), ("arm", _TEXT), ("probability", _NUMBER)])
"""Who is in which arm of which experiment, and the chance with which just this arm was drawn."""
READOUTS = pa.schema(
    [
        ("experiment", _TEXT),
        ("outcome", _TEXT),
        ("arm", _TEXT),
        ("control", _TEXT),
        ("customers", _WHOLE),
        ("control_customers", _WHOLE),
        ("value", _NUMBER),
        ("control_value", _NUMBER),
        ("effect", _NUMBER),
        ("error", _NUMBER),
        ("low", _NUMBER),
        ("high", _NUMBER),
        ("level", _NUMBER),
        ("always_low", _NUMBER),
        ("always_high", _NUMBER),
        ("p_adjusted", _NUMBER),
        ("relative", _NUMBER),
        ("variance_kept", _NUMBER),
        ("answer", _TEXT),
        ("customers_more", _WHOLE),
        ("words", _TEXT),
    ]
)
"""The average effect of every arm by every outcome: shares as numbers up to 1, money in major units, per customer."""
PROOFS = pa.schema(
    [
        ("experiment", _TEXT),
        ("outcome", _TEXT),
        ("budget", _NUMBER),
        ("policy", _TEXT),
        ("value", _NUMBER),
        ("error", _NUMBER),
        ("low", _NUMBER),
        ("high", _NUMBER),
        ("cost", _NUMBER),
        ("contacted", _NUMBER),
        ("over", _TEXT),
        ("lead", _NUMBER),
        ("lead_low", _NUMBER),
        ("lead_high", _NUMBER),
        ("recommended", _YES),
    ]
)
"""The value per customer of every policy at every budget, after costs, and its lead over the next simpler one."""
EXPERIMENTS = pa.schema(
    [
        ("experiment", _TEXT),
        ("title", _TEXT),
        ("status", _TEXT),
        ("starts_at", _INSTANT),
        ("eligible", _WHOLE),
        ("held_out", _WHOLE),
        ("drawn", _WHOLE),
        ("exposed", _WHOLE),
        ("counted", _WHOLE),
        ("exposure", _TEXT),
        ("sizes_p", _NUMBER),
        ("sizes_alarm", _YES),
        ("recommended", _TEXT),
        ("verdict", _TEXT),
    ]
)
"""The experiments, one row each."""


def tables_of(weighing: Weighing) -> dict[str, pa.Table]:
    """Give the tables of a run's experiments; none where it has none.

    Args:
        weighing: The experiments.
    """
    if not weighing.found:
        return {}
    return {
        "experiments": pa.Table.from_pylist([_row(one) for one in weighing.found], EXPERIMENTS),
        "assignments": _assignments(weighing.found),
        "readouts": pa.Table.from_pylist([row for one in weighing.found for row in _readouts(one)], READOUTS),
        "proofs": pa.Table.from_pylist([row for one in weighing.found for row in _proofs(one)], PROOFS),
    }


def status_of(one: Weighed) -> str:
    """Say how far an experiment has come: ``planned``, ``running`` or ``done``."""
    if one.exposed is None:
        return "planned"
    return "done" if one.over else "running"


def told_of(weighing: Weighing) -> list[dict[str, Any]]:
    """Give what ``run.json`` says of experiments: what the page tells, and all that a reader needs to draw them again."""
    return [_told(one) for one in weighing.found]


def proved_of(weighing: Weighing) -> list[dict[str, Any]]:
    """Give what ``run.json`` says of proofs, in the form that a page is told from."""
    return [
        {"experiment": one.trial.name, **one.judged.proved.to_dict()}
        for one in weighing.found
        if one.judged is not None and one.judged.proved is not None
    ]


def _row(one: Weighed) -> dict[str, Any]:
    judged, proof = one.judged, _proof(one)
    return {
        "experiment": one.trial.name,
        "title": one.trial.title,
        "status": status_of(one),
        "starts_at": None if one.at is None else to_datetime(one.at),
        "eligible": one.eligible,
        "held_out": 0 if one.drawn is None else one.drawn.held_out,
        "drawn": 0 if one.drawn is None else len(one.drawn.arm),
        "exposed": 0 if one.exposed is None else len(one.exposed.arm),
        "counted": one.counted,
        "exposure": None if one.exposed is None else one.exposed.how,
        "sizes_p": None if judged is None else judged.sizes.p,
        "sizes_alarm": None if judged is None else judged.sizes.alarm,
        "recommended": None if proof is None else proof.recommended,
        "verdict": " ".join(judged.proved.sentences) if judged is not None and judged.proved is not None else None,
    }


def _proof(one: Weighed) -> Proof | None:
    return None if one.judged is None or one.judged.proved is None else one.judged.proved.proof()


def _assignments(found: Sequence[Weighed]) -> pa.Table:
    parts = []
    for one in found:
        if one.drawn is None or not len(one.drawn.arm):
            continue
        names = pa.array(list(one.trial.arms)).take(pa.array(one.drawn.arm))
        title = pa.repeat(pa.scalar(one.trial.name), len(names))
        parts.append(
            pa.table([one.drawn.customers.cast(_TEXT), title, names, one.drawn.probability], schema=ASSIGNMENTS)
        )
    return pa.concat_tables(parts).combine_chunks() if parts else ASSIGNMENTS.empty_table()


def _readouts(one: Weighed) -> list[dict[str, Any]]:
    if one.judged is None:
        return []
    pairs = zip(one.judged.effects, one.judged.verdicts, strict=True)
    return [_readout(one.trial.name, effect, verdict) for effect, verdict in pairs]


def _readout(experiment: str, effect: AverageEffect, verdict: Verdict) -> dict[str, Any]:
    named = {name: getattr(effect, name) for name in READOUTS.names if hasattr(effect, name)}
    always = effect.always
    told = {
        "experiment": experiment,
        "outcome": effect.metric,
        "always_low": None if always is None else always.low,
        "always_high": None if always is None else always.high,
        "answer": verdict.answer,
        "customers_more": verdict.customers_more,
        "words": verdict.words,
    }
    return {name: _finite(value) for name, value in (named | told).items()}


def _proofs(one: Weighed) -> list[dict[str, Any]]:
    proof = _proof(one)
    if proof is None:
        return []
    return [
        row | {"experiment": one.trial.name, "outcome": one.trial.decides.name}
        for point in proof.points
        for row in _point(point)
    ]


def _point(point: Point) -> list[dict[str, Any]]:
    leads = {lead.policy: lead for lead in sorted(point.leads, key=lambda lead: LADDER.index(lead.over))}
    rows = []
    for standing in point.standings:
        lead = leads.get(standing.policy)
        told = {
            name: getattr(standing, name) for name in ("policy", "value", "error", "low", "high", "cost", "contacted")
        }
        told |= {
            "budget": None if point.budget is None else point.budget.amount,
            "over": None if lead is None else lead.over,
            "lead": None if lead is None else lead.value,
            "lead_low": None if lead is None else lead.low,
            "lead_high": None if lead is None else lead.high,
            "recommended": standing.policy == point.recommended,
        }
        rows.append({name: _finite(value) for name, value in told.items()})
    return rows


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _told(one: Weighed) -> dict[str, Any]:
    drawn, exposed, trial = one.drawn, one.exposed, one.trial
    last = None if exposed is None or not len(exposed.at) else int(exposed.at.max()) + trial.definition.window
    return {
        "name": trial.name,
        "title": trial.title,
        "why": trial.definition.why,
        "status": status_of(one),
        "starts": _day(one.at),
        "known": _day(last),
        "within": trial.definition.within,
        "control": trial.definition.control,
        "arms": _arms(one),
        "strata": []
        if drawn is None
        else [{"name": each.name, "cuts": list(each.cuts)} for each in drawn.design.strata],
        "eligible": one.eligible,
        "held_out": 0 if drawn is None else drawn.held_out,
        "exposed": 0 if exposed is None else len(exposed.arm),
        "counted": one.counted,
        "exposure": None if exposed is None else exposed.how,
        "outcomes": [_outcome(one, measured.name) for measured in trial.outcomes],
        "strategies": dict(trial.strategies),
        "notes": list(one.notes),
    }


def _arms(one: Weighed) -> list[dict[str, Any]]:
    titles = dict(one.trial.definition.arms)
    shares: Mapping[str, float] = dict(zip(one.trial.arms, one.trial.design.weights, strict=True))
    numbers = np.zeros(len(one.trial.arms), np.int64)
    if one.drawn is not None:
        numbers = np.bincount(one.drawn.arm, minlength=len(one.trial.arms))
    return [
        {
            "name": name,
            "title": titles[name].title or name,
            "share": shares[name],
            "customers": int(number),
            "rule": _rule(one, name),
        }
        for name, number in zip(one.trial.arms, numbers, strict=True)
    ]


def _rule(one: Weighed, arm: str) -> str | None:
    """Give the rule, in the language, that draws an arm of those who may take part; None before anybody can be drawn."""
    return None if one.drawn is None else rule_of(one.drawn.design, arm, one.drawn.strata)


def _outcome(one: Weighed, name: str) -> dict[str, Any]:
    rows = [row for row in _readouts(one) if row["outcome"] == name]
    measured = next(each for each in one.trial.outcomes if each.name == name)
    return {"name": name, "kind": str(measured.kind), "written": one.trial.definition.outcomes[name], "effects": rows}


def _day(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)
