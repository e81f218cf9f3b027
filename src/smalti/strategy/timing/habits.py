"""Habits: at which hour a customer is about, and by which channel she answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.timing.clocks import Clocks, local_hours
from smalti.strategy.timing.shrinkage import levels_of

_BLOCK = 1 << 15


@dataclass(frozen=True, eq=False)
class Moments:
    """When customers were seen about: they opened what they were sent, or ordered.

    Attributes:
        rows: Whose it was; shape (m,).
        at: When, microseconds UTC; shape (m,).
        channel: The place of the channel that it was opened on, -1 for what tells of all, such as an order; shape (m,).
    """

    rows: Integers
    at: Integers
    channel: Integers


def best_hours(
    moments: Moments, clocks: Clocks, channels: tuple[str, ...], groups: Integers, number: int
) -> dict[str, Integers]:
    """Give the hour of day at which each customer is best reached, by channel.

    Her own moments are held against those of her group, and these against everybody's, as `shrinkage` tells. An hour counts
    with half of its neighbours, so that 20:50 and 21:10 speak for each other.

    Args:
        moments: When customers were seen about; those in no row of the plan left out.
        clocks: The customers' time zones; n of them.
        channels: The channels.
        groups: Of each customer, the code of her segment, 0 to `number` - 1; shape (n,).
        number: How many groups there are.

    Returns:
        By channel, hours 0 to 23 by her own clock; shape (n,). Where there is not one moment, nobody's hour is known: -1.

    >>> from smalti.facts import HOUR
    >>> seen = Moments(np.array([0, 0, 0, 1, 1, 1]), np.array([8, 8, 8, 20, 20, 21]) * HOUR, np.zeros(6, int))
    >>> best_hours(seen, Clocks.of(None, "UTC", 3), ("email",), np.zeros(3, int), 1)["email"][:2]
    array([ 8, 20])
    """
    hours = local_hours(moments.at, clocks.take(moments.rows)) if len(moments.at) else moments.at
    found = {}
    for place, channel in enumerate(channels):
        tells = (moments.channel == place) | (moments.channel < 0)
        found[channel] = _hours(moments.rows[tells], hours[tells], groups, number)
    return found


def _hours(rows: Integers, hours: Integers, groups: Integers, number: int) -> Integers:
    """Give the best hours where these hours were seen."""
    count = len(groups)
    if not len(rows):
        return np.full(count, -1, dtype=np.int64)
    seen = np.flatnonzero(np.bincount(rows, minlength=count))
    place = np.zeros(count, dtype=np.int64)
    place[seen] = np.arange(len(seen))
    counts = np.bincount(place[rows] * 24 + hours, minlength=len(seen) * 24).reshape(-1, 24)
    by_group = np.bincount(groups[rows] * 24 + hours, minlength=number * 24).reshape(-1, 24).astype(np.float64)
    levels = levels_of(counts, groups[seen], by_group)
    best = _peaks(levels.shares)[groups]
    for start in range(0, len(seen), _BLOCK):
        some = slice(start, start + _BLOCK)
        best[seen[some]] = _peaks(levels.shrunken(counts[some], groups[seen[some]]))
    return best


def _peaks(shares: Floats) -> Integers:
    """Give the hour about which most is seen; the earliest of equals; shape (n,)."""
    around = 2 * shares
    around[:, 1:] += shares[:, :-1]
    around[:, :-1] += shares[:, 1:]
    around[:, 0] += shares[:, -1]
    around[:, -1] += shares[:, 0]
    return np.asarray(np.argmax(np.round(around, 12), axis=1), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Reach:
    """How often contacts are answered.

    Attributes:
        chance: Of each customer and channel, the chance that a contact is answered; NaN where a channel's is not known; (n, C).
        overall: Of each channel, the share of all contacts that was answered; NaN where none is known to be; shape (C,).
        tried: Of each channel, how many contacts there have been; shape (C,).
        strength: Of each channel, how many contacts of her own a customer's segment is worth; NaN where not known; shape (C,).
    """

    chance: Floats
    overall: Floats
    tried: Integers
    strength: Floats


def channel_reach(
    rows: Integers, channel: Integers, answered: Booleans, shape: tuple[int, int], groups: Integers, number: int
) -> Reach:
    """Reckon the chance that a contact is answered - opened, or as the sender says -, for each customer and channel.

    Her own contacts are held against those of her group, and these against everybody's, as `shrinkage` tells. A channel by
    which no contact was ever answered, such as one whose sender doesn't tell, is not known.

    Args:
        rows: Who was contacted; shape (m,).
        channel: By which channel; shape (m,).
        answered: Whether she answered; shape (m,).
        shape: How many customers and channels there are.
        groups: Of each customer, the code of her segment, 0 to `number` - 1; shape (n,).
        number: How many groups there are.

    >>> who, how = np.array([0, 0, 0, 1, 1, 1]), np.zeros(6, int)
    >>> reach = channel_reach(who, how, np.array([1, 1, 1, 0, 0, 0], bool), (3, 2), np.zeros(3, int), 1)
    >>> bool(reach.chance[0, 0] > reach.chance[2, 0] > reach.chance[1, 0]), bool(np.isnan(reach.chance[0, 1]))
    (True, True)
    """
    customers, kinds = shape
    chance = np.full(shape, np.nan)
    overall, strength = np.full(kinds, np.nan), np.full(kinds, np.nan)
    tried = np.bincount(channel, minlength=kinds).astype(np.int64)
    for place in range(kinds):
        here = channel == place
        yes = np.bincount(rows[here & answered], minlength=customers)
        if not yes.any():
            continue
        counts = np.stack([yes, np.bincount(rows[here & ~answered], minlength=customers)], axis=1).astype(np.float64)
        by_group = np.stack([np.bincount(groups, counts[:, one], minlength=number) for one in (0, 1)], axis=1)
        levels = levels_of(counts, groups, by_group.astype(np.float64))
        chance[:, place] = levels.shrunken(counts, groups)[:, 0]
        overall[place], strength[place] = counts[:, 0].sum() / counts.sum(), levels.strength
    return Reach(chance, overall, tried, strength)
