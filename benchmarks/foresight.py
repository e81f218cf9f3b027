"""How near buying models come to what real customers did: ours, naive forecasts, and two well-known libraries.

    SMALTI_DATA=... python benchmarks/foresight.py [--lifetimes PYTHON] [--pymc-marketing PYTHON] [--minutes 10]

CDNOW master: 23,570 customers, calibration to 1997-09-30, the 39 weeks after it held out. Online Retail II: customers of the
first year, the second held out. Everybody is given the same histories in the same days of purchase, and everybody's errors are
reckoned here: by customer (mean absolute and root mean squared error), by cohort and by frequency (errors of the groups'
sums over what came), in total (foretold over came). The libraries live in environments of their own, whose interpreters are
named; they are told what to do by `foresight_others.py` and may take so many minutes for each kind.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from smalti.models.accuracy import ABSOLUTE, BY_COHORT, BY_FREQUENCY, RANK, SQUARED, TOTAL, Compared, Resampled
from smalti.models.buying.kinds import fit_repeat_buying
from smalti.models.choosing import SIMPLEST_FIRST, TITLES, choose
from smalti.models.holdout import Holdout
from smalti.models.naive import naive_purchases

DAY = 86_400_000_000
MEASURES = (ABSOLUTE, SQUARED, BY_COHORT, BY_FREQUENCY, TOTAL, RANK)


def cdnow(folder: Path) -> pd.DataFrame:
    """Give customer, day and spend of CDNOW's master file, one row per day of purchase."""
    rows = [line.split() for line in (folder / "orders/CDNOW_master.txt").read_text().splitlines()]
    table = pd.DataFrame([row for row in rows if row[1].isdigit()], columns=["customer", "day", "number", "spend"])
    table["day"] = (pd.to_datetime(table["day"], format="%Y%m%d") - pd.Timestamp(0)).dt.days
    table["spend"] = table["spend"].astype(float)
    return table.groupby(["customer", "day"], as_index=False)["spend"].sum()


def online_retail(folder: Path) -> pd.DataFrame:
    """Give the same of Online Retail II: duplicates, returns, what has no price and what has no customer left out."""
    table = pd.read_parquet(folder / "orders/online_retail_II.parquet")
    table = table.drop(columns="sheet").drop_duplicates()
    bought = (table["Quantity"] > 0) & (table["Price"] > 0) & table["Customer ID"].notna()
    table = table[bought & ~table["Invoice"].astype(str).str.startswith("C")]
    table = table.assign(
        customer=table["Customer ID"].astype(str),
        day=(table["InvoiceDate"].dt.normalize() - pd.Timestamp(0)).dt.days,
        spend=table["Quantity"] * table["Price"],
    )
    return table.groupby(["customer", "day"], as_index=False)["spend"].sum()


def held_out(days: pd.DataFrame, horizon: int) -> Holdout:
    """Stand `horizon` days before the last day of all."""
    cut = int(days["day"].max()) - horizon
    past = (
        days[days["day"] <= cut]
        .groupby("customer")
        .agg(first=("day", "min"), last=("day", "max"), count=("day", "size"), spend=("spend", "mean"))
    )

    def within(low: int, high: int) -> pd.DataFrame:
        chosen = days[(days["day"] > low) & (days["day"] <= high)].groupby("customer")
        return chosen.agg(count=("day", "size"), spend=("spend", "sum")).reindex(past.index).fillna(0.0)

    before, later = within(cut - horizon, cut), within(cut, cut + horizon)

    def floats(column: pd.Series) -> np.ndarray:
        return column.to_numpy(dtype=np.float64)

    return Holdout(
        cut_off=cut * DAY,
        horizon=float(horizon),
        repeats=floats(past["count"] - 1),
        recency=floats(past["last"] - past["first"]),
        age=floats(cut - past["first"]),
        before=floats(before["count"]),
        before_spend=floats(before["spend"]),
        mean_spend=floats(past["spend"]),
        later=floats(later["count"]),
        later_spend=floats(later["spend"]),
    )


def ours(seen: Holdout) -> Iterator[tuple[str, np.ndarray, float]]:
    """Fit and foretell with each kind."""
    for kind in SIMPLEST_FIRST:
        begun = time.perf_counter()
        model = fit_repeat_buying(kind, *seen.history, unit="day")
        forecast = model.expected_purchases(*seen.history, seen.horizon)
        yield f"smalti {TITLES[kind]}", forecast, time.perf_counter() - begun


def theirs(seen: Holdout, library: str, python: str, minutes: float) -> Iterator[tuple[str, np.ndarray | str, float]]:
    """Have a library fit and foretell in its own environment; a text instead of a forecast says why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        np.savez(given, repeats=seen.repeats, recency=seen.recency, age=seen.age, horizon=seen.horizon)
        script = Path(__file__).with_name("foresight_others.py")
        for kind in SIMPLEST_FIRST:
            called = f"{library} {TITLES[kind]}"
            command = [python, "-W", "ignore", str(script), library, kind, str(given), str(made)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=minutes * 60, check=False)
            except subprocess.TimeoutExpired:
                yield called, f"not done in {minutes:g} minutes", minutes * 60
                continue
            if done.returncode:
                yield called, (done.stderr.strip().splitlines() or ["it failed"])[-1][:120], 0.0
                continue
            with np.load(made) as found:
                yield called, found["forecast"], float(found["seconds"])


def table_of(name: str, seen: Holdout, forecasts: dict[str, np.ndarray], seconds: dict[str, float]) -> str:
    """Write the errors of all as a table."""
    compared = Compared(seen, seen.later, forecasts, Resampled(len(seen), 0))
    measures = {(one.of, one.name): one for one in compared.measures()}
    lines = [
        f"### {name}: {len(seen):,} customers, {seen.later.sum():,.0f} days of purchase in the {seen.horizon:g} days held out",
        "",
        "| | by customer: MAE | RMSE | by cohort | by frequency | total: foretold / came | rank | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for of in forecasts:
        told = [measures.get((of, measure)) for measure in MEASURES]
        numbers = ["-" if one is None else f"{one.value:.4f}" for one in told]
        took = f"{seconds[of]:.2f}" if of in seconds else ""
        lines.append(f"| {of} | {' | '.join(numbers)} | {took} |")
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--lifetimes", metavar="PYTHON", help="interpreter of an environment with lifetimes")
    asked.add_argument("--pymc-marketing", metavar="PYTHON", help="interpreter of an environment with pymc-marketing")
    asked.add_argument("--minutes", type=float, default=10, help="the most each of their models may take")
    given = asked.parse_args()
    folder = os.environ.get("SMALTI_DATA")
    if not folder or not Path(folder).is_dir():
        sys.exit("SMALTI_DATA names no folder with the real data")
    libraries = {"lifetimes": given.lifetimes, "pymc-marketing": given.pymc_marketing}
    for name, days, horizon in (
        ("CDNOW master", cdnow(Path(folder)), 273),
        ("Online Retail II", online_retail(Path(folder)), 365),
    ):
        seen = held_out(days, horizon)
        forecasts, seconds, failed = {}, {}, []
        for called, forecast, took in ours(seen):
            forecasts[called], seconds[called] = forecast, took
        for library, python in libraries.items():
            for called, forecast, took in theirs(seen, library, python, given.minutes) if python else ():
                if isinstance(forecast, str):
                    failed.append(f"{called}: {forecast}")
                elif not np.isfinite(forecast).all():
                    failed.append(f"{called}: {(~np.isfinite(forecast)).sum():,} customers without a number")
                else:
                    forecasts[called], seconds[called] = forecast, took
        forecasts |= naive_purchases(seen)
        print(table_of(name, seen, forecasts, seconds), *(f"\n{one}" for one in failed))
        chosen = choose(seen)
        print(f"\nChosen: {chosen.why} {chosen.backtest.verdict}\n", flush=True)


if __name__ == "__main__":
    main()
