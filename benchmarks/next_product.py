"""Who buys what next, on real shops: last baskets left out, out of time, all items in the ranking.

    SMALTI_DATA=/path/to/data python benchmarks/next_product.py [online-retail] [movielens] [invented]

Online Retail II (UCI 502) at the level of the product, stood at four days; each line is a forecast made as of the day, judged
on the last baskets of the 90 days after it. MovieLens 100k is read only here: its ratings stand in for purchases, nobody rates
a film twice, so that `buy again` is worth nothing there. `invented` is a shop of one million customers and ten thousand
products: time and memory alone.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from smalti.engine.foresight.services import services_among
from smalti.models.products import Purchases, fit_next

DAY = 86_400
SHOWN = ("most popular", "buy again", "bought together", "factors", "repeats", "blend", "model")


def online_retail(folder: Path) -> tuple[Purchases, list[str | None]]:
    """Lines sold of Online Retail II without its duplicates, returns and services; and the countries."""
    lines = pd.read_parquet(folder / "orders/online_retail_II.parquet").drop(columns="sheet").drop_duplicates()
    sold = lines["Customer ID"].notna() & (lines["Quantity"] > 0) & (lines["Price"] > 0)
    lines = lines[sold & ~lines["Invoice"].astype(str).str.startswith("C")]
    code = lines["StockCode"].astype(str)
    lines = lines[~code.isin(services_among(code.unique().tolist()))]
    customer, ids = pd.factorize(lines["Customer ID"].astype(int), sort=True)
    day = lines["InvoiceDate"].astype("datetime64[s]").astype("int64").to_numpy() // DAY
    paid = (lines["Quantity"] * lines["Price"] * 100).round().to_numpy()
    countries = lines.groupby(customer)["Country"].first().astype(str).tolist()
    return Purchases.of(customer, lines["StockCode"].astype(str).tolist(), day, paid, len(ids)), countries


def movielens(folder: Path) -> Purchases:
    """Ratings of MovieLens 100k as purchases of one penny."""
    rated = pd.read_csv(folder / "recommend/ml-100k.inter", sep="\t")
    rated.columns = ["user", "item", "rating", "time"]
    customer, ids = pd.factorize(rated["user"], sort=True)
    day = rated["time"].to_numpy().astype("int64") // DAY
    return Purchases.of(customer, rated["item"].astype(str).tolist(), day, np.ones(len(rated)), len(ids))


def invented(customers: int, items: int, seed: int = 0) -> Purchases:
    """Customers with a taste for some part of a long range, about ten lines each."""
    rng = np.random.default_rng(seed)
    lines = customers * 10
    customer = np.sort(rng.integers(0, customers, lines))
    taste = rng.integers(0, 50, customers)[customer]
    liked = taste * (items // 50) + (rng.pareto(1.2, lines) * 8).astype(np.int64) % (items // 50)
    item = np.where(rng.random(lines) < 0.6, liked, (rng.pareto(1.0, lines) * 20).astype(np.int64) % items)
    names = tuple(f"{number:06d}" for number in range(items))
    paid = np.floor(rng.gamma(2.0, 700.0, lines)) + 1
    return Purchases(customer, item, rng.integers(0, 730, lines), paid, customers, names).in_order()


def told(
    name: str, purchases: Purchases, days: list[int], horizon: int, groups: list[str | None] | None = None
) -> None:
    print(f"\n{name}: {purchases.customers:,} customers, {len(purchases.items):,} items, {len(purchases):,} lines")
    print(
        f"{'as of':10s} {'baskets':>7s} {'forecaster':28s} {'hit@10':>15s} {'recall@10':>9s} {'NDCG@10':>15s} "
        f"{'NDCG@20':>7s} {'new to her: hit@10':>18s} {'NDCG@20':>15s}"
    )
    for day in days:
        start = time.perf_counter()
        model = fit_next(purchases, day + horizon, level="product", horizon=horizon, groups=groups)
        took = time.perf_counter() - start
        test = model.backtest
        for of in SHOWN:
            found = {one.name: one for one in test.measures if one.of == of}
            if "NDCG at 10" not in found:
                continue
            hit, gain, new = found["hit rate at 10"], found["NDCG at 10"], found.get("NDCG at 20, new to her")
            newly = found.get("hit rate at 10, new to her")
            who = f"model ({model.way})" if of == "model" else of
            print(
                f"{pd.Timestamp(day * DAY, unit='s'):%Y-%m-%d} {test.customers:7,d} {who:28.28s} {_with(hit)} "
                f"{found['recall at 10'].value:9.3f} {_with(gain)} {found['NDCG at 20'].value:7.3f} "
                f"{newly.value if newly else float('nan'):18.3f} {_with(new)}"
            )
        held = sum(band.held for band in test.calibration)
        print(f"{'':10s} {took:.1f} s; chances true in {held} of {len(test.calibration)} bands; {test.verdict}")
        print(f"{'':10s} {' '.join(test.warnings)}")
        for one in test.measures:
            if "10, new customers" in one.name:
                print(f"{'':10s} {one.name}, {one.of}: {_with(one)}")


def _with(one: object) -> str:
    if one is None:
        return f"{'':15s}"
    reach = "" if one.low is None else f"±{(one.high - one.low) / 2:.3f}"
    return f"{one.value:7.3f} {reach:7s}"


def large() -> None:
    purchases = invented(1_000_000, 10_000)
    start = time.perf_counter()
    model = fit_next(purchases, 730, level="product")
    fitted = time.perf_counter()
    few = purchases.of_customers(0, 100_000)
    found = model.next_items(few, 730)
    scored = time.perf_counter()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"\n1,000,000 customers x 10,000 products, {len(purchases):,} lines: fit with back-test {fitted - start:.0f} s, "
        f"{found.item.shape[0]:,} customers scored in {scored - fitted:.0f} s, at most {most:.1f} GiB"
    )


def main() -> None:
    wanted = sys.argv[1:] or ["online-retail", "movielens"]
    folder = Path(os.environ.get("SMALTI_DATA", "data"))
    if "online-retail" in wanted:
        purchases, countries = online_retail(folder)
        dates = ("2010-12-01", "2011-03-01", "2011-06-01", "2011-09-01")
        days = [int(pd.Timestamp(one).timestamp()) // DAY for one in dates]
        told("Online Retail II", purchases, days, 90, countries)
    if "movielens" in wanted:
        purchases = movielens(folder)
        last = int(purchases.day.max())
        told("MovieLens 100k", purchases, [last - 60, last - 30], 30)
    if "invented" in wanted:
        large()


if __name__ == "__main__":
    main()
