"""What sets the members of a segment apart from everyone else, trait by trait, and how sure that is.

Numbers are compared by Cliff's delta: how much more often a member exceeds an outsider than falls short. Neither units nor
a few extreme customers decide it. Texts and yes-or-no are compared by the difference of two shares. Each trait is sorted once;
a segment then only counts how often each value occurs inside and outside.

Sources: Cliff, Dominance statistics (1993); DeLong, DeLong and Clarke-Pearson (1988), in the counted form; Brunner and Munzel
(2000); Newcombe, Interval estimation for the difference between independent proportions (1998), method 10; Holm (1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln, stdtr
from scipy.stats import fisher_exact, norm

from smalti.segments.drawing import Drawn, Floats, Integers
from smalti.segments.quality.intervals import (
    LEVEL,
    SMALL_GROUP,
    Estimate,
    chance_of,
    delta_interval,
    error_by_chance,
    holm,
    reach_of,
    wilson,
)

BAR = 0.05
"""The chance, at most, that any of the effects of a segmentation that are called sure is none (Holm)."""
SMALL = 0.147
"""Effects nearer to nothing than this are negligible, however sure (Romano et al., 2006)."""
_FEW = 5
_SAME = 0.8
_CORRELATED = 10_000


@dataclass(frozen=True)
class Spread:
    """A number over some customers.

    Attributes:
        known: How many of them have it.
        bottom: 2.5 % are below this.
        q25: The lower quartile.
        median: The median.
        q75: The upper quartile.
        top: 2.5 % are above this.
    """

    known: int
    bottom: float
    q25: float
    median: float
    q75: float
    top: float


@dataclass(frozen=True)
class Part:
    """How many of some customers have one value of a text.

    Attributes:
        known: How many of them have any.
        value: The value.
        share: The share of those known that have this one.
    """

    known: int
    value: str
    share: float


@dataclass(frozen=True)
class Effect:
    """How one trait differs inside and outside a segment.

    Attributes:
        trait: The trait's name.
        inside: The members.
        outside: Everyone else.
        effect: Cliff's delta, or the difference of the shares; from -1 to 1.
        low: Low end of its 95 % interval.
        high: High end.
        p: The chance of such an effect where there is none; of a text, for the most different of its values.
        sure: Whether it clears the bar after Holm's correction for all that was compared.
    """

    trait: str
    inside: Spread | Part
    outside: Spread | Part
    effect: float
    low: float
    high: float
    p: float
    sure: bool = False

    @property
    def superiority(self) -> float:
        """How often a member exceeds an outsider, equals counted half: 0.5 where neither is above the other."""
        return (1 + self.effect) / 2

    @property
    def lift(self) -> float | None:
        """How many times the outsiders' share the members' is; None of numbers, and where no outsider has the value."""
        if isinstance(self.inside, Spread) or isinstance(self.outside, Spread) or not self.outside.share:
            return None
        return self.inside.share / self.outside.share


@dataclass(frozen=True, eq=False)
class Compared:
    """A trait of n customers, sorted once.

    Attributes:
        name: The trait.
        codes: For each customer the place of her value, -1 where it is missing.
        values: The different values: numbers ascending, or texts.
        yes_no: Whether it is yes or no, so that only yes is told.
    """

    name: str
    codes: Integers
    values: Floats | tuple[str, ...]
    yes_no: bool = False

    @property
    def number(self) -> bool:
        """Whether it is a number."""
        return isinstance(self.values, np.ndarray)

    def counts(self, rows: Integers) -> Counts:
        """Count how often each value occurs among some customers."""
        return Counts.of(np.bincount(self.codes[rows] + 1, minlength=len(self.values) + 1)[1:])


def measured(name: str, values: Floats) -> Compared:
    """Sort a trait that is a number, NaN where it is missing.

    >>> measured("orders", np.array([5.0, np.nan, 1.0])).codes.tolist()
    [1, -1, 0]
    """
    known = ~np.isnan(values)
    different, places = np.unique(values[known], return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[known] = places
    return Compared(name, codes, different)


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each value of a trait, in order, occurs among some customers.

    Attributes:
        each: The counts.
        ends: Their running sum.
    """

    each: Integers
    ends: Integers

    @classmethod
    def of(cls, each: Integers) -> Counts:
        """Sum counts up."""
        return cls(each, np.cumsum(each))

    @property
    def known(self) -> int:
        """How many customers there are with any value."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def without(self, some: Counts) -> Counts:
        """Leave some of the customers out."""
        return Counts(self.each - some.each, self.ends - some.ends)


def counted(inside: Counts, outside: Counts) -> tuple[float, float, float]:
    """Give Cliff's delta, its standard error, and the chance of it where there is none, from counts of sorted values.

    The chance is that of Brunner and Munzel, by a t distribution with Satterthwaite's degrees of freedom; where the two groups
    do not overlap at all, that of a permutation.

    Args:
        inside: How often each value occurs in one group; at least two in all.
        outside: The same of the other group.

    >>> counted(Counts.of(np.array([0, 0, 1, 1])), Counts.of(np.array([1, 1, 1, 0])))[0]
    0.8333333333333334
    """
    n, m = inside.known, outside.known
    met = np.flatnonzero(inside.each)
    own, above = inside.each[met], 2 * outside.ends[met] - outside.each[met] - m
    delta = float((own * above).sum() / n / m)
    over = float((own * np.square(above / m - delta)).sum())
    under = _spread_outside(inside, outside, met, delta)
    spreads = over / (n - 1) / n, under / (m - 1) / m
    variance = sum(spreads)
    if variance <= 1e-18:
        apart = float(np.exp(np.log(2) - gammaln(n + m + 1) + gammaln(n + 1) + gammaln(m + 1)))
        return delta, 0.0, min(1.0, apart) if abs(delta) > 0.5 else 1.0
    error = float(np.sqrt(variance))
    freedom = variance**2 / (spreads[0] ** 2 / (n - 1) + spreads[1] ** 2 / (m - 1))
    return delta, error, float(2 * stdtr(freedom, -abs(delta) / error))


def _spread_outside(inside: Counts, outside: Counts, met: Integers, delta: float) -> float:
    """Sum the squares of the outsiders' placements about their mean, at the members' values and in the gaps between them."""
    n, ends = inside.known, inside.ends[met]
    equal = outside.each[met]
    between = np.diff(np.concatenate([[0], outside.ends[met] - equal, [outside.known]]))
    between[1:] -= equal
    at = np.square((2 * ends - inside.each[met] - n) / n + delta)
    off = np.square((2 * np.concatenate([[0], ends]) - n) / n + delta)
    return float((equal * at).sum() + (between * off).sum())


def newcombe(first: tuple[int, int], second: tuple[int, int], level: float = LEVEL) -> Estimate:
    """Estimate the difference of two shares, each given as a count and a total, with Newcombe's hybrid score interval.

    >>> estimate = newcombe((56, 70), (48, 80))  # the paper's own example: 0.0524 to 0.3339
    >>> round(estimate.value, 4), round(estimate.low, 4), round(estimate.high, 4)
    (0.2, 0.0524, 0.3339)
    """
    one, other = wilson(*first, level), wilson(*second, level)
    difference = one.value - other.value
    down = np.hypot(one.value - one.low, other.high - other.value)
    up = np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(difference, max(-1.0, float(difference - down)), min(1.0, float(difference + up)))


def cautious(own: Counts, other: Counts) -> tuple[float, float, float]:
    """Give what `counted` gives, but never surer than what drawing both groups from the same values allows.

    DeLong's error of a small group rests on the group's own spread: where all of ten members have the value that most have, as
    chance will have it, it is nearly nothing. So for small groups the error is at least Wilcoxon's, and for all the chance is.
    """
    delta, error, p = counted(own, other)
    if not error:
        return delta, error, p
    chance = chance_of(delta, own.each, other.each)
    lone = max(own.each.max() == own.known, other.each.max() == other.known)
    if lone or min(own.known, other.known) < SMALL_GROUP:
        error = max(error, error_by_chance(own.known, other.known, own.each + other.each))
    return delta, error, max(p, chance)


def compare(trait: Compared, own: Counts, other: Counts) -> Effect | None:
    """Compare members with others on one trait; None where one side knows nothing of it.

    Args:
        trait: The trait.
        own: The members' values.
        other: The others'.
    """
    n, m = own.known, other.known
    if not n or not m:
        return None
    if not isinstance(trait.values, np.ndarray):
        return _shares(trait, own, other)
    delta, error, p = cautious(own, other) if min(n, m) > 1 else (_lone(own, other), float("nan"), 1.0)
    low, high = _ends(delta, error, min(n, m))
    return Effect(trait.name, spread(trait.values, own), spread(trait.values, other), delta, low, high, p)


def effects(traits: Sequence[Compared], drawn: Drawn, segmentations: Sequence[str]) -> tuple[tuple[Effect, ...], ...]:
    """Compare each segment with everyone else on each trait, the largest effect first.

    All comparisons of a segmentation are one family: the chance that any of those called sure is none is `BAR` at most.

    Args:
        traits: The traits of the customers drawn.
        drawn: Whom to compare.
        segmentations: The segmentation of each segment.

    >>> from smalti.segments.drawing import draw
    >>> spend = measured("spend", np.array([1.0, 2.0, 3.0, 4.0]))
    >>> [[effect]] = effects([spend], draw([np.array([False, False, True, True])], 4, seed=0), ["tiers"])
    >>> effect.effect, effect.inside.median, effect.outside.median, effect.sure
    (1.0, 3.5, 1.5, False)
    """
    found: list[list[Effect]] = [[] for _ in drawn.inside]
    for trait in traits:
        everyone = trait.counts(drawn.everyone)
        for mine, inside, among in zip(found, drawn.inside, drawn.among, strict=True):
            own = trait.counts(inside)
            other = everyone.without(own if inside is among else trait.counts(among))
            mine.extend(filter(None, [compare(trait, own, other)]))
    for name in dict.fromkeys(segmentations):
        places = [place for place, segmentation in enumerate(segmentations) if segmentation == name]
        sure = iter(holm(np.array([one.p for place in places for one in found[place]])) <= BAR)
        for place in places:
            found[place] = [replace(one, sure=bool(next(sure))) for one in found[place]]
    return tuple(tuple(sorted(mine, key=lambda one: (-abs(one.effect), one.trait))) for mine in found)


def telling(mine: Sequence[Effect], alike: Mapping[str, frozenset[str]], most: int) -> tuple[Effect, ...]:
    """Pick the effects worth telling: sure, not negligible, and none that only says again what was said.

    Args:
        mine: A segment's effects, the largest first.
        alike: Traits that say the same as a trait, as `same` gives them.
        most: How many at most.
    """
    chosen: list[Effect] = []
    for one in mine:
        told = any(one.trait in alike.get(before.trait, ()) for before in chosen)
        if one.sure and abs(one.effect) >= SMALL and not told:
            chosen.append(one)
    return tuple(chosen[:most])


def same(traits: Sequence[Compared]) -> dict[str, frozenset[str]]:
    """Find numbers that say the same: those whose ranks correlate by 0.8 or more either way (over 10,000 customers at most).

    >>> rows = np.arange(9.0)
    >>> same([measured("orders", rows), measured("spend", rows**3), measured("age", rows % 2)])["orders"]
    frozenset({'spend'})
    """
    numbers = [trait for trait in traits if trait.number]
    if not numbers:
        return {}
    step = max(1, -(-len(numbers[0].codes) // _CORRELATED))
    ranks = np.stack([_centred(trait.codes[::step]) for trait in numbers])
    scale = np.sqrt(np.square(ranks).sum(axis=1))
    ranks /= np.where(scale > 0, scale, 1.0)[:, None]
    close = np.abs(np.round(ranks @ ranks.T, 6)) >= _SAME
    names = [trait.name for trait in numbers]
    return {
        name: frozenset(other for other, near in zip(names, row, strict=True) if near and other != name)
        for name, row in zip(names, close, strict=True)
    }


def _centred(codes: Integers) -> Floats:
    """Give mid-ranks around 0; whoever is unknown is in the middle."""
    counts = np.bincount(codes + 1)[1:]
    middle = 2 * np.cumsum(counts) - counts - counts.sum()
    return np.append(middle, 0).astype(np.float64)[codes]


def _lone(own: Counts, other: Counts) -> float:
    m = other.known
    return float((own.each * (2 * other.ends - other.each - m)).sum() / m / own.known)


def _ends(delta: float, error: float, size: int) -> tuple[float, float]:
    """Give the interval; of one customer nothing is known, and where all are equal, unlike ones may be as rare as unseen."""
    if np.isnan(error):
        return -1.0, 1.0
    if error == 0 and abs(delta) < 1:
        square = reach_of(LEVEL) ** 2 / size
        return -square / (1 + square), square / (1 + square)
    ends = delta_interval(np.array([delta]), np.array([error]), np.array([float(size)]), LEVEL)
    return float(ends[0][0]), float(ends[1][0])


def spread(values: Floats, counts: Counts) -> Spread:
    """Give quantiles from counts, between two customers in proportion; somebody must be known."""
    known = counts.known
    places = np.array([0.025, 0.25, 0.5, 0.75, 0.975]) * (known - 1)
    below = np.floor(places).astype(np.int64)
    low = values[np.searchsorted(counts.ends, below, side="right")]
    high = values[np.searchsorted(counts.ends, np.minimum(below + 1, known - 1), side="right")]
    return Spread(known, *(low + (high - low) * (places - below)).tolist())


def _shares(trait: Compared, own: Counts, other: Counts) -> Effect:
    n, m = own.known, other.known
    gaps = np.abs(own.each / n - other.each / m)
    place = list(trait.values).index("yes") if trait.yes_no and "yes" in trait.values else int(np.argmax(gaps))
    values = np.count_nonzero(own.each + other.each)
    first, second = (int(own.each[place]), n), (int(other.each[place]), m)
    estimate = newcombe(first, second)
    p = min(1.0, _chance(*first, *second) * (1 if values <= 2 else values))
    parts = [Part(total, str(trait.values[place]), count / total) for count, total in (first, second)]
    return Effect(trait.name, parts[0], parts[1], estimate.value, estimate.low, estimate.high, p)


def _chance(own: int, n: int, other: int, m: int) -> float:
    """Give the chance of such a difference of shares where there is none: exactly where few are expected."""
    share = (own + other) / (n + m)
    if share in (0.0, 1.0):
        return 1.0
    if min(share, 1 - share) * min(n, m) < _FEW:
        return float(fisher_exact(np.array([[own, n - own], [other, m - other]])).pvalue)
    error = np.sqrt(share * (1 - share) * (1 / n + 1 / m))
    return float(2 * norm.sf(abs(own / n - other / m) / error))


def worded(name: str, values: Sequence[str], codes: Integers, *, yes_no: bool = False) -> Compared:
    """Take a text by its different values and each customer's place among them, -1 where it is missing.

    >>> worded("country", ["FR", "GB"], np.array([1, -1, 0])).number
    False
    """
    return Compared(name, codes, tuple(values), yes_no)
