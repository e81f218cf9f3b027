"""What to expect of contacts by trigger against the calendar, and of plans one for all, by segment, one to one: told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smalti.facts import Currency
from smalti.report.layout import Table, one_line, table_of, text_lines
from smalti.report.units import Unit
from smalti.report.writing import NOTHING, count, named, stop

_MOST = 12


def simulation_text(found: Mapping[str, Any]) -> str:
    """Tell a simulation for a terminal.

    Args:
        found: What `smalti.engine.simulating.Simulated.to_dict` gives: ``asked``, ``plans`` and ``comparisons`` with money
            in major units of the currency asked for.

    >>> found = {"asked": {"customers": 300, "days": 28, "contacts": 0.2, "repetitions": 5, "currency": "GBP"}}
    >>> print(simulation_text(found).splitlines()[0])
    What to expect: 300 invented customers over 28 days, 60 contacts, 5 times over
    """
    asked = found.get("asked") or {}
    lines = [_head(asked), "", *(stop(str(one)) for one in found.get("sentences") or ())]
    for table in _tables(found, Unit("money", Currency(str(asked.get("currency") or "EUR")))):
        lines += text_lines(table)
    notes = [f"note: {one_line(str(note), 400)}" for note in found.get("notes") or ()]
    return "\n".join([*lines, *(["", *notes] if notes else [])])


def _head(asked: Mapping[str, Any]) -> str:
    customers, part = int(asked.get("customers") or 0), float(asked.get("contacts") or 0)
    return (
        f"What to expect: {count(customers, 'invented customer')} over {count(int(asked.get('days') or 0), 'day')}, "
        f"{count(round(part * customers), 'contact')}, {count(int(asked.get('repetitions') or 0), 'time')} over"
    )


def _tables(found: Mapping[str, Any], unit: Unit) -> list[Table]:
    told = []
    plans, comparisons = list(found.get("plans") or ()), list(found.get("comparisons") or ())
    if plans:
        about = (
            "Gain is that of one contact after its cost, the mean of all repetitions; the truth is what was planted."
        )
        header = ("plan", "contacts", "orders", "gain", "95 % interval", "truth")
        told.append(table_of("Plans", header, [_plan(unit, one) for one in plans], _MOST, about=about))
    if comparisons:
        header = ("what", "more", "95 % interval", "truth", "times the orders", "shown")
        told.append(table_of("What is better", header, [_comparison(unit, one) for one in comparisons], _MOST))
    return told


def _plan(unit: Unit, one: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = one.get("low"), one.get("high")
    error = _error(low, high)
    return (
        one_line(named(one.get("title"), str(one.get("key") or ""))),
        _number(one.get("contacts")),
        _number(one.get("orders")),
        unit.value(one.get("gain"), error),
        unit.between(low, high) or NOTHING,
        unit.value(one.get("truth"), error),
    )


def _comparison(unit: Unit, one: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = one.get("low"), one.get("high")
    error = _error(low, high)
    ratio, ends = one.get("ratio"), (one.get("ratio_low"), one.get("ratio_high"))
    between = f" ({ends[0]:.2f} to {ends[1]:.2f})" if None not in ends else ""
    planted = "" if one.get("ratio_truth") is None else f", truth {one['ratio_truth']:.2f}"
    return (
        one_line(named(one.get("title"), str(one.get("key") or ""))),
        unit.change(one.get("difference"), error),
        unit.between(low, high) or NOTHING,
        unit.change(one.get("truth"), error),
        NOTHING if ratio is None else f"{ratio:.2f}{between}{planted}",
        "yes" if one.get("shown") else "no",
    )


def _error(low: float | None, high: float | None) -> float | None:
    return None if low is None or high is None else (high - low) / 4


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"
