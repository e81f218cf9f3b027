"""Small groups that hold much of the money and that nobody has a segment for.

Conditions on traits, and pairs of them, are tried on one half of the customers; the best are confirmed on the other
half, which had no part in choosing them, so that the number that is told does not flatter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from smalti.facts import Type
from smalti.rules import Compare, Literal, Name, write
from smalti.segments.quality.bars import Bars
from smalti.segments.quality.findings import Finding, percent, unshown
from smalti.segments.quality.grouping import Booleans, Floats, Integers
from smalti.segments.quality.intervals import LEVEL, Estimate, money_share, value_per_head

EVERYBODY = "all customers"
"""The segmentation that niches are told of: they are looked for among everybody."""
SEARCHED = 100_000
"""At most this many customers are searched, drawn at random; all others confirm. A niche of 0.3 % has 300 of them."""
CONDITIONS = 300
"""At most this many conditions are paired, the most promising ones."""
TEXTS = 50
"""At most this many values of a text trait are tried, the most frequent ones."""
CONFIRMED = 5
"""At most this many niches are put to the test."""
FEWEST = 5
"""Fewest members of a niche on the half that is searched."""
_CAUTION = 2.0
_LOWER = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5)
_UPPER = (0.5, 0.75, 0.9, 0.95, 0.98, 0.995)
_KNOWN = 0.8
_EXACT = 2**53

Values: TypeAlias = npt.NDArray[Any]
"""A trait's values: numbers with NaN where missing, booleans, or texts with None where missing."""


@dataclass(frozen=True)
class Condition:
    """A comparison of one trait with one value.

    Attributes:
        trait: The trait.
        operator: One of ``= >= <``.
        value: A text, a boolean or a number.
    """

    trait: str
    operator: str
    value: str | bool | float

    @property
    def text(self) -> str:
        """The condition in the language.

        >>> print(Condition("Marital Status", "=", "it's").text)
        "Marital Status" = 'it''s'
        """
        return write(Compare(self.operator, Name(self.trait), self._literal()))

    def holds(self, values: Values) -> Booleans:
        """Answer it for each value; missing is no."""
        if self.operator == "=":
            return np.asarray(values == self.value, dtype=bool)
        number, cut = values.astype(np.float64), float(self.value)
        return np.asarray(number >= cut if self.operator == ">=" else number < cut, dtype=bool)

    def _literal(self) -> Literal:
        if isinstance(self.value, bool):
            return Literal(self.value, Type.BOOLEAN)
        if isinstance(self.value, str):
            return Literal(self.value, Type.TEXT)
        whole = float(self.value).is_integer() and abs(self.value) < _EXACT
        return Literal(int(self.value), Type.INTEGER) if whole else Literal(self.value, Type.NUMBER)


@dataclass(frozen=True)
class Niche:
    """A small group with much of the money. All numbers but `members` are of customers who had no part in finding it.

    Attributes:
        conditions: What its members have in common.
        rule: The same as a rule in the language.
        members: How many customers are in it, of all.
        share: Share of customers.
        money: Share of the money they hold, with a 95 % interval.
        lift: The one over the other, with a 95 % interval that holds for all niches confirmed together.
    """

    conditions: tuple[Condition, ...]
    rule: str
    members: int
    share: float
    money: Estimate
    lift: Estimate


def find_niches(
    traits: Mapping[str, Values], money: Floats, segments: Booleans | None, bars: Bars, seed: int = 0
) -> list[Niche]:
    """Search for small groups with much of the money, those with the most beyond the bar first.

    A group is promising by the money it holds beyond `bars.niche_lift` times its share, less twice its standard error: so one
    rich customer does not make a niche. What an existing segment already says is left out.

    Args:
        traits: What conditions may be made of, n values each. Traits that restate the money itself must not be among
        them. Money
            is in the currency's major unit, as the language writes it.
        money: What each of n customers is worth; what is negative or missing counts as nothing.
        segments: Who is in each segment there is, K x n, or None.
        bars: How small, and how rich.
        seed: Decides the halves.
    """
    worth = np.maximum(np.nan_to_num(money), 0.0)
    n = len(worth)
    searched, others = _halves(worth, seed)
    if len(searched) < FEWEST or worth[searched].sum() <= 0 or worth[others].sum() <= 0:
        return []
    groups = _promising({name: values[searched] for name, values in traits.items()}, worth[searched], bars)
    level = 1 - (1 - LEVEL) / max(1, len(groups))
    found = []
    for conditions in groups:
        inside = _everyone(conditions, traits, others)
        share, money_held = float(inside.mean()), money_share(inside, worth[others])
        lift = value_per_head(inside, worth[others], level)
        known = segments is not None and _known(inside, segments[:, others], bars)
        if lift.low >= bars.niche_lift and share <= bars.niche_share and not known:
            members = int(_everyone(conditions, traits, np.arange(n)).sum())
            rule = " and ".join(one.text for one in conditions)
            found.append(Niche(conditions, rule, members, members / n, money_held, lift))
    return sorted(found, key=lambda one: -(one.money.value - bars.niche_lift * one.share))


def niches(
    traits: Mapping[str, Values], money: Floats | None, segments: Booleans | None, bars: Bars, seed: int = 0
) -> list[Finding]:
    """Tell the niches that nobody has a segment for; arguments as of `find_niches`."""
    if money is None or not traits:
        text = "Without money and traits, niches cannot be looked for."
        return [unshown("niche", EVERYBODY, text, "Give orders with amounts, and traits.")]
    measure = (
        "times its share of the money, on customers who had no part in finding it; interval over all niches together"
    )
    found = []
    for one in find_niches(traits, money, segments, bars, seed):
        text = f"{one.members:,} customers with {one.rule}, {percent(one.share)} of all, hold {percent(one.money.value)} of "
        text += f"the money ({percent(one.money.low)} to {percent(one.money.high)}), and no segment is about them."
        advice = f"Make them a segment: `who: {one.rule}`."
        ends = (one.lift.value, one.lift.low, one.lift.high)
        found.append(Finding("niche", EVERYBODY, None, "warning", measure, *ends, text, advice))
    if not found:
        text = f"No group of at most {percent(bars.niche_share)} of the customers was found that holds "
        text += f"{bars.niche_lift:g} times its share of the money and has no segment."
        found.append(Finding("niche", EVERYBODY, None, "passed", measure, None, None, None, text, ""))
    return found


def conditions_of(name: str, values: Values) -> list[Condition]:
    """List the conditions that can be made of a trait: its frequent texts, true and false, or cuts rounded to three digits.

    >>> [one.text for one in conditions_of("vip", np.array([True, False, False]))]
    ['vip = true', 'vip = false']
    """
    if values.dtype == np.bool_:
        return [Condition(name, "=", True), Condition(name, "=", False)]
    if values.dtype.kind in "OUS":
        known = np.array([value for value in values if value is not None], dtype=str)
        texts, counts = np.unique(known, return_counts=True)
        order = np.lexsort((texts, -counts))[:TEXTS]
        return [Condition(name, "=", str(texts[place])) for place in order if counts[place] >= FEWEST]
    number = values.astype(np.float64)
    number = number[np.isfinite(number)]
    if len(number) == 0:
        return []
    found = []
    for operator, parts in (("<", _LOWER), (">=", _UPPER)):
        cuts = {_rounded(float(cut)) for cut in np.quantile(number, parts, method="inverted_cdf")}
        found += [Condition(name, operator, cut) for cut in sorted(cuts)]
    return found


def _halves(worth: Floats, seed: int) -> tuple[Integers, Integers]:
    """Draw those who are searched, one of each run of customers with nearly the same money; all others confirm.

    So both sides have as many rich customers. That does not flatter: given the money, what one side's traits are says
    nothing of the other's.
    """
    rng, n = np.random.default_rng([seed, 0]), len(worth)
    mixed = rng.permutation(n)
    order = mixed[np.argsort(worth[mixed], kind="stable")]
    edges = np.linspace(0, n, min(n // 2, SEARCHED) + 1).astype(np.int64)
    drawn = edges[:-1] + (rng.random(len(edges) - 1) * np.diff(edges)).astype(np.int64)
    taken = np.zeros(n, dtype=bool)
    taken[order[drawn]] = True
    return np.flatnonzero(taken), np.flatnonzero(~taken)


def _promising(traits: Mapping[str, Values], worth: Floats, bars: Bars) -> list[tuple[Condition, ...]]:
    """Try all conditions and all pairs of the most promising ones; give those that differ from each other, the best first."""
    listed = [one for name, values in traits.items() for one in conditions_of(name, values)]
    holding = [one.holds(traits[one.trait]) for one in listed]
    kept = [place for place, who in enumerate(holding) if FEWEST <= int(who.sum()) < len(worth)]
    if not kept:
        return []
    value = worth / worth.mean()
    means = np.array([float(value[holding[place]].mean()) for place in kept])
    errors = np.array([float(value[holding[place]].std() / holding[place].sum() ** 0.5) for place in kept])
    best = np.sort(np.lexsort((np.arange(len(kept)), -(means - 1) / np.maximum(errors, 1e-9)))[:CONDITIONS])
    pool = [listed[kept[place]] for place in best]
    rows = np.array([holding[kept[place]] for place in best])
    scores = _scores(rows, value, bars)
    scores[np.tril_indices(len(pool), -1)] = -np.inf
    scores[~np.eye(len(pool), dtype=bool)] *= 0.95
    chosen: list[tuple[Condition, ...]] = []
    taken: list[Booleans] = []
    for flat in np.argsort(-scores, axis=None, kind="stable"):
        first, second = divmod(int(flat), len(pool))
        if scores[first, second] <= 0 or len(chosen) == CONFIRMED:
            break
        inside = rows[first] & rows[second]
        if not any(int((inside & other).sum()) > 0.3 * min(int(inside.sum()), int(other.sum())) for other in taken):
            taken.append(inside)
            chosen.append((pool[first],) if first == second else (pool[first], pool[second]))
    return chosen


def _scores(rows: Booleans, value: Floats, bars: Bars) -> Floats:
    """Give for each pair of conditions the money held beyond the bar, less twice its standard error, in average customers."""
    held = rows.astype(np.float32)
    counts = (held @ held.T).astype(np.float64)
    sums = ((held * value.astype(np.float32)) @ held.T).astype(np.float64)
    squares = ((held * np.square(value).astype(np.float32)) @ held.T).astype(np.float64)
    spread = np.sqrt(np.maximum(squares - sums**2 / np.maximum(counts, 1), 0.0))
    scores: Floats = sums - bars.niche_lift * counts - _CAUTION * spread
    scores[(counts < FEWEST) | (counts > bars.niche_share * rows.shape[1])] = -np.inf
    return scores


def _everyone(conditions: Sequence[Condition], traits: Mapping[str, Values], rows: Integers) -> Booleans:
    inside = np.ones(len(rows), dtype=bool)
    for one in conditions:
        inside &= one.holds(traits[one.trait][rows])
    return inside


def _known(inside: Booleans, segments: Booleans, bars: Bars) -> bool:
    """Whether a segment is about them: as small as a niche and holding most of them, or much the same people."""
    shared = np.count_nonzero(segments & inside, axis=1)
    sizes, members = np.count_nonzero(segments, axis=1), int(inside.sum())
    within = (shared >= _KNOWN * members) & (sizes <= bars.niche_share * len(inside))
    return bool((within | (2 * shared >= sizes + members - shared)).any())


def _rounded(cut: float) -> float:
    return float(f"{cut:.3g}")
