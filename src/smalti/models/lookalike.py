"""Who resembles a segment: a card of points, learnt from the members beside all others, tried on members it had not seen.

Every trait is cut into ranges that hold as many customers each (or into its commonest texts), each range has points, and a
customer's points are added up: a logistic regression with a ridge penalty, in which members and others weigh alike. So 0.5
means as like the members as like the others. Who is not a member is not known to be *unlike* them (learning from positive
and unlabelled examples, Elkan and Noto 2008), so the score ranks; it is no chance of anything.

How much better than random it ranks is measured on hidden members: half of them are put among the others before the fit, then
the other half, and it is counted how many of them the fit finds again among the first 1, 5 and 10 % (the spies of Liu, Lee,
Yu and Li 2002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import ThreadpoolController

from smalti.errors import ModelError
from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.backtest import BackTest, Band, Measure
from smalti.models.intervals import share_interval
from smalti.models.stored import same_names
from smalti.models.supervised.training import Column, Kind

LEAST_MEMBERS = 20
"""With fewer members, or fewer others, a likeness says more about chance than about people."""
OTHERS = 50_000
"""Others that are learnt from and ranked in the trial, at most; members likewise."""
TOPS = (0.01, 0.05, 0.1)
"""Shares of the ranked customers at which the lift is told."""
VERSION = 1
_RANGES = 8
_TEXTS = 20
_LEAST_TEXT = 20
_RIDGE = 0.05
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Card:
    """The points of one trait.

    Attributes:
        name: The trait.
        kind: `number` or `category`.
        unit: What a number is counted in.
        cuts: Of a number, where a new range begins, rising.
        texts: Of a category, the texts with points of their own.
        points: For a number one more than cuts, for a category one for each text and one for all others; then one for
            missing.
    """

    name: str
    kind: Kind
    unit: str
    cuts: tuple[float, ...]
    texts: tuple[str, ...]
    points: tuple[float, ...]

    @property
    def places(self) -> int:
        """How many ranges there are, missing among them."""
        return len(self.cuts) + 2 if self.kind == "number" else len(self.texts) + 2

    def place(self, values: np.typing.NDArray[Any]) -> Integers:
        """Give the range of each value.

        >>> Card("age", "number", "", (18.0, 65.0), (), ()).place(np.array([17.9, 18.0, np.nan])).tolist()
        [0, 1, 3]
        """
        if self.kind == "number":
            numbers = np.asarray(values, dtype=np.float64)
            found = np.searchsorted(self.cuts, numbers, side="right")
            return np.where(np.isnan(numbers), len(self.cuts) + 1, found).astype(np.int64)
        known = {text: place for place, text in enumerate(self.texts)}
        missing, other = len(self.texts) + 1, len(self.texts)
        return np.array([missing if one is None else known.get(one, other) for one in values], dtype=np.int64)


@dataclass(frozen=True)
class Likeness:
    """A fitted likeness to the members of a segment.

    Attributes:
        name: What it is called.
        constant: What all points are added to.
        cards: The points, trait by trait.
        members: How many members it was learnt from.
        backtest: The lift over random on hidden members.

    >>> card = Card("orders", "number", "", (2.0,), (), (-1.0, 1.0, 0.0))
    >>> Likeness("like_best", 0.0, (card,), 50, None).score_one({"orders": 3.0}).__round__(3)
    0.731
    """

    name: str
    constant: float
    cards: tuple[Card, ...]
    members: int
    backtest: BackTest | None

    def score(self, columns: Sequence[Column]) -> Floats:
        """Give how much customers resemble the members, between 0 and 1; 0.5 is as like them as like the others.

        Args:
            columns: The traits it was fitted on, by name; others are not looked at.

        Raises:
            ModelError: A trait is missing, or of another kind or unit than it was fitted on.
        """
        given = {one.name: one for one in columns}
        for card in self.cards:
            if card.name not in given:
                raise ModelError(f"{self.name}: the trait '{card.name}' is missing, on which it was fitted")
            found = given[card.name]
            if (found.kind, found.unit) != (card.kind, card.unit):
                wanted = f"{card.kind} {card.unit}".strip()
                raise ModelError(
                    f"{self.name}: '{card.name}' was fitted as {wanted}, found {found.kind} {found.unit}".rstrip()
                )
        lengths = {card.name: len(given[card.name]) for card in self.cards}
        if len(set(lengths.values())) > 1:
            found_lengths = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
            raise ModelError(f"{self.name}: expected as many values of each trait, got {found_lengths}")
        rows = next(iter(lengths.values()), 0)
        total = np.full(rows, self.constant)
        for card in self.cards:
            total += np.asarray(card.points)[card.place(given[card.name].values)]
        return np.asarray(1 / (1 + np.exp(-np.clip(total, -40, 40))))

    def score_one(self, values: Mapping[str, float | str | None]) -> float:
        """Give how much one customer resembles the members: the same number as among many.

        Raises:
            ModelError: A trait is missing, or of another kind.
        """
        columns = [_single(card, values) for card in self.cards if card.name in values]
        return float(self.score(columns)[0])

    def to_dict(self) -> dict[str, Any]:
        """Give the likeness as numbers, texts and lists that JSON keeps without loss."""
        cards = [
            [one.name, one.kind, one.unit, list(one.cuts), list(one.texts), list(one.points)] for one in self.cards
        ]
        backtest = self.backtest.to_dict() if self.backtest is not None else None
        told = {"name": self.name, "constant": self.constant, "cards": cards, "members": self.members}
        return told | {"backtest": backtest, "version": VERSION}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Likeness:
        """Give the likeness that `to_dict` gave.

        Raises:
            ModelError: A name is missing or unknown, or the version is not this one.
        """
        same_names(cls.__name__, stored, ["name", "constant", "cards", "members", "backtest", "version"])
        if stored["version"] != VERSION:
            raise ModelError(f"stored Likeness: found version {stored['version']}, wanted {VERSION}")
        cards = tuple(
            Card(name, kind, unit, tuple(cuts), tuple(texts), tuple(points))
            for name, kind, unit, cuts, texts, points in stored["cards"]
        )
        backtest = BackTest.from_dict(stored["backtest"]) if stored["backtest"] is not None else None
        return cls(stored["name"], stored["constant"], cards, stored["members"], backtest)


def _single(card: Card, values: Mapping[str, float | str | None]) -> Column:
    value = values[card.name]
    if card.kind == "number":
        if isinstance(value, str):
            raise ModelError(f"'{card.name}' was fitted as number {card.unit}".rstrip() + f", found {value!r}")
        return Column(card.name, "number", np.array([np.nan if value is None else float(value)]), unit=card.unit)
    return Column(card.name, "category", np.array([value], dtype=object), unit=card.unit)


def fit_likeness(name: str, members: Booleans, columns: Sequence[Column], *, at: int = 0, seed: int = 0) -> Likeness:
    """Learn who resembles the members of a segment, and try it on hidden members.

    Args:
        name: What it is called.
        members: Who is a member, shape (customers,).
        columns: What is known of the customers; leave out what the segment's own rule reads.
        at: The as-of instant of the traits, microseconds UTC.
        seed: Of the halves and of what is drawn by lot.

    Raises:
        ModelError: There are too few members, or others, or nothing to tell them apart by.
    """
    inside, outside = np.flatnonzero(members), np.flatnonzero(~members)
    if min(len(inside), len(outside)) < LEAST_MEMBERS:
        raise ModelError(
            f"{len(inside)} members and {len(outside)} others, and a likeness wants at least {LEAST_MEMBERS} of each"
        )
    rng = np.random.default_rng(seed)
    inside, outside = _some(inside, rng), _some(outside, rng)
    rows = np.concatenate([inside, outside])
    cards = [_cut(one, rows) for one in columns]
    used = [(card, one) for card, one in zip(cards, columns, strict=True) if card is not None]
    if not used:
        raise ModelError("no trait differs between customers, so there is nothing to tell members from others by")
    places = [card.place(one.values[rows]) for card, one in used]
    design = _design(places, [card.places for card, _ in used])
    label = np.arange(len(rows)) < len(inside)
    backtest = _tried(design, label, rng, at)
    constant, weights = _learn(design, label)
    ends = np.cumsum([card.places for card, _ in used])
    told = tuple(
        Card(card.name, card.kind, card.unit, card.cuts, card.texts, tuple(weights[end - card.places : end].tolist()))
        for (card, _), end in zip(used, ends, strict=True)
    )
    return Likeness(name, constant, told, int(members.sum()), backtest)


def _some(among: Integers, rng: np.random.Generator) -> Integers:
    return among if len(among) <= OTHERS else np.sort(rng.choice(among, OTHERS, replace=False))


def _cut(column: Column, rows: Integers) -> Card | None:
    """Cut a trait into ranges; None where all customers are in one."""
    values = column.values[rows]
    if column.kind == "number":
        numbers = np.asarray(values, dtype=np.float64)
        known = numbers[~np.isnan(numbers)]
        if not len(known):
            return None
        cuts = np.unique(np.quantile(known, np.arange(1, _RANGES) / _RANGES, method="higher"))
        cuts = cuts[cuts > known.min()]
        card = Card(column.name, "number", column.unit, tuple(cuts.tolist()), (), ())
    else:
        texts, counts = np.unique(np.array([one for one in values if one is not None], dtype=str), return_counts=True)
        often = np.lexsort((texts, -counts))[:_TEXTS]
        kept = sorted(str(texts[place]) for place in often if counts[place] >= _LEAST_TEXT)
        card = Card(column.name, "category", column.unit, (), tuple(kept), ())
    return card if len(np.unique(card.place(values))) > 1 else None


def _design(places: Sequence[Integers], sizes: Sequence[int]) -> sparse.csr_array:
    """Give customers by ranges, 1 where a customer is in the range."""
    starts = np.cumsum([0, *sizes])
    columns = np.stack([place + start for place, start in zip(places, starts, strict=False)], axis=1)
    count = len(columns)
    ends = np.arange(count + 1) * columns.shape[1]
    return sparse.csr_array((np.ones(columns.size), columns.ravel(), ends), shape=(count, int(starts[-1])))


def _learn(design: sparse.csr_array, label: Booleans) -> tuple[float, Floats]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - takes seconds to load

    weight = np.where(label, 0.5 / max(int(label.sum()), 1), 0.5 / max(int((~label).sum()), 1)) * len(label)
    model = LogisticRegression(C=_RIDGE, solver="lbfgs", max_iter=2000, tol=1e-6)
    with ThreadpoolController().limit(limits=1):
        model.fit(design, label.astype(np.float64), sample_weight=weight)
    return float(np.ravel(model.intercept_)[0]), np.asarray(np.ravel(model.coef_), dtype=np.float64)


def _tried(design: sparse.csr_array, label: Booleans, rng: np.random.Generator, at: int) -> BackTest:
    """Hide each half of the members among the others in turn, and count how many are found again at the top."""
    inside = rng.permutation(np.flatnonzero(label))
    halves = (inside[: len(inside) // 2], inside[len(inside) // 2 :])
    found = dict.fromkeys(TOPS, 0)
    tenths = np.zeros(10)
    ranked_of = np.zeros(10)
    for hidden in halves:
        known = label.copy()
        known[hidden] = False
        constant, weights = _learn(design, known)
        ranked = np.flatnonzero(~known)
        order = ranked[np.lexsort((rng.random(len(ranked)), -(design[ranked] @ weights + constant)))]
        right = np.isin(order, hidden)
        for top in TOPS:
            found[top] += int(right[: _first(top, len(order))].sum())
        tenth = np.arange(len(order)) * 10 // len(order)
        tenths += np.bincount(tenth, right, minlength=10)
        ranked_of += np.bincount(tenth, minlength=10)
    shares = {top: _first(top, len(label) - len(inside) // 2) / (len(label) - len(inside) // 2) for top in TOPS}
    measures = tuple(_lift(top, found[top], len(inside), shares[top]) for top in TOPS)
    usual = len(inside) / float(ranked_of.sum())
    bands = tuple(
        Band(
            f"tenth {place + 1}",
            int(ranked_of[place]),
            usual,
            tenths[place] / ranked_of[place],
            *share_interval(tenths[place] / 2, ranked_of[place] / 2),
        )
        for place in range(10)
    )
    return BackTest(
        outcome="hidden members found again",
        unit="chance",
        horizon_days=0.0,
        cut_offs=(at,),
        customers=len(inside),
        measures=measures + tuple(Measure(one.name, "at random", 1.0) for one in measures),
        lift=bands,
        verdict=_verdict(measures),
    )


def _first(top: float, ranked: int) -> int:
    return max(round(top * ranked), 1)


def _lift(top: float, found: int, hidden: int, share: float) -> Measure:
    """Give how many times more hidden members the first so many hold than by chance, with Wilson's interval.

    The two halves find each other by the same likeness, so they are worth as much as one.
    """
    low, high = share_interval(found / 2, hidden / 2)
    return Measure(f"lift in the first {top:.0%}", "model", found / hidden / share, low / share, high / share)


def _verdict(measures: Sequence[Measure]) -> str:
    told = ", ".join(f"{one.value:.1f} ({one.low:.1f} to {one.high:.1f}) {one.name[5:]}" for one in measures)
    best = measures[-1]
    if best.low is not None and best.low > 1:
        return f"Hidden members are found more often than at random: times {told}."
    return f"Hidden members are not found more often than at random, as far as can be told: times {told}."
