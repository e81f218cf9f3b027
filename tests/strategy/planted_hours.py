"""An invented world of hours: customers who are about at hours of their own, around those of their segments."""

import numpy as np

from smalti.facts import DAY, HOUR, MINUTE, parse_instant
from smalti.strategy.timing import Moments, local_hours

START = parse_instant("2026-01-05T00:00Z")


def bump(peak, width=1.5):
    """Give shares of the day's hours about one of them."""
    away = np.abs((np.arange(24) - np.asarray(peak)[..., None] + 12) % 24 - 12)
    shares = np.exp(-((away / width) ** 2)) + 0.02
    return shares / shares.sum(axis=-1, keepdims=True)


def moments_of(shares, seen, rng, clocks=None):
    """Draw moments of customers whose days look so, as many as each was seen; told in UTC."""
    rows = np.repeat(np.arange(len(shares)), seen)
    draws = rng.random(len(rows))
    hours = (np.cumsum(shares, axis=1)[rows] < draws[:, None]).sum(axis=1).clip(0, 23)
    at = START + rng.integers(0, 50, len(rows)) * DAY + hours * HOUR + rng.integers(0, 60, len(rows)) * MINUTE
    if clocks is not None:
        at -= (local_hours(at, clocks.take(rows)) - hours) * HOUR
    return Moments(rows, at, np.zeros(len(rows), dtype=np.int64))


def world(rng, count=3000, apart=1.0):
    """Make customers of three segments about whose evening, noon or morning each has her own."""
    groups = rng.integers(0, 3, count)
    peaks = np.array([8, 13, 20])[groups] + np.round(rng.normal(0, 2 * apart, count)).astype(int)
    return groups, bump(peaks % 24)


def reached(shares, hours):
    """Give the mean share of a day that is seen within the hour chosen for each customer."""
    return float(shares[np.arange(len(shares)), hours].mean())
