"""A whole run with a plan of invented customers: what the plan costs of it, and how long one decision takes.

    python benchmarks/planned_run.py [--customers 1000000]

Five orders and three touches for each customer; six treatments by e-mail or telephone (nine actions), a budget, two channels'
capacities, contact frequency, quiet hours in three time zones, a hold-out and exploration.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from smalti.engine import Options, run_project
from smalti.project import Project

NOW, DAY = 1_782_864_000, 86_400
INSTANT = pa.timestamp("us", tz="UTC")
ZONES = ["Europe/London", "America/New_York", "Asia/Kolkata"]


def write_facts(folder, customers):
    rng = np.random.default_rng(1)
    ids = np.char.add("C", np.char.zfill(np.arange(customers).astype(str), 7))
    who = np.sort(rng.integers(0, customers, 5 * customers))
    at = pa.array((NOW - rng.integers(0, 3 * 365 * DAY, len(who))) * 1_000_000).cast(INSTANT)
    orders = pa.table({"customer_id": ids[who], "at": at, "amount": np.round(rng.gamma(2, 20, len(who)), 2)})
    pq.write_table(orders, folder / "orders.parquet")
    said = {"customer_id": ids, "email": ids, "phone": ids, "zone": rng.choice(ZONES, customers)}
    said |= {"by_mail": rng.random(customers) < 0.7, "by_phone": rng.random(customers) < 0.4}
    pq.write_table(pa.table(said), folder / "customers.parquet")
    who = np.sort(rng.integers(0, customers, 3 * customers))
    sent = (NOW - rng.integers(0, 90 * DAY, len(who))) * 1_000_000
    touches = {
        "customer_id": ids[who],
        "at": pa.array(sent).cast(INSTANT),
        "treatment": rng.choice(["t0", "news"], len(who)),
        "step": np.ones(len(who), dtype=np.int64),
        "channel": rng.choice(["email", "phone"], len(who)),
        "cost": np.full(len(who), 0.05),
        "opened_at": pa.array(sent + 3_600_000_000, mask=rng.random(len(who)) < 0.7).cast(INSTANT),
    }
    pq.write_table(pa.table(touches), folder / "touches.parquet")
    return ids


def project(customers):
    rows = {"customer": "customer_id", "at": "at"}
    treatments = {
        f"t{place}": {
            "strategy": "greet",
            "channels": ["email", "phone"] if place % 2 else ["email"],
            "cost": 0.01 + 0.005 * place,
            "again": "30 days",
            "effect": 0.03 + 0.01 * place,
        }
        for place in range(6)
    }
    greet = {"title": "Greet", "mechanism": "greeting", "eligible": "true", "headroom": "value_to_come * 0.2"}
    return Project.model_validate(
        {
            "currency": "GBP",
            "time_zone": "Europe/London",
            "use": [],
            "sources": {
                "orders": {"from": "orders.parquet", **rows, "columns": {"revenue": "amount"}},
                "customers": {"from": "customers.parquet", "customer": "customer_id"},
                "touches": {"from": "touches.parquet", **rows},
            },
            "playbook": {"greet": greet | {"success": 0.05, "because": "everybody is"}},
            "channels": {
                "email": {"address": "email", "consent": "by_mail"},
                "phone": {"address": "phone", "consent": "by_phone"},
            },
            "treatments": treatments,
            "limits": {
                "budget": customers / 20,
                "channels": {"email": customers // 10, "phone": customers // 100},
                "frequency": {"most": 2, "within": "7 days"},
                "quiet": {"from": "20:00", "until": "8:00", "zone": "zone"},
                "explore": 0.01,
            },
            "hold_out": 0.05,
        }
    )


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--customers", type=int, default=1_000_000)
    customers = asked.parse_args().customers
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ids = write_facts(folder, customers)
        wall, processor = time.perf_counter(), time.process_time()
        run = run_project(project(customers), Options(home=folder, to=folder / "runs"))
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        plan = run.info["plan"]
        print(f"{customers:,} customers: {wall:.1f} s, {processor:.1f} s of CPU, peak {peak:.1f} GB")
        print(f"planned {plan['customers']:,}, within {plan['gap']:.1g} of the bound; steps: {run.info['timings']}")
        decide = run.decider.decide
        took = []
        for one in ids[:10_000].tolist():
            began = time.perf_counter()
            decide(one)
            took.append(1e3 * (time.perf_counter() - began))
        median, late = np.quantile(took, [0.5, 0.99])
        print(f"one decision: median {median:.3f} ms, 99 % within {late:.3f} ms")


if __name__ == "__main__":
    main()
