"""Who is in which arm: many customers at once, or one."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.errors import ModelError
from smalti.experiments.assignment.draw import CustomerIds, as_text, bucket, is_text
from smalti.experiments.assignment.experiment import Experiment, Stratum
from smalti.experiments.logged import Booleans, Floats, Integers
from smalti.facts import draw_of

Strata: TypeAlias = "Sequence[str | None] | pa.Array | pa.ChunkedArray"
"""Of each customer the stratum, None where it isn't known; shape (n,)."""

_PLACES = 12


@dataclass(frozen=True, eq=False)
class Assigned:
    """The customers of an experiment, and all others who were asked about.

    Attributes:
        experiment: Its name.
        arms: The names of the arms.
        customer_ids: Who; shape (n,).
        arm: The place of her arm, -1 for who isn't in the experiment; shape (n,).
        probability: The chance of just this arm, given that she is in the experiment; NaN for who isn't; shape (n,).
        held_out: Whether she is held out of everything the experiment tries; shape (n,).
    """

    experiment: str
    arms: tuple[str, ...]
    customer_ids: pa.LargeStringArray
    arm: Integers
    probability: Floats
    held_out: Booleans

    @property
    def sizes(self) -> dict[str, int]:
        """How many customers each arm has."""
        counts = np.bincount(self.arm[self.arm >= 0], minlength=len(self.arms))
        return dict(zip(self.arms, counts.tolist(), strict=True))


def assign(experiment: Experiment, customer_ids: CustomerIds, strata: Strata | None = None) -> Assigned:
    """Assign customers to the arms of an experiment.

    It hangs on nothing but the experiment, each customer's own id and her stratum: the same in every batch, in any order,
    live (`assign_one`) and in SQL (`rule_of`). Hold-outs are taken out first, then the layer is cut by its own draw, then
    the experiment's draw says the arm, and whether the ramp has reached her.

    Args:
        experiment: The experiment.
        customer_ids: Who could be in it; shape (n,).
        strata: Their strata, where cuts were fitted to strata; shape (n,).

    Raises:
        ModelError: An id isn't text, or there are not as many strata as customers.

    Examples:
        >>> from smalti.experiments.assignment.experiment import Arm
        >>> ids = [f"C{number}" for number in range(1000)]
        >>> assign(Experiment("spring", (Arm("none"), Arm("mail", 3))), ids).sizes
        {'none': 220, 'mail': 780}
    """
    ids = as_text(customer_ids)
    held, inside = _places(experiment, ids)
    draw = bucket(experiment.salt, ids)
    cuts, ends = _tables(experiment)
    row = _rows(experiment, strata, len(ids))
    arm = np.zeros(len(ids), np.int64)
    for place in range(1, len(experiment.arms)):
        arm += draw >= cuts[row, place]
    inside &= draw < ends[row, arm]
    chances = np.array(experiment.weights)[arm]
    places = np.where(inside, arm, -1)
    return Assigned(
        experiment.name, experiment.arm_names, ids, places, np.where(inside, chances, np.nan).astype(np.float64), held
    )


def assign_one(experiment: Experiment, customer_id: str, stratum: str | None = None) -> tuple[str | None, float]:
    """Give one customer's arm, None where she isn't in the experiment, and the chance of it (NaN then).

    Examples:
        >>> from smalti.experiments.assignment.experiment import Arm
        >>> assign_one(Experiment("spring", (Arm("none"), Arm("mail", 3))), "C7")
        ('none', 0.25)
    """
    nowhere = None, math.nan
    if any(draw_of(one.salt, customer_id) < one.share for one in experiment.held_out):
        return nowhere
    layer = experiment.layer
    if layer is not None and not layer.start <= draw_of(layer.name, customer_id) < layer.end:
        return nowhere
    draw, cuts = draw_of(experiment.salt, customer_id), experiment.cuts(stratum)
    place = bisect_right(cuts, draw) - 1
    inside = draw < experiment.ends(cuts)[place]
    return (experiment.arm_names[place], experiment.weights[place]) if inside else nowhere


def fit_strata(experiment: Experiment, customer_ids: CustomerIds, strata: Strata) -> Experiment:
    """Fit cuts to each stratum, so that its customers are shared out among the arms exactly by weight.

    Exactly means at full ramp, and up to one customer, whom the stratum's own draw gives to an arm, so that no arm is
    favoured where strata are small. The cuts are values: once fitted they stay while the experiment runs, newcomers are
    assigned by them, and nobody moves. Those who are held out or outside the layer don't count.

    Args:
        experiment: The experiment; cuts it has already are replaced.
        customer_ids: Who could be in it; none twice; shape (n,).
        strata: The stratum of each; those without one are cut by the weights; shape (n,).

    Returns:
        The experiment with its strata, in the order of their names.

    Raises:
        ModelError: An id isn't text or is there twice, or there are not as many strata as customers.

    Examples:
        >>> from smalti.experiments.assignment.experiment import Arm
        >>> ids, where = [f"C{number}" for number in range(100)], ["FR", "DE"] * 50
        >>> spring = fit_strata(Experiment("spring", (Arm("none"), Arm("mail"))), ids, where)
        >>> assign(spring, ids[::2], where[::2]).sizes, assign(spring, ids[1::2], where[1::2]).sizes
        ({'none': 25, 'mail': 25}, {'none': 25, 'mail': 25})
    """
    ids = as_text(customer_ids)
    if twice := len(ids) - pc.count_distinct(ids).as_py():
        raise ModelError(f"customer ids: expected each customer once, got {twice:,} repeated")
    codes, names = _coded(strata, len(ids))
    _, inside = _places(experiment, ids)
    rows = np.flatnonzero(inside & (codes >= 0))
    rows = rows[np.lexsort((bucket(experiment.salt, ids)[rows], codes[rows]))]
    draws = bucket(experiment.salt, ids.take(pa.array(rows)))
    bounds, wanted = np.searchsorted(codes[rows], np.arange(len(names) + 1)), replace(experiment, strata=()).cuts()
    fitted = [
        Stratum(name, _fitted(wanted, draw_of(experiment.salt, f"stratum {name}"), draws[low:high]))
        for name, (low, high) in zip(names, pairwise(bounds), strict=True)
        if high > low
    ]
    return replace(experiment, strata=tuple(sorted(fitted, key=lambda one: one.name)))


def _fitted(wanted: Sequence[float], lot: float, draws: Floats) -> tuple[float, ...]:
    """Give cuts between sorted draws so that as many lie in each arm as its weight says, the odd one by lot."""
    cuts = [0.0]
    for cut in wanted[1:-1]:
        before = int(cut * len(draws) + lot)
        low = float(draws[before - 1]) if before else -1.0
        high = float(draws[before]) if before < len(draws) else 1.0
        cuts.append(max(cuts[-1], _near(cut, low, high)))
    return tuple(cuts[1:])


def _near(wanted: float, low: float, high: float) -> float:
    """Give a number above one draw and not above the next: the one wanted if it is, else a short one near to it."""
    if low < wanted <= high:
        return wanted
    end = low if wanted <= low else high
    return next((cut for places in range(1, _PLACES) if low < (cut := round(end, places)) <= high), high)


def _places(experiment: Experiment, ids: pa.LargeStringArray) -> tuple[Booleans, Booleans]:
    """Tell who is held out, and who could be in the experiment."""
    held = np.zeros(len(ids), np.bool_)
    for one in experiment.held_out:
        held |= bucket(one.salt, ids) < one.share
    inside = ~held
    if experiment.layer is not None:
        draw = bucket(experiment.layer.name, ids)
        inside &= (draw >= experiment.layer.start) & (draw < experiment.layer.end)
    return held, inside


def _tables(experiment: Experiment) -> tuple[Floats, Floats]:
    """Give the cuts and ends of every fitted stratum, and last those of all others."""
    cuts = [*((0.0, *stratum.cuts, 1.0) for stratum in experiment.strata), experiment.cuts()]
    return np.array(cuts), np.array([experiment.ends(one) for one in cuts])


def _rows(experiment: Experiment, strata: Strata | None, count: int) -> Integers:
    """Give the row of each customer in these tables."""
    others = len(experiment.strata)
    if strata is None:
        return np.full(count, others, np.int64)
    codes, names = _coded(strata, count)
    known = {stratum.name: place for place, stratum in enumerate(experiment.strata)}
    rows = np.array([*(known.get(name, others) for name in names), others], np.int64)
    return rows[codes]


def _coded(strata: Strata, count: int) -> tuple[Integers, list[str]]:
    """Give the strata as places in a list of their names, -1 for none."""
    try:
        column = strata if isinstance(strata, pa.Array | pa.ChunkedArray) else pa.array(strata, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as wrong:
        raise ModelError(f"strata: expected text, got {wrong}") from wrong
    if len(column) != count:
        raise ModelError(f"strata: expected {count} rows, one for each customer, got {len(column)}")
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    if not (is_text(coded.type.value_type) or whole.null_count == count):
        raise ModelError(f"strata: expected text, got {coded.type.value_type}")
    return coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), coded.dictionary.to_pylist()
