"""The strategies with money: what each is expected to earn, for whom, on whose word, and three people as examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from smalti.report.columns import as_minor, coded_column, minor_column
from smalti.report.matter import Matter
from smalti.report.palette import CLEAR
from smalti.report.reach import Reach, reaches
from smalti.report.writing import NOTHING, count, named, ratio, share, stop

BASES = {
    "measured": "measured in an experiment",
    "modelled": "modelled from your data",
    "assumed": "assumed, not yet tested",
}
"""What the three bases of a number mean."""
QUIET = {
    "leave_alone": "Nothing we could do for them is expected to earn more than it costs. Leaving them in peace is the "
    "best plan, and it costs nothing.",
    "do_not_target": "Contact costs more than it brings, or does harm. Leaving these customers out of what everybody is "
    "sent is the best plan for them.",
}
"""Doing nothing, told as the answer it is."""
_EXAMPLES = 3


@dataclass(frozen=True)
class Example:
    """One customer, as an example.

    Attributes:
        customer: The id.
        gain: Expected gain in words.
        reason: Why this strategy.
    """

    customer: str
    gain: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """One strategy.

    Attributes:
        glass: Its colour.
        title: What it is called.
        meaning: What it is about; for doing nothing, why that is an answer.
        customers: With this as primary strategy, in words.
        share: Of all customers.
        bar: That share, 0 to 1, for drawing.
        secondary: With this as secondary strategy, in words.
        eligible: Who could have it, in words.
        gain: Expected gain at a glance.
        gain_saved: Whether there is any.
        interval: Its interval.
        each: Gain per customer.
        reach: The interval, on the same line for all strategies; None where there is nothing to draw.
        rate: Success rate, or nothing.
        basis: `assumed`, `modelled`, `measured` or nothing.
        basis_meaning: What that means, and on whose word.
        cost: Cost of one try.
        headroom: What there is to gain, a sentence.
        who: Who is eligible, a sentence.
        examples: Customers from the largest gain to the typical one.
    """

    glass: str
    title: str
    meaning: str
    customers: str
    share: str
    bar: float
    secondary: str
    eligible: str
    gain: str
    gain_saved: bool
    interval: str
    each: str
    reach: Reach | None
    rate: str
    basis: str
    basis_meaning: str
    cost: str
    headroom: str
    who: str
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Plans:
    """All strategies of a run.

    Attributes:
        active: Strategies that do something, largest gain first.
        quiet: Leave alone and do not target.
        idle: Strategies that are nobody's primary one, each a sentence.
    """

    active: tuple[Plan, ...]
    quiet: tuple[Plan, ...]
    idle: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """One customer of the list.

    Attributes:
        customer: The id.
        glass: Colour of the primary strategy.
        primary: The primary strategy.
        secondary: The secondary strategy.
        gain: Expected gain.
        interval: Its interval.
        reason: Why.
    """

    customer: str
    glass: str
    primary: str
    secondary: str
    gain: str
    interval: str
    reason: str


def plans(matter: Matter) -> Plans:
    """Tell the strategies of a run."""
    examples = _examples(matter)
    drawn = dict(zip((row["strategy"] for row in matter.playbook), _reaches(matter), strict=True))
    active, quiet, idle = [], [], []
    for row in sorted(matter.playbook, key=lambda row: -(as_minor(row.get("gain"), matter.pen.currency) or 0)):
        plan = _plan(matter, row, drawn[row["strategy"]], examples.get(row["strategy"], ()))
        if row["strategy"] in CLEAR:
            quiet.append(plan)
        elif row.get("customers"):
            active.append(plan)
        else:
            idle.append(_idle(matter, row))
    return Plans(tuple(active), tuple(quiet), tuple(idle))


def _reaches(matter: Matter) -> list[Reach | None]:
    intervals = []
    for row in matter.playbook:
        low, gain, high = (as_minor(row.get(name), matter.pen.currency) for name in ("gain_low", "gain", "gain_high"))
        intervals.append((low, gain, high))
    return reaches(intervals)


def _plan(matter: Matter, row: dict[str, Any], reach: Reach | None, examples: tuple[Example, ...]) -> Plan:
    pen, name = matter.pen, row["strategy"]
    gain, low, high, cost = (as_minor(row.get(key), pen.currency) for key in ("gain", "gain_low", "gain_high", "cost"))
    customers, rate, basis = int(row.get("customers") or 0), row.get("success_rate"), row.get("success_basis") or ""
    return Plan(
        glass=matter.glass[name],
        title=matter.strategy(name),
        meaning=QUIET.get(name, stop(str(row.get("about") or ""))),
        customers=count(customers),
        share=share(ratio(customers, matter.customers)),
        bar=ratio(customers, matter.customers) or 0.0,
        secondary=count(row.get("secondary")),
        eligible=count(row.get("eligible")),
        gain=pen.round_money(gain),
        gain_saved=bool(gain),
        interval=pen.interval(low, high),
        each=pen.money(ratio(gain or 0, customers)) if customers else NOTHING,
        reach=reach if customers else None,
        rate="" if rate is None or name == CLEAR[0] else share(rate),
        basis=basis,
        basis_meaning=f"{BASES.get(basis, basis)}{_by(row)}",
        cost="nothing" if not cost else pen.money(cost),
        headroom=stop(str(row.get("headroom") or "")),
        who=stop(str(row.get("eligible_when") or "")),
        examples=examples,
    )


def _by(row: dict[str, Any]) -> str:
    return f" ({row['success_by']})" if row.get("success_by") else ""


def _idle(matter: Matter, row: dict[str, Any]) -> str:
    title, eligible = matter.strategy(row["strategy"]), row.get("eligible") or 0
    if not eligible:
        return f"{title}: nobody is eligible."
    return f"{title}: {count(eligible, 'customer is', 'customers are')} eligible, and each has something better."


def _examples(matter: Matter) -> dict[str, tuple[Example, ...]]:
    if "strategies" not in matter.tables:
        return {}
    table = matter.tables["strategies"]
    first = table.filter(pc.equal(table.column("rank"), 1))
    codes, names = coded_column(first, "strategy")
    gains, _ = minor_column(first, "gain", matter.pen.currency)
    found = {}
    for code, name in enumerate(names):
        places = np.flatnonzero(codes == code)
        ordered = places[np.argsort(-gains[places], kind="stable")]
        chosen = dict.fromkeys((0, len(ordered) // 4, len(ordered) // 2, *range(len(ordered))[:_EXAMPLES]))
        found[name] = _told(matter, first.take(pa.array(ordered[list(chosen)[:_EXAMPLES]])))
    return found


def _told(matter: Matter, table: pa.Table) -> tuple[Example, ...]:
    currency = matter.pen.currency
    return tuple(
        Example(
            named(row["customer_id"]), matter.pen.money(as_minor(row["gain"], currency)), stop(row.get("reason") or "")
        )
        for row in table.to_pylist()
    )


def first_customers(matter: Matter) -> tuple[Listed, ...]:
    """List the customers with the largest expected gain, ties by their order in the table."""
    table = matter.tables.get("customers")
    if table is None or "primary_gain" not in table.column_names or "customer_id" not in table.column_names:
        return ()
    gains, known = minor_column(table, "primary_gain", matter.pen.currency)
    places = np.flatnonzero(known & (gains > 0))
    chosen = table.take(pa.array(places[np.argsort(-gains[places], kind="stable")][: matter.shown]))
    reasons = _first_strategies(matter, chosen.column("customer_id"))
    return tuple(_listed(matter, row, reasons.get(row["customer_id"], {})) for row in chosen.to_pylist())


def _first_strategies(matter: Matter, customers: pa.ChunkedArray) -> dict[str, dict[str, Any]]:
    if "strategies" not in matter.tables:
        return {}
    table = matter.tables["strategies"]
    wanted = pc.and_(pc.equal(table["rank"], 1), pc.is_in(table["customer_id"], value_set=customers.combine_chunks()))
    return {row["customer_id"]: row for row in table.filter(wanted).to_pylist()}


def _listed(matter: Matter, row: dict[str, Any], strategy: dict[str, Any]) -> Listed:
    pen, primary = matter.pen, row.get("primary_strategy")
    low, high = (as_minor(strategy.get(name), pen.currency) for name in ("gain_low", "gain_high"))
    return Listed(
        named(row["customer_id"]),
        matter.glass.get(primary or "", "q1"),
        matter.strategy(primary),
        matter.strategy(row.get("secondary_strategy")),
        pen.money(as_minor(row["primary_gain"], pen.currency)),
        pen.interval(low, high),
        stop(strategy.get("reason") or ""),
    )
