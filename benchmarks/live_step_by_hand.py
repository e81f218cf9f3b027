"""The segments of the benchmark `live_step`, as a person would write them in Python for this one project.

Columns of an order: day, revenue; of a return: refund; of a visit none. What she knows and the step can't: that no value is
ever missing, that facts come in order and never twice, that the segments of a framework exclude each other. What she takes
lightly: a stage changes a microsecond late, since rounding may hold it back and a wake-up too early would be the last one.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from smalti.facts import DAY

QUARTER, YEAR, MONTH = 90 * DAY, 365 * DAY, 30 * DAY
NEVER = 2**63 - 1


class Her:
    """What is kept of one customer."""

    __slots__ = (
        "days", "edge", "first", "gap", "group", "last", "now", "orders", "quarter", "quarter_spend", "refunds",
        "returns", "returns_year", "spend", "stage", "tier", "visits", "wake", "year", "year_spend",
    )  # fmt: skip

    def __init__(self) -> None:
        self.now: int | None = None
        self.wake = self.edge = NEVER
        self.first = self.last = 0
        self.gap = 45.0
        self.orders = self.spend = self.returns = self.refunds = self.year_spend = self.quarter_spend = 0
        self.days: set[int] = set()
        self.year: deque[tuple[int, int]] = deque()
        self.quarter: deque[tuple[int, int]] = deque()
        self.returns_year: deque[tuple[int, int]] = deque()
        self.visits: deque[int] = deque()
        self.group = self.stage = self.tier = ""


def wake_at(her: Her) -> int | None:
    return None if her.wake == NEVER else her.wake


def answers(her: Her) -> dict[str, bool]:
    return {name: name in (her.group, her.stage, her.tier) for name in NAMES}


NAMES = (
    "champions", "loyal", "potential_loyalists", "newcomers", "need_attention", "about_to_sleep", "cannot_lose",
    "at_risk", "hibernating", "lost", "no_order_yet", "prospect", "new", "active", "slipping", "lapsed", "platinum",
    "gold", "silver", "bronze", "no_spend",
)  # fmt: skip


def on_fact(her: Her, stream: str, at: int, values: tuple[Any, ...], now: int) -> list[tuple[int, str, str]]:
    changes: list[tuple[int, str, str]] = []
    if her.wake <= now:
        changes = on_time(her, now)
    new = her.now is None
    her.now = now
    if stream == "orders":
        day, revenue = values
        if not her.orders:
            her.first = at
        her.last = at
        her.orders += 1
        her.days.add(day)
        her.spend += revenue
        her.year_spend += revenue
        her.quarter_spend += revenue
        her.year.append((at, revenue))
        her.quarter.append((at, revenue))
        if len(her.days) >= 3:
            her.gap = max((her.last - her.first) / DAY / (len(her.days) - 1), 7.0)
    elif stream == "returns":
        her.returns += 1
        her.refunds += values[0]
        her.returns_year.append((at, values[0]))
    else:
        her.visits.append(at)
    if stream == "orders" or new:
        judge(her, now, changes)
    set_wake(her, now)
    return changes


def on_time(her: Her, now: int) -> list[tuple[int, str, str]]:
    changes: list[tuple[int, str, str]] = []
    while her.wake <= now:
        at = her.now = her.wake
        while her.year and her.year[0][0] + YEAR <= at:
            her.year_spend -= her.year.popleft()[1]
        while her.quarter and her.quarter[0][0] + QUARTER <= at:
            her.quarter_spend -= her.quarter.popleft()[1]
        while her.returns_year and her.returns_year[0][0] + YEAR <= at:
            her.refunds -= her.returns_year.popleft()[1]
        while her.visits and her.visits[0] + MONTH <= at:
            her.visits.popleft()
        judge(her, at, changes)
        set_wake(her, at)
    her.now = now
    return changes


def judge(her: Her, now: int, changes: list[tuple[int, str, str]]) -> None:
    group, stage, tier = group_of(her, now), stage_of(her, now), tier_of(her.year_spend)
    if group != her.group:
        changes.append((now, her.group, group))
        her.group = group
    if stage != her.stage:
        changes.append((now, her.stage, stage))
        her.stage = stage
    if tier != her.tier:
        changes.append((now, her.tier, tier))
        her.tier = tier


def group_of(her: Her, now: int) -> str:
    if not her.orders:
        return "no_order_yet"
    age = now - her.last
    recency = (
        5 if age <= 20 * DAY else 4 if age <= 60 * DAY else 3 if age <= 120 * DAY else 2 if age <= 240 * DAY else 1
    )
    orders, spend = her.orders, her.spend
    value = 5 if orders > 12 else 4 if orders > 6 else 3 if orders > 3 else 2 if orders > 1 else 1
    value += 5 if spend > 80_000 else 4 if spend > 30_000 else 3 if spend > 12_000 else 2 if spend > 3_000 else 1
    if recency >= 4:
        return (
            "champions"
            if value >= 9
            else "loyal"
            if value >= 7
            else "potential_loyalists"
            if value >= 4
            else "newcomers"
        )
    if recency == 3:
        return "loyal" if value >= 7 else "need_attention" if value >= 5 else "about_to_sleep"
    if value >= 9:
        return "cannot_lose"
    return "at_risk" if value >= 6 else "hibernating" if recency == 2 else "lost"


def stage_of(her: Her, now: int) -> str:
    if not her.orders:
        return "prospect"
    silent = (now - her.last) / DAY / her.gap
    if silent <= 2:
        return "new" if len(her.days) <= 1 else "active"
    return "slipping" if silent <= 4 else "lapsed"


def tier_of(spend: int) -> str:
    if spend > 150_000:
        return "platinum"
    return "gold" if spend > 60_000 else "silver" if spend > 20_000 else "bronze" if spend > 0 else "no_spend"


def set_wake(her: Her, now: int) -> None:
    wake = NEVER
    if her.year:
        wake = her.year[0][0] + YEAR
    if her.quarter and her.quarter[0][0] + QUARTER < wake:
        wake = her.quarter[0][0] + QUARTER
    if her.returns_year and her.returns_year[0][0] + YEAR < wake:
        wake = her.returns_year[0][0] + YEAR
    if her.visits and her.visits[0] + MONTH < wake:
        wake = her.visits[0] + MONTH
    if her.orders:
        last, gap = her.last, her.gap
        for flip in (
            last + 20 * DAY + 1, last + 60 * DAY + 1, last + 120 * DAY + 1, last + 240 * DAY + 1,
            last + int(2 * gap * DAY) + 2, last + int(4 * gap * DAY) + 2,
        ):  # fmt: skip
            if now < flip < wake:
                wake = flip
    her.wake = wake
