"""The plan in parts: by treatment, channel, segment, strategy and day, each with customers, contacts and money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from smalti.report.columns import as_minor, rows
from smalti.report.matter import Matter
from smalti.report.reach import Reach, reaches
from smalti.report.writing import count, named, ratio, share, spoken

SHOWN = 12
"""Parts told of each kind."""
DAYS = 35
"""Days drawn; what is due later is told in one sentence."""


@dataclass(frozen=True)
class Part:
    """One part of the plan.

    Attributes:
        name: Its name in the definitions.
        title: What it is called.
        glass: Colour of the strategy it serves; empty where it serves none of its own.
        customers: Customers in words.
        share: Of all customers who get a treatment, in words.
        bar: Its customers, 0 to 1 of those of the part with most.
        height: Its gain, 0 to 1 of the largest.
        contacts: Contacts in words.
        cost: What it costs.
        gain: Expected gain at a glance.
        interval: Its 80 % interval.
        reach: The interval on the same line for all parts; None where there is nothing to draw.
    """

    name: str
    title: str
    glass: str
    customers: str
    share: str
    bar: float
    height: float
    contacts: str
    cost: str
    gain: str
    interval: str
    reach: Reach | None


@dataclass(frozen=True)
class Day:
    """One day of the plan.

    Attributes:
        label: The day of the month, with the month where one begins.
        weekday: Its first two letters.
        tip: The day and its contacts in words.
        bar: Contacts drawn, 0 to 1 of the busiest day's.
        marked: Whether its label is written.
    """

    label: str
    weekday: str
    tip: str
    bar: float
    marked: bool


@dataclass(frozen=True)
class Days:
    """Contacts day by day.

    Attributes:
        days: Each day from the first to the last, also those without contacts.
        busiest: The busiest day and its contacts, a sentence.
        later: What is due after the last day drawn, a sentence; or nothing.
    """

    days: tuple[Day, ...]
    busiest: str
    later: str


def total_rows(matter: Matter, by: str) -> list[dict[str, Any]]:
    """Give the rows of `plan_totals` that add up by one thing, the largest gain first.

    >>> total_rows(Matter({}, {}), "channel")
    []
    """
    found = [row for row in rows(matter.tables, "plan_totals") if row["by"] == by]
    return sorted(found, key=lambda row: (-(row.get("gain") or 0), str(row.get("name"))))


def parts(matter: Matter, by: str, glass: Mapping[str, str] | None = None) -> tuple[Part, ...]:
    """Tell the parts of the plan by one thing, the largest gain first.

    Args:
        matter: The run.
        by: ``treatment``, ``channel``, ``segment`` or ``strategy``.
        glass: Colours by name.
    """
    found = [row for row in total_rows(matter, by) if row.get("contacts") or row.get("customers")][:SHOWN]
    everyone = total_rows(matter, "all")
    whole = int(everyone[0].get("customers") or 0) if everyone else 0
    drawn = reaches([_interval(matter, row) for row in found])
    most = max((int(row.get("customers") or 0) for row in found), default=0)
    best = max((_interval(matter, row)[1] or 0 for row in found), default=0)
    return tuple(
        _part(matter, row, (glass or {}).get(str(row["name"]).partition(" + ")[0], ""), (whole, most, best), reach)
        for row, reach in zip(found, drawn, strict=True)
    )


def _interval(matter: Matter, row: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    low, gain, high = (as_minor(row.get(name), matter.pen.currency) for name in ("gain_low", "gain", "gain_high"))
    return low, gain, high


def _part(
    matter: Matter, row: Mapping[str, Any], glass: str, numbers: tuple[int, int, int], reach: Reach | None
) -> Part:
    pen, (whole, most, best) = matter.pen, numbers
    low, gain, high = _interval(matter, row)
    customers = int(row.get("customers") or 0)
    return Part(
        name=str(row["name"]),
        title=_title(matter, row),
        glass=glass,
        customers=count(customers, "customer"),
        share=share(ratio(customers, whole)),
        bar=ratio(customers, most) or 0.0,
        height=max(gain or 0, 0) / best if best > 0 else 0.0,
        contacts=count(int(row.get("contacts") or 0), "contact"),
        cost=pen.round_money(as_minor(row.get("cost"), pen.currency)),
        gain=pen.round_money(gain),
        interval=pen.interval(low, high),
        reach=reach,
    )


def _title(matter: Matter, row: Mapping[str, Any]) -> str:
    """Give what a part is called; strategies and channels are said as in all other chapters."""
    name = named(row["name"])
    if row["by"] == "strategy":
        return matter.strategy(name)
    return spoken(name) if row["by"] == "channel" else named(row.get("title"), spoken(name))


def days(matter: Matter) -> Days | None:
    """Tell contacts day by day; None where none is due on a day."""
    found = sorted((day, int(row.get("contacts") or 0)) for row in total_rows(matter, "day") if (day := _day(row)))
    found = [(day, contacts) for day, contacts in found if contacts]
    if not found:
        return None
    first, most = found[0][0].toordinal(), max(contacts for _, contacts in found)
    counted = {day.toordinal() - first: contacts for day, contacts in found}
    last = min(max(counted), DAYS - 1)
    drawn = tuple(
        _drawn(date.fromordinal(first + place), counted.get(place, 0), most, place) for place in range(last + 1)
    )
    busiest = next(day for day, contacts in found if contacts == most)
    return Days(drawn, f"{_spelt(busiest)} is the busiest day, with {count(most, 'contact')}.", _later(counted, last))


def _later(counted: Mapping[int, int], last: int) -> str:
    later = sum(contacts for place, contacts in counted.items() if place > last)
    return f"{count(later, 'contact is', 'contacts are')} due later still." if later else ""


def _drawn(day: date, contacts: int, most: int, place: int) -> Day:
    label = f"{day.day} {day:%b}" if place == 0 or day.day == 1 else str(day.day)
    tip = f"{_spelt(day)}: {count(contacts, 'contact') if contacts else 'no contact'}"
    return Day(label, f"{day:%a}"[:2], tip, contacts / most, place % 7 == 0)


def _spelt(day: date) -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def _day(row: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(row["name"])[:10])
    except ValueError:
        return None
