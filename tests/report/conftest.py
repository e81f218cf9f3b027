"""Invented runs that keep the contract of a run's tables, of any size, and the hostile names of our nightmares."""

import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from persona_worlds import personas_of

MONEY = pa.decimal128(18, 2)
AS_OF = datetime(2026, 6, 30, 22, 59, 59, tzinfo=UTC)
PLAYBOOK = [
    ("onboard", "Onboard", "second order", 0.08, 40, "first order was less than 60 days ago"),
    ("develop", "Develop", "frequency", 0.06, 35, "orders in the last year is at least 2"),
    ("cross_sell", "Cross-sell", "breadth", 0.05, 30, "categories bought is at most 2 and orders is at least 3"),
    ("up_sell", "Up-sell", "order value", 0.04, 30, "mean order value is below that of comparable customers"),
    ("retain", "Retain", "churn", 0.12, 150, "value at risk is above 20 and p alive is between 0.3 and 0.8"),
    ("win_back", "Win back", "return", 0.05, 120, "days since order is more than 3 typical gaps"),
    ("reward", "Reward", "loyalty", 0.10, 200, "spend in the last year is at least the 90th percentile"),
    ("migrate", "Migrate", "channel", 0.20, 50, "orders by telephone is at least 1"),
    ("reduce_cost", "Reduce cost", "cost to serve", 0.30, 20, "returns in the last year is at least 3"),
    ("leave_alone", "Leave alone", "none", None, 0, "always"),
    ("do_not_target", "Do not target", "none", None, 0, "has asked not to be contacted"),
]
SEGMENTATIONS = {
    "rfm": ["champions", "loyal", "promising", "needs_attention", "slipping_away", "lost"],
    "lifecycle": ["new", "active", "cooling", "lapsed"],
    "value_tiers": ["top_tenth", "next_fifth", "middle", "the_rest"],
}


def money(minor):
    whole = pa.array(np.asarray(minor, np.int64)).cast(pa.decimal128(19, 0))
    return pc.multiply(whole.cast(pa.decimal128(21, 2)), pa.scalar(Decimal("0.01"))).cast(MONEY)


def instants(days_ago):
    start = int(AS_OF.timestamp() * 1e6)
    return pa.array(start - (np.asarray(days_ago) * 86_400e6).astype(np.int64), pa.timestamp("us", "UTC"))


def choose(gains, rng):
    """The two largest gains of each customer; some are not to be targeted."""
    n = len(gains["retain"])
    names = [*gains, "leave_alone"]
    matrix = np.stack([*gains.values(), np.full(n, 1.0)])
    order = np.argsort(-matrix, axis=0, kind="stable")[:2]
    first, second = order
    first = np.where(rng.random(n) < 0.02, len(names), first)
    names.append("do_not_target")
    gain = np.where(first < len(gains), np.take_along_axis(matrix, order[:1], 0)[0], 0).astype(np.int64)
    gain2 = np.where(second < len(gains), np.take_along_axis(matrix, order[1:], 0)[0], 0).astype(np.int64)
    return names, (first, second, gain, gain2)


def segment_codes(orders, tenure, since, alive, now):
    rfm = np.digitize(-since, -np.array([60, 120, 240])) + (orders < 3)
    rfm = np.clip(5 - rfm - (orders > 6), 0, 5)
    life = np.where(tenure < 60, 0, np.where(alive > 0.6, 1, np.where(alive > 0.2, 2, 3)))
    tier = np.digitize(-now, -np.quantile(now, [0.9, 0.7, 0.3]))
    return {"rfm": rfm, "lifecycle": life, "value_tiers": tier}


def invent(customers=5_000, seed=7):
    """Tables of a run of a shop, and what it holds as arrays of minor units."""
    rng = np.random.default_rng(seed)
    n = customers
    rate = rng.gamma(0.9, 4.0, n)
    orders = 1 + rng.poisson(rate)
    tenure = rng.uniform(10, 1100, n)
    since = np.minimum(tenure, rng.exponential(120, n) * np.where(orders > 5, 0.6, 1.6))
    mean_value = rng.lognormal(3.6, 0.6, n)
    year = np.where(since > 365, 0, np.maximum(1, rng.binomial(orders, np.clip(365 / tenure, 0.05, 1))))
    spend = np.rint(orders * mean_value * 100).astype(np.int64)
    spend_year = np.rint(year * mean_value * 100).astype(np.int64)
    alive = 1 / (1 + np.exp((since - 90 * (1 + 3 / orders)) / 60))
    now = np.rint(spend_year * 0.3).astype(np.int64) - np.where(rng.random(n) < 0.04, rng.integers(100, 4000, n), 0)
    kept = np.rint(rate * mean_value * 30).astype(np.int64)
    come = np.rint(kept * alive).astype(np.int64)
    risk = kept - come
    untapped = np.rint(np.maximum(0, rng.normal(0.2, 0.5, n)) * kept).astype(np.int64)
    gains = {
        "onboard": np.where(tenure < 60, 0.3 * untapped + 200, 0),
        "develop": 0.11 * untapped * (orders > 1),
        "cross_sell": 0.12 * untapped * (rng.random(n) < 0.5),
        "up_sell": 0.12 * untapped * (mean_value < 35),
        "retain": np.where((alive > 0.3) & (alive < 0.9), 0.12 * risk - 50, 0),
        "win_back": np.where(alive <= 0.3, 0.05 * risk - 120, 0),
        "reward": 0.02 * come * (come > np.quantile(come, 0.9)),
        "reduce_cost": np.where(now < 0, -0.3 * now, 0),
    }
    names, (first, second, gain, gain2) = choose(gains, rng)
    ids = pa.array([f"C{i:07d}" for i in range(n)])
    titles = pa.array(names)
    table = pa.table(
        {
            "customer_id": ids,
            "country": pa.array(["United Kingdom", "France", "Deutschland", "العربية", "日本"]).take(
                pa.array(rng.choice(5, n, p=[0.6, 0.15, 0.15, 0.05, 0.05]))
            ),
            "orders_total": orders,
            "orders_365d": year,
            "spend_total": money(spend),
            "spend_365d": money(spend_year),
            "first_order_at": instants(tenure),
            "last_order_at": instants(since),
            "days_since_order": since,
            "typical_gap_days": tenure / orders,
            "p_alive": alive,
            "value_now": money(now),
            "value_to_come": money(come),
            "value_to_come_low": money(come * 0.4),
            "value_to_come_high": money(come * 1.9),
            "value_if_kept": money(kept),
            "value_at_risk": money(risk),
            "untapped_potential": money(untapped),
            "primary_strategy": titles.take(pa.array(first)),
            "secondary_strategy": titles.take(pa.array(second)),
            "primary_gain": money(gain),
        }
    )
    codes = segment_codes(orders, tenure, since, alive, now)
    return table, codes, names, (first, second, gain, gain2)


def membership_of(ids, codes):
    parts = []
    for segmentation, of in codes.items():
        names = pa.array(SEGMENTATIONS[segmentation])
        parts.append(
            pa.table(
                {
                    "segmentation": pa.array([segmentation] * len(of)),
                    "segment": names.take(pa.array(of)),
                    "customer_id": ids,
                }
            )
        )
    return pa.concat_tables(parts)


def total(column):
    value = pc.sum(column).as_py()
    return int((value or Decimal(0)) * 100)


def segment_rows(table, codes):
    rows, traits = [], []
    everyone = total(table["value_to_come"]) or 1
    for segmentation, of in codes.items():
        for code, name in enumerate(SEGMENTATIONS[segmentation]):
            inside = table.filter(pa.array(of == code))
            if not inside.num_rows:
                continue
            counted = pc.value_counts(inside["primary_strategy"]).to_pylist()
            best = max(counted, key=lambda row: (row["counts"], row["values"]))
            rows.append(
                {
                    "segmentation": segmentation,
                    "segment": name,
                    "title": name.replace("_", " ").capitalize(),
                    "size": inside.num_rows,
                    "share": inside.num_rows / table.num_rows,
                    **{
                        column: pc.sum(inside[column]).as_py()
                        for column in ("value_now", "value_to_come", "value_at_risk", "untapped_potential")
                    },
                    "value_share": total(inside["value_to_come"]) / everyone,
                    "rule": "spend_365d >= quantile(spend_365d, 0.8) and days_since_order <= 60",
                    "sentence": "spend in the last year is at least £120.00 (the 80th percentile of spend in the last "
                    "year) and days since the last order is at most 60",
                    "why": "the customers who carry the shop" if code == 0 else None,
                    "strategy": best["values"],
                    "strategy_share": best["counts"] / inside.num_rows,
                }
            )
            outside = table.filter(pa.array(of != code))
            for trait, title in (
                ("orders_total", "orders so far"),
                ("days_since_order", "days since the last order"),
                ("typical_gap_days", "typical gap between orders"),
                ("p_alive", "chance of still being a customer"),
            ):
                pair = [pc.mean(part[trait]).as_py() or 0.0 for part in (inside, outside)]
                spread = pc.stddev(table[trait]).as_py() or 1.0
                traits.append(
                    {
                        "segmentation": segmentation,
                        "segment": name,
                        "trait": trait,
                        "title": title,
                        "inside": f"{pair[0]:.1f}",
                        "outside": f"{pair[1]:.1f}",
                        "effect": (pair[0] - pair[1]) / spread,
                    }
                )
    traits.sort(key=lambda row: (row["segmentation"], row["segment"], -abs(row["effect"])))
    return pa.Table.from_pylist(rows), pa.Table.from_pylist(traits)


def strategy_rows(table, names, chosen):
    first, second, gain, gain2 = chosen
    n = table.num_rows
    titles = pa.array(names)
    reasons = pa.array(
        [f"{name.replace('_', ' ')}: 12 orders so far, quiet for 74 days; usual gap 31 days" for name in names]
    )
    both = []
    for rank, codes, of in ((1, first, gain), (2, second, gain2)):
        both.append(
            pa.table(
                {
                    "customer_id": table["customer_id"],
                    "strategy": titles.take(pa.array(codes)),
                    "rank": pa.array(np.full(n, rank)),
                    "gain": money(of),
                    "gain_low": money(of * 0.35),
                    "gain_high": money(of * 1.8),
                    "basis": pa.array(np.where(codes % 2 == 0, "modelled", "assumed")),
                    "reason": reasons.take(pa.array(codes)),
                    "why_not": pa.array(["its gain is £1.20 below the first"]).take(pa.array(np.zeros(n, int))),
                }
            )
        )
    return pa.concat_tables(both).sort_by([("customer_id", "ascending"), ("rank", "ascending")])


def playbook_rows(names, chosen):
    first, second, gain, _ = chosen
    rows = []
    for key, title, mechanism, rate, cost, eligible in PLAYBOOK:
        code = names.index(key) if key in names else -1
        mine = first == code
        together = Decimal(int(gain[mine].sum())) / 100
        rows.append(
            {
                "strategy": key,
                "title": title,
                "mechanism": mechanism,
                "about": f"What {title.lower()} is about",
                "customers": int(mine.sum()),
                "secondary": int((second == code).sum()),
                "eligible": int(mine.sum() * 2.5),
                "gain": together,
                "gain_low": round(together * Decimal("0.6"), 2),
                "gain_high": round(together * Decimal("1.4"), 2),
                "success_rate": rate,
                "success_basis": None if rate is None else "measured" if key == "reward" else "assumed",
                "success_by": None if rate is None else "hold-out of May" if key == "reward" else "smalti's default",
                "cost": Decimal(cost) / 100,
                "headroom": "what comparable customers spend and this one does not",
                "eligible_when": eligible,
            }
        )
    return pa.Table.from_pylist(rows)


def invent_account(kept):
    return [
        {
            "source": "orders",
            "currency": "GBP",
            "rows": {"total": 25_120, "kept": 24_000, "returns": 800, "set_aside": 320},
            "money": {
                "total": kept - 301_455 + 1_250_015,
                "kept": kept,
                "returns": -301_455,
                "set_aside": 1_250_015,
            },
            "after_as_of": {"rows": 12, "money": 40_310},
            "reasons": [
                {"reason": "no customer", "rows": 290, "money": 1_240_010},
                {"reason": "exact duplicate", "rows": 28, "money": 10_005},
                {"reason": "not a date", "rows": 2, "money": None},
            ],
            "balanced": True,
            "sentence": "Every penny of the orders is accounted for.",
        },
        {
            "source": "customers",
            "currency": None,
            "rows": {"total": 5_002, "kept": 5_000, "returns": 0, "set_aside": 2},
            "money": None,
            "after_as_of": {"rows": 0, "money": None},
            "reasons": [{"reason": "two rows for one customer", "rows": 2, "money": None}],
            "balanced": True,
            "sentence": "Every row of the customers is accounted for.",
        },
    ]


def invent_models(customers):
    return {
        "buying": {
            "title": "MBG/NBD",
            "fitted": True,
            "parameters": {"r": 0.5248, "alpha": 6.1829, "a": 0.8914, "b": 1.6141},
            "log_likelihood": -9582.13,
            "customers": customers,
            "sentence": "A customer buys 0.08 times a week while alive and leaves after an order with chance 0.36.",
        },
        "spend": {
            "title": "Gamma-Gamma",
            "fitted": False,
            "parameters": {},
            "log_likelihood": None,
            "customers": 0,
            "sentence": "Too few repeat buyers to fit how much is spent; the plain mean is used.",
        },
    }


def invent_info(table, chosen):
    gain = int(chosen[2].sum())
    totals = {
        name: total(table[name]) for name in ("value_now", "value_to_come", "value_at_risk", "untapped_potential")
    }
    kept = total(table["spend_total"])
    return {
        "smalti": "0.1.0",
        "project": "Corner Shop",
        "currency": "GBP",
        "time_zone": "Europe/London",
        "as_of": "2026-06-30T22:59:59Z",
        "made_at": "2026-07-01T06:12:09Z",
        "seed": 20260630,
        "inputs": [{"source": "orders", "file": "data/orders_2023-2026.csv", "bytes": 18_223_411, "sha256": "9f" * 32}],
        "guess": [
            "customer = Customer ID (by its name)",
            "at = InvoiceDate (by its name)",
            "amount = Price x Quantity",
        ],
        "account": invent_account(kept),
        "notes": ["The last orders are 3 days older than the as-of instant.", "12 rows lie after the as-of instant."],
        "assumptions": [
            {
                "name": "margin_rate",
                "value": "30 %",
                "about": "margin earned on what is sold",
                "by": "smalti's default",
            },
            {
                "name": "discount_rate",
                "value": "10 %",
                "about": "worth of money a year later",
                "by": "you, in smalti.yml",
            },
            {"name": "contact_cost", "value": "£0.30", "about": "cost of one message", "by": "smalti's default"},
        ],
        "models": invent_models(table.num_rows),
        "fitted": [{"quantile": "quantile(spend_365d, 0.8)", "value": "£120.00"}],
        "customers": table.num_rows,
        "totals": {**totals, "gain": gain, "gain_low": int(gain * 0.6), "gain_high": int(gain * 1.4)},
        "tables": {"customers": table.num_rows},
        "timings": [{"step": "read orders", "seconds": 1.2}, {"step": "traits", "seconds": 3.4}],
        "definitions": {},
        "previous": None,
    }


def fake_run(customers=5_000, seed=7):
    """Info and tables of an invented run."""
    table, codes, names, chosen = invent(customers, seed)
    segments, traits = segment_rows(table, codes)
    tables = {
        "customers": table,
        "membership": membership_of(table["customer_id"], codes),
        "segments": segments,
        "segment_traits": traits,
        "personas": personas_of(segments),
        "strategies": strategy_rows(table, names, chosen),
        "playbook": playbook_rows(names, chosen),
        "set_aside": pa.table(
            {
                "source": ["orders.csv"] * 6,
                "row": [3, 17, 18, 90, 91, 1200],
                "reason": ["no customer"] * 3 + ["exact duplicate"] * 2 + ["not a date"],
                "found": ["", "", None, "row 89 again", "row 90 again", "32/13/2025"],
                "amount": pa.array(
                    [Decimal("12.50"), Decimal("3.10"), Decimal("-4.00"), Decimal("9.99"), None, None], MONEY
                ),
            }
        ),
    }
    return invent_info(table, chosen), tables


def earlier_membership(tables, seed=3, share=0.12):
    """The membership of a run before: some sat elsewhere, the newest were not there yet."""
    rng = np.random.default_rng(seed)
    ids = tables["customers"]["customer_id"]
    codes = {}
    for segmentation, names in SEGMENTATIONS.items():
        here = tables["membership"].filter(pc.equal(tables["membership"]["segmentation"], segmentation))
        now = np.asarray(pc.index_in(here["segment"], value_set=pa.array(names)))
        drift = np.where(rng.random(len(now)) < share, rng.choice([-1, 1], len(now), p=[0.7, 0.3]), 0)
        codes[segmentation] = np.clip(now + drift, 0, len(names) - 1)
    table = membership_of(ids, codes)
    return table.filter(pc.less(table["customer_id"], f"C{int(len(ids) * 0.97):07d}"))


@pytest.fixture
def invented():
    return fake_run


@pytest.fixture
def before():
    return earlier_membership


@pytest.fixture(scope="session")
def small_run():
    return fake_run(1_000)


@pytest.fixture
def hostile():
    return [
        "<script>document.title='owned'</script>",
        '"><img src=x onerror="document.title=\'owned\'">',
        "{{ 7 * 7 }}{% for x in y %}",
        "",
        "   ",
        "עברית \u202eevil",
        "x" * 400,
        '😀 Ærø & Søn\'s "best" </style></title>',
        '=HYPERLINK("http://evil")',
    ]
