from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest


@dataclass(frozen=True)
class Base:
    """Calibration statistics and, for the same customers, what they did afterwards."""

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    later: np.ndarray
    mean_spend: np.ndarray | None = None
    started: np.ndarray | None = None
    repeat_days: np.ndarray | None = None


def _simulated(kind, law, customers, horizon=39.0, seed=0, spans=(20.0, 60.0)):
    """Play the model's own story, customer by customer and purchase by purchase."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = law
    rate, drop = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = rng.uniform(*spans, customers)
    x, t_x, later = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    clock = np.zeros(customers)
    active = rng.random(customers) >= drop if kind == "mbg_nbd" else np.ones(customers, dtype=bool)
    while active.any():
        clock = np.where(active, clock + rng.exponential(1.0, customers) / rate, np.inf)
        before, after = clock <= age, (clock > age) & (clock <= age + horizon)
        x += before
        t_x = np.where(before, clock, t_x)
        later += after
        active = (before | after) & (rng.random(customers) >= drop)
    return Base(x, t_x, age, later)


@pytest.fixture(scope="session")
def simulated():
    return _simulated


@pytest.fixture(scope="session")
def cdnow() -> Base:
    """The CDNOW sample in weeks, calibrated to 1997-09-30, same-day orders merged.

    `started` counts weeks and `repeat_days` days since 1997-01-01.
    """
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or ".") / "orders" / "CDNOW_sample.txt"
    if not folder or not path.exists():
        pytest.skip("SMALTI_DATA does not lead to orders/CDNOW_sample.txt")
    days: dict[str, dict[int, float]] = {}
    for line in path.read_text().splitlines():
        _, customer, day, _, dollars = line.split()
        spent = days.setdefault(customer, {})
        at = dt.datetime.strptime(day, "%Y%m%d").toordinal()
        spent[at] = spent.get(at, 0.0) + float(dollars)
    end = dt.date(1997, 9, 30).toordinal()
    start = dt.date(1997, 1, 1).toordinal()
    rows, repeat_days = [], []
    for spent in days.values():
        first, *repeats = sorted(at for at in spent if at <= end)
        mean = sum(spent[at] for at in repeats) / len(repeats) if repeats else 0.0
        last = repeats[-1] if repeats else first
        later = sum(at > end for at in spent)
        rows.append((len(repeats), (last - first) / 7, (end - first) / 7, later, mean, (first - start) / 7))
        repeat_days += [at - start for at in spent if at > first]
    return Base(*np.array(rows).T, np.array(repeat_days))
