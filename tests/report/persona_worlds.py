"""Invented personas that keep the contract of the table of personas."""

from decimal import Decimal

import pyarrow as pa

VALUES = ("value_now", "value_to_come", "value_at_risk", "untapped_potential")
APART = (
    ("spend_365d", "spend in the last year", "£412.00", "£38.50", 0.84, 0.81, 0.87, None, True),
    ("days_since_order", "days since the latest order", "12 days", "140.5 days", -0.5, -0.56, -0.44, None, False),
    ("favourite_channel", "favourite channel", "shop: 62 %", "shop: 21 %", 0.41, 0.37, 0.45, 2.952, False),
)
COLUMNS = ("trait", "title", "inside", "outside", "effect", "low", "high", "lift", "ruled")
REWARD = {"strategy": "reward", "title": "Reward", "about": "Thank the best."}
RETAIN = {"strategy": "retain", "title": "Retain", "about": "Give a good customer a reason to stay."}
CALL = {"strategy": "migrate", "title": "Migrate", "about": "Move her orders to a cheaper channel."}
ALONE = {"strategy": "leave_alone", "title": "Leave alone", "about": "Do nothing special."}


def play(strategy, primary, secondary, pays, gain):
    return strategy | {"primary": primary, "secondary": secondary, "pays": pays, "gain": Decimal(gain)}


def someone(customer, distance, texts):
    values = [{"trait": one[0], "title": one[1], "text": text} for one, text in zip(APART, texts, strict=True)]
    chosen = {"strategy": "reward", "strategy_title": "Reward", "gain": Decimal("4.20"), "reason": "buys much"}
    return {"customer_id": customer, "distance": distance, "values": values} | chosen


def persona_row(segmentation="rfm", segment="champions", size=200, **changes):
    """One row: a segment of 200 with everything on its card."""
    money = {name: Decimal(size * place) for place, name in enumerate(VALUES, start=1)}
    each = {f"{name}_each": Decimal(place) for place, name in enumerate(VALUES, start=1)}
    row = {
        "segmentation": segmentation,
        "segment": segment,
        "title": segment.replace("_", " ").capitalize(),
        "kind": "behavioural",
        "why": "bought lately, often and much",
        "channels": ["email", "post"],
        "size": size,
        "share": size / 1000,
        "looked_at": size,
        **money,
        **each,
        "apart": [dict(zip(COLUMNS, one, strict=True)) for one in APART],
        "answers": [
            dict(
                zip(
                    COLUMNS,
                    ("wants", "wants low prices", "yes: 20 %", "yes: 60 %", -0.4, -0.5, -0.3, 1 / 3, False),
                    strict=True,
                )
            )
        ],
        "commonest": [{"trait": "favourite_channel", "title": "favourite channel", "value": "shop", "share": 0.62}],
        "typical": someone("C1", 0.05, ("£420.00", "11 days", "shop")),
        "untypical": someone("C2", 0.8, ("£4,200.00", "1 day", "web")),
        "plays": [
            play(REWARD, size // 2, 3, size, "800.00"),
            play(RETAIN, size // 4, size // 2, size // 2, "300.00"),
            play(ALONE, size // 4, 0, 0, "0.00"),
        ],
        "last_resort": [play(CALL, 0, 0, 3, "0.00")],
        "never": [{"strategy": "onboard", "title": "Onboard", "about": "Help a new customer."}],
        "strategy": "reward",
        "another_strategy": size // 2,
        "gain": Decimal("1100.00"),
        "gain_alike": Decimal("880.00"),
        "lost": Decimal("220.00"),
        "best_strategy": "reward",
        "lost_at_best": Decimal("220.00"),
        "misled": [
            {
                "trait": "spend_365d",
                "title": "spend in the last year",
                "typical": "£412.00",
                "known": size,
                "off": 44,
                "share": 0.22,
                "low": 0.17,
                "high": 0.28,
            },
            {
                "trait": "value_now",
                "title": "value now",
                "typical": "£100.00",
                "known": size,
                "off": 0,
                "share": 0.0,
                "low": 0.0,
                "high": 0.02,
            },
        ],
        "unlike": 0.11,
        "reach": [{"channel": "email", "members": 150, "share": 0.75}],
    }
    return row | changes


def personas_of(segments):
    """Personas of the rows of a table of segments."""
    rows = [persona_row(row["segmentation"], row["segment"], row["size"]) for row in segments.to_pylist()]
    return pa.Table.from_pylist(rows)
