"""Traits and segments of 20 million invented orders, beside the SQL a person would write for the same on the same engine.

    python benchmarks/traits_and_segments.py [--orders 20000000] [--customers 1000000] [--rounds 3]

Both start from the same tables in the store and end with a table of traits and a table of memberships. The hand-written
query computes the same columns and the same segments; that they are the same is checked before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from smalti.engine.foresight.behaviour import channel_orders
from smalti.facts import DAY, Currency
from smalti.project import Project, prepare
from smalti.samples import write_orders_parquet
from smalti.segments import members_of, membership
from smalti.sources import SourceDefinition, load
from smalti.store import Store
from smalti.traits import Computed, compute

COLUMNS = {"revenue": "revenue", "order_id": "order_id", "category": "category", "channel": "channel"}


def project_of(file: Path) -> Project:
    source = SourceDefinition.model_validate(
        {"from": str(file), "customer": "customer_id", "at": "ordered_at", "columns": COLUMNS}
    )
    return Project(name="benchmark", currency="GBP", sources={"orders": source})


def by_smalti(store: Store, prepared: object, streams: dict, at: int) -> tuple[Computed, object]:
    rules = [segment.node for segment in prepared.segments]
    computed = compute(store, streams, prepared.traits, rules, at, "_traits")
    answers = members_of(store, computed, prepared.segments, at)
    return computed, membership(answers, prepared.segments)


def by_hand(store: Store, at: int) -> object:
    year, quarter = at - 365 * DAY, at - 90 * DAY
    store.create(
        "hand_orders",
        f"""SELECT customer_id, min("at") AS first_order_at, max("at") AS last_order_at, count(*) AS orders_total,
            count(*) FILTER ("at" > {year}) AS orders_365d, count(*) FILTER ("at" > {quarter}) AS orders_90d,
            count(DISTINCT day) AS purchase_days, sum(revenue)::BIGINT AS spend_total,
            coalesce(sum(revenue) FILTER ("at" > {year}), 0)::BIGINT AS spend_365d,
            coalesce(sum(revenue) FILTER ("at" > {quarter}), 0)::BIGINT AS spend_90d,
            min({{'at': "at", 'value': revenue}}).value AS first_order_value
            FROM orders WHERE "at" <= {at} GROUP BY customer_id""",
    )
    store.create(
        "hand_channel",
        f"""SELECT customer_id, min({{'n': -n, 'value': channel}}).value AS favourite_channel FROM (
            SELECT customer_id, channel, count(*) AS n FROM orders WHERE "at" <= {at} AND channel IS NOT NULL
            GROUP BY 1, 2) GROUP BY 1""",
    )
    store.create(
        "hand_items",
        f"""SELECT customer_id, count(DISTINCT category) FILTER ("at" > {year}) AS categories_365d
            FROM order_items WHERE "at" <= {at} GROUP BY 1""",
    )
    store.create(
        "hand_category",
        f"""SELECT customer_id, min({{'n': -n, 'value': category}}).value AS favourite_category FROM (
            SELECT customer_id, category, count(*) AS n FROM order_items WHERE "at" <= {at} AND category IS NOT NULL
            GROUP BY 1, 2) GROUP BY 1""",
    )
    store.create(
        "hand_returns",
        f"""SELECT customer_id, count(*) AS returns_total, count(*) FILTER ("at" > {year}) AS returns_365d,
            coalesce(sum(refund) FILTER ("at" > {year}), 0)::BIGINT AS refunds_365d, sum(refund)::BIGINT AS refunds_total
            FROM returns WHERE "at" <= {at} GROUP BY 1""",
    )
    day = f"{DAY}.0"
    store.create(
        "hand_joined",
        f"""SELECT c.customer_id, o.* EXCLUDE (customer_id), favourite_channel, favourite_category,
            coalesce(categories_365d, 0) AS categories_365d, coalesce(returns_total, 0) AS returns_total,
            coalesce(returns_365d, 0) AS returns_365d, coalesce(refunds_365d, 0) AS refunds_365d,
            ({at} - first_order_at) / {day} AS days_since_first_order, ({at} - last_order_at) / {day} AS days_since_order,
            floor(spend_total / orders_total + 0.5)::BIGINT AS mean_order_value,
            CASE WHEN purchase_days >= 2 THEN (last_order_at - first_order_at) / {day} / (purchase_days - 1) END
              AS typical_gap_days,
            coalesce(refunds_total, 0) / nullif(spend_total, 0) AS refund_share
            FROM (SELECT customer_id FROM hand_orders UNION SELECT customer_id FROM hand_returns) AS c
            LEFT JOIN hand_orders AS o USING (customer_id) LEFT JOIN hand_channel USING (customer_id)
            LEFT JOIN hand_items USING (customer_id) LEFT JOIN hand_category USING (customer_id)
            LEFT JOIN hand_returns USING (customer_id)""",
    )
    cuts = store.read(
        """SELECT quantile_disc(days_since_order, [0.2, 0.4, 0.6, 0.8]) AS r,
            quantile_disc(orders_total, [0.2, 0.4, 0.6, 0.8]) AS f, quantile_disc(spend_total, [0.2, 0.4, 0.6, 0.8]) AS m,
            quantile_disc(typical_gap_days, 0.5) FILTER (purchase_days >= 3) AS gap,
            quantile_disc(spend_365d, [0.5, 0.8, 0.95]) FILTER (spend_365d > 0) AS s FROM hand_joined"""
    ).to_pylist()[0]
    r, f, m, s = cuts["r"], cuts["f"], cuts["m"], cuts["s"]

    def score(column: str, at_cut: list, *, low: bool) -> str:
        if low:
            tests = " ".join(f"WHEN {column} <= {cut!r} THEN {5 - i}" for i, cut in enumerate(at_cut))
            return f"CASE {tests} ELSE 1 END"
        tests = " ".join(f"WHEN {column} > {cut!r} THEN {5 - i}" for i, cut in enumerate(reversed(at_cut)))
        return f"CASE {tests} ELSE 1 END"

    store.create(
        "hand_traits",
        f"""SELECT *, days_since_order / rhythm_days AS rhythms_silent FROM (SELECT *,
            {score("days_since_order", r, low=True)} AS rfm_recency, {score("orders_total", f, low=False)} AS rfm_frequency,
            {score("spend_total", m, low=False)} AS rfm_monetary,
            greatest(CASE WHEN purchase_days >= 3 THEN typical_gap_days ELSE {cuts["gap"]!r} END, 7.0) AS rhythm_days
            FROM hand_joined)""",
    )
    return store.read(
        f"""SELECT 'rfm' AS segmentation, CASE
              WHEN r >= 4 AND v >= 9 THEN 'champions' WHEN r >= 3 AND v >= 7 THEN 'loyal'
              WHEN r >= 4 AND v >= 4 THEN 'potential_loyalists' WHEN r >= 4 THEN 'newcomers'
              WHEN r = 3 AND v >= 5 THEN 'need_attention' WHEN r = 3 THEN 'about_to_sleep'
              WHEN v >= 9 THEN 'cannot_lose' WHEN v >= 6 THEN 'at_risk' WHEN r = 2 THEN 'hibernating' ELSE 'lost' END
              AS segment,
              customer_id FROM (SELECT customer_id, rfm_recency AS r, rfm_frequency + rfm_monetary AS v FROM hand_traits)
            UNION ALL SELECT 'lifecycle', CASE WHEN rhythms_silent <= 2 AND purchase_days <= 1 THEN 'new'
              WHEN rhythms_silent <= 2 THEN 'active' WHEN rhythms_silent <= 4 THEN 'slipping' ELSE 'lapsed' END, customer_id
              FROM hand_traits
            UNION ALL SELECT 'value_tiers', CASE WHEN spend_365d > {s[2]} THEN 'platinum' WHEN spend_365d > {s[1]} THEN 'gold'
              WHEN spend_365d > {s[0]} THEN 'silver' WHEN spend_365d > 0 THEN 'bronze' ELSE 'no_spend' END, customer_id
              FROM hand_traits ORDER BY 1, 2, 3"""
    )


def same(store: Store, computed: Computed, ours: object, hand: object) -> None:
    theirs = hand.group_by(["segmentation", "segment"]).aggregate([([], "count_all")]).to_pylist()
    mine = ours.group_by(["segmentation", "segment"]).aggregate([([], "count_all")]).to_pylist()
    key = ("segmentation", "segment")
    assert {tuple(r[k] for k in key): r["count_all"] for r in theirs} == {
        tuple(r[k] for k in key): r["count_all"] for r in mine
    }
    names = [name for name in store.columns("hand_traits") if name in computed.types]
    told = ", ".join(f'count(*) FILTER (a."{name}" IS DISTINCT FROM b."{name}") AS "{name}"' for name in names)
    row = store.read(f"SELECT {told} FROM hand_traits AS a JOIN _traits AS b USING (customer_id)").to_pylist()[0]
    close = {"typical_gap_days", "rhythm_days", "rhythms_silent"}
    assert all(count == 0 for name, count in row.items() if name not in close), row


def measure(file: Path, rounds: int) -> dict[str, object]:
    project = project_of(file)
    with Store(memory="3GB") as store:
        begun = time.perf_counter()
        loaded = load(store, dict(project.sources), currency=Currency("GBP"), time_zone="UTC")
        read = time.perf_counter() - begun
        prepared = prepare(project, loaded.streams)
        at = store.read('SELECT max("at") AS at FROM orders')["at"][0].as_py()
        assert not channel_orders(project.assumptions)
        computed, ours = by_smalti(store, prepared, loaded.streams, at)
        same(store, computed, ours, by_hand(store, at))
        times: dict[str, list[float]] = {"smalti": [], "hand": []}
        spent: dict[str, list[float]] = {"smalti": [], "hand": []}
        for _ in range(rounds):
            for name, work in (
                ("hand", lambda: by_hand(store, at)),
                ("smalti", lambda: by_smalti(store, prepared, loaded.streams, at)),
            ):
                begun, used = time.perf_counter(), time.process_time()
                work()
                times[name].append(time.perf_counter() - begun)
                spent[name].append(time.process_time() - used)
    return {
        "read": round(read, 1),
        "hand": [round(one, 2) for one in times["hand"]],
        "smalti": [round(one, 2) for one in times["smalti"]],
        "hand_cpu": [round(one, 2) for one in spent["hand"]],
        "smalti_cpu": [round(one, 2) for one in spent["smalti"]],
        "ratio": round(statistics.median(times["smalti"]) / statistics.median(times["hand"]), 2),
        "ratio_cpu": round(statistics.median(spent["smalti"]) / statistics.median(spent["hand"]), 2),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }


def whole_run(file: Path, runs: Path) -> dict[str, object]:
    """Make a whole run in a process of its own, so that its peak memory is its own."""
    code = (
        "import json, resource, sys, smalti\n"
        "run = smalti.run(sys.argv[1], to=sys.argv[2], currency='GBP')\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6\n"
        "print(json.dumps({'steps': run.info['timings'], 'peak_gb': round(peak, 2)}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file), str(runs)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=20_000_000)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = write_orders_parquet(Path(folder) / "orders.parquet", asked.orders, asked.customers)
        print(json.dumps(whole_run(file, Path(folder) / "runs")), flush=True)
        print(json.dumps(measure(file, asked.rounds)), flush=True)


if __name__ == "__main__":
    main()
