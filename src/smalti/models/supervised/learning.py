"""Learning: forests of the right size, forecasts of customers left out, and the calibration fitted on these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.supervised.boosting import MOST_ROUNDS, grow
from smalti.models.supervised.calibration import Calibration, choose_calibration
from smalti.models.supervised.inputs import Encoded, Input, Unlearnt, encode, find_inputs
from smalti.models.supervised.losses import losses
from smalti.models.supervised.training import Column, Task
from smalti.models.supervised.trees import Forest

_EVERY, _FIRST_ROUNDS, _SETTLED, _MANY = 5, 60, 0.75, 20_000
_CAP = 0.995


@dataclass(frozen=True, eq=False)
class Learnt:
    """What was learnt from some rows.

    Attributes:
        task: What is foretold.
        inputs: What it was learnt from.
        unlearnt: From what nothing could be learnt.
        forests: Fitted on all rows.
        calibration: Fitted on raw scores of customers left out.
        rounds: How many trees each forest has.
        raw: Raw scores of each row by fits that left its customer out, shape (n, forests).
        held_out: Forecasts of each row by fits and calibrations that left its customer out, shape (n, 1) or (n, classes).
    """

    task: Task
    inputs: tuple[Input, ...]
    unlearnt: tuple[Unlearnt, ...]
    forests: tuple[Forest, ...]
    calibration: Calibration
    rounds: int
    raw: Floats
    held_out: Floats

    def raw_of(self, columns: Sequence[Column]) -> Floats:
        """Return the raw scores of other rows, shape (n, forests)."""
        if not self.inputs:
            return np.repeat([[forest.start for forest in self.forests]], len(columns[0]), axis=0)
        data = encode(self.inputs, columns)
        return np.column_stack([forest.raw(data) for forest in self.forests])

    def forecast(self, columns: Sequence[Column]) -> Floats:
        """Forecast other rows, shape (n, 1) or (n, classes)."""
        return self.calibration.apply(self.raw_of(columns))


def learn(
    task: Task, columns: Sequence[Column], target: Floats | Integers, folds: Integers, *, classes: int, seed: int
) -> Learnt:
    """Learn a score.

    For each fold a forest is fitted on the other folds, to its full size. The size that forecasts the folds left out best
    is taken for all; their raw scores at that size give the calibration; and a last forest is fitted on all rows.

    Args:
        task: What is foretold.
        columns: The traits, n values each.
        target: 0 or 1, an amount, or the number of a class; shape (n,).
        folds: The fold of each row, which never splits a customer.
        classes: How many classes there are (1 where there are none).
        seed: Of what little is random.
    """
    lesson = _lesson(task, columns, target, classes, seed)
    forests, rounds = _cross_fit(lesson, folds)
    raw = np.empty((len(target), classes))
    for fold, grown in forests.items():
        part = lesson.part(folds == fold)
        raw[folds == fold] = np.column_stack([lesson.moved(forest.first(rounds)).raw(part) for forest in grown])
    calibration, held_out = choose_calibration(task, raw, target, folds)
    return Learnt(task, lesson.inputs, lesson.unlearnt, lesson.last(rounds), calibration, rounds, raw, held_out)


def learn_for_use(
    learnt: Learnt,
    columns: Sequence[Column],
    target: Floats | Integers,
    held: tuple[Floats, Floats | Integers, Integers],
    *,
    seed: int,
) -> Learnt:
    """Fit forests of a size known already to more rows, calibrated on raw scores of rows that were held out.

    Args:
        learnt: What was learnt before, from fewer rows.
        columns: The traits of all rows.
        target: What came to them.
        held: Raw scores of rows held out in space or time, what came to these, and their folds.
        seed: Of what little is random.
    """
    raw, came, folds = held
    lesson = _lesson(learnt.task, columns, target, raw.shape[1], seed)
    calibration, held_out = choose_calibration(learnt.task, raw, came, folds)
    forests = lesson.last(learnt.rounds)
    return Learnt(learnt.task, lesson.inputs, lesson.unlearnt, forests, calibration, learnt.rounds, raw, held_out)


def learn_plainly(
    task: Task, columns: Sequence[Column], target: Floats | Integers, *, classes: int, rounds: int, seed: int
) -> Learnt:
    """Fit forests of a size known already, without calibration: to ask quickly what some traits tell."""
    lesson = _lesson(task, columns, target, classes, seed)
    nothing = np.empty((0, classes))
    forests = lesson.last(rounds)
    return Learnt(task, lesson.inputs, lesson.unlearnt, forests, Calibration(task, "none"), rounds, nothing, nothing)


def _lesson(task: Task, columns: Sequence[Column], target: Floats | Integers, classes: int, seed: int) -> _Lesson:
    inputs, unlearnt = find_inputs(columns)
    data = encode(inputs, columns) if inputs else (np.zeros(len(target)),)
    wanted, scale = _tamed(target) if task == "amount" else (target, 1.0)
    return _Lesson(task, inputs, unlearnt, data, wanted, scale, classes, seed)


@dataclass(frozen=True, eq=False)
class _Lesson:
    """What forests are fitted to."""

    task: Task
    inputs: tuple[Input, ...]
    unlearnt: tuple[Unlearnt, ...]
    data: Encoded
    target: Floats | Integers
    scale: float
    classes: int
    seed: int

    def part(self, rows: Booleans) -> Encoded:
        return tuple(column[rows] for column in self.data)

    def grow(self, rows: Booleans, rounds: int) -> tuple[Forest, ...]:
        """Fit forests to some rows."""
        inputs = self.inputs or (Input("", "number"),)
        settings = {"classes": self.classes, "rounds": rounds, "seed": self.seed}
        return grow(self.task, inputs, self.part(rows), self.target[rows], **settings)

    def last(self, rounds: int) -> tuple[Forest, ...]:
        """Fit forests to all rows; without inputs they have no trees, and everybody is alike."""
        grown = self.grow(np.ones(len(self.target), dtype=np.bool_), rounds)
        bare = () if self.inputs else tuple(Forest(forest.expected, ()) for forest in grown)
        return tuple(self.moved(forest) for forest in bare or grown)

    def moved(self, forest: Forest) -> Forest:
        """Return a forest for amounts in their own unit."""
        return Forest(forest.start + float(np.log(self.scale)), forest.trees)


def _tamed(target: Floats | Integers) -> tuple[Floats, float]:
    """Cap amounts and measure them by their mean, so that a few very large ones do not lead and no unit of money matters."""
    came = np.maximum(np.asarray(target, dtype=np.float64), 0.0)
    capped = np.minimum(came, float(np.quantile(came[came > 0], _CAP)))
    scale = float(capped.mean())
    return capped / scale, scale


def _cross_fit(lesson: _Lesson, folds: Integers) -> tuple[dict[int, tuple[Forest, ...]], int]:
    """Fit a forest for each fold on the others; find the size that forecasts the folds left out best.

    Small forests are tried first where there are few rows, larger ones where these were still getting better.
    """
    sizes = (_FIRST_ROUNDS, MOST_ROUNDS) if len(folds) < _MANY else (MOST_ROUNDS,)
    for rounds in sizes:
        forests: dict[int, tuple[Forest, ...]] = {}
        costs = np.zeros(rounds // _EVERY)
        for fold in np.unique(folds).tolist():
            forests[fold] = lesson.grow(folds != fold, rounds)
            costs += _costs(lesson, forests[fold], folds == fold, rounds)
        best = (int(np.argmin(costs)) + 1) * _EVERY
        if best <= _SETTLED * rounds:
            break
    return forests, best


def _costs(lesson: _Lesson, forests: Sequence[Forest], rows: Booleans, rounds: int) -> Floats:
    """Return what forecasts of some rows cost in all, after every few trees; a short forest stays as it is."""
    data, target, plain = lesson.part(rows), lesson.target[rows], Calibration(lesson.task, "none")
    raw, told = np.tile([forest.start for forest in forests], (len(target), 1)), []
    for size in range(rounds):
        for place, forest in enumerate(forests):
            if size < len(forest.trees):
                tree = forest.trees[size]
                raw[:, place] += tree.table[tree.codes(data, len(target))]
        if (size + 1) % _EVERY == 0:
            told.append(float(losses(lesson.task, plain.apply(raw), target).sum()))
    return np.array(told)
