"""What customers come to the help desk with, and what each time costs; a few complain more than they bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smalti.samples.columns import Flags, Floats, Ints
from smalti.samples.draws import Aspect, generator, pick

if TYPE_CHECKING:
    from smalti.samples.baskets import Lines, Returns
    from smalti.samples.lives import Purchases

TOPICS = ("delivery", "product", "invoice", "return", "complaint")
_COMPLAINT = TOPICS.index("complaint")
_TOPIC_WEIGHTS = (0.40, 0.24, 0.14, 0.17, 0.05)
_PER_ORDER = 0.05
_USUAL = 650
"""Pence that a ticket costs usually."""
_COMPLAINERS, _MODEST = 0.015, 30_000
"""Chance to be a complainer of those whose margin in pence is less than this."""
_BEYOND, _LEAST, _EACH = 1.4, 5_000, 1_800
"""A complainer costs so many times her margin and so many pence more, at about so many pence a ticket."""


class Tickets(NamedTuple):
    """Tickets, by customer and then by time; arrays of equal length.

    Attributes:
        customer: Place of the customer.
        number: 1 for a customer's first ticket, and so on.
        at: Seconds since 1970-01-01 UTC.
        topic: Place in `TOPICS`.
        cost: Pence.
    """

    customer: Ints
    number: Ints
    at: Ints
    topic: Ints
    cost: Ints


def margins(bought: Purchases, sold: Lines, sent_back: Returns) -> Floats:
    """What each customer of a block brought, in pence: what was paid for goods less what they cost, returns left out."""
    gain = (sold.amount - sold.quantity * sold.cost).astype(np.float64)
    gain[sent_back.line] = 0
    customers = int(bought.customer[-1]) + 1
    sums: Floats = np.bincount(bought.customer[sold.order], gain, minlength=customers).astype(np.float64)
    return sums


def tickets(bought: Purchases, margin: Floats, end: int, seed: int, block: int) -> tuple[Flags, Tickets]:
    """Draw who of a block complains without end, and everybody's tickets between the first order and the end."""
    rng = generator(seed, block, Aspect.TICKETS)
    size = len(margin)
    complains = (rng.random(size) < _COMPLAINERS) & (margin < _MODEST)
    target = np.where(complains, np.maximum(margin, 0) * _BEYOND + _LEAST, 0.0)
    counts = rng.poisson(_PER_ORDER * np.bincount(bought.customer, minlength=size))
    counts = np.where(complains, np.ceil(target / _EACH).astype(np.int64) + counts, counts)
    # The first customer always has a ticket, so that the smallest shop has some.
    counts[0] = max(counts[0], 1)
    customer = np.repeat(np.arange(size), counts)
    topic = pick(rng, _TOPIC_WEIGHTS, len(customer))
    loud = complains[customer]
    topic = np.where(loud & (rng.random(len(customer)) < 0.8), _COMPLAINT, topic)
    usual = np.rint(_USUAL * rng.standard_gamma(5.0, len(customer)) / 5.0)
    share = np.ceil(target / np.maximum(counts, 1))[customer] + rng.integers(0, 200, len(customer))
    cost = np.where(loud, share, np.maximum(usual, 50)).astype(np.int64)
    first = bought.at[bought.number == 1][customer]
    at = first + np.floor(rng.random(len(customer)) * (end - first)).astype(np.int64)
    order = np.lexsort((at, customer))
    number = np.arange(len(customer)) - np.searchsorted(customer, customer) + 1
    return complains, Tickets(customer, number, at[order], topic[order], cost[order])
