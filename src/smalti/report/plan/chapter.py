"""The plan as a chapter: what is done for whom, what it is worth, how near the best possible, and what stands in its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from smalti.report.columns import as_minor
from smalti.report.matter import Matter
from smalti.report.plan.bounds import Bound, bounds
from smalti.report.plan.changed import Changed, changed
from smalti.report.plan.ground import ground
from smalti.report.plan.parts import Days, Part, days, parts, total_rows
from smalti.report.plan.people import Spared, Treated, channel_title, instant_of, spared, treated, treatment_title
from smalti.report.plan.said import Said, said
from smalti.report.reach import Reach, reaches
from smalti.report.writing import count, named, ratio, share, stop

JOINT = " + "
"""Between the treatments of a bundle."""
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Figure:
    """One large number of the plan: what it is called, the number, and what to know of it."""

    title: str
    text: str
    about: str


@dataclass(frozen=True)
class Doing:
    """One treatment of the plan.

    Attributes:
        part: Customers, contacts and money.
        strategy: The strategy that it serves.
        channels: By which channels.
        basis: `assumed`, `modelled` or `measured`.
        basis_by: Who assumed it, or what measured or modelled it.
        lever: What its gain is multiplied by when choosing, a sentence; or nothing.
        fixed: What doing it at all costs, or nothing.
    """

    part: Part
    strategy: str
    channels: str
    basis: str
    basis_by: str
    lever: str
    fixed: str


@dataclass(frozen=True)
class PlanTold:
    """A plan, told.

    Attributes:
        period: From when until when, a few words.
        verdict: For how many customers, what it is worth, and how near the best possible, in one sentence.
        within: How near the best possible, a few words.
        customers: Customers who get a treatment, in words.
        gain: What it is expected to bring, at a glance.
        interval: The 80 % interval of it.
        reach: The interval for drawing; None where there is nothing to draw.
        figures: Customers, contacts, cost, return.
        spent: Contacts, cost and return in one sentence; nothing where nothing is done.
        treatments: What is done, the largest gain first.
        idle: Treatments that nobody gets, sentences.
        channels: The plan by channel.
        segments: The plan by segment; a customer may be in several.
        strategies: The plan by strategy.
        days: Contacts day by day; None where none is due on a day.
        bounds: What stood in its way, and what one more unit of it would bring.
        messages: Previews of messages.
        changed: What changed since the plan before; None where there was none.
        people: Customers with the largest expected gain.
        spared: Why the others get nothing; None where there are no others.
        ground: What sums and choices rest on, sentences.
        notes: What else to know, sentences.
    """

    period: str
    verdict: str
    within: str
    customers: str
    gain: str
    interval: str
    reach: Reach | None
    figures: tuple[Figure, ...]
    spent: str
    treatments: tuple[Doing, ...]
    idle: tuple[str, ...]
    channels: tuple[Part, ...]
    segments: tuple[Part, ...]
    strategies: tuple[Part, ...]
    days: Days | None
    bounds: tuple[Bound, ...]
    messages: tuple[Said, ...]
    changed: Changed | None
    people: tuple[Treated, ...]
    spared: Spared | None
    ground: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def binding(self) -> tuple[Bound, ...]:
        """The limits without which the plan would be worth more."""
        return tuple(one for one in self.bounds if one.binds)

    @property
    def roomy(self) -> tuple[Bound, ...]:
        """The limits that cost the plan nothing."""
        return tuple(one for one in self.bounds if not one.binds)


def plan_told(matter: Matter) -> PlanTold | None:
    """Tell the plan of a run; None where it has none.

    >>> plan_told(Matter({}, {})) is None
    True
    """
    plan = matter.info.get("plan")
    if not plan:
        return None
    low, gain, high = _worth(matter, plan)
    told = tuple(_doing(matter, part) for part in parts(matter, "treatment", _glasses(matter)))
    within = nearness(plan.get("gap"))
    return PlanTold(
        period=_period(matter, plan),
        verdict=_verdict(matter, plan, within),
        within=within,
        customers=count(int(plan.get("customers") or 0), "customer"),
        gain=matter.pen.round_money(gain),
        interval=matter.pen.interval(low, high),
        reach=reaches([(low, gain, high)])[0],
        figures=_figures(matter, plan, gain),
        spent=_spent(matter, plan, gain),
        treatments=told,
        idle=_idle(matter, plan, {name for one in told for name in one.part.name.split(JOINT)}),
        channels=parts(matter, "channel"),
        segments=parts(matter, "segment"),
        strategies=parts(matter, "strategy", matter.glass),
        days=days(matter),
        bounds=bounds(matter),
        messages=said(matter),
        changed=changed(matter),
        people=treated(matter),
        spared=spared(matter),
        ground=ground(matter),
        notes=tuple(stop(str(note)) for note in plan.get("notes") or ()),
    )


def tell_plan(info: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> PlanTold | None:
    """Tell the plan of a run, or one that was only made to be looked at.

    Args:
        info: The run's `run.json`: ``plan`` and what every chapter uses.
        tables: `plan`, `plan_totals`, `plan_limits`, `plan_previews`; `playbook` for titles. Any may be absent.

    Returns:
        The plan told; None where there is none.

    >>> tell_plan({"currency": "GBP"}, {}) is None
    True
    """
    return plan_told(Matter(info, tables))


def nearness(gap: float | None) -> str:
    r"""Say how far from the best possible a plan is at most, never as nearer than it is.

    Args:
        gap: How much better the best possible may be, as a share of it; None where it is not known.

    >>> [nearness(gap).replace("\xa0", " ") for gap in (0.00031, 0.0000002, 0.04)]
    ['within 0.04 % of the best possible', 'within 0.01 % of the best possible', 'within 4 % of the best possible']
    >>> nearness(0.0), nearness(None)
    ('which is the best possible', '')
    """
    if gap is None:
        return ""
    percent = 100 * max(float(gap), 0.0)
    if percent < 1e-7:
        return "which is the best possible"
    places = 2 if percent < 0.1 else max(1 - floor(log10(percent)), 0)
    raised = ceil(round(percent * 10**places, 6)) / 10**places
    text = f"{raised:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"within {text}{_SPACE}% of the best possible"


def _worth(matter: Matter, plan: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Give low end, value and high end of what the plan is expected to bring, in minor units."""
    for row in total_rows(matter, "all"):
        low, gain, high = (as_minor(row.get(name), matter.pen.currency) for name in ("gain_low", "gain", "gain_high"))
        return low, gain, high
    return tuple(None if plan.get(name) is None else round(plan[name]) for name in ("gain_low", "gain", "gain_high"))  # type: ignore[return-value]


def _period(matter: Matter, plan: Mapping[str, Any]) -> str:
    at, until = (instant_of(plan.get(name)) for name in ("at", "until"))
    return f"from {matter.pen.instant(at)} to {matter.pen.instant(until)}" if at and until else ""


def _verdict(matter: Matter, plan: Mapping[str, Any], within: str) -> str:
    pen, customers = matter.pen, int(plan.get("customers") or 0)
    if not customers and any(one.binds for one in bounds(matter)):
        return "Nobody gets a treatment: limits leave no room for what is expected to earn more than it costs."
    if not customers:
        return "Nobody gets a treatment: nothing that may be done is expected to earn more than it costs."
    low, gain, high = _worth(matter, plan)
    of = (
        f"{count(customers)} of {count(matter.customers, 'customer')}"
        if matter.customers
        else count(customers, "customer")
    )
    gets = "gets" if customers == 1 else "get"
    interval = pen.interval(low, high)
    worth = f", worth {pen.round_money(gain)}{f' ({interval})' if interval else ''}" if gain is not None else ""
    return f"{of} {gets} a treatment{worth}{f', {within}' if within else ''}."


def _figures(matter: Matter, plan: Mapping[str, Any], gain: int | None) -> tuple[Figure, ...]:
    pen, customers, contacts = matter.pen, int(plan.get("customers") or 0), int(plan.get("contacts") or 0)
    cost = plan.get("cost")
    told = [
        Figure("Customers", count(customers), f"{share(ratio(customers, matter.customers))} of all"),
        Figure("Contacts", count(contacts), _each(contacts, customers)),
        Figure("Cost", pen.round_money(cost), "contacts and offers taken, as expected"),
    ]
    if back := _back(matter, plan, gain):
        told.append(
            Figure(
                "Back for each " + pen.whole_money(pen.currency.scale),
                back,
                "margin it brings, costs not yet taken off",
            )
        )
    return tuple(told)


def _back(matter: Matter, plan: Mapping[str, Any], gain: int | None) -> str:
    """Say how much margin comes back for each unit of money that is spent; nothing where nothing is."""
    cost, pen = plan.get("cost"), matter.pen
    return pen.money(round(pen.currency.scale * (gain + cost) / cost)) if cost and gain is not None else ""


def _spent(matter: Matter, plan: Mapping[str, Any], gain: int | None) -> str:
    contacts = int(plan.get("contacts") or 0)
    if not contacts and not plan.get("cost"):
        return ""
    back = _back(matter, plan, gain)
    each = f", {back} of margin back for each {matter.pen.whole_money(matter.pen.currency.scale)}" if back else ""
    return f"{count(contacts, 'contact')} at an expected cost of {matter.pen.round_money(plan.get('cost'))}{each}."


def _each(contacts: int, customers: int) -> str:
    part = ratio(contacts, customers)
    return "" if part is None else f"{part:.2g} a customer, steps that follow among them"


def _glasses(matter: Matter) -> dict[str, str]:
    """Give each treatment the colour of the strategy that it serves."""
    return {name: matter.glass.get(strategy, "") for name, strategy in _strategies(matter).items()}


def _strategies(matter: Matter) -> dict[str, str]:
    table = matter.tables.get("plan")
    if table is None:
        return {}
    known = table.select(["treatment", "strategy"]).filter(pc.is_valid(table["treatment"]))
    found = known.group_by(["treatment", "strategy"]).aggregate([]).to_pylist()
    return {row["treatment"]: row["strategy"] for row in sorted(found, key=lambda row: str(row["strategy"]))}


def _actions(plan: Mapping[str, Any], treatment: str) -> list[Mapping[str, Any]]:
    """Give the actions of a treatment, or of treatments together."""
    return [
        one for one in plan.get("actions") or () if JOINT.join(one.get("treatments") or (one["name"],)) == treatment
    ]


def _doing(matter: Matter, part: Part) -> Doing:
    plan = matter.info["plan"]
    actions = _actions(plan, part.name)
    first: Mapping[str, Any] = actions[0] if actions else {}
    channels = dict.fromkeys(channel for one in actions for channel in one.get("channels") or () if channel)
    strategy = _strategies(matter).get(part.name.partition(JOINT)[0])
    fixed = first.get("fixed")
    fixed = fixed.get(part.name) if isinstance(fixed, Mapping) else fixed
    weight = float(first.get("weight") or 1.0)
    return Doing(
        part=part,
        strategy=matter.strategy(strategy) if strategy else "",
        channels=_listed([channel_title(one) for one in channels]),
        basis=str(first.get("basis") or ""),
        basis_by=named(first.get("by"), ""),
        lever=f"weighed {weight:g} times when choosing" if weight != 1.0 else "",
        fixed=matter.pen.round_money(round(fixed)) if fixed else "",
    )


def _listed(names: Sequence[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _idle(matter: Matter, plan: Mapping[str, Any], used: set[str]) -> tuple[str, ...]:
    names = dict.fromkeys(name for one in plan.get("actions") or () for name in one.get("treatments") or ())
    return tuple(treatment_title(matter.info, name) for name in names if name not in used)
