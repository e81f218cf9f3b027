"""Invented campaigns: what a contact brings depends on when it comes, what it offers, which way and to whom; all of it known.

Every customer may have one moment of need within the time looked at: she leaves a basket, has her birthday, or has gone quiet
for so long that she enters a segment. A contact soon after it brings most; without one it brings little. Facts tell of these
moments (`events`, `orders`, a birth date), so that triggers written in the language can see them; nothing tells her tastes but
what she answered before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import pyarrow as pa

from smalti.errors import SmaltiError, nearest
from smalti.samples.columns import Flags, Floats, Ints, instants, numbered, words

CampaignKind: TypeAlias = Literal["noise", "generic", "segment", "individual"]
CAMPAIGN_KINDS: tuple[CampaignKind, ...] = get_args(CampaignKind)
REGIONS = ("north", "east", "south", "west")
OFFERS = ("free_delivery", "ten_percent", "early_access")
WAYS = ("email", "sms")
HOURS = (9, 19)
MOMENTS = ("basket", "birthday", "quiet")
CONSENTS = (0.9, 0.6)
"""The share of customers who agreed to be contacted in each way."""
QUIET_DAYS = 45
TRIGGERS = {
    "basket": "any(events, last 1 day, where name = 'Basket Left')",
    "birthday": "days_to_anniversary(birth) = 0",
    "quiet": f"days_since(last(orders.at)) >= {QUIET_DAYS} and days_since(last(orders.at)) < {QUIET_DAYS + 1}",
}
"""What tells each kind of moment, in the language: asked at midnight UTC, true for those of the day that has passed."""
BEGIN = 1_767_225_600
"""When the time looked at begins: 2026-01-01T00:00:00Z, in seconds."""
_DAY, _HOUR = 86_400, 3_600
_PAST = 6


@dataclass(frozen=True)
class Planted:
    """What is true of an invented campaign.

    Attributes:
        who: On what it depends which offer is best: ``noise``, no contact brings anything; ``generic``, one is best for all;
            ``segment``, it depends on the region alone; ``individual``, on age, visits and spend before.
        moments: The share of customers who have a moment of need.
        fresh: After so many days a moment is down to 1/e.
        floor: What a contact brings without a moment, as a share of what it brings right after one.
        rate: The chance of an order right after a moment, by an offer of middling fit.
        tastes: Whether customers differ in the way and hour that suits them.
        base: The chance of an order without any contact; what a contact brings is added to it.

    Raises:
        SmaltiError: A number is out of range, or the kind is unknown.
    """

    who: CampaignKind = "individual"
    moments: float = 0.6
    fresh: float = 1.5
    floor: float = 0.2
    rate: float = 0.25
    tastes: bool = True
    base: float = 0.05

    def __post_init__(self) -> None:
        if self.who not in CAMPAIGN_KINDS:
            near = nearest(str(self.who), CAMPAIGN_KINDS)
            hint = f"; did you mean '{near}'?" if near else ""
            raise SmaltiError(f"who: found '{self.who}', wanted one of {', '.join(CAMPAIGN_KINDS)}{hint}")
        shares = {"moments": self.moments, "floor": self.floor, "rate": self.rate, "base": self.base}
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise SmaltiError(f"{name}: found {share:g}, wanted a share from 0 to 1")
        if not 0 < self.fresh < 1e6:
            raise SmaltiError(f"fresh: found {self.fresh:g}, wanted a number of days above 0")

    def need(self, days: Floats) -> Floats:
        """Say what a contact brings so many days after a moment, as a share of what it brings right after one.

        Args:
            days: How long ago the moment was; negative where it has not come, or there is none; any shape.

        >>> Planted(floor=0.2, fresh=2.0).need(np.array([0.0, 2.0, -1.0])).round(3).tolist()
        [1.0, 0.494, 0.2]
        """
        ago = np.where(days >= 0, np.exp(-np.maximum(days, 0.0) / self.fresh), 0.0)
        return self.floor + (1 - self.floor) * ago


@dataclass(frozen=True, eq=False)
class Campaign:
    """Invented customers with their moments; arrays of n customers, in ascending order of their ids.

    Attributes:
        planted: What is true.
        days: How long the time looked at is.
        customers: What is known of them: customer_id, region, age, visits, spend_before, birth; email_consent, sms_consent.
        events: Baskets left: customer_id, at, name.
        orders: The last order of each: customer_id, at.
        touches: What they were sent before, and whether they opened it: customer_id, at, channel, opened.
        kind: The kind of each customer's moment, as a place in `MOMENTS`; shape (n,).
        moment: When it is, seconds since 1970 UTC; -1 where she has none; shape (n,).
        way: The way that suits each, as a place in `WAYS`; shape (n,). Nothing tells it.
        hour: The hour that suits each, as a place in `HOURS`; shape (n,). Nothing tells it.
        fit: How well each offer fits each customer, about 1; shape (n, offers).
        agreed: Who agreed to be contacted in each way of `WAYS`; shape (n, ways).
    """

    planted: Planted
    days: int
    customers: pa.Table
    events: pa.Table
    orders: pa.Table
    touches: pa.Table
    kind: Ints
    moment: Ints
    way: Ints
    hour: Ints
    fit: Floats
    agreed: Flags

    @property
    def size(self) -> int:
        """How many customers there are."""
        return len(self.moment)

    def noticed(self) -> Ints:
        """Give the day, from 0, at whose midnight the trigger sees each customer's moment; -1 where it never does."""
        day = -((BEGIN - self.moment) // _DAY)
        seen: Ints = np.where((self.moment >= 0) & (day < self.days), day, -1).astype(np.int64)
        return seen

    def chance(self, rows: Ints, offer: Ints, at: Ints, way: Ints, hour: Ints) -> Floats:
        """Give the true chance that contacts bring an order that would not come without them.

        Args:
            rows: Who is contacted; shape (m,).
            offer: What each is offered, as a place in `OFFERS`; shape (m,).
            at: When, seconds since 1970 UTC; shape (m,).
            way: By which way, as a place in `WAYS`; shape (m,).
            hour: At which hour, as a place in `HOURS`; shape (m,).
        """
        planted = self.planted
        if planted.who == "noise":
            return np.zeros(len(rows))
        moment = self.moment[rows]
        need = planted.need(np.where(moment >= 0, (at - moment) / _DAY, -1.0))
        suits = _suits(way, self.way[rows], 0.3) * _suits(hour, self.hour[rows], 0.25) if planted.tastes else 1.0
        found: Floats = np.clip(planted.rate * self.fit[rows, offer] * need * suits, 0.0, 1.0)
        return found


def instant_of(day: Ints, hour: Ints) -> Ints:
    """Give when a contact of a day goes out at an hour, as a place in `HOURS`; seconds since 1970 UTC."""
    found: Ints = BEGIN + day * _DAY + np.asarray(HOURS)[hour] * _HOUR
    return found


def campaign(customers: int = 3_000, days: int = 28, planted: Planted | None = None, *, seed: int = 7) -> Campaign:
    """Invent customers with moments of need.

    Args:
        customers: How many, at least one.
        days: How long the time looked at is, 1 to 365.
        planted: What is true.
        seed: Zero or more.

    Raises:
        SmaltiError: A number is out of range.

    >>> small = campaign(4, 28, Planted(moments=1.0), seed=1)
    >>> small.customers.column_names, bool((small.moment > 0).all()), bool((small.noticed() < 28).all())
    (['customer_id', 'region', 'age', 'visits', 'spend_before', 'birth', 'email_consent', 'sms_consent'], True, True)
    """
    if customers < 1 or not 1 <= days <= 365 or seed < 0:
        raise SmaltiError(
            f"a campaign has one customer or more, 1 to 365 days and a seed of zero or more, not {customers}, {days} and {seed}"
        )
    truth = planted or Planted()
    rng = np.random.default_rng([seed, 11])
    region, age = rng.integers(len(REGIONS), size=customers), rng.integers(18, 80, customers).astype(np.float64)
    visits, spend = rng.poisson(4.0, customers).astype(np.float64), np.round(60 * rng.standard_gamma(1.5, customers), 2)
    kind, moment = _moments(rng, customers, days, truth)
    way, hour = (rng.integers(2, size=customers) for _ in range(2))
    ids = numbered(("C", np.arange(1, customers + 1), 6))
    known = {"customer_id": ids, "region": words(REGIONS, region), "age": pa.array(age), "visits": pa.array(visits)}
    known |= {"spend_before": pa.array(spend), "birth": instants(_births(rng, kind, moment, age))}
    agreed = np.random.default_rng([seed, 12]).random((customers, len(WAYS))) < np.array(CONSENTS)
    known |= {f"{name}_consent": pa.array(agreed[:, place]) for place, name in enumerate(WAYS)}
    left = (kind == 0) & (moment >= 0)
    name = pa.array(["Basket Left"] * int(left.sum()), pa.string())
    return Campaign(
        planted=truth,
        days=days,
        customers=pa.table(known),
        events=pa.table({"customer_id": ids.filter(pa.array(left)), "at": instants(moment[left]), "name": name}),
        orders=pa.table({"customer_id": ids, "at": instants(_last_orders(rng, kind, moment))}),
        touches=_touches(rng, ids, way, hour, tastes=truth.tastes),
        kind=kind,
        moment=moment,
        way=way,
        hour=hour,
        fit=_fit(truth.who, region, (age, visits, spend)),
        agreed=agreed,
    )


def _moments(rng: np.random.Generator, size: int, days: int, planted: Planted) -> tuple[Ints, Ints]:
    kind = rng.integers(len(MOMENTS), size=size)
    second = rng.integers(1, days * _DAY, size)
    second = np.where(kind == 1, second // _DAY * _DAY, second)
    has = rng.random(size) < planted.moments
    return kind, np.where(has, BEGIN + second, -1).astype(np.int64)


def _births(rng: np.random.Generator, kind: Ints, moment: Ints, age: Floats) -> Ints:
    """Draw birth dates: those with a birthday moment have it then, all others half a year away from the time looked at."""
    away = BEGIN + 183 * _DAY + rng.integers(90, size=len(kind)) * _DAY
    day = np.where((kind == 1) & (moment >= 0), moment, away).astype("datetime64[s]").astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    born = (month - 12 * age.astype(np.int64)).astype("datetime64[D]") + (day - month.astype("datetime64[D]"))
    seconds: Ints = born.astype("datetime64[s]").astype(np.int64)
    return seconds


def _last_orders(rng: np.random.Generator, kind: Ints, moment: Ints) -> Ints:
    """Draw last orders: those who go quiet bought so long before, all others have long been quiet."""
    long_ago = BEGIN - 200 * _DAY - rng.integers(100 * _DAY, size=len(kind))
    last: Ints = np.where((kind == 2) & (moment >= 0), moment - QUIET_DAYS * _DAY, long_ago)
    return last


def _touches(rng: np.random.Generator, ids: pa.Array, way: Ints, hour: Ints, *, tastes: bool) -> pa.Table:
    rows = np.repeat(np.arange(len(way)), _PAST)
    by, clock = rng.integers(2, size=len(rows)), rng.integers(2, size=len(rows))
    suits = _suits(by, way[rows], 0.3) * _suits(clock, hour[rows], 0.25) if tastes else np.ones(len(rows))
    opened = rng.random(len(rows)) < 0.4 * suits
    day = -1 - rng.integers(60, size=len(rows))
    table = {"customer_id": ids.take(pa.array(rows)), "at": instants(instant_of(day, clock))}
    return pa.table(table | {"channel": words(WAYS, by), "opened": pa.array(opened)})


def _suits(given: Ints, wanted: Ints, more: float) -> Floats:
    right: Flags = given == wanted
    return np.where(right, 1 + more, 1 - more)


def _fit(who: CampaignKind, region: Ints, known: tuple[Floats, Floats, Floats]) -> Floats:
    """Give how well each offer fits each customer; the mean over customers of the best for all is 1."""
    fit = np.tile(np.array([1.0, 0.8, 0.6]), (len(region), 1))
    if who == "segment":
        best = region % len(OFFERS)
        fit = np.where(np.arange(len(OFFERS)) == best[:, None], 1.5, 0.5)
    if who == "individual":
        age, visits, spend = known
        pulls = ((age - 48.5) / 31, np.clip((visits - 4) / 4, -1, 1), np.clip(spend / 90 - 1, -1, 1))
        fit = np.clip(1 + 0.9 * np.column_stack(pulls), 0.0, None) * np.array([1.0, 1.0, 0.9])
    return fit.astype(np.float64)
