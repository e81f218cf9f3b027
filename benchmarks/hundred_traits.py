"""One hundred traits with different windows and filters on 20 million invented orders, beside one hand-written query.

    python benchmarks/hundred_traits.py [--orders 20000000] [--customers 1000000] [--rounds 3] [--file ORDERS]

Both start from the same table in the store and end with a table of one hundred columns. The hand-written query computes the
same hundred in one pass, as a person would write it; that every value is the same is checked before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from smalti.facts import DAY, Column, Currency, Stream, Type
from smalti.rules import Vocabulary, check, parse
from smalti.samples import write_orders_parquet
from smalti.store import Store
from smalti.traits import Trait, compute

ORDERS = Stream("orders", (Column("revenue", Type.MONEY), Column("category", Type.TEXT), Column("channel", Type.TEXT)))
CHOSEN = 'customer_id, epoch_us(ordered_at) AS "at", CAST(revenue * 100 AS BIGINT) AS revenue, category, channel'
WINDOWS = (7, 14, 30, 45, 60, 90, 180, 365, 540, 730)
"""In days; each is asked with every one of the ten questions."""


def questions(store: Store) -> dict[str, tuple[str, str]]:
    """Give the questions asked of each window: in the language, and as the condition and aggregate of a query."""
    channel, *_ = _values(store, "channel")
    category, other, *_ = _values(store, "category")
    return {
        "orders": ("count(orders, {w})", "count(*) FILTER ({c})"),
        "orders_there": (
            f"count(orders, {{w}}, where channel = '{channel}')",
            f"count(*) FILTER ({{c}} AND channel = '{channel}')",
        ),
        "spend": ("sum(orders.revenue, {w})", "coalesce(sum(revenue) FILTER ({c}), 0)::BIGINT"),
        "spend_on": (
            f"sum(orders.revenue, {{w}}, where category = '{category}')",
            f"coalesce(sum(revenue) FILTER ({{c}} AND category = '{category}'), 0)::BIGINT",
        ),
        "spend_elsewhere": (
            f"sum(orders.revenue, {{w}}, where not channel = '{channel}' and revenue > 20)",
            f"coalesce(sum(revenue) FILTER ({{c}} AND channel <> '{channel}' AND revenue > 2000), 0)::BIGINT",
        ),
        "dearest": ("max(orders.revenue, {w})", "max(revenue) FILTER ({c})"),
        "cheapest_of_two": (
            f"min(orders.revenue, {{w}}, where category in ('{category}', '{other}'))",
            f"min(revenue) FILTER ({{c}} AND category IN ('{category}', '{other}'))",
        ),
        "latest": (
            f"last(orders.at, {{w}}, where category = '{category}')",
            f"max(\"at\") FILTER ({{c}} AND category = '{category}')",
        ),
        "any_large": ("any(orders, {w}, where revenue >= 100)", "count(*) FILTER ({c} AND revenue >= 10000) > 0"),
        "ordinary": (
            "count(orders, {w}, where revenue between 10 and 50)",
            "count(*) FILTER ({c} AND revenue BETWEEN 1000 AND 5000)",
        ),
    }


def _values(store: Store, column: str) -> list[str]:
    query = f"SELECT {column} AS v FROM orders WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1"
    return store.read(query)["v"].to_pylist()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=20_000_000)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--file", type=Path, help="orders written before, in place of newly invented ones")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = asked.file or write_orders_parquet(Path(folder) / "orders.parquet", asked.orders, asked.customers)
        print(json.dumps(measure(file, asked.rounds)), flush=True)


def measure(file: Path, rounds: int) -> dict[str, object]:
    streams = {"orders": ORDERS}
    with Store(memory="4GB") as store:
        store.create("orders", f"SELECT {CHOSEN} FROM read_parquet('{file}')")
        at = store.read('SELECT max("at") AS at FROM orders')["at"][0].as_py()
        texts = {
            f"{name}_{days}d": (text, sql, days) for name, (text, sql) in questions(store).items() for days in WINDOWS
        }
        words = Vocabulary(streams, {}, Currency("GBP"))
        traits = []
        for name, (text, _, days) in texts.items():
            checked = check(parse(text.format(w=f"last {days} days")), words)
            assert not checked.problems, [str(problem) for problem in checked.problems]
            traits.append(Trait(name, checked.type or Type.NUMBER, checked.node, name))
        told = {name: sql.replace("{c}", f'"at" > {at - days * DAY}') for name, (_, sql, days) in texts.items()}
        chosen = ", ".join(f"{sql} AS {name}" for name, sql in told.items())
        hand = f'SELECT customer_id, {chosen} FROM orders WHERE "at" <= {at} GROUP BY customer_id'
        works: dict[str, Callable[[], object]] = {
            "hand": lambda: store.create("by_hand", hand),
            "smalti": lambda: compute(store, streams, traits, [], at, "by_smalti"),
        }
        for work in works.values():
            work()
        same(store, list(texts))
        return timed(works, rounds) | {"traits": len(traits)}


def same(store: Store, names: list[str]) -> None:
    """Hold every value of every customer to the hand-written query's."""
    told = ", ".join(f"count(*) FILTER (a.{name} IS DISTINCT FROM b.{name}) AS {name}" for name in names)
    row = store.read(f"SELECT count(*) AS _all, {told} FROM by_hand AS a FULL JOIN by_smalti AS b USING (customer_id)")
    found = row.to_pylist()[0]
    assert found.pop("_all") == store.read("SELECT count(*) AS n FROM by_hand")["n"][0].as_py()
    assert not any(found.values()), found


def timed(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, object]:
    """Do each in turn, so that both meet the same weather; seconds on the clock and of the processor."""
    clock: dict[str, list[float]] = {name: [] for name in works}
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            begun, used = time.perf_counter(), time.process_time()
            work()
            clock[name].append(time.perf_counter() - begun)
            spent[name].append(time.process_time() - used)
    told = {name: [round(one, 2) for one in times] for name, times in clock.items()}
    told |= {f"{name}_cpu": [round(one, 2) for one in times] for name, times in spent.items()}
    ratios = {
        "ratio": statistics.median(clock["smalti"]) / statistics.median(clock["hand"]),
        "ratio_cpu": statistics.median(spent["smalti"]) / statistics.median(spent["hand"]),
    }
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    return {**told, **{name: round(one, 2) for name, one in ratios.items()}, "peak_gb": peak}


if __name__ == "__main__":
    main()
