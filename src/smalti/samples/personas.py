"""Personas: the kinds of customers an invented shop has, each with the parameters its histories are drawn from.

A persona is a value. Its purchases follow the modified BG/NBD (Batislam, Denizel & Filiztekin 2007): a customer's
rate is gamma distributed over the persona, and after every purchase, the first included, the customer leaves for good
with a probability that is beta distributed over the persona. Order values follow the Gamma-Gamma model (Fader &
Hardie 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

from smalti.samples.catalogue import CATEGORIES

CHANNELS = ("web", "shop", "phone")
SEASONS = ("everyday", "gifts", "offers", "daytime", "office")


@dataclass(frozen=True)
class Persona:
    """One kind of customer.

    Attributes:
        name: Its name, as in ``truth.persona``.
        share: Weight among the personas; weights need not sum to one.
        suits: The strategy that somebody of this kind was invented for.
        orders_per_year: Mean purchase rate while alive, per year of 365.25 days.
        rate_shape: Shape r of the gamma distribution of rates; small is uneven.
        dropout: Mean probability of leaving after a purchase.
        dropout_weight: a + b of the beta distribution of dropout; small is uneven.
        spend: Mean order value in pounds, after discounts.
        spend_spread: q of the Gamma-Gamma model, above 2; small is uneven between customers.
        spend_shape: p of the Gamma-Gamma model; small is uneven between a customer's orders.
        season: Which of `SEASONS` its purchases follow.
        lines: Mean number of lines per order (1 to 8).
        tastes: Weight of each of `CATEGORIES`.
        loyalty: Chance that a line is of the customer's favourite category.
        channels: Weight of each of `CHANNELS` as the customer's main one.
        offers: Mean share of orders bought on offer.
        returns: Mean share of lines sent back.
        age: Mean age in years at the end.
        arrives_after: Share of the whole time that has passed before the first of them comes.
        visits: Mean visits a month while alive.
        opens: Mean share of the newsletters opened by those who get them.
        features: Share of visits in which one of the shop's features is used.
        needs: Weight of each group of needs: thrifty, hurried, careful, inspired.
        gives: Whether orders are mostly gifts.
        works: Chance that the customer buys for a company.
        trade: The trade of her company, which is then hers alone; empty for any.
        source: How she came to the shop; empty for any.
    """

    name: str
    share: float
    suits: str
    orders_per_year: float
    dropout: float
    spend: float
    rate_shape: float = 2.0
    dropout_weight: float = 20.0
    spend_spread: float = 6.0
    spend_shape: float = 6.0
    season: str = "everyday"
    lines: float = 2.0
    tastes: tuple[float, ...] = (1.0,) * len(CATEGORIES)
    loyalty: float = 0.35
    channels: tuple[float, ...] = (0.70, 0.25, 0.05)
    offers: float = 0.12
    returns: float = 0.04
    age: float = 44.0
    arrives_after: float = 0.0
    visits: float = 2.0
    opens: float = 0.25
    features: float = 0.08
    needs: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    gives: bool = False
    works: float = 0.01
    trade: str = ""
    source: str = ""


PERSONAS = (
    Persona("regular", 0.15, "retain", 16.0, 0.015, 46.0, rate_shape=5.0, lines=2.4, visits=3.0, opens=0.35),
    Persona(
        "champion",
        0.03,
        "reward",
        26.0,
        0.006,
        95.0,
        rate_shape=9.0,
        lines=3.2,
        offers=0.06,
        visits=9.0,
        opens=0.60,
        features=0.35,
        needs=(0.3, 1, 4, 1.5),
    ),
    Persona("occasional", 0.06, "develop", 4.0, 0.03, 43.0, rate_shape=6.0, lines=1.8, visits=1.0, opens=0.18),
    Persona(
        "gift_buyer",
        0.11,
        "cross_sell",
        3.0,
        0.07,
        62.0,
        season="gifts",
        tastes=(5, 3, 1, 1, 1, 0.2),
        loyalty=0.5,
        visits=0.8,
        opens=0.15,
        needs=(0.6, 0.8, 1, 6),
        gives=True,
    ),
    Persona(
        "bargain_hunter",
        0.12,
        "leave_alone",
        8.0,
        0.05,
        27.0,
        season="offers",
        offers=0.92,
        returns=0.14,
        loyalty=0.1,
        visits=6.0,
        opens=0.65,
        features=0.15,
        needs=(8, 1, 0.4, 0.8),
    ),
    Persona(
        "serial_returner",
        0.05,
        "reduce_cost",
        13.0,
        0.04,
        92.0,
        tastes=(0, 0, 0.2, 6, 0.2, 0),
        loyalty=0.7,
        lines=2.8,
        returns=0.52,
        offers=0.30,
        age=31.0,
        visits=5.0,
        opens=0.30,
        needs=(2, 1, 0.6, 2),
    ),
    Persona(
        "one_timer",
        0.17,
        "leave_alone",
        1.2,
        0.72,
        38.0,
        rate_shape=1.2,
        dropout_weight=8.0,
        lines=1.4,
        visits=0.4,
        opens=0.06,
    ),
    Persona(
        "newcomer",
        0.05,
        "onboard",
        9.0,
        0.09,
        44.0,
        lines=1.7,
        age=36.0,
        arrives_after=0.93,
        visits=4.0,
        opens=0.40,
        features=0.18,
    ),
    Persona(
        "business",
        0.05,
        "reward",
        10.0,
        0.02,
        390.0,
        season="office",
        spend_shape=4.0,
        tastes=(0.3, 0.2, 2, 0, 0.5, 6),
        lines=3.5,
        channels=(0.72, 0.03, 0.25),
        offers=0.05,
        returns=0.02,
        age=47.0,
        visits=2.5,
        features=0.50,
        needs=(0.7, 6, 2, 0.3),
        works=0.96,
    ),
    Persona(
        "phone_caller",
        0.07,
        "migrate",
        8.0,
        0.025,
        54.0,
        season="daytime",
        channels=(0.04, 0.08, 0.88),
        age=67.0,
        visits=0.15,
        opens=0.04,
        needs=(0.7, 0.2, 4, 1),
    ),
    Persona("one_category", 0.06, "cross_sell", 9.0, 0.025, 41.0, loyalty=1.0, rate_shape=4.0, lines=1.6),
    Persona("small_basket", 0.05, "up_sell", 14.0, 0.02, 13.0, rate_shape=4.0, lines=1.2, age=33.0),
    Persona(
        "faded",
        0.03,
        "win_back",
        22.0,
        0.10,
        74.0,
        rate_shape=6.0,
        dropout_weight=60.0,
        lines=2.6,
        visits=4.0,
        opens=0.40,
    ),
)
"""The demo's personas: for every strategy of the playbook there is one that it fits."""

NICHE = Persona(
    "niche_cafe",
    0.00301,
    "reward",
    34.0,
    0.002,
    610.0,
    rate_shape=30.0,
    spend_spread=30.0,
    season="office",
    lines=4.0,
    tastes=(0.1, 0, 0.5, 0, 8, 0.2),
    channels=(0.80, 0.05, 0.15),
    offers=0.04,
    returns=0.01,
    visits=3.0,
    features=0.5,
    needs=(0.3, 3, 3, 0.3),
    works=1.0,
    trade="cafe",
    source="recommendation",
)
"""Cafes that the shop was recommended to: with `shop(niche=True)` some 0.3 % of the customers and 10 % of the margin."""
