"""The standard segmentations: RFM, lifecycle stage, value tiers - words that turn into the language.

A framework is a set of traits and segments written as a person would write them, so that everything that holds for rules
holds for them: they are checked, explained, fitted as of an instant and then assigned to one customer by comparison alone.
Their segments are exclusive and leave nobody out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from smalti.segments.definitions import SegmentDefinition


@dataclass(frozen=True)
class Framework:
    """A standard segmentation.

    Attributes:
        name: The segmentation's name.
        about: What it is for, in one sentence.
        needs: Traits it stands on.
        traits: Traits it brings, as text by name.
        segments: Its segments by name.
        titles: What its traits are called.
    """

    name: str
    about: str
    needs: tuple[str, ...]
    traits: dict[str, str]
    segments: dict[str, SegmentDefinition]
    titles: dict[str, str] = field(default_factory=dict)


def standard_framework(name: str) -> Framework:
    """Give a framework by its name, a key of `FRAMEWORKS`.

    >>> sorted(standard_framework("value_tiers").segments)
    ['bronze', 'gold', 'no_spend', 'platinum', 'silver']
    """
    return FRAMEWORKS[name]()


BUYERS = "where orders_total > 0"


def _bands(trait: str, *, low_is_best: bool) -> str:
    """Write a score of 1 to 5 by fifths; equal values always get equal scores."""
    shares = (0.2, 0.4, 0.6, 0.8)
    if low_is_best:
        branches = [f"when {trait} <= quantile({trait}, {p}, {BUYERS}) then {5 - i}" for i, p in enumerate(shares)]
        branches.append(f"when {trait} > quantile({trait}, 0.8, {BUYERS}) then 1")
    else:
        branches = [
            f"when {trait} > quantile({trait}, {p}, {BUYERS}) then {5 - i}" for i, p in enumerate(reversed(shares))
        ]
        branches.append(f"when {trait} <= quantile({trait}, 0.2, {BUYERS}) then 1")
    return f"case {' '.join(branches)} end"


def _segments(segmentation: str, rows: list[tuple[str, str, str]]) -> dict[str, SegmentDefinition]:
    return {name: SegmentDefinition(who=who, why=why, segmentation=segmentation) for name, who, why in rows}


def _rfm() -> Framework:
    """Recency, frequency, monetary value in fifths.

    After Hughes, Strategic Database Marketing (1994): each customer is scored 1 to 5 on days since the latest order,
    number of orders and spend, in fifths of those who have bought; the named groups cover every pair of recency and the
    sum of the other two.
    """
    value = "rfm_frequency + rfm_monetary"
    rows = [
        ("champions", f"rfm_recency >= 4 and {value} >= 9", "bought lately, often and much"),
        (
            "loyal",
            f"(rfm_recency >= 4 and {value} between 7 and 8) or (rfm_recency = 3 and {value} >= 7)",
            "buy often and still do",
        ),
        (
            "potential_loyalists",
            f"rfm_recency >= 4 and {value} between 4 and 6",
            "recent, with some orders or spend behind them",
        ),
        ("newcomers", f"rfm_recency >= 4 and {value} <= 3", "recent, with little behind them"),
        ("need_attention", f"rfm_recency = 3 and {value} between 5 and 6", "middling, and not seen for a while"),
        ("about_to_sleep", f"rfm_recency = 3 and {value} <= 4", "little behind them, and not seen for a while"),
        ("cannot_lose", f"rfm_recency <= 2 and {value} >= 9", "were among the best, and have gone quiet"),
        ("at_risk", f"rfm_recency <= 2 and {value} between 6 and 8", "bought well, and have gone quiet"),
        ("hibernating", f"rfm_recency = 2 and {value} <= 5", "little behind them, and long gone"),
        ("lost", f"rfm_recency <= 1 and {value} <= 5", "little behind them, and gone longest"),
        (
            "no_order_yet",
            "rfm_recency is missing or rfm_frequency is missing or rfm_monetary is missing",
            "known, but without an order, or without its date or amount",
        ),
    ]
    return Framework(
        name="rfm",
        about="Who bought lately, often and much, in fifths of the customers",
        needs=("days_since_order", "orders_total", "spend_total"),
        traits={
            "rfm_recency": _bands("days_since_order", low_is_best=True),
            "rfm_frequency": _bands("orders_total", low_is_best=False),
            "rfm_monetary": _bands("spend_total", low_is_best=False),
        },
        segments=_segments("rfm", rows),
        titles={
            "rfm_recency": "recency score",
            "rfm_frequency": "frequency score",
            "rfm_monetary": "monetary score",
        },
    )


def _lifecycle() -> Framework:
    """Stages by each customer's own rhythm.

    Silence is measured in the customer's usual days between orders; with fewer than three days of purchase there is no
    rhythm yet, and the median one of those who have it stands in.
    """
    rows = [
        ("prospect", "orders_total = 0", "known, but without an order"),
        ("new", "orders_total >= 1 and purchase_days <= 1 and rhythms_silent <= 2", "one day of purchase, lately"),
        ("active", "purchase_days >= 2 and rhythms_silent <= 2", "within twice the usual time between orders"),
        (
            "slipping",
            "orders_total >= 1 and rhythms_silent > 2 and rhythms_silent <= 4",
            "later than usual, not yet gone",
        ),
        ("lapsed", "orders_total >= 1 and rhythms_silent > 4", "silent for more than four times the usual time"),
    ]
    rhythm = (
        "greatest(case when purchase_days >= 3 then typical_gap_days else coalesce("
        "quantile(typical_gap_days, 0.5, where purchase_days >= 3), quantile(typical_gap_days, 0.5), 90.0) end, 7.0)"
    )
    return Framework(
        name="lifecycle",
        about="Where each customer stands, by her own rhythm",
        needs=("orders_total", "purchase_days", "typical_gap_days", "days_since_order"),
        traits={"rhythm_days": rhythm, "rhythms_silent": "days_since_order / rhythm_days"},
        segments=_segments("lifecycle", rows),
        titles={"rhythm_days": "rhythm in days", "rhythms_silent": "silence in rhythms"},
    )


def _value_tiers() -> Framework:
    """Tiers by spend in the last year: the best twentieth, fifth and half of those who spent."""
    cuts = {p: f"quantile(spend_365d, {p}, where spend_365d > 0)" for p in (0.95, 0.8, 0.5)}
    rows = [
        ("platinum", f"spend_365d > {cuts[0.95]}", "the best twentieth by spend in the last year"),
        ("gold", f"spend_365d > {cuts[0.8]} and spend_365d <= {cuts[0.95]}", "the rest of the best fifth"),
        (
            "silver",
            f"spend_365d > {cuts[0.5]} and spend_365d <= {cuts[0.8]}",
            "the rest of the better half",
        ),
        ("bronze", f"spend_365d > 0 and spend_365d <= {cuts[0.5]}", "the lower half of those who spent"),
        ("no_spend", "spend_365d is missing or spend_365d <= 0", "nothing spent in the last year"),
    ]
    return Framework(
        name="value_tiers",
        about="How much each customer spent in the last year, against the others",
        needs=("spend_365d",),
        traits={},
        segments=_segments("value_tiers", rows),
    )


FRAMEWORKS: dict[str, Callable[[], Framework]] = {"rfm": _rfm, "lifecycle": _lifecycle, "value_tiers": _value_tiers}
"""The standard frameworks by name."""
