"""Who the customers of a block truly are, and every instant at which they buy.

The modified BG/NBD (Batislam, Denizel & Filiztekin 2007) drawn without a loop: for a customer with rate lambda who
leaves after each purchase with probability p, the time to leaving is 0 with probability p and else exponential with
rate lambda p, the purchases before it are Poisson with rate lambda (1 - p), and the leaving is itself a purchase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smalti.samples.catalogue import CATEGORIES
from smalti.samples.columns import Floats, Ints
from smalti.samples.draws import BLOCK, Aspect, beta, generator, pick, pick_each

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smalti.samples.personas import Persona
    from smalti.samples.seasons import Clock

_YEAR = 365.25


class Traits(NamedTuple):
    """What is true of each customer of a block; arrays of equal length.

    Attributes:
        persona: Place in the list of personas.
        rate: Purchases per average day while alive.
        dropout: Probability of leaving after a purchase.
        spend: Expected order value in pence.
        sensitivity: Probability that an order is bought on offer.
        returning: Probability that a line is sent back.
        favourite: Place of the favourite category.
        channel: Place of the main channel.
        born: First purchase, in average days since the start (shopping time of the persona's season).
        died: The purchase after which the customer left, likewise; may lie after the end.
    """

    persona: Ints
    rate: Floats
    dropout: Floats
    spend: Floats
    sensitivity: Floats
    returning: Floats
    favourite: Ints
    channel: Ints
    born: Floats
    died: Floats


class Purchases(NamedTuple):
    """The purchases of a block, by customer and then by time; arrays of equal length.

    Attributes:
        customer: Place of the customer in the block.
        number: 1 for a customer's first purchase, and so on.
        at: Seconds since 1970-01-01 UTC.
    """

    customer: Ints
    number: Ints
    at: Ints


def traits(personas: Sequence[Persona], clocks: Mapping[str, Clock], seed: int, block: int) -> Traits:
    """Draw who the customers of a block are."""
    rng = generator(seed, block, Aspect.TRAITS)
    persona = pick(rng, [kind.share for kind in personas], BLOCK)

    def of(attribute: str) -> Floats:
        return np.array([getattr(kind, attribute) for kind in personas], dtype=np.float64)[persona]

    shape = of("rate_shape")
    rate = np.maximum(rng.standard_gamma(shape) * of("orders_per_year") / (shape * _YEAR), 1e-9)
    dropout = beta(rng, of("dropout"), of("dropout_weight"))
    born = _arrivals(rng, of("arrives_after"), np.array([clocks[kind.season].length for kind in personas])[persona])
    stays = rng.random(BLOCK) >= dropout
    lifetime = rng.standard_exponential(BLOCK) / np.maximum(rate * dropout, 1e-12)
    return Traits(
        persona=persona,
        rate=rate,
        dropout=dropout,
        spend=100 * of("spend") * (of("spend_spread") - 1) / rng.standard_gamma(of("spend_spread")),
        sensitivity=beta(rng, of("offers"), 12.0),
        returning=beta(rng, of("returns"), 15.0),
        favourite=pick_each(rng, np.array([kind.tastes for kind in personas], dtype=np.float64)[persona]),
        channel=pick_each(rng, np.array([kind.channels for kind in personas], dtype=np.float64)[persona]),
        born=born,
        died=born + np.where(stays, lifetime, 0.0),
    )


def _arrivals(rng: np.random.Generator, after: Floats, length: Floats) -> Floats:
    """First purchases over the whole time, a little more of them towards the end."""
    return length * (after + (1 - after) * rng.random(len(after)) ** 0.85)


def purchases(
    who: Traits, personas: Sequence[Persona], clocks: Mapping[str, Clock], seed: int, block: int
) -> Purchases:
    """Draw when the customers of a block buy, up to the end of their clocks."""
    rng = generator(seed, block, Aspect.PURCHASES)
    length = np.array([clocks[kind.season].length for kind in personas])[who.persona]
    span = np.minimum(who.died, length) - who.born
    between = rng.poisson(who.rate * (1 - who.dropout) * span)
    leaves = (who.died > who.born) & (who.died < length)
    everyone = np.arange(len(who.born))
    customer = np.concatenate([everyone, np.repeat(everyone, between), everyone[leaves]])
    drawn = rng.random(int(between.sum())) * np.repeat(span, between) + np.repeat(who.born, between)
    days = np.concatenate([who.born, drawn, who.died[leaves]])
    order = np.lexsort((days, customer))
    customer, days = customer[order], days[order]
    firsts = np.searchsorted(customer, everyone)
    number = np.arange(len(customer)) - firsts[customer] + 1
    return Purchases(customer, number, instants_of(days, who.persona[customer], personas, clocks))


def instants_of(days: Floats, persona: Ints, personas: Sequence[Persona], clocks: Mapping[str, Clock]) -> Ints:
    """Turn shopping time into seconds since 1970-01-01 UTC, each by the clock of its persona's season."""
    at = np.zeros(len(days), dtype=np.int64)
    for season, hand in clocks.items():
        keeps = np.array([kind.season == season for kind in personas])[persona]
        at[keeps] = hand.instants(days[keeps])
    return at


def share_of_favourite(personas: Sequence[Persona], persona: Ints, favourite: Ints) -> Floats:
    """Weights of the categories for each customer: her persona's tastes, pulled towards her favourite.

    Returns:
        One row per customer, one column per category of `CATEGORIES`, each row summing to one.
    """
    tastes = np.array([kind.tastes for kind in personas], dtype=np.float64)
    tastes /= tastes.sum(axis=1, keepdims=True)
    loyalty = np.array([kind.loyalty for kind in personas])[persona][:, None]
    return (1 - loyalty) * tastes[persona] + loyalty * np.eye(len(CATEGORIES))[favourite]
