"""How surely a segmentation would be found again, had other customers of the same kind been looked at.

Four questions, each asked by refitting to resamples and assigning all customers by what was fitted:

- `stability`, whole (Dolnicar and Leisch 2010, Evaluation of structure and reproducibility of cluster solutions using the
  bootstrap; ``bootFlexclust`` of the R package flexclust): two bootstrap samples, two solutions, one adjusted Rand index, for a
  range of numbers of segments; beside it the same for data without structure.
- `stability`, segment by segment within a solution (Dolnicar and Leisch 2017, Using segment level stability to select target
  segments; ``slswFlexclust``): the Jaccard index of each segment with the one most like it in a refit, the mean over
  the two refits of a pair.
- `across`, from a solution to the next finer one (same paper; ``slsaplot``): with ``p_i`` the share of a segment's customers
  that come from segment i of k, ``1 - H / log k`` where ``H = -sum p_i log p_i``. 1: all came from one segment.
- `assigned_stability` and `overlapping_stability`: the same for refits made elsewhere, such as rules with refitted cuts.

`choose_number` says which number of segments to take, or that none is stable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, mannwhitneyu

from smalti.errors import ModelError
from smalti.segments.quality.agreement import (
    Bools,
    Floats,
    Labels,
    adjusted_rand,
    contingency,
    jaccard_of,
    members_by_label,
)

__all__ = [
    "FOUND_AGAIN",
    "AssignedStability",
    "Choice",
    "Fit",
    "Predict",
    "Stability",
    "across",
    "assigned_stability",
    "choose_number",
    "median_interval",
    "overlapping_stability",
    "stability",
]

Predict: TypeAlias = Callable[[Floats], npt.NDArray[np.int64]]
"""Gives each customer her segment, from 0, by what is known of her, shape (n, traits)."""
Fit: TypeAlias = Callable[[Floats, int, np.random.Generator], Predict]
"""Fits so many segments to data, shape (n, traits), with randomness from the generator alone."""

FOUND_AGAIN = 0.75
"""Median Jaccard index from which a segment is found again (Hennig 2007, Cluster-wise assessment of cluster stability)."""
BY_CHANCE = 0.05
"""The chance of taking data without structure for structured that is put up with, for one number of segments."""


@dataclass(frozen=True, eq=False)
class Stability:
    """What resampling found, for each number of segments that was tried.

    Attributes:
        sizes: The numbers of segments k that were tried, ascending.
        agreement: Adjusted Rand index of each pair of refits, shape (sizes, pairs).
        reference: The same in data without structure: every trait shuffled by itself, anew for each pair; shape
            (sizes, reference pairs).
        segments: For each size the Jaccard index of every segment of its solution in each pair, shape (k, pairs).
        solutions: For each size the segments of the customers looked at, shape (customers,).
        rows: Which rows of the data were looked at, ascending, shape (customers,).
        lost: For each size in how many of the refits, two to a pair, a segment was left without anybody.
        sampled_from: How many customers there were, where only a sample of them was looked at; else None. Refits to a sample
            vary more than refits to all would, so that stability is then understated rather than overstated.
    """

    sizes: tuple[int, ...]
    agreement: Floats
    reference: Floats
    segments: tuple[Floats, ...]
    solutions: tuple[Labels, ...]
    rows: Labels
    lost: tuple[int, ...]
    sampled_from: int | None

    @property
    def medians(self) -> Floats:
        """Median adjusted Rand index of each size, shape (sizes,)."""
        return np.median(self.agreement, axis=1)

    @property
    def weakest(self) -> Floats:
        """Median Jaccard index of the least stable segment of each size, shape (sizes,); 0 where one is empty."""
        return np.array([np.nan_to_num(np.median(one, axis=1)).min() for one in self.segments])

    @property
    def by_chance(self) -> Floats:
        """How likely indexes so much higher than the reference are without structure, shape (sizes,); 1 without reference.

        One-sided p-value of the rank test of Mann and Whitney (1947). The pairs of one data set are not independent of each
        other, so it is a guide rather than an exact level; `choose_number` asks for more than this.
        """
        if not self.reference.shape[1]:
            return np.ones(len(self.sizes))
        test = mannwhitneyu(self.agreement, self.reference, alternative="greater", axis=1, method="asymptotic")
        return np.asarray(np.nan_to_num(test.pvalue, nan=1.0))

    def interval(self, size: int, level: float = 0.95) -> tuple[float, float]:
        """Interval of the median adjusted Rand index of one size; see `median_interval`."""
        return median_interval(self.agreement[self.sizes.index(size)], level)


@dataclass(frozen=True, eq=False)
class AssignedStability:
    """How stable segments are whose refits were made elsewhere.

    Attributes:
        agreement: Adjusted Rand index of refits 0 and 1, 2 and 3, and so on, shape (B // 2,); empty where segments overlap.
        with_given: Adjusted Rand index of each refit with the given segments, shape (B,); empty where segments overlap.
        segments: Jaccard index of each segment in each refit, shape (k, B); NaN where it is empty in both.
    """

    agreement: Floats
    with_given: Floats
    segments: Floats

    def interval(self, segment: int, level: float = 0.95) -> tuple[float, float]:
        """Interval of the median Jaccard index of one segment; see `median_interval`."""
        return median_interval(self.segments[segment], level)


@dataclass(frozen=True)
class Choice:
    """Which number of segments to take.

    Attributes:
        size: The number of segments; None where no number that was tried is stable.
        reason: Why, in words.
        stable: All numbers that are stable.
    """

    size: int | None
    reason: str
    stable: tuple[int, ...]


def median_interval(values: npt.ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Give an interval of the median that holds whatever the distribution, from order statistics.

    Of n sorted values the r-th smallest and the r-th largest hold the median between them with probability
    ``1 - 2 P(X < r)``, X being binomial (n, 1/2); r is the largest for which that is at least `level`. With fewer than 6 values
    none is at 95 %, and the smallest and the largest are given. NaN is passed over; of nothing both ends are NaN.

    >>> median_interval(range(1, 51))
    (18.0, 33.0)
    >>> median_interval([0.5, np.nan])
    (0.5, 0.5)
    """
    known = np.sort(np.asarray(values, dtype=np.float64))
    known = known[~np.isnan(known)]
    if not len(known):
        return np.nan, np.nan
    rank = max(int(binom.ppf((1 - level) / 2, len(known), 0.5)), 1)
    return float(known[rank - 1]), float(known[-rank])


def stability(
    data: npt.ArrayLike,
    fit: Fit,
    sizes: Sequence[int],
    *,
    pairs: int = 50,
    reference: int = 20,
    at_most: int = 2_000,
    seed: int = 0,
) -> Stability:
    """Refit to pairs of bootstrap samples and see whether the same segments come out.

    Every refit draws as many customers as are looked at, with replacement, and then assigns all who are looked at. All numbers
    of segments are tried on the same samples. The solutions the segments are compared with are fitted to all who are looked at.

    Args:
        data: What is known of each customer, shape (n, traits), nothing missing.
        fit: Fits segments and gives a function that assigns them.
        sizes: The numbers of segments to try.
        pairs: How many pairs of samples to draw.
        reference: How many pairs to draw from data without structure; 0 leaves the comparison out.
        at_most: How many customers to look at; of more a sample without replacement is taken.
        seed: Of all that is random.

    Raises:
        ModelError: Data that are no table of finite numbers, no sizes or sizes below 1, or fewer than 1 pair.

    >>> def halves(data, size, rng):
    ...     cut = data[:, 0].mean()
    ...     return lambda other: (other[:, 0] > cut).astype(np.int64)
    >>> found = stability(np.r_[np.zeros((40, 1)), np.ones((60, 1))], halves, [2], pairs=5, reference=0)
    >>> found.medians, found.weakest, found.lost
    (array([1.]), array([1.]), (0,))
    """
    known, tried = _table(data), tuple(sorted(set(sizes)))
    if not tried or tried[0] < 1 or pairs < 1:
        raise ModelError(f"stability: expected numbers of segments from 1 and at least 1 pair, got {tried} and {pairs}")
    rows = _sample(len(known), at_most, seed)
    looked_at = known[rows]
    solutions = tuple(fit(looked_at, size, np.random.default_rng([seed, 1, size]))(looked_at) for size in tried)
    agreement, lost = np.empty((len(tried), pairs)), np.zeros(len(tried), dtype=np.int64)
    segments = tuple(np.empty((size, pairs)) for size in tried)
    for pair in range(pairs):
        for at, (first, second) in enumerate(_refits(looked_at, fit, tried, (seed, 2, pair))):
            agreement[at, pair] = adjusted_rand(first, second)
            alike = [_found_again(solutions[at], refit, tried[at]) for refit in (first, second)]
            segments[at][:, pair] = (alike[0] + alike[1]) / 2
            lost[at] += sum(len(np.unique(refit)) < tried[at] for refit in (first, second))
    return Stability(
        tried,
        agreement,
        _without_structure(looked_at, fit, tried, reference, seed),
        segments,
        solutions,
        rows,
        tuple(int(count) for count in lost),
        len(known) if len(rows) < len(known) else None,
    )


def _table(data: npt.ArrayLike) -> Floats:
    known = np.asarray(data, dtype=np.float64)
    if known.ndim != 2 or len(known) < 2 or not np.isfinite(known).all():
        raise ModelError(
            f"stability: expected a table of at least 2 customers without missing values, got shape {known.shape}"
        )
    return known


def _sample(customers: int, at_most: int, seed: int) -> Labels:
    if customers <= at_most:
        return np.arange(customers)
    return np.sort(np.random.default_rng([seed, 0]).choice(customers, at_most, replace=False))


def _refits(data: Floats, fit: Fit, sizes: tuple[int, ...], seed: tuple[int, ...]) -> list[tuple[Labels, Labels]]:
    drawn = np.random.default_rng(seed).integers(0, len(data), (2, len(data)))
    return [
        (
            fit(data[drawn[0]], size, np.random.default_rng([*seed, size, 0]))(data),
            fit(data[drawn[1]], size, np.random.default_rng([*seed, size, 1]))(data),
        )
        for size in sizes
    ]


def _without_structure(data: Floats, fit: Fit, sizes: tuple[int, ...], pairs: int, seed: int) -> Floats:
    found = np.empty((len(sizes), pairs))
    for pair in range(pairs):
        shuffled = np.random.default_rng([seed, 3, pair]).permuted(data, axis=0)
        found[:, pair] = [adjusted_rand(*refits) for refits in _refits(shuffled, fit, sizes, (seed, 4, pair))]
    return found


def _found_again(solution: Labels, refit: Labels, size: int) -> Floats:
    found = np.zeros(size)
    alike = jaccard_of(contingency(solution, refit, nobody="aside"))
    found[: len(alike)] = np.nan_to_num(alike).max(axis=1, initial=0.0)
    return found


def across(solutions: Sequence[npt.ArrayLike]) -> tuple[Floats, ...]:
    """Say of each segment of a solution how wholly it comes from one segment of the solution before it.

    Args:
        solutions: Labels of the same customers, from 0, one array per solution, from coarse to fine; nobody's, -1, are
            left out.

    Returns:
        For the second solution and each after it, ``1 - H / log k`` of each of its segments, k being the number of segments
        before; NaN for an empty segment, and everywhere after a solution of one segment.

    >>> across([[0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 3, 3]])[1]
    array([1.        , 0.36907025, 1.        , 1.        ])
    """
    return tuple(_one_from(contingency(coarse, fine, nobody="aside")) for coarse, fine in pairwise(solutions))


def _one_from(table: Floats) -> Floats:
    totals = table.sum(axis=0)
    shares = np.divide(table, totals, out=np.full(table.shape, np.nan), where=totals > 0)
    entropy = -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=0)
    return np.asarray(1 - entropy / np.log(len(table))) if len(table) > 1 else np.full(table.shape[1], np.nan)


def assigned_stability(
    labels: npt.ArrayLike,
    resampled: npt.ArrayLike,
    *,
    segments: int | None = None,
    match: Literal["name", "best"] = "name",
) -> AssignedStability:
    """Judge exclusive segments by refits made elsewhere, each of which assigned all customers.

    Args:
        labels: The segment of each customer, from 0, or -1, shape (n,). Nobody's count as a group in the adjusted Rand index.
        resampled: The same by each of B refits, shape (B, n).
        segments: How many segments there are; None for the largest label in use.
        match: Whether a segment is compared with the one of its own name in the refit, or with the one most like it.

    Raises:
        ModelError: Refits of other customers, or no refit.

    >>> found = assigned_stability([0, 0, 1, 1], [[0, 0, 1, 1], [0, 1, 1, 1]])
    >>> found.agreement, found.with_given, found.segments.round(3)
    (array([0.]), array([1., 0.]), array([[1.   , 0.5  ],
           [1.   , 0.667]]))
    """
    given, refits = np.asarray(labels, dtype=np.int64), np.asarray(resampled, dtype=np.int64)
    if refits.ndim != 2 or refits.shape[1:] != given.shape or not len(refits):
        raise ModelError(f"refits: expected shape (refits, {len(given)}), got {refits.shape}")
    count = segments if segments is not None else int(max(given.max(initial=-1), refits.max(initial=-1))) + 1
    whole = members_by_label(given, count)
    alike = np.full((count, len(refits)), np.nan)
    for number, refit in enumerate(refits):
        again = members_by_label(refit, count)
        alike[:, number] = _by_name(whole, again) if match == "name" else _best(given, refit, count)
    paired = [adjusted_rand(refits[at], refits[at + 1]) for at in range(0, len(refits) - 1, 2)]
    return AssignedStability(np.array(paired), np.array([adjusted_rand(given, refit) for refit in refits]), alike)


def _best(given: Labels, refit: Labels, count: int) -> Floats:
    there = np.bincount(given[given >= 0], minlength=count) > 0
    return np.where(there, _found_again(given, refit, count), np.nan)


def _by_name(member: Bools, again: Bools) -> Floats:
    either = (member | again).sum(axis=1)
    both = (member & again).sum(axis=1)
    return np.asarray(np.divide(both, either, out=np.full(len(member), np.nan), where=either > 0))


def overlapping_stability(member: npt.ArrayLike, resampled: npt.ArrayLike) -> AssignedStability:
    """Judge segments that may overlap by refits made elsewhere: each is compared with the one of its own name.

    Args:
        member: Whether each customer is in each segment, shape (k, n).
        resampled: The same by each of B refits, shape (B, k, n).

    Raises:
        ModelError: Refits of other segments or customers.

    >>> overlapping_stability([[True, True, False]], [[[True, False, False]], [[True, True, False]]]).segments
    array([[0.5, 1. ]])
    """
    given, refits = np.asarray(member, dtype=np.bool_), np.asarray(resampled, dtype=np.bool_)
    if refits.ndim != 3 or refits.shape[1:] != given.shape or not len(refits):
        raise ModelError(f"refits: expected shape (refits, *{given.shape}), got {refits.shape}")
    alike = np.stack([_by_name(given, again) for again in refits], axis=1)
    return AssignedStability(np.empty(0), np.empty(0), alike)


def choose_number(found: Stability, found_again: float = FOUND_AGAIN) -> Choice:
    """Take the largest number of segments that is stable as a whole and in each of its segments.

    A number is stable if (1) its adjusted Rand indexes are higher than data without structure give, at 5 %, and (2) the
    least stable segment of its solution is found again: its median Jaccard index is at least `found_again`. The largest is
    taken because more segments tell more of the customers, as long as all of them are found again (Dolnicar, Gruen and Leisch
    2018, Market Segmentation Analysis, read the most segments that are still well replicated off a box plot).
    One segment is never chosen: it is the absence of a segmentation.

    Without reference pairs (1) cannot be shown and nothing is chosen.
    """
    weakest, by_chance = found.weakest, found.by_chance
    structured = [at for at, size in enumerate(found.sizes) if size > 1 and by_chance[at] <= BY_CHANCE]
    if not structured:
        return Choice(None, "No number of segments is found again more surely than in data without structure.", ())
    stable = [at for at in structured if weakest[at] >= found_again]
    if not stable:
        best = max(structured, key=lambda at: weakest[at])
        return Choice(
            None,
            f"No number of segments has all its segments found again: at best, with {found.sizes[best]}, the least stable is "
            f"found again with a Jaccard index of {weakest[best]:.2f}, below {found_again:.2f}.",
            (),
        )
    return Choice(
        found.sizes[stable[-1]], _why(found, stable[-1], weakest, found_again), tuple(found.sizes[at] for at in stable)
    )


def _why(found: Stability, at: int, weakest: Floats, found_again: float) -> str:
    size = found.sizes[at]
    reason = (
        f"{size} is the largest number of segments all of which are found again: two refits agree with a median adjusted Rand "
        f"index of {found.medians[at]:.2f}, and the least stable segment has a median Jaccard index of {weakest[at]:.2f}."
    )
    if at + 1 == len(found.sizes):
        return f"{reason} It is the largest that was tried: larger numbers may be stable too."
    if weakest[at + 1] < found_again:
        return f"{reason} With {found.sizes[at + 1]}, one has {weakest[at + 1]:.2f}."
    return f"{reason} With {found.sizes[at + 1]}, refits agree no better than in data without structure."
