"""The story of one customer: who this is, how far from the typical member, where on the map, what to do and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from smalti.report.columns import as_minor
from smalti.report.opening import VALUES
from smalti.report.writing import Pen, count, named, share, spoken, stop
from smalti.segments import Spread, distance, unlike

DIFFERENCES = 3
"""Traits told of each segment."""


@dataclass(frozen=True)
class Fact:
    """One thing known of a customer.

    Attributes:
        name: The trait or attribute.
        title: What it is called.
        text: Its value for a reader.
    """

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Difference:
    """One trait in which a customer is not like the typical member of a segment.

    Attributes:
        name: The trait.
        title: What it is called.
        text: The customer's value.
        typical: The median of members.
        low: Their lower quartile.
        high: Their upper quartile.
        distance: How far from the median, in standard deviations as the quartiles imply them; above 0 is higher.
    """

    name: str
    title: str
    text: str
    typical: str
    low: str
    high: str
    distance: float


@dataclass(frozen=True)
class Membership:
    """One segment a customer is in.

    Attributes:
        segmentation: The segmentation's title.
        segment: The segment's title.
        sentence: Its rule in words, or nothing.
        differences: Where the customer differs most, the largest first; ordinary members have none.
        ordinary: Whether the customer was compared with the other members and is unlike them in nothing.
    """

    segmentation: str
    segment: str
    sentence: str
    differences: tuple[Difference, ...]
    ordinary: bool = False


@dataclass(frozen=True)
class Place:
    """One value of the map.

    Attributes:
        name: The column.
        title: What it is called.
        minor: Its money in minor units, None where unknown.
        text: The same in words.
        interval: Its interval in words, or nothing.
        rank: 1 for the customer with the largest; None where it was not given.
    """

    name: str
    title: str
    minor: int | None
    text: str
    interval: str
    rank: int | None


@dataclass(frozen=True)
class Choice:
    """One strategy chosen for a customer.

    Attributes:
        strategy: Its name.
        title: What it is called.
        rank: 1 for the primary, 2 for the secondary.
        gain: Expected gain in minor units, None where it has none.
        gain_low: Low end.
        gain_high: High end.
        text: The gain in words.
        interval: Its interval in words, or nothing.
        basis: `assumed`, `modelled` or `measured`.
        reason: Why.
        why_not: Why it is not (or the next is not) the first.
    """

    strategy: str
    title: str
    rank: int
    gain: int | None
    gain_low: int | None
    gain_high: int | None
    text: str
    interval: str
    basis: str
    reason: str
    why_not: str


@dataclass(frozen=True)
class CustomerStory:
    """What `smalti explain` tells of one customer.

    Attributes:
        customer: The id.
        as_of: The as-of instant in words.
        customers: How many customers there are, for ranks; None where unknown.
        facts: Traits that say who this is.
        attributes: What the project says of this customer.
        memberships: Segments and how the customer differs from their typical members.
        places: The four values.
        choices: Primary and secondary strategy.
        changes: What would change the answer, sentences.
        ahead: What is foretold of her, sentences.
        planned: What is planned for her, sentences.
    """

    customer: str
    as_of: str
    customers: int | None
    facts: tuple[Fact, ...]
    attributes: tuple[Fact, ...]
    memberships: tuple[Membership, ...]
    places: tuple[Place, ...]
    choices: tuple[Choice, ...]
    changes: tuple[str, ...]
    ahead: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the story as dicts, lists, texts and numbers, for JSON."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def customer_story(
    customer: Mapping[str, Any],
    *,
    info: Mapping[str, Any],
    segments: Sequence[Mapping[str, Any]] = (),
    strategies: Sequence[Mapping[str, Any]] = (),
    attributes: Sequence[str] = (),
    changes: Iterable[str] = (),
    ranks: Mapping[str, int] | None = None,
    titles: Mapping[str, str] | None = None,
) -> CustomerStory:
    """Build the story of one customer.

    Args:
        customer: One row of the `customers` table: money as `Decimal` major units, instants as aware datetimes. Only
            `customer_id` must be there; every trait and value may be absent or None.
        info: The run's `run.json`: `currency`, `time_zone`, `as_of`, `customers` are used.
        segments: The customer's segments, each with `segmentation`, `segment`, and optionally `title`, `sentence`, and
            `typical`: trait name to a mapping of `q25`, `median`, `q75` over the segment's members, of the same types
            as in `customer`; with `q025` and `q975` only what `smalti.segments.unlike` says is told, without them all.
        strategies: The customer's rows of the `strategies` table, optionally with a `title` each.
        attributes: Names in `customer` that are attributes, to be told as such.
        changes: Sentences on what would change the answers, told first.
        ranks: Column of the value map to the customer's rank by it, 1 for the largest.
        titles: What traits are called in a sentence, by name.

    >>> info = {"currency": "GBP", "as_of": "2026-06-30T00:00:00Z"}
    >>> story = customer_story({"customer_id": "C42", "orders_total": 3}, info=info)
    >>> story.facts
    (Fact(name='orders_total', title='orders total', text='3'),)
    """
    pen, words = Pen.of(info), dict(titles or {})
    told = [value for value in VALUES if customer.get(value) is not None]
    choices = tuple(_choice(pen, row) for row in sorted(strategies, key=lambda row: row["rank"]))
    return CustomerStory(
        named(customer.get("customer_id")),
        pen.instant(info.get("as_of")),
        info.get("customers"),
        tuple(_fact(pen, words, name, customer[name]) for name in FACTS if customer.get(name) is not None)
        + tuple(
            _fact(pen, words, name, value)
            for name, value in customer.items()
            if name.startswith("favourite_") and value is not None
        ),
        tuple(_fact(pen, words, name, customer[name]) for name in attributes if customer.get(name) is not None),
        tuple(_membership(pen, words, customer, row) for row in segments),
        tuple(_place(pen, customer, name, (ranks or {}).get(name)) for name in told),
        choices,
        (*map(stop, changes), *_gaps(pen, choices)),
    )


FACTS = (
    "first_order_at",
    "orders_total",
    "orders_365d",
    "last_order_at",
    "days_since_order",
    "spend_total",
    "spend_365d",
    "mean_order_value",
    "typical_gap_days",
    "returns_365d",
    "p_alive",
)
"""Traits that say who a customer is, in the order they are told."""


def say(pen: Pen, name: str, value: Any) -> str:
    r"""Write the value of a trait for a reader, by its type and name.

    >>> from smalti.facts import Currency
    >>> pen = Pen(Currency("GBP"))
    >>> say(pen, "spend", Decimal("12.5")), say(pen, "gap_days", 3.25), say(pen, "p_alive", 0.82).replace("\xa0", " ")
    ('£12.50', '3.2 days', '82 %')
    """
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return pen.money(as_minor(value, pen.currency))
    if isinstance(value, datetime):
        return pen.day(value)
    if not isinstance(value, int | float):
        return named(value)
    if name.startswith("p_") or name.endswith("_share"):
        return share(float(value))
    number = f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
    return f"{number} day{'' if number == '1' else 's'}" if "days" in name.split("_") else number


def _title(words: Mapping[str, str], name: str) -> str:
    return words.get(name, name.replace("_", " "))


def _fact(pen: Pen, words: Mapping[str, str], name: str, value: Any) -> Fact:
    title = _title(words, name)
    return Fact(name, title, _under(title, say(pen, name, value)))


def _under(title: str, text: str) -> str:
    """Leave out the unit that the title has said."""
    return text.removesuffix(" days").removesuffix(" day") if title.startswith("days with") else text


def _membership(pen: Pen, words: Mapping[str, str], customer: Mapping[str, Any], row: Mapping[str, Any]) -> Membership:
    found = [
        _difference(pen, words, name, customer[name], typical)
        for name, typical in (row.get("typical") or {}).items()
        if customer.get(name) is not None and typical.get("median") is not None and not isinstance(customer[name], bool)
    ]
    compared = bool(found)
    found = [difference for difference in found if difference.distance]
    found.sort(key=lambda difference: (-abs(difference.distance), difference.name))
    chosen: dict[str, Difference] = {}
    for difference in found:
        if difference.text != difference.typical:
            chosen.setdefault(_stem(difference.name), difference)
    return Membership(
        spoken(str(row["segmentation"])),
        named(row.get("title"), spoken(str(row["segment"]))),
        str(row.get("sentence") or ""),
        tuple(chosen.values())[:DIFFERENCES],
        compared and not chosen,
    )


def _stem(name: str) -> str:
    first, _, last = name.rpartition("_")
    return first if first and (last == "total" or last.removesuffix("d").isdigit()) else name


def _difference(pen: Pen, words: Mapping[str, str], name: str, value: Any, typical: Mapping[str, Any]) -> Difference:
    middle = typical["median"]
    low, high = (middle if typical.get(end) is None else typical[end] for end in ("q25", "q75"))
    title = _title(words, name)
    text, typically, bottom, top = (_under(title, say(pen, name, part)) for part in (value, middle, low, high))
    return Difference(
        name,
        title,
        text,
        typically,
        bottom,
        top,
        _distance(value, typical, low, high),
    )


def _distance(value: Any, typical: Mapping[str, Any], low: Any, high: Any) -> float:
    """Give the distance from the segment's median, 0 for what is ordinary there."""
    ends = (typical.get(name) for name in ("q025", "q975"))
    here, *quantiles = (_number(part) for part in (value, low, typical["median"], high, *ends))
    bottom, middle, top, least, most = quantiles
    if here is None or bottom is None or middle is None or top is None:
        return 0.0
    if least is None or most is None:
        return float(distance(np.array([here]), Spread(0, middle, bottom, middle, top, middle))[0])
    return float(unlike(np.array([here]), Spread(0, least, bottom, middle, top, most))[0])


def _number(value: Any) -> float | None:
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value) if isinstance(value, int | float | Decimal) else None


def _place(pen: Pen, customer: Mapping[str, Any], name: str, rank: int | None) -> Place:
    minor, low, high = (as_minor(customer.get(name + end), pen.currency) for end in ("", "_low", "_high"))
    return Place(name, VALUES[name][0], minor, pen.money(minor), _between(pen, low, high), rank)


def _between(pen: Pen, low: int | None, high: int | None) -> str:
    return "" if low is None or high is None else f"{pen.money(low)} to {pen.money(high)}"


def _choice(pen: Pen, row: Mapping[str, Any]) -> Choice:
    gain, low, high = (as_minor(row.get(name), pen.currency) for name in ("gain", "gain_low", "gain_high"))
    return Choice(
        str(row["strategy"]),
        named(row.get("title"), spoken(str(row["strategy"]))),
        int(row["rank"]),
        gain,
        low,
        high,
        pen.money(gain),
        _between(pen, low, high),
        str(row.get("basis") or ""),
        stop(str(row.get("reason") or "")),
        stop(str(row.get("why_not") or "")),
    )


def _gaps(pen: Pen, choices: Sequence[Choice]) -> tuple[str, ...]:
    if len(choices) < 2 or choices[0].gain is None or choices[1].gain is None:
        return ()
    first, second = choices[:2]
    gap = (first.gain or 0) - (second.gain or 0)
    if gap <= 0:
        return ()
    told = [f"{second.title} would come first if {first.title} were expected to earn {pen.money(gap)} less."]
    if second.gain_high is not None and first.gain_low is not None and second.gain_high > first.gain_low:
        told.append("Their intervals overlap, so which of the two is better is not certain.")
    return tuple(told)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value


def percentile(rank: int, customers: int) -> str:
    r"""Say a rank among customers.

    >>> percentile(1, 200).replace("\xa0", " ")
    '1st of 200 customers'
    >>> percentile(52, 200).replace("\xa0", " ")
    '52nd of 200 customers, above 74 % of them'
    """
    teen = 10 <= rank % 100 <= 20
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    told = f"{rank:,}{ending} of {count(customers, 'customer')}"
    below = (customers - rank) / customers if customers else 0
    return f"{told}, above {share(below)} of them" if 1 < rank < customers else told
