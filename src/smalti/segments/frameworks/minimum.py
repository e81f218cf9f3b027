"""How much there must be before a segmentation means something, and the sentences that say what is lacking.

A segmentation of too little is still made, since it is the user's to decide; but the run says what it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Minimum:
    """What a framework wants to see at least; 0 wants nothing.

    Attributes:
        customers: Customers known.
        buyers: Customers with an order.
        repeat_buyers: Customers with orders on two days or more.
        history_days: Days from the first fact to the as-of instant.
        silence_days: The most days there may be between the latest fact and the as-of instant; None for any.
        because: Why so much, in a few words.
    """

    customers: int = 0
    buyers: int = 0
    repeat_buyers: int = 0
    history_days: int = 0
    silence_days: int | None = None
    because: str = ""


@dataclass(frozen=True)
class Seen:
    """What there is as of an instant; None where it cannot be told, as of buyers without a stream of orders.

    Attributes:
        customers: Customers known.
        buyers: Customers with an order.
        repeat_buyers: Customers with orders on two days or more.
        history_days: Days from the first fact to the as-of instant.
        days_since_latest_fact: Days from the latest fact to the as-of instant.
    """

    customers: int
    buyers: int | None = None
    repeat_buyers: int | None = None
    history_days: float | None = None
    days_since_latest_fact: float | None = None


class _Standard(Protocol):
    @property
    def minimum(self) -> Minimum: ...


def enough(framework: _Standard, seen: Seen) -> tuple[str, ...]:
    """Say what a framework lacks to mean something, a sentence each; nothing where there is enough or nobody can tell.

    >>> from smalti.segments.frameworks import standard_framework
    >>> for lack in enough(standard_framework("rfm"), Seen(500, buyers=60, history_days=400.0)):
    ...     print(lack)
    60 customers with an order, wanted at least 100
    """
    wanted = framework.minimum
    counted = (
        ("customers", seen.customers, wanted.customers),
        ("customers with an order", seen.buyers, wanted.buyers),
        ("customers with a second day of purchase", seen.repeat_buyers, wanted.repeat_buyers),
        ("days of history", seen.history_days, wanted.history_days),
    )
    lacks = [
        f"{int(found):,} {what}, wanted at least {least:,}"
        for what, found, least in counted
        if found is not None and found < least
    ]
    silence, most = seen.days_since_latest_fact, wanted.silence_days
    if silence is not None and most is not None and silence > most:
        lacks.append(f"the latest fact is {int(silence):,} days old, wanted at most {most:,}")
    return tuple(lacks)
