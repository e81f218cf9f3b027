"""A fitted score read back from a run, to score anyone by what was published of her; and refusing whom it was not fitted on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from smalti.engine.foresight.inputs import of_row
from smalti.engine.foresight.renewal import FittedRenewal
from smalti.engine.foresight.scores import likeliest
from smalti.errors import ModelError, RunError, nearest
from smalti.facts import Currency, Instant, Type, from_minor
from smalti.models.effects import FittedEffects
from smalti.models.lookalike import Likeness
from smalti.models.supervised import Column, FittedScore, Scored
from smalti.project import CHANCE
from smalti.store import RunFolder

Value: TypeAlias = float | Decimal | str | None
"""A score as it is published."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_READ: Mapping[str, Callable[[Mapping[str, Any]], FittedScore | Likeness | FittedRenewal | FittedEffects]] = {
    "score": FittedScore.from_dict,
    "look_alike": Likeness.from_dict,
    "renewal": FittedRenewal.from_dict,
    "effect": FittedEffects.from_dict,
}
"""By what a model is of, how its fitted value is read back."""


@dataclass(frozen=True, eq=False)
class Scorer:
    """A score as it was fitted in a run.

    Attributes:
        name: The score.
        run: The run's id.
        fitted: The fitted value: a learnt score, the likeness to a segment, how long contracts last, or what
            an arm of an experiment does.
        scoring: What it wants: inputs with their types and currencies, the streams and the as-of instant of the fit.
    """

    name: str
    run: str
    fitted: FittedScore | Likeness | FittedRenewal | FittedEffects
    scoring: Mapping[str, Any]

    @property
    def fitted_at(self) -> Instant:
        """The as-of instant of the fit."""
        return int(self.scoring["as_of_microseconds"])

    @cached_property
    def _inputs(self) -> tuple[tuple[str, Type, str], ...]:
        return tuple((one["name"], Type(one["type"]), one["currency"]) for one in self.scoring["inputs"])

    def score_one(self, row: Mapping[str, Any], at: Instant | None = None) -> dict[str, Value]:
        """Score one customer: the same as the run published of her, to the last bit.

        Args:
            row: What a run publishes of her, such as a row of its table of customers: money as decimals, instants with a zone.
            at: As of when the row is; the run's own instant if left out.

        Returns:
            The score's columns by name.

        Raises:
            ModelError: A trait that the score wants is missing from the row, or of another type.
        """
        asked = self.fitted_at if at is None else at
        try:
            if isinstance(self.fitted, FittedRenewal):
                started, ended = self._instants(row)
                return dict(self.fitted.score_one(started, ended, asked))
            values = of_row(row, self._inputs, asked)
            if isinstance(self.fitted, Likeness):
                return {self.name: self.fitted.score_one(values)}
            if isinstance(self.fitted, FittedEffects):
                place = self.fitted.arms.index(self.scoring["arm"])
                return {self.name: self._written(float(self.fitted.effects_one(values)[place]))}
            return self._told(self.fitted.score_one(values))
        except ModelError as error:
            raise ModelError(f"score {self.name}: {error}") from None

    def _instants(self, row: Mapping[str, Any]) -> tuple[Instant | None, Instant | None]:
        """Give when a contract began and ended."""
        names = [name for name, _, _ in self._inputs]
        lacking = [name for name in names if name not in row]
        if lacking:
            raise ModelError(f"it wants {lacking[0]}, which is not there")
        started, ended = (_instant(name, row[name]) for name in names)
        return started, ended

    def refuse(self, info: Mapping[str, Any]) -> None:
        """Refuse the customers of a run whose traits are not those that the score was fitted on.

        Args:
            info: What the other run says of itself: its ``run.json``.

        Raises:
            ModelError: Its currency, its streams, or the type of a trait is another; the message says which.
        """
        told = f"score {self.name}, fitted in run {self.run}, cannot score these customers"
        wrong = [*self._wrong_types(info), *self._wrong_streams(info.get("streams") or {})]
        if wrong:
            raise ModelError(f"{told}: {'; '.join(wrong)}")

    def score_all(self, run: Any) -> dict[str, list[Value]]:
        """Score all customers of a run.

        Args:
            run: The run; another than the score's own is refused where its units or streams are others.

        Raises:
            ModelError: It was not fitted on such customers.

        Returns:
            The score's columns, in the order of the run's customers; also of those of whom nothing is foretold.
        """
        self.refuse(run.info)
        rows = run.customers.to_arrow().to_pylist()
        scored = [self.score_one(row, run.info["as_of_microseconds"]) for row in rows]
        return {name: [one[name] for one in scored] for name in self.scoring["types"]}

    def drivers(self, row: Mapping[str, Any], at: Instant | None = None, top: int = 3) -> list[tuple[str, float]]:
        """Give the traits that move one customer's score most, each with its signed contribution.

        Args:
            row: As in `score_one`.
            at: As of when the row is; the run's own instant if left out.
            top: How many, at most.

        Raises:
            ModelError: The score is a likeness, a renewal or an effect.
        """
        if not isinstance(self.fitted, FittedScore):
            raise ModelError(
                f"score {self.name} is not learnt from traits as of earlier instants: nothing is told of drivers"
            )
        values = of_row(row, self._inputs, self.fitted_at if at is None else at)
        return self.fitted.drivers(_as_columns(self.fitted, values), top)[0]

    def _wrong_types(self, info: Mapping[str, Any]) -> list[str]:
        found = []
        types = info["types"]
        for name, kind, code in self._inputs:
            if name not in types:
                near = nearest(name, types)
                found.append(
                    f"it wants the trait {name}, which is not there" + (f"; is it now {near}?" if near else "")
                )
            elif types[name] != kind:
                found.append(f"{name} is {types[name]} and was {kind}")
            elif kind is Type.MONEY and code == self.scoring["project_currency"] != info["currency"]:
                found.append(f"{name} is in {info['currency']} and was in {code}")
        return found

    def _wrong_streams(self, streams: Mapping[str, Mapping[str, str]]) -> list[str]:
        found = []
        for stream, columns in self.scoring["reads"].items():
            if stream not in streams:
                found.append(f"it was fitted on {stream}, of which there are no facts")
                continue
            there = streams[stream]
            for name, kind in columns.items():
                if name not in there:
                    found.append(f"it was fitted on {stream}.{name}, which is not there")
                elif there[name] != kind:
                    found.append(f"{stream}.{name} is {there[name]} and was {kind}")
        return found

    def _told(self, scored: Scored) -> dict[str, Value]:
        if scored.task == "category":
            labels, chances = likeliest(scored)
            return {self.name: labels[0], self.name + CHANCE: float(chances[0])}
        return {self.name: self._written(float(scored.values[0]))}

    def _written(self, value: float) -> Value:
        """Give a number as it is published."""
        if self.scoring["types"][self.name] == Type.MONEY:
            return from_minor(int(np.floor(value + 0.5)), Currency(self.scoring["currency"]))
        return value


def _instant(name: str, value: Any) -> Instant | None:
    """Give a published instant in microseconds; None where it is missing."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ModelError(f"{name}: found {value!r}, wanted an instant with its time zone, or nothing")
    return (value - _EPOCH) // _MICROSECOND


def _as_columns(fitted: FittedScore, values: Mapping[str, float | str | None]) -> list[Column]:
    made = []
    for one in fitted.inputs:
        value = values[one.name]
        texts = one.kind == "category"
        held = np.array([value], dtype=object) if texts else np.array([np.nan if value is None else value], np.float64)
        made.append(Column(one.name, one.kind, held, one.unit))
    return made


def scorer_of(folder: RunFolder, name: str) -> Scorer:
    """Read a fitted score back from a run.

    Raises:
        RunError: The run has no such score, or it could not be fitted.
        ModelError: It is stored in a form that this version does not know.
    """
    told = folder.info.get("models") or {}
    scores = [one for one, what in told.items() if what.get("what") in _READ]
    if name not in scores:
        near = nearest(name, scores)
        known = f"; it has {', '.join(scores)}" if scores else ": it has none that is learnt"
        hint = f"; did you mean '{near}'?" if near else known
        raise RunError(f"run {folder.id} has no score '{name}'{hint}")
    if not told[name]["fitted"]:
        raise RunError(f"run {folder.id} has no fitted score '{name}': {told[name]['sentence']}")
    rows = folder.table("models", where=[("model", "=", name)]).to_pylist()
    parts = {row["part"]: json.loads(row["json"]) for row in rows}
    fitted = _READ[told[name]["what"]](parts["fitted"])
    return Scorer(name, folder.id, fitted, parts["scoring"])
