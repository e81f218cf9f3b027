"""What is asked of a simulation."""

from __future__ import annotations

from dataclasses import dataclass

from smalti.errors import SmaltiError
from smalti.facts import Currency
from smalti.samples.campaigns import CampaignKind, Planted


@dataclass(frozen=True)
class Simulating:
    """What is simulated, and how often.

    Attributes:
        customers: How many customers there are each time.
        days: How long contacts are spent.
        contacts: How many contacts there are, as a share of the customers; nobody gets more than one.
        repetitions: How often it is done, each time with other customers.
        who: On what it depends which offer is best: ``noise``, ``generic``, ``segment`` or ``individual``.
        fresh: After so many days a moment of need is down to 1/e.
        floor: What a contact brings without a moment, as a share of what it brings right after one.
        rate: The chance of an order right after a moment, by an offer of middling fit.
        margin: What an order brings, in money.
        cost: What a contact costs, in money.
        currency: The currency of both.
        pilot: How many other customers the trial has from which effects are learnt, for each customer planned for.
        level: Of all intervals.
        seed: Of everything drawn.

    Raises:
        SmaltiError: A number is outside what it can be.

    >>> Simulating(repetitions=1)
    Traceback (most recent call last):
    smalti.errors.SmaltiError: repetitions: found 1, wanted 2 to 1000
    """

    customers: int = 3_000
    days: int = 28
    contacts: float = 0.2
    repetitions: int = 20
    who: CampaignKind = "individual"
    fresh: float = 1.5
    floor: float = 0.2
    rate: float = 0.25
    margin: float = 20.0
    cost: float = 0.25
    currency: str = "GBP"
    pilot: float = 4.0
    level: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        whole = {"customers": (self.customers, 50, 1_000_000), "days": (self.days, 7, 365)}
        whole |= {"repetitions": (self.repetitions, 2, 1000)}
        for name, (value, least, most) in whole.items():
            _within(value, name, least <= value <= most, f"{least} to {most}")
        _within(self.contacts, "contacts", 0 < self.contacts <= 1, "a share of the customers above 0, at most 1")
        _within(self.margin, "margin", 0 < self.margin < 1e9, "an amount of money above 0")
        _within(self.cost, "cost", 0 <= self.cost < 1e9, "an amount of money, 0 or more")
        _within(self.pilot, "pilot", 0.1 <= self.pilot <= 100, "0.1 to 100 for each customer planned for")
        _within(self.level, "level", 0.5 <= self.level < 1, "a level of intervals from 0.5 up to below 1")
        _within(self.seed, "seed", self.seed >= 0, "0 or more")
        Currency(self.currency)
        _ = self.planted

    @property
    def planted(self) -> Planted:
        """What is true of the customers."""
        return Planted(who=self.who, fresh=self.fresh, floor=self.floor, rate=self.rate)


def _within(value: float, what: str, right: bool, wanted: str) -> None:
    if not right:
        raise SmaltiError(f"{what}: found {value:g}, wanted {wanted}")
