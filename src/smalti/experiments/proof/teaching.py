"""What each fold is taught by the others, laid out for every row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.experiments.logged import Floats, Integers
from smalti.experiments.policies.scores import doubly_robust_scores
from smalti.experiments.proof.calibration import Slope, slope_of
from smalti.experiments.proof.cells import PARTS, Cells
from smalti.experiments.proof.evidence import Evidence, Grouping
from smalti.experiments.proof.learning import Learnt, Sums, best_of, learn

WHOLE = ""
"""The name under which everybody is one segment."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What is learnt from some cells.

    Attributes:
        learnt: By segmentation.
        chosen: The segmentation whose effects foretell best, `WHOLE` where there is none.
    """

    learnt: dict[str, Learnt]
    chosen: str


@dataclass(frozen=True, eq=False)
class Taught:
    """Everything from which policies are made and judged; n rows, K arms.

    Attributes:
        evidence: What the proof is made from.
        groupings: The segmentations, or everybody as one where there is none.
        cells: Which rows belong to which cell.
        reference: The place of the control, or of the commonest arm where there is none.
        lessons: What each fold is taught by the others.
        whole: What all rows teach.
        scores: Doubly robust scores before costs; shape (n, K).
        base: What a row's segment (of the segmentation chosen for its fold) is expected to bring; shape (n, K).
        apart: How far its own expectation lies from its segment's mean; shape (n, K).
    """

    evidence: Evidence
    groupings: dict[str, Grouping]
    cells: Cells
    reference: int
    lessons: tuple[Lesson, ...]
    whole: Lesson
    scores: Floats
    base: Floats
    apart: Floats

    @classmethod
    def of(cls, evidence: Evidence, seed: int) -> Taught:
        """Learn all that outcomes of other folds can teach."""
        log = evidence.log
        cells = Cells.of(evidence.folds, log.customer, seed)
        groupings = dict(evidence.segmentations) or {
            WHOLE: Grouping(np.zeros(log.rows, dtype=np.int64), ("everybody",))
        }
        sums = {name: Sums.of(log, cells.cell, cells.count, one) for name, one in groupings.items()}
        common = int(np.bincount(log.arm, minlength=len(log.arms)).argmax())
        reference = common if evidence.control is None else log.place_of(evidence.control)
        lessons = tuple(_lesson(sums, cells.outside(fold), reference) for fold in range(cells.folds))
        whole = _lesson(sums, np.arange(cells.count), reference)
        scores = doubly_robust_scores(log, evidence.predicted)
        base, apart = np.empty_like(scores), np.empty_like(scores)
        for fold, lesson in enumerate(lessons):
            rows = cells.rows_of_fold(fold)
            code = groupings[lesson.chosen].code[rows]
            base[rows] = lesson.learnt[lesson.chosen].segment[code]
            apart[rows] = _apart(evidence.expected[rows], code)
        return cls(evidence, groupings, cells, reference, lessons, whole, scores, base, apart)

    def slope_for(self, cell: int) -> Slope:
        """Give how far expectations are to be believed in a cell: the slope in the other parts of its fold."""
        rows = self.cells.rows_of_fold(cell // PARTS)
        return self.slope_in(rows[self.cells.cell[rows] != cell])

    def slope_in(self, rows: Integers) -> Slope:
        """Give the slope in some rows."""
        customer = self.evidence.log.customer
        who = None if customer is None else customer[rows]
        return slope_of(self.apart[rows], self.scores[rows] - self.base[rows], self.reference, who)


def _lesson(sums: dict[str, Sums], cells: Integers, reference: int) -> Lesson:
    learnt = {name: learn(one.over(cells), reference) for name, one in sums.items()}
    return Lesson(learnt, best_of(sums, cells, PARTS, reference) if len(sums) > 1 else next(iter(sums)))


def _apart(expected: Floats, code: Integers) -> Floats:
    size = np.maximum(np.bincount(code), 1)
    mean = np.column_stack([np.bincount(code, column) / size for column in expected.T])
    return expected - mean[code]
