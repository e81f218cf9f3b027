"""A whole readout: every arm against control, by every metric, in every segment, under terms that were fixed beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from smalti.errors import ModelError, nearest
from smalti.experiments.logged import Floats
from smalti.experiments.readout.comparing import AverageEffect, Terms, compare_within
from smalti.experiments.readout.heterogeneity import SegmentReadout, heterogeneity
from smalti.experiments.readout.metric import Metric
from smalti.experiments.readout.multiplicity import Correction, check_correction, corrected
from smalti.experiments.readout.observed import Observed, Segmented
from smalti.experiments.readout.outliers import Capped, OutlierRule, cap
from smalti.experiments.readout.sample_ratio import SampleRatio, sample_ratio
from smalti.experiments.readout.statistics import Statistics, check_finite, statistics_by, total
from smalti.experiments.readout.verdict import Verdict, judge


@dataclass(frozen=True)
class ReadoutPlan:
    """How an experiment will be read, fixed before it starts.

    Attributes:
        metrics: What is measured.
        control: The arm that the others are held against.
        weights: The weight of each arm, in the order of the arms and in any unit, for the check of their sizes (where weights
            differ among strata, such as how many customers each would have); equal where None.
        terms: The level, and whether people look before the end.
        outliers: The rules by which columns are capped.
        strata: The segmentation within which the arms were drawn, where their weights differ among its segments: customers are
            then compared within its segments only. None where everybody had the same chances.
        correction: How p-values of what is looked at together are corrected: all arms and metrics are one family, all segments
            of all segmentations another.

    Raises:
        ModelError: No metrics or two of one name, two rules for one column, or there is no such correction.
    """

    metrics: tuple[Metric, ...]
    control: str
    weights: tuple[float, ...] | None = None
    terms: Terms = field(default_factory=Terms)
    outliers: tuple[OutlierRule, ...] = ()
    strata: str | None = None
    correction: Correction = "holm"

    def __post_init__(self) -> None:
        names = [one.name for one in self.metrics]
        if not names or len(set(names)) < len(names):
            raise ModelError(f"metrics: expected one or more with different names, got {', '.join(names) or 'none'}")
        ruled = [one.column for one in self.outliers]
        if len(set(ruled)) < len(ruled):
            raise ModelError(f"outliers: expected one rule for each column, got several of {', '.join(ruled)}")
        check_correction(self.correction)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the metrics need, each once."""
        return tuple(dict.fromkeys(name for metric in self.metrics for name in metric.columns))

    @property
    def covariates(self) -> tuple[str, ...]:
        """Those among them that are from before the experiment."""
        return tuple(dict.fromkeys(name for metric in self.metrics for name in metric.covariates))


@dataclass(frozen=True)
class Readout:
    """What came of an experiment.

    Attributes:
        plan: How it was to be read.
        arms: The names of the arms.
        statistics: Those of each arm, after capping.
        sizes: The check of the arms' sizes.
        capped: What the outlier rules did.
        filled: Covariates that were unknown of some customers, and of how many; they got the mean of all arms.
        effects: Every arm other than control by every metric, metric by metric.
        segments: The same in segments.
        verdicts: What each of `effects` comes to.
    """

    plan: ReadoutPlan
    arms: tuple[str, ...]
    statistics: tuple[Statistics, ...]
    sizes: SampleRatio
    capped: tuple[Capped, ...]
    filled: tuple[tuple[str, int], ...]
    effects: tuple[AverageEffect, ...]
    segments: tuple[SegmentReadout, ...]
    verdicts: tuple[Verdict, ...]

    def effect_of(self, metric: str, arm: str) -> AverageEffect:
        """Give the effect of an arm by a metric.

        Raises:
            ModelError: There is none.
        """
        return self.effects[_place((metric, arm), [(one.metric, one.arm) for one in self.effects])]

    def verdict_of(self, metric: str, arm: str) -> Verdict:
        """Give what an arm comes to by a metric.

        Raises:
            ModelError: There is none.
        """
        return self.verdicts[_place((metric, arm), [(one.metric, one.arm) for one in self.verdicts])]


BySegment: TypeAlias = Mapping[str, tuple[tuple[str, ...], Sequence[Sequence[Statistics]]]]
"""For each segmentation its labels, and for each label the statistics of each arm."""
_Cell: TypeAlias = Sequence[Sequence[Statistics]]
"""Of some customers, for each stratum the statistics of each arm."""
_Cells: TypeAlias = Mapping[str, tuple[tuple[str, ...], Sequence[_Cell]]]


def read_out(plan: ReadoutPlan, observed: Observed) -> Readout:
    """Read an experiment from one row per customer.

    Args:
        plan: How it is read, as fixed beforehand.
        observed: What each customer got and what came of it. Outliers are capped before anybody is grouped, so that the same
            customers with the same amounts are in every number.

    Raises:
        ModelError: A column or control is not there, an outcome is unknown, or there are fewer than two arms.

    Examples:
        >>> visit = np.repeat([0.0, 1.0, 0.0, 1.0], [450, 50, 400, 100])
        >>> seen = Observed(("none", "mail"), np.repeat([0, 1], 500), {"visit": visit})
        >>> found = read_out(ReadoutPlan((Metric("visit", "visit", unit="share"),), "none"), seen)
        >>> found.verdicts[0].answer, round(found.effects[0].effect, 3), round(found.effects[0].error, 4)
        ('works', 0.1, 0.0224)
    """
    columns, capped, filled = _prepared(plan, observed)
    (whole,) = _by_cell(columns, observed, plan.strata)
    segments = {
        name: (groups.labels, _by_cell(columns, observed, plan.strata, groups))
        for name, groups in observed.segments.items()
    }
    return _read(plan, observed.arms, whole, segments, (capped, filled))


def read_statistics(plan: ReadoutPlan, arms: Mapping[str, Statistics], segments: BySegment | None = None) -> Readout:
    """Read an experiment from the statistics of its arms, such as counts somebody has reported; nothing is capped any more.

    Args:
        plan: How it is read.
        arms: The statistics of each arm, by its name.
        segments: Those of each arm in each segment, if any are asked for.

    Raises:
        ModelError: Control or a column is not there, there are fewer than two arms, or a segment lacks the statistics of one.

    Examples:
        >>> arms = {"gate 30": Statistics.of_counts(8502, 44_700), "gate 40": Statistics.of_counts(8279, 45_489)}
        >>> plan = ReadoutPlan((Metric("came back after 7 days", "outcome", unit="share"),), "gate 30")
        >>> read_statistics(plan, arms).verdicts[0].answer
        'harms'
    """
    for name, (labels, each) in (segments or {}).items():
        if len(each) != len(labels) or any(len(one) != len(arms) for one in each):
            found = (
                f"{len(labels)} labels and the statistics of {', '.join(str(len(one)) for one in each) or 'no'} arms"
            )
            raise ModelError(f"{name}: expected the statistics of {len(arms)} arms for each segment, got {found}")
    cells = {name: (labels, [[one] for one in each]) for name, (labels, each) in (segments or {}).items()}
    return _read(plan, tuple(arms), [tuple(arms.values())], cells, ((), ()))


def _read(
    plan: ReadoutPlan,
    arms: tuple[str, ...],
    whole: _Cell,
    segments: _Cells,
    done: tuple[tuple[Capped, ...], tuple[tuple[str, int], ...]],
) -> Readout:
    if len(arms) < 2:
        raise ModelError(f"arms: expected two or more, got {', '.join(arms) or 'none'}")
    if plan.control not in arms:
        near = nearest(plan.control, arms)
        hint = f"; did you mean '{near}'?" if near else ""
        raise ModelError(f"control: found '{plan.control}', wanted one of {', '.join(arms)}{hint}")
    statistics = tuple(total(one) for one in zip(*whole, strict=True))
    sizes = sample_ratio([one.count for one in statistics], plan.weights)
    metrics = {one.name: one for one in plan.metrics}
    effects = corrected([_held(plan, arms, whole, *pair) for pair in _pairs(plan, arms)], plan.correction)
    verdicts = tuple(judge(one, metrics[one.metric], sizes) for one in effects)
    return Readout(plan, arms, statistics, sizes, *done, effects, _segments(plan, arms, segments), verdicts)


def _pairs(plan: ReadoutPlan, arms: tuple[str, ...]) -> list[tuple[Metric, str]]:
    return [(metric, arm) for metric in plan.metrics for arm in arms if arm != plan.control]


def _held(plan: ReadoutPlan, arms: tuple[str, ...], cell: _Cell, metric: Metric, arm: str) -> AverageEffect:
    control, treated = arms.index(plan.control), arms.index(arm)
    strata = [(one[control], one[treated]) for one in cell]
    return compare_within(strata, metric, plan.terms, (plan.control, arm))


def _segments(plan: ReadoutPlan, arms: tuple[str, ...], cells: _Cells) -> tuple[SegmentReadout, ...]:
    asked = [(name, metric, arm) for name in cells for metric, arm in _pairs(plan, arms)]
    raw = [[_held(plan, arms, one, metric, arm) for one in cells[name][1]] for name, metric, arm in asked]
    sure = iter(corrected([one for found in raw for one in found if one.error > 0], plan.correction))
    told = []
    for (name, metric, arm), found in zip(asked, raw, strict=True):
        labels = cells[name][0]
        kept = [place for place, one in enumerate(found) if one.error > 0]
        effects = tuple(next(sure) for _ in kept)
        out = tuple(label for place, label in enumerate(labels) if place not in kept)
        inside = tuple(labels[place] for place in kept)
        told.append(SegmentReadout(name, metric.name, arm, inside, effects, out, heterogeneity(effects)))
    return tuple(told)


def _by_cell(
    columns: Mapping[str, Floats], observed: Observed, strata: str | None, groups: Segmented | None = None
) -> list[list[tuple[Statistics, ...]]]:
    arms, nobody = len(observed.arms), np.zeros(len(observed.arm), dtype=np.int64)
    within = Segmented(("all",), nobody) if strata is None else observed.segment(strata)
    group = Segmented(("all",), nobody) if groups is None else groups
    inside = (group.codes >= 0) & (within.codes >= 0) & (observed.arm >= 0)
    place = np.where(inside, (group.codes * len(within.labels) + within.codes) * arms + observed.arm, -1)
    found = statistics_by(columns, place, len(group.labels) * len(within.labels) * arms)
    rows = [found[at : at + arms] for at in range(0, len(found), arms)]
    return [rows[at : at + len(within.labels)] for at in range(0, len(rows), len(within.labels))]


def _prepared(
    plan: ReadoutPlan, observed: Observed
) -> tuple[dict[str, Floats], tuple[Capped, ...], tuple[tuple[str, int], ...]]:
    inside = observed.arm >= 0
    columns, capped, filled = {name: observed.column(name) for name in plan.columns}, [], []
    for name in plan.covariates:
        missing = int(np.isnan(columns[name][inside]).sum())
        if missing:
            known = columns[name][inside & ~np.isnan(columns[name])]
            columns[name] = np.where(np.isnan(columns[name]), known.mean() if len(known) else 0.0, columns[name])
            filled.append((name, missing))
    for rule in plan.outliers:
        if rule.column not in columns:
            raise ModelError(f"outliers: found '{rule.column}', wanted one of {', '.join(columns)}")
        check_finite(columns[rule.column], rule.column, inside)
        columns[rule.column], told = cap(columns[rule.column], rule, inside)
        capped.append(told)
    return columns, tuple(capped), tuple(filled)


def _place(asked: tuple[str, str], known: list[tuple[str, str]]) -> int:
    if asked in known:
        return known.index(asked)
    told = "; ".join(f"{metric} of {arm}" for metric, arm in known)
    raise ModelError(f"effect: found '{asked[0]} of {asked[1]}', wanted one of {told}")
