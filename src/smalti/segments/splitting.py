"""Niches within niches: a segment is split where it has grown and its parts differ in what the company wants.

The members are halved at random once. On the first half the cut is chosen that explains most of the outcome's variance,
numbers being cut at their deciles and texts at one value or at a group of values; on the second half the means of its two
parts are compared by one test. So however many cuts were looked at, what is tested was chosen without the data of the test.
A cut is made if the parts differ at ``alpha / 2**depth``, and the parts are then looked at in the same way.

Whoever misses the value that is cut is on the second side, up to a number, not of the named values, not so: whether anybody
misses it today or not, so that whoever loses it later is in a part too.

The chance that any part is split that should not be is at most `alpha`: given the first half, the tree of cuts is fixed,
and the outermost of the wrong ones lie below each other nowhere, so that their levels add up to `alpha` at most (Kraft's
inequality).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

from smalti.errors import ModelError
from smalti.facts import Type
from smalti.rules import Literal, write, write_name

Booleans: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]

KINDS = (Type.INTEGER, Type.NUMBER, Type.MONEY, Type.BOOLEAN, Type.TEXT)
"""The types of traits a segment can be split by."""
_DECILES = np.arange(1, 10) / 10
_MOST_VALUES = 20
"""How many values of a text, at most, may stand in a rule: the commonest."""
_FEWEST = 10
"""How many customers each part needs in each half."""
_PERMUTED = 4_000
"""Up to how many customers a difference is tested by permuting them; beyond, Welch's test is as exact."""
_PERMUTATIONS = 1_999


@dataclass(frozen=True, eq=False)
class Criterion:
    """A trait by which a segment may be split, over all n customers.

    Attributes:
        name: Its name in the language.
        title: What people call it.
        kind: Its type, one of `KINDS`.
        values: Numbers, minor units of money, 0 and 1 of a boolean, places among `words` of text; missing as NaN; shape (n,).
        words: The different values of text.
        places: The places of the currency of money.
        said: How a number is said to people.
        always: Whether everybody has it, today and later, so that no rule need speak of those who do not.
    """

    name: str
    title: str
    kind: Type
    values: Floats
    words: tuple[str, ...] = ()
    places: int = 2
    said: Callable[[float], str] = "{:g}".format
    always: bool = False


@dataclass(frozen=True)
class Side:
    """One side of a cut.

    Attributes:
        criterion: The trait that is cut.
        above: Whether it is the side above a number, of the named values, or of what is true.
        rule: Its rule in the language, for those who have the value.
        title: The same to people.
        name: The same as a part of a name.
        implied: Whether the same side of a cut within it says this one too.
        or_missing: Whether those who miss the value are on this side too.
    """

    criterion: str
    above: bool
    rule: str
    title: str
    name: str
    implied: bool = True
    or_missing: bool = False


@dataclass(frozen=True, eq=False)
class Niche:
    """A part of the segment that is not split further.

    Attributes:
        sides: The sides of the cuts that lead to it, outermost first; none where the segment was not split at all.
        member: Who is in it, shape (n,).
        mean: The mean outcome of its members.
    """

    sides: tuple[Side, ...]
    member: Booleans
    mean: float

    @property
    def told(self) -> tuple[Side, ...]:
        """The sides that say it all: of two cuts of one trait to the same side the inner one."""
        inner = {(side.criterion, side.above): side for side in self.sides}
        return tuple(side for side in self.sides if not side.implied or inner[side.criterion, side.above] is side)

    @property
    def rule(self) -> str:
        """What its members have beside being in the segment."""
        known = {side.criterion for side in self.told if side.above}
        return " and ".join(
            f"({side.rule} or {write_name(side.criterion)} is missing)"
            if side.or_missing and side.criterion not in known
            else side.rule
            for side in self.told
        )

    @property
    def title(self) -> str:
        """What people call it beside the segment's title."""
        return " > ".join(side.title for side in self.told)

    @property
    def name(self) -> str:
        """Its name beside the segment's; of what is cut from both sides the middle."""
        sides = {(side.criterion, side.above) for side in self.told if side.implied}
        names = [
            side.name.replace("high_" if side.above else "low_", "middle_", 1)
            if side.implied and (side.criterion, not side.above) in sides
            else side.name
            for side in self.told
        ]
        return "_".join(dict.fromkeys(names))


@dataclass(frozen=True)
class Trial:
    """A part that was large enough to be split, and what came of it.

    Attributes:
        sides: What leads to the part.
        cut: The first side of the cut that seemed best; None where none left two parts of sufficient size.
        inside: The mean outcome on that side in the half that tests; NaN without a cut.
        outside: The mean outcome on the other side there.
        p_value: How likely so large a difference is by chance.
        level: The level that had to be met.
    """

    sides: tuple[Side, ...]
    cut: Side | None
    inside: float
    outside: float
    p_value: float
    level: float

    @property
    def split(self) -> bool:
        """Whether it was split."""
        return self.p_value <= self.level


@dataclass(frozen=True, eq=False)
class Splitting:
    """What came of looking for niches.

    Attributes:
        niches: The parts: every member of the segment is in exactly one. A single one if it was not split.
        trials: The cuts that were tested, outermost first.
    """

    niches: tuple[Niche, ...]
    trials: tuple[Trial, ...]


@dataclass(frozen=True, eq=False)
class _Cut:
    taken: Booleans
    sides: tuple[Side, Side]


@dataclass(frozen=True, eq=False)
class _Search:
    """What a search is made with; arrays over all customers."""

    criteria: Sequence[Criterion]
    outcome: Floats
    choosing: Booleans
    testing: Booleans
    at_least: int
    depth: int
    alpha: float
    rng: np.random.Generator
    niches: list[Niche] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)


def split(
    member: Booleans,
    outcome: Floats,
    criteria: Sequence[Criterion],
    *,
    at_least: int = 100,
    depth: int = 2,
    alpha: float = 0.05,
    seed: Sequence[int] = (0,),
) -> Splitting:
    """Split a segment into niches that differ in an outcome; see the top of this module.

    Args:
        member: Who is in the segment, shape (n,).
        outcome: What is wanted of each customer, shape (n,). Whose is not known, NaN, is in a niche all the same.
        criteria: The traits to split by.
        at_least: How many members a part needs; a segment splits when it has twice as many.
        depth: How many cuts may lie within each other.
        alpha: The chance of any wrong cut.
        seed: Of all that is random.

    Raises:
        ModelError: No criterion, one of a type that cannot be split by, or arrays of different lengths.

    >>> rng = np.random.default_rng(1)
    >>> share = rng.random(800)
    >>> by = [Criterion("off", "discount", Type.NUMBER, share)]
    >>> found = split(np.ones(800, bool), 5.0 * (share > 0.4) + rng.random(800), by, depth=1)
    >>> [(niche.rule, niche.title, round(niche.mean, 1)) for niche in found.niches]
    [('off > 0.39', 'discount over 0.39', 5.4), ('(off <= 0.39 or off is missing)', 'discount up to 0.39', 0.5)]
    """
    kinds = {one.kind for one in criteria}
    lengths = {len(member), len(outcome), *(len(one.values) for one in criteria)}
    if not criteria or len(lengths) > 1 or at_least < 1 or kinds - set(KINDS):
        raise ModelError("splitting: expected criteria of one length that are numbers, money, text or true or false")
    rng = np.random.default_rng([*seed])
    chosen = np.zeros(len(member), dtype=np.bool_)
    chosen[rng.permutation(len(member))[: len(member) // 2]] = True
    known = ~np.isnan(outcome)
    search = _Search(criteria, outcome, chosen & known, ~chosen & known, at_least, depth, alpha, rng)
    _look(search, member, ())
    return Splitting(tuple(search.niches), tuple(search.trials))


def _look(search: _Search, member: Booleans, sides: tuple[Side, ...]) -> None:
    """Split a part or keep it, and look into its parts."""
    depth = len(sides)
    if depth < search.depth and np.count_nonzero(member) >= 2 * search.at_least:
        level = search.alpha / 2**depth
        cut = _best(search, member)
        trial = (
            Trial(sides, None, np.nan, np.nan, 1.0, level) if cut is None else _tried(search, member, sides, cut, level)
        )
        search.trials.append(trial)
        if cut is not None and trial.split:
            _look(search, member & cut.taken, (*sides, cut.sides[0]))
            _look(search, member & ~cut.taken, (*sides, cut.sides[1]))
            return
    known = search.outcome[member & ~np.isnan(search.outcome)]
    search.niches.append(Niche(sides, member, float(known.mean()) if len(known) else np.nan))


def _tried(search: _Search, member: Booleans, sides: tuple[Side, ...], cut: _Cut, level: float) -> Trial:
    inside = search.outcome[member & search.testing & cut.taken]
    outside = search.outcome[member & search.testing & ~cut.taken]
    chance = difference(inside, outside, search.rng)
    return Trial(sides, cut.sides[0], float(inside.mean()), float(outside.mean()), chance, level)


def difference(one: Floats, other: Floats, rng: np.random.Generator) -> float:
    """Say how likely so large a difference of two means is by chance: two-sided.

    Up to 4,000 values by permuting them, which is exact whatever their distribution: (1 + as large) / (1 + permutations),
    so never 0 (Phipson and Smyth 2010). Of more values by Welch's test.

    >>> difference(np.arange(30.0), np.arange(30.0) + 40, np.random.default_rng(0))
    0.0005
    """
    if len(one) + len(other) > _PERMUTED:
        return float(stats.ttest_ind(one, other, equal_var=False).pvalue) if one.std() + other.std() else 1.0
    few, pooled = min(len(one), len(other)), np.concatenate([one, other])
    centred = pooled - pooled.mean()
    found = abs(centred[: len(one)].sum())
    as_large, left = 0, _PERMUTATIONS
    while left:
        rows = min(left, 200)
        shuffled = rng.permuted(np.tile(centred, (rows, 1)), axis=1)[:, :few].sum(axis=1)
        as_large += int((np.abs(shuffled) >= found * (1 - 1e-9)).sum())
        left -= rows
    return (1 + as_large) / (1 + _PERMUTATIONS)


def _best(search: _Search, member: Booleans) -> _Cut | None:
    """Choose the cut that explains most of the outcome's variance on the half that chooses; of equal ones the first."""
    choosing = member & search.choosing
    outcome = search.outcome[choosing]
    best, found = 0.0, None
    for one in search.criteria:
        for taken, sides in _cuts(one, member, choosing, search.outcome):
            inside = taken[choosing]
            sizes = [np.count_nonzero(part) for part in (inside, ~inside, taken[member & search.testing])]
            sizes.append(np.count_nonzero(member & search.testing) - sizes[2])
            large = min(np.count_nonzero(taken & member), np.count_nonzero(member & ~taken)) >= search.at_least
            if not large or min(sizes) < _FEWEST:
                continue
            gap = outcome[inside].mean() - outcome[~inside].mean()
            gain = sizes[0] * sizes[1] / len(outcome) * gap**2
            if gain > best * (1 + 1e-12):
                best, found = gain, _Cut(taken, sides())
    return found


_Found: TypeAlias = tuple[Booleans, Callable[[], tuple[Side, Side]]]


def _cuts(one: Criterion, member: Booleans, choosing: Booleans, outcome: Floats) -> list[_Found]:
    """Give the cuts there can be: who is on their first side, and how both are written."""
    if one.kind is Type.TEXT:
        return [
            (np.isin(one.values, chosen), lambda chosen=chosen: _among(one, chosen))  # type: ignore[misc]
            for chosen in _chosen_words(one, choosing, outcome)
        ]
    if one.kind is Type.BOOLEAN:
        return [(one.values == 1, lambda: _whether(one))]
    known = np.unique(one.values[member])
    known = known[~np.isnan(known)]
    if len(known) < 2:
        return []
    inside = one.values[member & ~np.isnan(one.values)]
    at = np.unique(np.searchsorted(known, np.quantile(inside, _DECILES, method="inverted_cdf")))
    bounds = [_between(known[place], known[place + 1], one.kind) for place in at if place + 1 < len(known)]
    return [
        (one.values > bound, lambda bound=bound: _over(one, bound))  # type: ignore[misc]
        for bound in bounds
    ]


def _between(low: float, high: float, kind: Type) -> float:
    """Give the shortest number from `low` on and below `high`, so that the cut is easily read and the same.

    >>> _between(0.1987, 0.2041, Type.NUMBER), _between(1234, 1299, Type.MONEY), _between(3, 7, Type.INTEGER)
    (0.2, 1250.0, 3)
    """
    if kind is Type.INTEGER:
        return low
    if kind is Type.MONEY:
        for unit in (10**6, 5 * 10**5, 10**5, 5 * 10**4, 10**4, 5000, 1000, 500, 100, 50, 10, 5):
            if np.ceil(low / unit) * unit < high:
                return float(np.ceil(low / unit) * unit)
        return low
    for places in range(-6, 13):
        rounded = round(float(np.ceil(round(low * 10.0**places, 6)) / 10.0**places), max(places, 0))
        if low <= rounded < high:
            return rounded
    return low


def _chosen_words(one: Criterion, choosing: Booleans, outcome: Floats) -> list[Floats]:
    """Give the sets of values to cut at: each of the commonest alone, and those of the highest outcomes together."""
    there = choosing & ~np.isnan(one.values)
    codes = one.values[there].astype(np.int64)
    counts = np.bincount(codes, minlength=len(one.words))
    common = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
    common = common[counts[common] > 0]
    sums = np.bincount(codes, weights=outcome[there], minlength=len(one.words))
    ranked = common[np.argsort(-(sums[common] / counts[common]), kind="stable")]
    alone = [np.array([float(code)]) for code in common]
    together = [np.sort(ranked[:size]).astype(np.float64) for size in range(2, len(ranked))]
    return alone + together


def _number(value: float, kind: Type, places: int) -> str:
    if kind is Type.MONEY:
        whole = f"{abs(value) / 10**places:.{places}f}"
        whole = whole.rstrip("0").rstrip(".") if "." in whole else whole
        return f"-{whole}" if value < 0 else whole
    text = (
        write(Literal(abs(int(value)), Type.INTEGER))
        if value == int(value)
        else write(Literal(abs(value), Type.NUMBER))
    )
    return f"-{text}" if value < 0 else text


def _over(one: Criterion, bound: float) -> tuple[Side, Side]:
    number, said, name = _number(bound, one.kind, one.places), one.said(bound), write_name(one.name)
    below = f"{name} <= {number}"
    return (
        Side(one.name, True, f"{name} > {number}", f"{one.title} over {said}", f"high_{_slug(one.name)}"),
        Side(
            one.name,
            False,
            below,
            f"{one.title} up to {said}",
            f"low_{_slug(one.name)}",
            or_missing=not one.always,
        ),
    )


def _whether(one: Criterion) -> tuple[Side, Side]:
    name, slug = write_name(one.name), _slug(one.name)
    return (
        Side(one.name, True, name, one.title, slug),
        Side(one.name, False, f"not {name}", f"not {one.title}", f"not_{slug}", or_missing=not one.always),
    )


def _among(one: Criterion, chosen: Floats) -> tuple[Side, Side]:
    words = [one.words[int(code)] for code in chosen]
    texts = ["'" + word.replace("'", "''") + "'" for word in words]
    name, slug = write_name(one.name), _slug(one.name)
    told = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]
    inside = f"{name} = {texts[0]}" if len(words) == 1 else f"{name} in ({', '.join(texts)})"
    outside = f"{name} != {texts[0]}" if len(words) == 1 else f"{name} not in ({', '.join(texts)})"
    called = _slug(words[0]) if len(words) == 1 else "some"
    return (
        Side(one.name, True, inside, f"{one.title} {told}", f"{slug}_{called}"),
        Side(
            one.name,
            False,
            outside,
            f"{one.title} other than {told}",
            f"{slug}_not_{called}",
            implied=False,
            or_missing=not one.always,
        ),
    )


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.casefold()).strip("_") or "x"
