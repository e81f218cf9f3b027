"""Invented plans that keep the contract of a run's tables."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

MONEY = pa.decimal128(18, 2)
AT = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
ACTIONS = [
    (
        "second_order_mail by email",
        "Second order mail",
        ("second_order_mail",),
        ("email",),
        "modelled",
        "develop",
    ),
    ("second_order_mail by sms", "Second order mail", ("second_order_mail",), ("sms",), "modelled", "develop"),
    ("come_back_call", "A call to come back", ("come_back_call",), ("call",), "assumed", "win_back"),
    ("thank_you_card", "Thank you card", ("thank_you_card",), ("post",), "measured", "reward"),
    ("spring_mail", "Spring mail", ("spring_mail",), ("email",), "assumed", "retain"),
]
GIFT = ("never", "A gift", ("gift",), ("post",), "assumed", "")
WHYS = [
    "nothing that she may get is expected to earn more than it costs",
    "may be contacted by no channel",
    "is held out of everything",
    "was contacted 2 times in the last 7 days",
]
LIMITS = [
    (
        "budget",
        "budget of a plan",
        "money",
        None,
        500.0,
        499.8,
        1.8431,
        "£1 more of the budget would bring £1.84",
        True,
    ),
    (
        "call a day",
        "at most 40 contacts by call a day",
        "contacts",
        None,
        40.0,
        40.0,
        6.2,
        "one more call a day would bring £6.20",
        True,
    ),
    ("at least thank_you_card", "thank you cards", "customers", 25.0, None, 25.0, 0.41, None, True),
    ("email in all", "e-mails in all", "contacts", None, 5000.0, 321.0, 0.0, None, False),
    ("fair to north", "share of north who are treated", "customers", 12.0, None, 57.0, 0.0, None, False),
]
BODY = "Dear Ann,\n\nthank you for three years with us. Until Sunday there is 10 % off shoes.\n\nYours, Corner Shop"


def money(values):
    return pa.array([None if value is None else Decimal(round(value * 100)) / 100 for value in values], MONEY)


def plan_table(ids, seed=3, chosen=0.4):
    """One row for each contact, one for each customer without any."""
    rng = np.random.default_rng(seed)
    rows = []
    for place, customer in enumerate(ids):
        if rng.random() > chosen:
            change = "dropped" if place % 41 == 0 else None
            rows.append(idle(customer, WHYS[int(rng.integers(0, 4))], change))
            continue
        action = ACTIONS[int(rng.choice(len(ACTIONS), p=[0.4, 0.1, 0.1, 0.1, 0.3]))]
        gain = float(rng.gamma(1.5, 2.0))
        due = AT + timedelta(days=int(rng.integers(0, 7)), hours=int(rng.integers(8, 18)))
        change = ("same", "new", "changed")[int(rng.choice(3, p=[0.7, 0.2, 0.1]))]
        rows.append(contact(customer, action, gain, due, change))
        if action[2][0] == "second_order_mail":
            rows.append(contact(customer, action, None, due + timedelta(days=3), change, step=2, channel="sms"))
    return pa.Table.from_pylist(rows, SCHEMA)


SCHEMA = pa.schema(
    {
        **dict.fromkeys(["customer_id", "treatment"], pa.string()),
        "step": pa.int32(),
        **dict.fromkeys(["channel", "message", "variant"], pa.string()),
        "due": pa.timestamp("us", "UTC"),
        "day": pa.string(),
        "probability": pa.float64(),
        **dict.fromkeys(["gain", "gain_low", "gain_high", "cost"], MONEY),
        "basis": pa.string(),
        "weighed": MONEY,
        **dict.fromkeys(
            ["strategy", "chosen", "reason", "runner_up", "why_not", "change", "change_reason"], pa.string()
        ),
    }
)


def cents(value):
    return None if value is None else Decimal(round(value * 100)) / 100


def idle(customer, why, change=None):
    row = dict.fromkeys(SCHEMA.names) | {"customer_id": customer, "chosen": "none", "reason": why, "probability": 0.97}
    return row | {"change": change, "change_reason": "email may not be used any more" if change else None}


def contact(customer, action, gain, due, change, *, step=1, channel=None):
    treatment = action[2][0]
    why = f"{action[1].lower()} works for 6 % of such customers"
    reason = f"3 orders so far, the usual gap is 31 days and 40 have passed; {why}"
    return {
        "customer_id": customer,
        "treatment": treatment,
        "step": step,
        "channel": channel or action[3][0],
        "message": treatment,
        "variant": "champions" if step == 1 and gain and gain > 4 else None,
        "due": due,
        "day": due.date().isoformat(),
        "probability": 0.97,
        "gain": cents(gain),
        "gain_low": cents(gain and gain * 0.3),
        "gain_high": cents(gain and gain * 1.8),
        "cost": cents(0.1 if gain else None),
        "basis": action[4] if gain else None,
        "weighed": cents(gain),
        "strategy": action[5],
        "chosen": "best",
        "reason": reason if step == 1 else "3 days after it began, if not opened",
        "runner_up": "spring_mail" if treatment != "spring_mail" else "come_back_call",
        "why_not": "£0.42 less after the price of its limits",
        "change": change,
        "change_reason": {"changed": "its gain fell by £0.80", "new": "became possible"}.get(change),
    }


def totals(table):
    """Totals of a plan table, as a run has them."""
    rows = [row for row in table.to_pylist() if row["treatment"]]
    found = [total("all", "all", "All", rows)]
    for by in ("treatment", "channel", "strategy", "day"):
        for name in sorted({row[by] for row in rows}):
            found.append(total(by, name, None, [row for row in rows if row[by] == name]))
    found += [
        total("segment", name, name.capitalize(), rows[start::3])
        for start, name in enumerate(["loyal", "new", "lapsed"])
    ]
    return pa.Table.from_pylist(found)


def total(by, name, title, rows):
    gain = sum(row["gain"] or 0 for row in rows)
    return {
        "by": by,
        "name": name,
        "title": title or name.replace("_", " ").capitalize(),
        "customers": len({row["customer_id"] for row in rows}),
        "contacts": len(rows),
        "gain": Decimal(gain),
        "gain_low": Decimal(gain) * Decimal("0.5"),
        "gain_high": Decimal(gain) * Decimal("1.5"),
        "cost": Decimal(sum(row["cost"] or 0 for row in rows)),
    }


def limits():
    names = ["limit", "about", "unit", "least", "most", "used", "price", "one_more", "binds"]
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in LIMITS])


def previews(ids):
    rows = [
        ("second_order_mail", None, None, "email", "Ann, your second order", "10 % off shoes", BODY),
        (
            "second_order_mail",
            "champions",
            "champions",
            "email",
            "Ann, for our best customers",
            "early access",
            BODY * 9,
        ),
        ("second_order_mail", None, None, "sms", "", "", "10 % off shoes until Sunday. Corner Shop"),
        ("come_back_call", None, None, "call", "", "", "Ask about the last delivery; offer to send a sample."),
        *[
            ("spring_mail", None, None, "email", "Spring is here", "", text)
            for text in (BODY, "Hello!", "Hello!", BODY)
        ],
    ]
    names = ["message", "variant", "segment", "channel", "subject", "offer", "body"]
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) | {"customer_id": ids[place]} for place, row in enumerate(rows)]
    )


def options(customer):
    rows = [("second_order_mail by email", 2.4, True, None), ("spring_mail", 1.98, True, None)]
    rows += [("thank_you_card", 1.1, True, None), ("come_back_call", 6.0, False, "no_consent")]
    return [
        {
            "customer_id": customer, "action": action, "gain": cents(gain), "gain_low": cents(gain / 3),
            "gain_high": cents(gain * 2), "cost": cents(0.1), "possible": possible, "why": why,
        }
        for action, gain, possible, why in rows
    ]  # fmt: skip


def plan_info(table):
    whole = totals(table).to_pylist()[0]
    gain = int(whole["gain"] * 100)
    return {
        "at": AT.isoformat(),
        "until": (AT + timedelta(days=7)).isoformat(),
        "value": gain,
        "bound": int(gain * 1.0003) + 1,
        "gap": 0.0003,
        "cost": int(whole["cost"] * 100),
        "customers": whole["customers"],
        "contacts": whole["contacts"],
        "actions": [
            {
                "name": name, "title": title, "treatments": list(treatments), "channels": list(channels),
                "weight": 1.5 if name == "thank_you_card" else 1.0, "basis": basis, "by": "this project", "fixed": 0,
            }
            for name, title, treatments, channels, basis, _ in [*ACTIONS, GIFT]
        ],
        "limits": [],
        "changes": {},
        "explore": 0.05,
        "notes": ["without touches it cannot be known whether a message was opened"],
        "levers": {"thank_you_card": 1.5},
    }  # fmt: skip


def planning(info, tables, seed=3):
    """A run with a plan: its info and its tables."""
    ids = tables["customers"]["customer_id"].to_pylist()
    table = plan_table(ids, seed)
    more = {"plan": table, "plan_totals": totals(table), "plan_limits": limits(), "plan_previews": previews(ids)}
    more["plan_options"] = pa.Table.from_pylist(options(ids[0]))
    steps = [{"after": "3 days", "channel": "sms", "condition": "not opened"}]
    kept = {
        "treatments": [["second_order_mail", {"steps": steps}]],
        "messages": [["spring_mail", {"title": "Hello spring"}]],
    }
    return {**info, "definitions": kept, "plan": plan_info(table)}, {**tables, **more}
