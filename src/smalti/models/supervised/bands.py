"""Customers with like forecasts, and what came: the calibration curve, the lift, and how it held over cut-offs."""

from __future__ import annotations

import numpy as np

from smalti.models.arrays import Booleans, Floats, Integers
from smalti.models.backtest import Band
from smalti.models.intervals import share_interval
from smalti.models.supervised.accuracy import resampled

_TENTHS, _LEAST, _FEW = 10, 30, 10


def calibration_bands(forecast: Floats, came: Floats, *, chance: bool, seed: int) -> tuple[Band, ...]:
    """Return up to ten bands of about as many customers each, the lowest forecasts first; equal forecasts stay together.

    Args:
        forecast: Chances or amounts, shape (n,).
        came: What came, shape (n,).
        chance: Whether what came is 0 or 1: intervals are Wilson's; otherwise those of resampled means.
        seed: Of resamples.
    """
    count = max(1, min(_TENTHS, len(forecast) // _LEAST))
    edges = np.unique(np.quantile(forecast, np.arange(1, count) / count, method="inverted_cdf"))
    places = np.searchsorted(edges, forecast, side="left")
    bands = []
    for place in np.unique(places):
        rows = places == place
        name = f"{_short(float(forecast[rows].min()))} to {_short(float(forecast[rows].max()))}"
        bands.append(band(name, forecast, came, rows, chance=chance, seed=seed))
    return tuple(bands)


def lift_bands(forecast: Floats, came: Floats, *, chance: bool, seed: int) -> tuple[Band, ...]:
    """Return tenths of customers by forecast, the highest first; equal forecasts fall to tenths in the order of their rows."""
    count = max(1, min(_TENTHS, len(forecast) // 2))
    order = np.argsort(-forecast, kind="stable")
    bands = []
    for number, part in enumerate(np.array_split(order, count), start=1):
        rows = np.zeros(len(forecast), dtype=np.bool_)
        rows[part] = True
        bands.append(band(f"tenth {number}", forecast, came, rows, chance=chance, seed=seed))
    return tuple(bands)


def cut_off_bands(cut_off: Integers, forecast: Floats, came: Floats, *, chance: bool, seed: int) -> tuple[Band, ...]:
    """Return one band for each cut-off, the earliest first, named by its date (UTC)."""
    bands = []
    for instant in np.unique(cut_off):
        name = str(np.datetime64(int(instant), "us").astype("datetime64[D]"))
        bands.append(band(name, forecast, came, cut_off == instant, chance=chance, seed=seed))
    return tuple(bands)


def band(name: str, forecast: Floats, came: Floats, rows: Booleans, *, chance: bool, seed: int) -> Band:
    """Return one band.

    Where fewer than ten have any amount, resamples know too little of what may come: the interval then reaches at least to
    the highest credible share of customers with any (Wilson) times the mean amount of all who have any.

    >>> band("all", np.array([0.4, 0.6]), np.array([0.0, 1.0]), np.array([True, True]), chance=True, seed=1).predicted
    0.5
    """
    customers, observed = int(rows.sum()), came[rows]
    if chance:
        low, high = share_interval(float(observed.sum()), customers)
    else:
        _, low, high = resampled(lambda weights: float(weights @ observed) / customers, customers, seed)
        some = int((observed > 0).sum())
        if some < _FEW and (came > 0).any():
            high = max(high, share_interval(some, customers)[1] * float(came[came > 0].mean()))
    return Band(name, customers, float(forecast[rows].mean()), float(observed.mean()), low, high)


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
