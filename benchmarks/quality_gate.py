"""The quality gate on a million invented customers, beside the run it goes with.

python benchmarks/quality_gate.py [--orders 20000000] [--customers 1000000]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from smalti.engine.clock import Clock
from smalti.engine.options import Options
from smalti.engine.quality import assess
from smalti.engine.reckoning import read_facts, reckon_as_of
from smalti.project import Project
from smalti.samples import write_orders_parquet
from smalti.sources import SourceDefinition
from smalti.store import Store

COLUMNS = {"revenue": "revenue", "order_id": "order_id", "category": "category", "channel": "channel"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.parquet"
        write_orders_parquet(file, orders=asked.orders, customers=asked.customers, seed=1)
        source = SourceDefinition.model_validate(
            {"from": str(file), "customer": "customer_id", "at": "ordered_at", "columns": COLUMNS}
        )
        project = Project(
            name="benchmark",
            currency="GBP",
            sources={"orders": source},
            segmentations={"stage_by_tier": {"cross": ["lifecycle", "value_tiers"]}},
        )
        with Store(memory="3GB") as store:
            begun, cpu = time.perf_counter(), time.process_time()
            facts = read_facts(store, project, Options(), None, Clock())
            print(f"read             {_since(begun, cpu)}")
            begun, cpu = time.perf_counter(), time.process_time()
            found = assess(store, facts)
            print(
                f"gate             {_since(begun, cpu)}, {found.looked_at:,} of {found.customers:,} customers looked at"
            )
            begun, cpu = time.perf_counter(), time.process_time()
            reckon_as_of(store, facts, facts.at)
            print(f"reckoning of all {_since(begun, cpu)}")
    for one in found.verdicts:
        print(f"{one.segmentation:<16} passed {', '.join(one.shown)}; failed {', '.join(one.failed)}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")


def _since(begun: float, cpu: float) -> str:
    return f"{time.perf_counter() - begun:6.1f} s, {time.process_time() - cpu:6.1f} s of CPU"


if __name__ == "__main__":
    main()
