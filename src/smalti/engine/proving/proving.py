"""A trial, proven: `prove_file` and `prove_trial`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smalti.engine.proving.asked import Asked, of_each
from smalti.engine.proving.learning import Learnt, learn
from smalti.engine.proving.loading import load_trial
from smalti.engine.proving.plans import Setting, plan_curve, stored
from smalti.engine.proving.proved import Proved
from smalti.engine.proving.readouts import average_effects, differing, everyone, plain
from smalti.engine.proving.segmenting import Cut, segmentations
from smalti.engine.proving.trial import Came, Trial
from smalti.engine.proving.whom import drivers, rankings
from smalti.experiments.logged import Floats, Logged
from smalti.experiments.proof import Evidence, Grouping, Proof, prove
from smalti.experiments.readout import (
    AverageEffect,
    Metric,
    OutlierRule,
    SampleRatio,
    cap,
    corrected,
    judge,
    sample_ratio,
)
from smalti.project import Work

Progress = Callable[[Work], None]
"""What is told of each step before it is done."""
_DIFFERING = 12


def prove_file(
    files: Sequence[str | Path] | str | Path,
    asked: Asked | None = None,
    *,
    home: Path | None = None,
    progress: Progress | None = None,
) -> Proved:
    """Prove what files of (customer, arm, probability, outcome, attributes) can: does it work, for whom, by which policy.

    Args:
        files: File names or globs: CSV, TSV, Parquet, JSON Lines, Excel, gzipped or not.
        asked: What columns mean, what arms cost, what outcomes are worth; what is left out is found and said.
        home: The folder that relative names start from; None takes the working folder.
        progress: Told of each step before it is done.

    Returns:
        What was found: a value with `page()`, `to_dict()` and `sentences`.

    Raises:
        SmaltiError: A file cannot be read, or it cannot be seen what was done to whom and what came of it.
    """
    tell = progress or _silent
    tell(Work("read", f"read {files if isinstance(files, str | Path) else ', '.join(map(str, files))}"))
    told = asked or Asked()
    return prove_trial(load_trial(files, told, home), told, progress)


def prove_trial(
    trial: Trial,
    asked: Asked | None = None,
    progress: Progress | None = None,
    *,
    cuts: Sequence[Cut] | None = None,
) -> Proved:
    """Prove what a trial can.

    Args:
        trial: The trial.
        asked: Costs, worths, budgets, learner, level and seed; what it says of columns is not looked at.
        progress: Told of each step before it is done.
        cuts: The segmentations to prove against; None makes them from what was known of customers.

    Raises:
        SmaltiError: A cost or worth is of an arm or outcome that is not there.
    """
    told, tell = asked or Asked(), progress or _silent
    cuts = segmentations(trial.columns, told.by) if cuts is None else tuple(cuts)
    costs = of_each(told.cost, trial.arms, "cost", without=trial.arms[trial.control])
    names = tuple(one.name for one in trial.outcomes)
    worths, caps = of_each(told.worth, names, "worth"), of_each(told.cap, names, "cap")
    judged = []
    for came in trial.outcomes:
        tell(Work("prove", f"{came.name}: learn out of fold, hold policies against each other"))
        tamed, note = _capped(came, caps.get(came.name))
        found = _Judging(trial, tamed, cuts, told, costs, worths.get(came.name)).judge()
        judged.append(found | {"notes": [*note, *found["notes"]]})
    about = _about(trial, told, cuts, costs)
    ratio = _ratio(trial) if trial.planned is not None else None
    outcomes = tuple(
        one | {"effects": [_judged(effect, one, costs, told.currency, ratio) for effect in mine]}
        for one, mine in zip(judged, _together(judged), strict=True)
    )
    return Proved(about, outcomes)


def _capped(came: Came, at: float | None) -> tuple[Came, list[str]]:
    """Cap an outcome in all arms alike, and say what that did."""
    if at is None or came.binary:
        return came, []
    rule = OutlierRule(came.name, quantile=at) if at < 1 else OutlierRule(came.name, at=at)
    values, told = cap(came.values, rule, np.ones(len(came.values), np.bool_))
    return Came(came.name, came.kind, values), [told.words]


def _silent(_: Work) -> None:
    pass


def _together(judged: Sequence[Mapping[str, Any]]) -> list[tuple[AverageEffect, ...]]:
    """Correct the effects of all arms and outcomes together."""
    every = corrected([effect for one in judged for effect in one["effects"]])
    found, start = [], 0
    for one in judged:
        found.append(tuple(every[start : start + len(one["effects"])]))
        start += len(one["effects"])
    return found


def _judged(
    effect: AverageEffect,
    outcome: Mapping[str, Any],
    costs: Mapping[str, float],
    currency: str | None,
    ratio: SampleRatio | None,
) -> dict[str, Any]:
    """Give an effect with what it comes to: an arm that costs has to bring more than that."""
    money = outcome["unit"] == "money"
    unit = "share" if outcome["unit"] == "rate" else (currency or "") if money else ""
    least = max(costs.get(effect.arm, 0.0) - costs.get(effect.control, 0.0), 0.0) if money else 0.0
    found = judge(effect, Metric(outcome["outcome"], "value", least=least, unit=unit), ratio)
    told: dict[str, Any] = plain(effect)
    return told | {"answer": found.answer, "words": found.words, "customers_more": found.customers_more}


def _ratio(trial: Trial) -> SampleRatio:
    return sample_ratio(trial.counts.tolist(), trial.planned)


def _about(trial: Trial, asked: Asked, cuts: Sequence[Cut], costs: Mapping[str, float]) -> dict[str, Any]:
    counts = trial.counts
    ratio = _ratio(trial)
    judged = trial.planned is not None or not trial.logged
    return {
        "name": trial.name,
        "rows": trial.rows,
        "customers": trial.customers,
        "arms": [
            {"arm": name, "rows": int(number), "share": float(number / trial.rows), "cost": float(costs.get(name, 0.0))}
            for name, number in zip(trial.arms, counts, strict=True)
        ],
        "control": trial.arms[trial.control],
        "currency": asked.currency,
        "level": asked.level,
        "folds": asked.folds,
        "seed": asked.seed,
        "learner": asked.learner,
        "logged": trial.logged,
        "observational": trial.observational,
        "doubted": trial.doubted,
        "planned": None if trial.planned is None else list(trial.planned),
        "ratio": plain(ratio) | {"alarm": ratio.alarm} if judged and not trial.observational else None,
        "segmentations": [{"name": cut.name, "segments": len(cut.labels)} for cut in cuts],
        "set_aside": dict(trial.set_aside),
        "taken": list(trial.taken),
        "warnings": list(trial.warnings),
    }


class _Judging:
    """One outcome of a trial."""

    def __init__(
        self,
        trial: Trial,
        came: Came,
        cuts: Sequence[Cut],
        asked: Asked,
        costs: Mapping[str, float],
        worth: float | None,
    ) -> None:
        self.trial, self.came, self.cuts, self.asked, self.worth = trial, came, cuts, asked, worth
        self.unit = "money" if worth is not None or came.kind == "money" else came.kind
        self.cost = np.array([costs.get(name, 0.0) for name in trial.arms]) if self.unit == "money" else None
        self.uncounted = any(costs.values()) and self.cost is None
        values = came.values if worth is None else came.values * worth
        self.log = Logged(trial.arms, trial.arm, trial.probability, values, trial.customer)

    def judge(self) -> dict[str, Any]:
        trial, level = self.trial, self.asked.level
        learnt = learn(trial, self.log.outcome, self.asked.learner, self.asked.seed)
        costly = self.cost is not None and bool(self.cost.any())
        proof = self._proof(learnt, self.cost)
        arms = everyone(trial, self.log, learnt.predicted, level)
        found = differing(trial, self.came.name, self.log, self.cuts, level)
        ranked = rankings(trial, self.log, learnt, level)
        differ = (proof.misses.shown and proof.misses.worth_low > 0) or any(one.shown for one in ranked)
        told = drivers(trial, self.log, self.asked.learner, self.asked.seed) if differ else ()
        return {
            "outcome": self.came.name,
            "kind": self.came.kind,
            "unit": self.unit,
            "worth": self.worth,
            "notes": [*self._notes(), *([learnt.note] if learnt.note else [])],
            "told_apart": learnt.effects is not None,
            "effects": average_effects(trial, self.came.name, self.log, learnt.predicted, level),
            "everyone": plain(arms),
            "differing": plain(found[:_DIFFERING]),
            "looked_at": len(found),
            "rankings": plain(ranked),
            "drivers": [plain(one) | {"shown": one.shown} for one in told],
            "proof": proof.stored(),
            "without_costs": self._proof(learnt, None).stored() if costly else None,
            "plans": self._plans(learnt),
        }

    def _plans(self, learnt: Learnt) -> dict[str, Any] | None:
        """Hold the plan against rankings at every budget; None where there is nothing to plan by."""
        setting = Setting(self.trial, self.log, learnt, tuple(self.cuts), self.cost)
        curve = plan_curve(setting, self.asked.budgets, self.asked.ranks, self.asked.level, self.asked.seed)
        return None if curve is None else stored(curve)

    def _proof(self, learnt: Learnt, cost: Floats | None) -> Proof:
        trial = self.trial
        evidence = Evidence(
            log=self.log,
            predicted=learnt.predicted,
            expected=learnt.expected,
            folds=trial.folds,
            segmentations={cut.name: Grouping(cut.codes, cut.labels) for cut in self.cuts},
            cost=cost,
            control=trial.arms[trial.control],
        )
        return prove(evidence, self.asked.budgets, self.asked.level, self.asked.seed)

    def _notes(self) -> list[str]:
        told = []
        if self.worth is not None and self.worth != 1:
            told.append(
                f"All amounts count each unit of {self.came.name} as {self.worth:g}"
                f"{' ' + self.asked.currency if self.asked.currency else ' of money'}; what arms do is told before costs, "
                "what policies are worth after them."
            )
        if self.uncounted:
            told.append(
                f"Costs are not counted here: {self.came.name} is not money. "
                f"Say what one is worth with --worth {self.came.name}=AMOUNT."
            )
        return told
