"""A run in a handful of lines, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from smalti.report.account import accounts
from smalti.report.doubts import value_doubt
from smalti.report.matter import Matter
from smalti.report.opening import VALUES, freshness
from smalti.report.plan import plan_glance, plan_told
from smalti.report.plans import Plan, plans
from smalti.report.writing import count, named, stop


@dataclass(frozen=True)
class StrategyLine:
    """One strategy in a row of the table.

    Attributes:
        title: The strategy.
        customers: With it as primary strategy.
        share: Of all customers.
        gain: Expected gain at a glance.
        interval: Its interval, or nothing.
        success: Success rate and its basis, or nothing.
    """

    title: str
    customers: str
    share: str
    gain: str
    interval: str
    success: str


@dataclass(frozen=True)
class Summary:
    """A run in a handful of lines; everything is text, ready to be laid out.

    Attributes:
        project: Its name.
        customers: How many, such as ``5,000 customers``.
        as_of: The as-of instant in the project's time zone.
        fresh: How old that was when the run was made, or nothing.
        values: The four values: title and sum.
        gain: Expected gain of acting, with its interval.
        strategies: Largest gain first, then leave alone and do not target.
        accounts: One sentence for each source.
        balanced: Whether every account adds up.
        notes: What else a reader should know.
        plan: What the plan is worth and what stands in its way, sentences; none where there is none.
    """

    project: str
    customers: str
    as_of: str
    fresh: str
    values: tuple[tuple[str, str], ...]
    gain: str
    strategies: tuple[StrategyLine, ...]
    accounts: tuple[str, ...]
    balanced: bool
    notes: tuple[str, ...]
    plan: tuple[str, ...] = ()


def summary(info: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> Summary:
    """Sum up a run.

    Args:
        info: The run's `run.json`.
        tables: The run's tables; only `playbook`, `plan_totals` and `plan_limits` are read, and they may be absent.

    >>> summary({"currency": "GBP", "customers": 1, "totals": {"value_now": 1234}}, {}).values[0]
    ('Value now', '£12')
    """
    matter = Matter(info, tables)
    pen, totals = matter.pen, info.get("totals") or {}
    told = plans(matter) if matter.playbook else None
    planned = plan_told(matter)
    ledgers = accounts(matter)
    interval = pen.interval(totals.get("gain_low"), totals.get("gain_high"))
    gain = pen.round_money(totals.get("gain"))
    return Summary(
        named(info.get("project"), "Your customers"),
        count(matter.customers, "customer"),
        pen.instant(info.get("as_of")),
        freshness(matter),
        tuple((title, pen.round_money(totals.get(name))) for name, (title, _) in VALUES.items()),
        f"{gain} ({interval})" if interval else gain,
        tuple(map(_line, (*told.active, *told.quiet))) if told else (),
        tuple(f"{ledger.title}: {ledger.wrong}" if ledger.wrong else stop(ledger.sentence) for ledger in ledgers),
        all(ledger.balanced for ledger in ledgers),
        (*filter(None, [value_doubt(matter)]), *(stop(str(note)) for note in info.get("notes") or ())),
        plan_glance(planned) if planned else (),
    )


def _line(plan: Plan) -> StrategyLine:
    success = f"{plan.rate} {plan.basis}".strip() if plan.rate else ""
    return StrategyLine(plan.title, plan.customers, plan.share, plan.gain, plan.interval, success)
