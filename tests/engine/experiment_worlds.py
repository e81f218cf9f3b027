"""An invented shop in which a mail was tried: who was mailed follows from the draw, what came of it from what is planted.

Of regular and of occasional customers exactly the planted share buys under each arm, so that no test hangs on luck.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from smalti.experiments.assignment import Arm, Experiment, assign
from smalti.facts import DAY, format_instant, parse_instant
from smalti.project import Project

START = parse_instant("2026-03-01")
NOW = parse_instant("2026-07-01")
ARMS = ("none", "mail")
EXPERIMENT = {
    "arms": {"none": 1, "mail": {"weight": 1, "cost": 2}},
    "control": "none",
    "outcome": {"bought": "purchase", "spent": "spend"},
    "worth": 10,
    "within": "14 days",
    "from": "2026-03-01",
    "traits": ["orders_total", "days_since_order", "favourite_category"],
    "against": ["loyalty"],
}
SEGMENTS = {
    "regular": {"who": "orders_total >= 4", "segmentation": "loyalty"},
    "occasional": {"who": "orders_total < 4", "segmentation": "loyalty"},
}


def project(**changes) -> Project:
    """A small project with one experiment."""
    given = {
        "name": "Corner Shop",
        "currency": "GBP",
        "sources": {
            "orders": {
                "from": "orders.parquet",
                "customer": "customer_id",
                "at": "at",
                "columns": {"revenue": "amount", "category": "category"},
            }
        },
        "use": [],
        "segments": SEGMENTS,
        "segmentations": {"loyalty": {"exclusive": True}},
        "experiments": {"spring": EXPERIMENT},
    }
    return Project.model_validate(given | changes)


def write_world(
    folder: Path,
    customers: int = 2000,
    *,
    regular: float = 0.2,
    occasional: float = 0.0,
    base: float = 0.2,
    seed: int = 0,
    salt: str = "spring",
) -> dict[str, str]:
    """Write the orders of a shop; give the arm of every customer.

    Args:
        folder: Where the file goes.
        customers: How many there are, all of them before the start.
        regular: By how much the mail raises the chance that a regular customer buys within the window.
        occasional: The same of the others.
        base: That chance without a mail.
        seed: Of all that is drawn.
        salt: That of the experiment.
    """
    rng = np.random.default_rng(seed)
    ids = [f"c{number:05d}" for number in range(customers)]
    found = assign(Experiment(salt, tuple(Arm(name) for name in ARMS)), ids)
    before = np.where(rng.random(customers) < 0.5, rng.integers(4, 8, customers), rng.integers(1, 4, customers))
    rows: list[tuple[str, int, float, str]] = []
    for number, name in enumerate(ids):
        days = np.sort(rng.choice(np.arange(1, 300), before[number], replace=False))
        rows += [(name, START - int(day) * DAY + number, 20.0, "books" if number % 3 else "toys") for day in days]
    buys = np.zeros(customers, dtype=bool)
    for kind, lift in ((before >= 4, regular), (before < 4, occasional)):
        for arm in (0, 1):
            cell = rng.permutation(np.flatnonzero(kind & (found.arm == arm)))
            buys[cell[: round((base + lift * arm) * len(cell))]] = True
    day = rng.integers(1, 14, customers)
    rows += [
        (ids[one], START + int(day[one]) * DAY, float(10 + rng.integers(0, 20)), "books")
        for one in np.flatnonzero(buys)
    ]
    rows += [(ids[0], NOW - DAY, 5.0, "toys")]
    table = pa.table(
        {
            "customer_id": [one[0] for one in rows],
            "at": [format_instant(one[1]) for one in rows],
            "amount": [one[2] for one in rows],
            "category": [one[3] for one in rows],
        }
    )
    pq.write_table(table, folder / "orders.parquet")
    return {name: ARMS[place] for name, place in zip(ids, found.arm.tolist(), strict=True)}
