"""What customers do beside buying: they visit, use what the shop offers, and open its newsletter, or don't."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from smalti.samples.columns import Floats, Ints
from smalti.samples.draws import Aspect, generator, pick_each
from smalti.samples.lives import instants_of, share_of_favourite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smalti.samples.lives import Traits
    from smalti.samples.people import People
    from smalti.samples.personas import Persona
    from smalti.samples.seasons import Clock

EVENTS = ("visit", "open", "click", "wishlist", "review", "reorder")
_VISIT, _OPEN, _CLICK, _FEATURE = 0, 1, 2, 3
_FEATURES = len(EVENTS) - _FEATURE
_MONTH = 30.4375
KEPT_DAYS = 400
"""Events are kept for so many days before the end, as web statistics are."""
_AFTER = 0.15
"""How much of a customer's opening of newsletters is left once she has gone."""


class Liveliness(NamedTuple):
    """How lively each customer truly is; arrays of equal length.

    Attributes:
        visits: Visits a month of 30.4375 days while alive.
        opens: Share of the weekly newsletters opened while alive; those who have not agreed get none.
    """

    visits: Floats
    opens: Floats


class Events(NamedTuple):
    """What customers did, by customer and then by time; arrays of equal length.

    Attributes:
        customer: Place of the customer.
        number: 1 for a customer's first event that is kept, and so on.
        at: Seconds since 1970-01-01 UTC.
        name: Place in `EVENTS`.
        category: Place of the category looked at; -1 of opens and clicks.
    """

    customer: Ints
    number: Ints
    at: Ints
    name: Ints
    category: Ints


def liveliness(who: Traits, personas: Sequence[Persona], seed: int, block: int) -> Liveliness:
    """Draw how lively the customers of a block are: about as their personas are, each in her way."""
    rng = generator(seed, block, Aspect.LIVELINESS)
    own = rng.standard_gamma(4.0, len(who.persona)) / 4.0
    visits = np.array([kind.visits for kind in personas])[who.persona] * own
    opens = np.array([kind.opens for kind in personas])[who.persona] * own
    return Liveliness(visits, np.minimum(opens, 0.95))


def events(
    who: Traits,
    lively: Liveliness,
    known: People,
    personas: Sequence[Persona],
    clocks: Mapping[str, Clock],
    draw: tuple[int, int],
) -> Events:
    """Draw what the customers of a block did in the last `KEPT_DAYS` days.

    Args:
        who: Who they truly are.
        lively: How lively.
        known: What is known of them, and so who has agreed to get the newsletter.
        personas: Whose places `who` holds.
        clocks: By season.
        draw: Seed and number of the block.
    """
    rng = generator(*draw, Aspect.EVENTS)
    opened, length = (np.array(bounds)[who.persona] for bounds in _window(personas, clocks))
    since, gone = np.maximum(who.born, opened), np.minimum(who.died, length)
    left = np.maximum(gone, since)
    alive, after = np.maximum(gone - since, 0), np.maximum(length - left, 0)
    letters = np.where(known.email == 0, lively.opens / 7, 0.0)
    visits = rng.poisson(lively.visits / _MONTH * alive)
    # The first customer always has a visit, so that the smallest shop has some.
    visits[0] = max(visits[0], 1)
    visitor, visited = _spread(visits, since, alive, rng)
    early, late = (
        _spread(rng.poisson(letters * share * span), start, span, rng)
        for share, start, span in ((1, since, alive), (_AFTER, left, after))
    )
    opener, opening = np.concatenate([early[0], late[0]]), np.concatenate([early[1], late[1]])
    kinds = [
        *_visits(rng, visitor, instants_of(visited, who.persona[visitor], personas, clocks), who, personas),
        *_letters(rng, opener, instants_of(opening, who.persona[opener], personas, clocks)),
    ]
    end = int(next(iter(clocks.values())).seconds[-1])
    return _in_order([np.concatenate(column) for column in zip(*kinds, strict=True)], end)


def _visits(
    rng: np.random.Generator, customer: Ints, at: Ints, who: Traits, personas: Sequence[Persona]
) -> list[tuple[Ints, ...]]:
    """Visits with the category looked at, and the features used in some of them: each persona has habits of its own."""
    persona = who.persona[customer]
    category = pick_each(rng, share_of_favourite(personas, who.persona, who.favourite)[customer])
    uses = np.flatnonzero(rng.random(len(customer)) < np.array([kind.features for kind in personas])[persona])
    feature = _FEATURE + (persona[uses] + (rng.random(len(uses)) < 0.3)) % _FEATURES
    used_at = at[uses] + rng.integers(30, 900, len(uses))
    return [(customer, at, np.full(len(at), _VISIT), category), (customer[uses], used_at, feature, category[uses])]


def _letters(rng: np.random.Generator, customer: Ints, at: Ints) -> list[tuple[Ints, ...]]:
    """Opens of the newsletter, and clicks in a quarter of them."""
    clicks = np.flatnonzero(rng.random(len(customer)) < 0.25)
    click_at = at[clicks] + rng.integers(5, 300, len(clicks))
    none = np.full(len(at), -1)
    return [
        (customer, at, np.full(len(at), _OPEN), none),
        (customer[clicks], click_at, np.full(len(clicks), _CLICK), none[clicks]),
    ]


def _window(personas: Sequence[Persona], clocks: Mapping[str, Clock]) -> tuple[list[float], list[float]]:
    """Give for each persona when keeping begins and when the shop's time ends, in its shopping time."""
    hands = [clocks[kind.season] for kind in personas]
    opens = [float(hand.days_at(hand.seconds[-1:] - KEPT_DAYS * 86400.0)[0]) for hand in hands]
    return opens, [hand.length for hand in hands]


def _spread(counts: Ints, since: Floats, span: Floats, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Draw so many moments for each customer, evenly over the span."""
    customer = np.repeat(np.arange(len(counts)), counts)
    return customer, since[customer] + rng.random(len(customer)) * span[customer]


def _in_order(columns: Sequence[Ints], end: int) -> Events:
    customer, at, name, category = columns
    kept = np.flatnonzero(at < end)
    order = kept[np.lexsort((name[kept], at[kept], customer[kept]))]
    customer = customer[order]
    number = np.arange(len(customer)) - np.searchsorted(customer, customer) + 1
    return Events(customer, number, at[order], name[order], category[order])
