"""Invented models of a run, in the form that ``run.json`` keeps them in."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from smalti.models import BackTest, Band, Measure

DAY = 86_400_000_000
AS_OF = 1_782_860_399_000_000


def chance_bands(rng, names, shift=1.0, customers=500):
    bands = []
    for name, p in names:
        came = rng.binomial(customers, min(1.0, p * shift)) / customers
        half = 1.96 * np.sqrt(max(came * (1 - came), 0.002) / customers)
        bands.append(Band(name, customers, p, came, max(came - half, 0.0), min(came + half, 1.0)))
    return tuple(bands)


def bought(seed=3, shift=1.0):
    rng = np.random.default_rng(seed)
    edges = np.arange(0, 1, 0.1)
    tenths = [0.91, 0.74, 0.58, 0.45, 0.34, 0.25, 0.18, 0.12, 0.07, 0.03]
    return BackTest(
        "an order within 90 days",
        "chance",
        90.0,
        (AS_OF - 270 * DAY, AS_OF - 180 * DAY, AS_OF - 90 * DAY),
        15_000,
        (
            Measure("area under the ROC curve", "model", 0.831, 0.822, 0.840),
            Measure("area under the ROC curve", "recency alone", 0.774, 0.764, 0.784),
            Measure("area under the ROC curve", "buying model alone", 0.812, 0.803, 0.821),
            Measure("Brier score", "model", 0.142, 0.139, 0.146, "lower"),
            Measure("Brier score", "recency alone", 0.171, 0.167, 0.175, "lower"),
            Measure("Brier score", "buying model alone", 0.149, 0.145, 0.153, "lower"),
            Measure("calibration in the large", "model", 1.02, 0.98, 1.06, "nearer"),
            Measure("calibration in the large", "buying model alone", 0.91, 0.87, 0.95, "nearer"),
        ),
        chance_bands(rng, [(f"{low:.1f} to {low + 0.1:.1f}", low + 0.05) for low in edges], shift),
        chance_bands(rng, [(f"tenth {n}", p) for n, p in enumerate(tenths, 1)], shift, 1500),
        chance_bands(rng, [(day, 0.37) for day in ("2025-10-03", "2026-01-01", "2026-04-01")], shift, 5000),
        chance_bands(
            rng, [(f"first order in {year}", p) for year, p in ((2023, 0.2), (2024, 0.33), (2025, 0.6))], shift
        ),
        verdict="Better than the best of the simpler ways, the buying model alone: of 100 pairs of customers it puts 83 in the "
        "right order, that one 81 (difference 0.019, 0.012 to 0.026).",
        warnings=("days_since_order alone does nearly as well: look whether it knows the answer.",),
    )


def spent(seed=4):
    rng = np.random.default_rng(seed)
    means = [61_200.0, 24_100, 12_300, 7_400, 4_500, 2_600, 1_400, 700, 250, 40]
    bands = []
    for n, mean in enumerate(means, 1):
        came = mean * rng.uniform(0.75, 1.2)
        bands.append(Band(f"tenth {n}", 500, mean, came, came * 0.85, came * 1.15))
    return BackTest(
        "spend within 365 days",
        "money",
        365.0,
        (AS_OF - 365 * DAY,),
        5_000,
        (
            Measure("mean absolute error", "model", 5_230.0, 5_010.0, 5_480.0, "lower"),
            Measure("mean absolute error", "last year again", 6_140.0, 5_900.0, 6_400.0, "lower"),
            Measure("total foretold over total that came", "model", 0.97, None, None, "nearer"),
            Measure("total foretold over total that came", "last year again", 1.22, None, None, "nearer"),
        ),
        tuple(bands),
        tuple(bands),
        (Band("2025-06-30", 5000, 11_449.0, 11_020.0, 10_300.0, 11_800.0),),
        tuple(replace(band, name=f"first order in quarter {n}") for n, band in enumerate(bands[:4], 1)),
        chances=chance_bands(rng, [(f"{low:.1f} to {low + 0.1:.1f}", low + 0.05) for low in np.arange(0, 1, 0.1)]),
        verdict="Better than last year again: it is off by £52 a customer, that one by £61.",
    )


def drifts():
    moved = {
        "kind": "input",
        "input": "days_since_order",
        "since": "31 March 2026",
        "p_value": 1e-9,
        "q_value": 4e-9,
        "moved": 0.17,
        "alarm": True,
        "sentence": "days since the last order: 17 % of the customers have moved since the run as of 31 March 2026",
    }
    still = [moved | {"input": f"trait_{n}", "p_value": 0.4, "moved": 0.02, "alarm": False} for n in range(8)]
    came = {
        "kind": "calibration",
        "since": "31 March 2026",
        "ratio": 0.84,
        "alarm": True,
        "sentence": "of 1,000 customers 230 were expected to and 193 did, 0.84 times as many (0.74 to 0.95)",
    }
    return [came, moved, *still]


def told(title, what, backtest=None, **others):
    return {
        "title": title,
        "what": what,
        "fitted": True,
        "sentence": "MBG/NBD on days of purchase of 5,000 customers, 3,912 of whom came back.",
        "version": 1,
        "fitted_at": "2026-06-30T22:59:59Z",
        "window": {"from": "2023-06-26T00:00:00Z", "to": "2026-06-30T22:59:59Z"},
        "unit": "",
        "currency": "",
        "streams": ["orders"],
        "inputs": [],
        "parameters": None,
        "backtest": None if backtest is None else backtest.to_dict(),
        "drift": [],
        "notes": [],
    } | others


def models():
    """Models of all kinds: tested, drifted, not fitted."""
    inputs = [{"name": f"trait_{n}", "kind": "number", "unit": ""} for n in range(8)]
    return {
        "buying": told("MBG/NBD", "buying", spent(), parameters={"r": 0.52, "alpha": 6.2, "customers": 5000}),
        "will_buy": told(
            "will_buy",
            "score",
            bought(),
            unit="chance",
            inputs=inputs,
            drift=drifts(),
            sentence="gradient boosting of 8 traits",
        ),
        "next_category": told("next_category", "score", None, sentence="gradient boosting of 8 traits"),
        "spend": told("Own average", "spend", fitted=False, sentence="Too few repeat buyers to fit how much is spent"),
    }


def foreseeing(info, tables, seed=5):
    """Give a run with models and what they foretell."""
    rng = np.random.default_rng(seed)
    customers = tables["customers"]
    n = customers.num_rows
    ahead = rng.exponential(90, n)
    nothing = rng.random(n) < 0.2
    at = AS_OF + (ahead * DAY).astype(np.int64)
    columns = {
        "expected_orders": pa.array(rng.gamma(0.6, 4.0, n)),
        "next_order": pa.array(at, mask=nothing).cast(pa.timestamp("us", "UTC")),
        "gone_by": pa.array(at + 60 * DAY, mask=nothing).cast(pa.timestamp("us", "UTC")),
        "will_buy": pa.array(rng.beta(1.0, 2.0, n)),
        "next_category": pa.array(["shoes", "hats", "<b>bags</b>", "عربية"]).take(pa.array(rng.integers(0, 4, n))),
    }
    for name, column in columns.items():
        customers = customers.append_column(name, column)
    more = {"models": models(), "as_of_microseconds": AS_OF, "horizon": "the year ahead"}
    return {**info, **more}, {**tables, "customers": customers}
