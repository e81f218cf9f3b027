"""The value map: what each customer is worth now, will be worth, could be lost, and could still become.

A construction of our own, each term measurable (money in minor units, one year back and the horizon ahead):

- value now: margin of the trailing year less the cost to serve
- value to come: margin of the purchases expected in the horizon if nothing is done, discounted month by month
- value if kept: the same if she certainly is a customer and stays one
- value at risk: value if kept less value to come; what she brings *because* she stays
- untapped potential: what comparable customers at the 75th percentile are expected to bring beyond her

Comparable are customers who have been customers for as long and began with as large an order, by quarters: what was so before
anything could be done about it. No gap is taken to be larger than what such customers bring beyond her or, if that is more,
than what she is expected to bring herself: nobody is counted on to more than double unless others like her do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from smalti.facts import DAY, Currency, Instant, Type
from smalti.models import GammaGamma, discounted_exposure, discounted_purchases
from smalti.models.buying.protocol import RepeatBuying
from smalti.models.buying.waiting import gone_after, purchase_by
from smalti.models.naive import SILENCE_HALVES
from smalti.models.purchase_counts import rate_shape
from smalti.models.value import spend_interval
from smalti.strategy.assumptions import Assumptions
from smalti.strategy.peers import Floats, cells, peer_quantile, quarters

PEER_LEVEL = 0.75
"""The percentile of comparable customers that we hold reachable."""
FAMILIAR = 3.0
"""How many orders of her own a customer's habits must outweigh before they count for more than what all do."""
DAYS_PER_YEAR = 365.25
KNOWN_GONE = 0.1
"""A chance of still being a customer below which we hold that she is gone."""
LONGEST_DAYS = 3_652.5
"""What lies further ahead, ten years, is not foretold."""

VALUE_COLUMNS: dict[str, tuple[Type, str]] = {
    "p_alive": (Type.NUMBER, "chance of still being a customer"),
    "expected_orders": (Type.NUMBER, "days with an order expected"),
    "expected_order_value": (Type.MONEY, "spend expected on such a day"),
    "next_order": (Type.INSTANT, "by when she is as likely as not to have bought again"),
    "gone_by": (Type.INSTANT, "when, without a further order, we know she is gone"),
    "value_now": (Type.MONEY, "value now"),
    "value_to_come": (Type.MONEY, "value to come"),
    "value_to_come_low": (Type.MONEY, "value to come, low end"),
    "value_to_come_high": (Type.MONEY, "value to come, high end"),
    "value_if_kept": (Type.MONEY, "value if she stays"),
    "value_at_risk": (Type.MONEY, "value at risk"),
    "value_lapsed": (Type.MONEY, "the part of it perhaps lost already"),
    "value_leaving": (Type.MONEY, "the part of it that may yet leave"),
    "untapped_potential": (Type.MONEY, "untapped potential"),
    "onboarding_gap": (Type.MONEY, "what comparable customers with a second purchase bring beyond her"),
    "frequency_gap": (Type.MONEY, "what buying as often as comparable customers would add"),
    "basket_gap": (Type.MONEY, "what orders as large as comparable customers' would add"),
    "range_gap": (Type.MONEY, "what buying as widely as comparable customers would add"),
    "cross_sell_gap": (Type.MONEY, "what she is expected to bring from what she does not buy yet"),
    "service_excess": (Type.MONEY, "cost of returns and service beyond customers with as many orders"),
    "channel_excess": (Type.MONEY, "what the cheapest channel would save"),
    "contact_saving": (Type.MONEY, "what not writing to her saves"),
    "discount_sensitivity": (Type.NUMBER, "share of her orders that she places on offer"),
    "price_sensitivity_index": (Type.NUMBER, "how much more she takes when the discount is ten points deeper"),
}
"""The columns of the value map with their types and titles."""
PUBLISHED = tuple(VALUE_COLUMNS)[:14]
"""Those that stand in a run's customers table; the others steer the match only."""
ASSUMED_COLUMNS = frozenset({"service_excess", "channel_excess", "contact_saving"})
"""Those that rest on assumed costs whatever is known of the goods."""


@dataclass(frozen=True)
class Behaviour:
    """What the value map is reckoned from: one entry per customer, NaN where unknown; money in minor units.

    Attributes:
        purchase_days: Days with an order, ever.
        days_since_first: Days from the first order to the as-of instant.
        days_since_last: Days from the latest order to the as-of instant.
        orders: Orders ever.
        spend: Spend ever.
        first_spend: Revenue of the first order.
        orders_year: Orders of the trailing year.
        spend_year: Revenue of the trailing year.
        refunds_year: Given back in the trailing year.
        returns_year: Returns of the trailing year.
        cost_year: Cost of the goods of the trailing year, or None where no order tells it.
        costed_year: Revenue of the orders of the trailing year that tell their cost, or None where none does.
        range_year: Different categories or products of the trailing year, or None where they are not known.
        channel_orders: Orders of the trailing year by channel, for the channels whose cost is assumed.
    """

    purchase_days: Floats
    days_since_first: Floats
    days_since_last: Floats
    orders: Floats
    spend: Floats
    first_spend: Floats
    orders_year: Floats
    spend_year: Floats
    refunds_year: Floats
    returns_year: Floats
    cost_year: Floats | None
    costed_year: Floats | None
    range_year: Floats | None
    channel_orders: Mapping[str, Floats]

    @property
    def repeats(self) -> Floats:
        """Purchases after the first, same-day orders being one."""
        return np.maximum(np.nan_to_num(self.purchase_days) - 1, 0)

    @property
    def age(self) -> Floats:
        """Whole days since the first order."""
        return np.floor(np.nan_to_num(self.days_since_first))

    @property
    def recency(self) -> Floats:
        """Days from the first order to the latest, in whole days."""
        between = np.floor(np.nan_to_num(self.days_since_first) - np.nan_to_num(self.days_since_last))
        return np.where(self.repeats > 0, np.clip(between, np.minimum(1.0, self.age), self.age), 0.0)

    @property
    def bought(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether the customer has ever bought."""
        return np.nan_to_num(self.purchase_days) >= 1

    @property
    def orders_per_day(self) -> Floats:
        """Orders on a day of purchase, at least one."""
        days = np.maximum(np.nan_to_num(self.purchase_days), 1)
        return np.maximum(np.nan_to_num(self.orders) / days, 1.0)

    @property
    def cost_is_known(self) -> bool:
        """Whether nearly all of the trailing year's spend is on goods of known cost, so that no margin need be assumed."""
        if self.costed_year is None:
            return False
        return float(np.nansum(self.costed_year)) >= 0.95 * float(np.nansum(self.spend_year)) > 0

    def average_order(self) -> float:
        """Give the average order of all customers, in minor units; 0 without orders."""
        orders = float(np.nansum(self.orders))
        return float(np.nansum(self.spend)) / orders if orders > 0 else 0.0


@dataclass(frozen=True)
class ValueMap:
    """The value map of all customers.

    Attributes:
        columns: The columns of `VALUE_COLUMNS`, one entry per customer; money in whole minor units.
        doubt: Relative standard deviation of each customer's value to come, from what little is known of her.
        margin: The share of what is sold that is earned.
    """

    columns: Mapping[str, Floats]
    doubt: Floats
    margin: float = float("nan")


@dataclass(frozen=True)
class Outlook:
    """What the models foresee for each customer in the horizon, before money.

    Attributes:
        p_alive: Chance of still being a customer.
        purchases: Expected days of purchase, not discounted.
        discounted: The same, discounted.
        discounted_if_kept: The same if she certainly stays.
        low: Low end of what she will spend, 80 % predictive interval, in purchases of her expected spend.
        high: High end.
        spend: Expected spend on a day of purchase, minor units.
        doubt: Relative standard deviation of rate times spend.
        next_purchase: Days until she is as likely as not to have bought again; infinite where she likelier never does;
            None where no model says.
        gone_after: Days of further silence until the chance of being active falls below `KNOWN_GONE`; 0 where it has.
    """

    p_alive: Floats
    purchases: Floats
    discounted: Floats
    discounted_if_kept: Floats
    low: Floats
    high: Floats
    spend: Floats
    doubt: Floats
    next_purchase: Floats | None = None
    gone_after: Floats | None = None


def foresee(
    behaviour: Behaviour, buying: RepeatBuying | None, spend: GammaGamma | None, assumed: Assumptions
) -> Outlook:
    """Foresee purchases and spend, by the fitted models or, where one could not be fitted, by a stated rule of thumb.

    The interval holds what she will truly spend: how many purchases she makes and how much each is are both uncertain
    in it (see `smalti.models.value`). Without a model of spend it is that of the number of purchases, each of her own average.

    The rule of thumb: next year's days of purchase are last year's, times a chance of being active that halves with every
    `SILENCE_HALVES` days of silence; a day's spend is the average so far.
    """
    days = np.maximum(np.nan_to_num(behaviour.purchase_days), 0)
    own = np.divide(np.nan_to_num(behaviour.spend), days, out=np.zeros(len(days)), where=days > 0)
    paid = (own > 0) & (days > 0)
    if spend is not None:
        expected_spend = spend.expected_spend(np.where(paid, days, 0), np.where(paid, own, 0))
        spend_doubt = 1 / np.sqrt(np.maximum(spend.p * days + spend.q - 2, 1.0))
    else:
        expected_spend, spend_doubt = own, np.full(len(own), 0.5)
    if buying is None:
        return _rule_of_thumb(behaviour, expected_spend, spend_doubt, assumed)
    history = (behaviour.repeats, behaviour.recency, behaviour.age)
    horizon, bought = float(assumed.horizon_days), behaviour.bought
    alive = buying.p_alive(*history)
    if spend is not None:
        spent = np.where(paid, days, 0), np.where(paid, own, 0)
        low, high = spend_interval(buying, spend, history, spent, horizon, alive=alive)
        low, high = low / expected_spend, high / expected_spend
    else:
        low, high = (end.astype(np.float64) for end in buying.purchases_interval(*history, horizon))
    discounted = discounted_purchases(buying, *history, horizon, assumed.discount_rate, DAYS_PER_YEAR)
    exposure = discounted_exposure(horizon, assumed.discount_rate, DAYS_PER_YEAR)
    return Outlook(
        p_alive=np.where(bought, alive, np.nan),
        purchases=np.where(bought, buying.expected_purchases(*history, horizon), 0.0),
        discounted=np.where(bought, discounted, 0.0),
        discounted_if_kept=np.where(bought, buying.rate_if_active(*history) * exposure, 0.0),
        low=np.where(bought, low, 0.0),
        high=np.where(bought, high, 0.0),
        spend=np.where(bought, expected_spend, 0.0),
        doubt=np.sqrt((1 + 1 / rate_shape(buying, behaviour.repeats)) * (1 + spend_doubt**2) - 1),
        next_purchase=np.where(bought, purchase_by(buying, *history), np.nan),
        gone_after=np.where(bought, gone_after(buying, *history, level=KNOWN_GONE), np.nan),
    )


def _rule_of_thumb(behaviour: Behaviour, spend: Floats, spend_doubt: Floats, assumed: Assumptions) -> Outlook:
    bought = behaviour.bought
    alive = np.where(bought, 0.5 ** (np.nan_to_num(behaviour.days_since_last) / SILENCE_HALVES), np.nan)
    years = assumed.horizon_days / DAYS_PER_YEAR
    days = np.nan_to_num(behaviour.orders_year) / behaviour.orders_per_day
    kept = np.where(bought, days * years, 0.0)
    expected = kept * np.nan_to_num(alive)
    factor = (1 + assumed.discount_rate) ** (-years / 2)
    spread = 1.2816 * np.sqrt(expected)
    low, high = np.floor(np.maximum(expected - spread, 0)), np.ceil(expected + spread)
    doubt = np.sqrt((1 + 1 / (1 + kept)) * (1 + spend_doubt**2) - 1)
    spend = np.where(bought, spend, 0.0)
    return Outlook(alive, expected, expected * factor, kept * factor, low, high, spend, doubt)


def value_map(
    behaviour: Behaviour,
    outlook: Outlook,
    assumed: Assumptions,
    currency: Currency,
    at: Instant | None = None,
    beside: Mapping[str, Floats] | None = None,
    new_spend: Floats | None = None,
) -> ValueMap:
    """Reckon the value map.

    Args:
        behaviour: What customers did.
        outlook: What is foreseen for them.
        assumed: Margin, costs, horizon and discount.
        currency: The currency of all money.
        at: The as-of instant; without it no instants are foretold.
        beside: Columns of `VALUE_COLUMNS` that are reckoned elsewhere; those not given are missing for everyone.
        new_spend: What each is expected to spend in the horizon on categories that she has not bought, minor units,
            discounted; None where categories are not known, and `range_gap` stands in.
    """
    money = _Money(behaviour, assumed, currency)
    per_purchase = money.per_purchase(outlook.spend)
    to_come, kept = outlook.discounted * per_purchase, outlook.discounted_if_kept * per_purchase
    kept = np.maximum(kept, to_come)
    fade = np.divide(outlook.discounted, outlook.purchases, out=np.ones(len(kept)), where=outlook.purchases > 0)
    ends = np.sort(np.stack([outlook.low * fade * per_purchase, outlook.high * fade * per_purchase, to_come]), axis=0)
    alive = np.nan_to_num(outlook.p_alive)
    lapsed = np.minimum((1 - alive) * np.maximum(kept, 0), kept - to_come)
    years = assumed.horizon_days / DAYS_PER_YEAR
    lift = assumed.contact_lift * np.maximum(to_come, 0)
    saving = np.where(behaviour.bought, money.yearly_contacts * years - lift, 0.0)
    again = money.again(outlook.discounted)
    columns = {
        "expected_order_value": outlook.spend,
        "value_now": money.value_now,
        "value_to_come": to_come,
        "value_to_come_low": ends[0],
        "value_to_come_high": ends[2],
        "value_if_kept": kept,
        "value_lapsed": lapsed,
        "service_excess": money.service_excess() * again,
        "channel_excess": money.channel_excess() * again,
        "contact_saving": saving,
    } | _gaps(behaviour, outlook, to_come, kept, money, new_spend)
    whole = {name: np.floor(np.nan_to_num(column) + 0.5) for name, column in columns.items()}
    whole["value_at_risk"] = whole["value_if_kept"] - whole["value_to_come"]
    whole["value_lapsed"] = np.minimum(whole["value_lapsed"], whole["value_at_risk"])
    whole["value_leaving"] = whole["value_at_risk"] - whole["value_lapsed"]
    whole |= {"p_alive": outlook.p_alive, "expected_orders": outlook.purchases}
    whole |= {
        "next_order": _instants(outlook.next_purchase, at, len(kept)),
        "gone_by": _instants(outlook.gone_after, at, len(kept)),
    }
    whole |= beside or {}
    unknown = np.full(len(kept), np.nan)
    return ValueMap({name: whole.get(name, unknown) for name in VALUE_COLUMNS}, outlook.doubt, money.margin)


def _instants(days: Floats | None, at: Instant | None, length: int) -> Floats:
    """Give the instants so many days ahead, to the second, as microseconds; missing where too far or not known."""
    if at is None or days is None:
        return np.full(length, np.nan)
    known = np.nan_to_num(days, nan=np.inf, posinf=np.inf) <= LONGEST_DAYS
    seconds = np.floor(np.where(known, days, 0.0) * (DAY // 1_000_000))
    return np.where(known, at + seconds * 1_000_000, np.nan)


class _Money:
    """Margins and costs to serve of the trailing year, and what they say of the next purchase; minor units.

    What one customer's year says of the next purchase - the share she gives back, returns per order, the channels she orders
    in - is drawn to what all do by the weight of `FAMILIAR` orders.
    """

    def __init__(self, behaviour: Behaviour, assumed: Assumptions, currency: Currency) -> None:
        self.behaviour = behaviour
        self.average = behaviour.average_order()
        self.cost_per_order = assumed.cost_per_order.exact(currency, self.average)
        self.cost_per_return = assumed.cost_per_return.exact(currency, self.average)
        self.yearly_contacts = assumed.contacts_per_year * assumed.cost_per_contact.exact(currency, self.average)
        self.channels = {channel: amount.exact(currency, self.average) for channel, amount in assumed.channel_costs}
        self.orders = np.nan_to_num(behaviour.orders_year)
        self.spend = np.nan_to_num(behaviour.spend_year)
        self.refunds = np.nan_to_num(behaviour.refunds_year)
        self.returns = np.nan_to_num(behaviour.returns_year)
        cost = np.zeros(len(self.spend)) if behaviour.cost_year is None else np.nan_to_num(behaviour.cost_year)
        costed = np.zeros(len(self.spend)) if behaviour.costed_year is None else np.nan_to_num(behaviour.costed_year)
        earned = (costed - cost) + (self.spend - costed) * assumed.margin_rate
        sold = math.fsum(self.spend)
        self.margin = math.fsum(earned) / sold if sold > 0 else assumed.margin_rate
        self.serving = self._serving()
        self.cost_to_serve = self.serving + self.returns * self.cost_per_return
        self.value_now = earned - self.refunds * self.margin - self.cost_to_serve

    def per_purchase(self, spend: Floats) -> Floats:
        """Give the margin of a day of purchase with this spend, after what is given back and the cost to serve."""
        kept = 1 - np.clip(_familiar(self.refunds, self.spend, FAMILIAR * self.average), 0, 1)
        serving = _familiar(self.serving, self.orders, FAMILIAR)
        handling = _familiar(self.returns, self.orders, FAMILIAR) * self.cost_per_return
        if not self.orders.sum():
            serving = np.full(len(spend), self.cost_per_order)
        return spend * self.margin * kept - (serving + handling) * self.behaviour.orders_per_day

    def again(self, purchases: Floats) -> Floats:
        """Give how many times over the trailing year's purchases are expected in the horizon."""
        days = self.orders / self.behaviour.orders_per_day
        return np.divide(purchases, days, out=np.zeros(len(days)), where=days > 0)

    def _serving(self) -> Floats:
        named = sum((self._orders_in(channel) for channel in self.channels), np.zeros(len(self.orders)))
        cost = np.maximum(self.orders - named, 0) * self.cost_per_order
        return cost + sum(
            (self._orders_in(channel) * amount for channel, amount in self.channels.items()), np.zeros(len(cost))
        )

    def _orders_in(self, channel: str) -> Floats:
        orders = self.behaviour.channel_orders.get(channel)
        return np.zeros(len(self.orders)) if orders is None else np.nan_to_num(orders)

    def service_excess(self) -> Floats:
        """Give the cost to serve of those who return goods, beyond the median of customers with as many orders.

        What was given back is no cost of service: the goods came back too.
        """
        lost = self.cost_to_serve
        active = self.orders > 0
        usual = peer_quantile(lost, quarters(np.where(active, self.orders, np.nan)), active, 0.5)
        return np.where(active & (self.returns > 0), np.maximum(lost - usual, 0), 0.0)

    def channel_excess(self) -> Floats:
        """Give what the year's orders would have cost less in the cheapest channel."""
        if not self.channels:
            return np.zeros(len(self.orders))
        cheapest = min(self.channels.values())
        served = {channel: self._orders_in(channel) for channel in self.channels}
        return sum(
            ((self.channels[name] - cheapest) * count for name, count in served.items()), np.zeros(len(self.orders))
        )


def _familiar(part: Floats, whole: Floats, weight: float) -> Floats:
    """Give the ratio of part to whole, drawn to the ratio of all by so much weight."""
    total = math.fsum(whole)
    usual = math.fsum(part) / total if total > 0 else 0.0
    return (part + weight * usual) / np.maximum(whole + weight, 1e-9)


def _gaps(
    behaviour: Behaviour,
    outlook: Outlook,
    to_come: Floats,
    kept: Floats,
    money: _Money,
    new_spend: Floats | None,
) -> dict[str, Floats]:
    """Reckon what comparable customers bring beyond each.

    Paces and values are compared as if everyone stayed, and the gap is then multiplied by how much of her time she is expected
    to stay: that she may leave is value at risk already.
    """
    bought, per_purchase = behaviour.bought, money.per_purchase(outlook.spend)
    alive = np.nan_to_num(outlook.p_alive)
    pace = outlook.discounted_if_kept
    stays = np.clip(np.divide(outlook.discounted, pace, out=np.zeros(len(pace)), where=pace > 0), 0, 1)
    active = bought & (alive >= 0.5)
    tenure = quarters(np.where(bought, behaviour.days_since_first, np.nan))
    arrival = quarters(np.where(bought, behaviour.first_spend, np.nan))
    comparable = cells(tenure, arrival)

    reachable = peer_quantile(kept, comparable, active, PEER_LEVEL)
    paces = peer_quantile(pace, comparable, active, PEER_LEVEL)
    spend = peer_quantile(outlook.spend, comparable, active, PEER_LEVEL)
    second = peer_quantile(to_come, cells(arrival), active & (behaviour.repeats > 0), 0.5)
    gaps = {
        "untapped_potential": stays * np.maximum(reachable - kept, 0),
        "onboarding_gap": alive * np.maximum(second - to_come, 0),
        "frequency_gap": stays * np.maximum(paces - pace, 0) * np.maximum(per_purchase, 0),
        "basket_gap": np.maximum(spend - outlook.spend, 0) * outlook.discounted * money.margin,
        "range_gap": np.zeros(len(alive)),
    }
    if behaviour.range_year is not None:
        width = np.nan_to_num(behaviour.range_year)
        wider = peer_quantile(width, comparable, active, PEER_LEVEL)
        each = np.divide(np.maximum(to_come, 0), width, out=np.zeros(len(width)), where=width > 0)
        gaps["range_gap"] = np.maximum(wider - width, 0) * each
    gaps["cross_sell_gap"] = gaps["range_gap"] if new_spend is None else np.maximum(new_spend, 0) * money.margin
    ceiling = np.maximum(gaps["untapped_potential"], np.maximum(to_come, 0))
    bounded = {name: gap if name == "onboarding_gap" else np.minimum(gap, ceiling) for name, gap in gaps.items()}
    return {name: np.where(bought, gap, 0.0) for name, gap in bounded.items()}
