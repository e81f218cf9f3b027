"""What is asked of a trial: what its columns mean, what arms cost, what outcomes are worth, and how it is to be proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from smalti.errors import SmaltiError, nearest
from smalti.experiments.proof import SHARES, Budget
from smalti.facts import Currency

LEARNERS = ("dr", "t", "x", "r")
_MOST_FOLDS = 20


@dataclass(frozen=True)
class Asked:
    """What is asked of a trial in a file.

    Attributes:
        customer: Column with the customer's id; None looks for one, and takes every row for a customer where there is none.
        arm: Column with what was done; None looks for it.
        probability: Column with the chance with which just this arm was chosen; None looks for it, and takes the shares of
            the arms where there is none.
        outcomes: Columns with what came of it; none looks for them.
        control: The arm that the others are held against; None looks for it.
        cost: Of arms what one contact costs, in money. A cost for None is one of every arm but the control.
        worth: Of outcomes what one unit of them is worth, in money. A worth for None is one of every outcome.
        cap: Of outcomes where large amounts are capped, in all arms alike: at an amount of 1 or more, or at a share of those
            who have any, below 1. A cap for None is one of every outcome that is not a rate.
        by: Columns whose segments are to be proven; none takes what is known of customers.
        attributes: Columns with what was known of customers before; none takes all that nothing else is.
        ranks: Of ``value``, ``recency`` and ``frequency`` the column that tells how customers stood before, for rankings to
            hold the plan against; those not named are found by their names.
        budgets: What may be spent on contacts: shares of the customers, or money for all of them together.
        shares: Of arms the share that was planned; none are known.
        observational: Whether the arms were not drawn at random, so that chances have to be estimated.
        currency: The currency of costs and worths; None writes money as plain numbers.
        learner: How effects are learnt: ``dr``, ``t``, ``x`` or ``r``.
        folds: In how many parts the customers are cut; nothing is judged on those it was learnt from.
        level: Of all intervals.
        seed: Of everything drawn.

    Raises:
        SmaltiError: A number is outside what it can be.

    >>> Asked(folds=1)
    Traceback (most recent call last):
    smalti.errors.SmaltiError: folds: found 1, wanted 2 to 20 folds
    """

    customer: str | None = None
    arm: str | None = None
    probability: str | None = None
    outcomes: tuple[str, ...] = ()
    control: str | None = None
    cost: tuple[tuple[str | None, float], ...] = ()
    worth: tuple[tuple[str | None, float], ...] = ()
    cap: tuple[tuple[str | None, float], ...] = ()
    by: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    ranks: tuple[tuple[str, str], ...] = ()
    budgets: tuple[Budget, ...] = SHARES
    shares: tuple[tuple[str, float], ...] = ()
    observational: bool = False
    currency: str | None = None
    learner: str = "dr"
    folds: int = 5
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        for arm, cost in self.cost:
            _within(cost, f"cost of {arm or 'a contact'}", 0 <= cost < 1e12, "an amount of money, 0 or more")
        for outcome, worth in self.worth:
            _within(worth, f"worth of {outcome or 'an outcome'}", abs(worth) < 1e12, "an amount of money")
        for outcome, cap in self.cap:
            _within(cap, f"cap of {outcome or 'outcomes'}", cap > 0, "an amount of 1 or more, or a share such as 0.999")
        for arm, share in self.shares:
            _within(share, f"share of {arm}", 0 < share < 1, "a share above 0 and below 1")
        _within(self.level, "level", 0.5 <= self.level < 1, "a level of intervals from 0.5 up to below 1")
        _within(self.folds, "folds", 2 <= self.folds <= _MOST_FOLDS, f"2 to {_MOST_FOLDS} folds")
        if self.learner not in LEARNERS:
            raise SmaltiError(f"unknown learner: found '{self.learner}', wanted one of {', '.join(LEARNERS)}")
        if self.currency is not None:
            Currency(self.currency)

    def renamed(self, arms: Mapping[str, str]) -> Asked:
        """Give the same with arms by other names.

        Args:
            arms: The other name of each.

        >>> Asked(control="0", cost=(("1", 0.5),)).renamed({"0": "no mail", "1": "mail"}).cost
        (('mail', 0.5),)
        """
        return replace(
            self,
            control=None if self.control is None else arms.get(self.control, self.control),
            cost=tuple((name if name is None else arms.get(name, name), cost) for name, cost in self.cost),
            shares=tuple((arms.get(name, name), share) for name, share in self.shares),
        )

    @property
    def known(self) -> tuple[str, ...]:
        """The columns that are said to have been known before, each once."""
        return tuple(dict.fromkeys((*self.attributes, *self.by)))

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The columns that are named, each with what for."""
        single = (("customer", self.customer), ("arm", self.arm), ("probability", self.probability))
        many = (("outcome", self.outcomes), ("segments", self.by), ("attributes", self.attributes))
        told = [(role, name) for role, name in single if name is not None]
        return (*told, *((role, name) for role, names in many for name in names))


def _within(value: float, what: str, right: bool, wanted: str) -> None:
    if not right:
        raise SmaltiError(f"{what}: found {value:g}, wanted {wanted}")


def among(name: str, names: tuple[str, ...], what: str) -> str:
    """Give a name that has to be one of several, whatever its case.

    Raises:
        SmaltiError: It is none of them.

    >>> among("NONE", ("mail", "none"), "control")
    'none'
    """
    folded = {one.casefold(): one for one in names}
    if name in names or name.casefold() in folded:
        return name if name in names else folded[name.casefold()]
    near = nearest(name, names)
    hint = f"; did you mean '{near}'?" if near else ""
    raise SmaltiError(f"{what}: found '{name}', wanted one of {', '.join(names[:20])}{hint}")


def of_each(
    said: tuple[tuple[str | None, float], ...], names: tuple[str, ...], what: str, without: str | None = None
) -> dict[str, float]:
    """Give the number of each name that has one; what is said of None holds for all not named, but not for `without`.

    Raises:
        SmaltiError: A number is of a name that is none of them.

    >>> of_each(((None, 0.5), ("letter", 1.0)), ("none", "mail", "letter"), "cost", without="none")
    {'mail': 0.5, 'letter': 1.0}
    """
    every = [number for name, number in said if name is None]
    found = {name: every[-1] for name in names if every and name != without}
    return found | {among(name, names, what): number for name, number in said if name is not None}
