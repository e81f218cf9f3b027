"""What stood in the way of the plan: each limit with what is used of it and what one more unit of it would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalti.report.columns import as_minor, rows
from smalti.report.matter import Matter
from smalti.report.writing import NOTHING, Pen, named, share, spoken, stop

_NOUNS = {"contacts": ("contact", "contacts"), "customers": ("customer", "customers")}


@dataclass(frozen=True)
class Bound:
    """One limit of the plan.

    Attributes:
        name: Its name.
        title: What it is called.
        about: What it is, in a sentence; nothing where that says no more than its title and what is used.
        used: How much of it is used, in words.
        one_more: What one more unit of it would bring, a sentence; for a limit that does not bind, that there is room.
        binds: Whether the plan would be worth more without it.
        price: What one more unit brings, in words; nothing where it does not bind.
        fill: How much of the most is used, 0 to 1; None where there is no most.
        least: Where the least lies on the same line, 0 to 1; None where there is none or no line.
    """

    name: str
    title: str
    about: str
    used: str
    one_more: str
    binds: bool
    price: str
    fill: float | None
    least: float | None


def bounds(matter: Matter) -> tuple[Bound, ...]:
    """Tell the limits of a plan: those that bind first, the dearest of them first within their unit.

    >>> bounds(Matter({"plan": {}}, {}))
    ()
    """
    found = rows(matter.tables, "plan_limits") or list((matter.info.get("plan") or {}).get("limits") or ())
    ordered = sorted(found, key=lambda row: (not row.get("binds"), row.get("unit") != "money", -_number(row, "price")))
    return tuple(_bound(matter.pen, row) for row in ordered)


def _tells_more(row: Mapping[str, Any]) -> bool:
    """Say whether what a limit is goes beyond its name and its amount: of money, for what and in what time."""
    return row.get("unit") == "money" and " " in str(row.get("about") or "")


def _number(row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    return 0.0 if value is None else float(value)


def _bound(pen: Pen, row: Mapping[str, Any]) -> Bound:
    most, used, least = row.get("most"), _number(row, "used"), row.get("least")
    binds = bool(row.get("binds"))
    longest = float(most) if most is not None else max(used, float(least or 0))
    return Bound(
        name=str(row["limit"]),
        title=spoken(named(row["limit"])),
        about=stop(str(row.get("about") or "")) if _tells_more(row) else "",
        used=_used(pen, row),
        one_more=stop(str(row.get("one_more") or _one_more(pen, row))) if binds else _room(pen, row),
        binds=binds,
        price=pen.money(as_minor(_number(row, "price"), pen.currency)) if binds else "",
        fill=min(used / longest, 1.0) if longest > 0 else None,
        least=min(float(least) / longest, 1.0) if least is not None and longest > 0 else None,
    )


def amount(pen: Pen, value: Any, unit: str) -> str:
    """Write what a limit counts: money in major units, or a number.

    >>> from smalti.facts import Currency
    >>> amount(Pen(Currency("GBP")), 1234.6, "money"), amount(Pen(Currency("GBP")), 1234, "contacts")
    ('£1,235', '1,234')
    """
    if value is None:
        return NOTHING
    if unit == "money":
        return pen.round_money(as_minor(float(value), pen.currency))
    number = float(value)
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _used(pen: Pen, row: Mapping[str, Any]) -> str:
    unit = str(row.get("unit") or "customers")
    used, least, most = (amount(pen, row.get(name), unit) for name in ("used", "least", "most"))
    told = used if unit == "money" else f"{used} {_NOUNS.get(unit, (unit, unit))[used != '1']}"
    ends = [(row.get("least"), f"at least {least}"), (row.get("most"), f"at most {most}")]
    allowed = " and ".join(text for end, text in ends if end is not None)
    if row.get("least") is None and row.get("most"):
        return f"{told} of {most} ({share(_number(row, 'used') / float(row['most']))})"
    return f"{told} of {allowed}" if allowed else told


def _one_more(pen: Pen, row: Mapping[str, Any]) -> str:
    """Say what one more unit would bring, where the plan did not say it itself."""
    unit, price = str(row.get("unit") or "customers"), pen.money(as_minor(_number(row, "price"), pen.currency))
    if row.get("least") is not None and row.get("most") is None:
        return f"One {_NOUNS.get(unit, (unit, unit))[0]} fewer would save {price}"
    if unit == "money":
        return f"{pen.money(pen.currency.scale)} more would bring {price}"
    return f"One more {_NOUNS.get(unit, (unit, unit))[0]} would bring {price}"


def _room(pen: Pen, row: Mapping[str, Any]) -> str:
    if row.get("most") is None:
        return "It is met anyhow."
    left = float(row["most"]) - _number(row, "used")
    unit = str(row.get("unit") or "customers")
    return (
        f"There is room for {amount(pen, left, unit)} more: it costs the plan nothing."
        if left > 0
        else "It costs the plan nothing."
    )
