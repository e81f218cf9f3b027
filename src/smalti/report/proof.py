"""What a trial proves, told: does it work, for whom, and is one-to-one better than segments, and segments than one for all?

It is told from the dictionary that `smalti.engine.proving.Proved.to_dict` gives, of a file or of a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from smalti.experiments.proof import LADDER, Lead, Proof
from smalti.facts import Currency
from smalti.report.matter import Matter
from smalti.report.plan_curve import PlansTold, plans_told
from smalti.report.proof_curve import Plane, plane
from smalti.report.reach import Reach, reaches
from smalti.report.units import Unit
from smalti.report.verdict_words import (
    budget_words,
    by_budget,
    headline,
    missing_words,
    policy_title,
    reasons,
    total_words,
)
from smalti.report.writing import count, named, share, spoken, stop

SHOWN = 12
"""Arms and segments that are told at once."""
_FINE = 1e9
_MOST_ALIKE = 3


@dataclass(frozen=True)
class Effect:
    """The average effect of one arm.

    Attributes:
        arm: The arm.
        customers: How many had it.
        value: The outcome under it.
        change: How much more than under the control.
        between: The interval of that.
        reach: The same on a line.
        answer: The verdict in a word or two.
        state: ``good``, ``bad`` or ``open``.
        words: The verdict in a sentence or two.
    """

    arm: str
    customers: str
    value: str
    change: str
    between: str
    reach: Reach | None
    answer: str
    state: str
    words: str


@dataclass(frozen=True)
class Rung:
    """One policy of the ladder.

    Attributes:
        title: What it is called.
        value: What it is worth per customer.
        between: The interval of that.
        reach: The same on a line.
        contacted: The share of customers contacted.
        cost: What it costs per customer; empty where nothing costs.
        lead: How much more it is worth than the policy before it.
        lead_between: The interval of that, right for all comparisons at once.
        over: The policy before it.
        recommended: Whether it is the one to use.
    """

    title: str
    value: str
    between: str
    reach: Reach | None
    contacted: str
    cost: str
    lead: str
    lead_between: str
    over: str
    recommended: bool


@dataclass(frozen=True)
class Offer:
    """What one segment would get.

    Attributes:
        segment: The segment.
        customers: How many are in it.
        arm: What they would get.
        expected: How much more that is expected to bring than the control.
    """

    segment: str
    customers: str
    arm: str
    expected: str


@dataclass(frozen=True)
class AtBudget:
    """The policies at one budget.

    Attributes:
        budget: The budget.
        leads: Of each policy but the control for all how much more it brings, with the interval.
        recommended: Which of them is recommended: a place, or -1 for none.
    """

    budget: str
    leads: tuple[tuple[str, str], ...]
    recommended: int


@dataclass(frozen=True)
class Among:
    """An effect that differs, or does not, among segments.

    Attributes:
        title: By what, and of which arm.
        summary: Whether it differs.
        differs: The same, yes or no.
        rows: Of each segment its name, how many, the effect and its interval.
    """

    title: str
    summary: str
    differs: bool
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class OutcomeTold:
    """What is proven of one outcome.

    Attributes:
        key: For links.
        title: The outcome.
        verdict: What to do, in a sentence or two.
        reasons: By how much, and what was not shown, in sentences.
        total: What it comes to over all customers, of money.
        before_costs: What would be recommended if nothing cost anything; empty where nothing does.
        effects: Does it work?
        rungs: The policies.
        costly: Whether anything costs anything.
        misses: How often the segment misses the person, in sentences.
        curve: The policies over all budgets.
        policies: What the policies in `budgets` are called.
        budgets: The policies at each budget.
        budget_words: Which policy is best at which budgets.
        plans: Plans at several budgets, held against rankings; None where none was tried.
        segmentation: The segmentation that was chosen, in words.
        offers: What its segments would get.
        among: Where effects differ.
        ranked: Whether customers ranked first by their effects gain more, in sentences.
        drivers: What tells on whom it works, and its share of what is known of that, 0 to 1.
        notes: What else to know.
        unit: How it is written.
    """

    key: str
    title: str
    verdict: str
    reasons: tuple[str, ...]
    total: str
    before_costs: str
    effects: tuple[Effect, ...]
    rungs: tuple[Rung, ...]
    costly: bool
    misses: tuple[str, ...]
    curve: Plane | None
    policies: tuple[str, ...]
    budgets: tuple[AtBudget, ...]
    budget_words: tuple[str, ...]
    plans: PlansTold | None
    segmentation: str
    offers: tuple[Offer, ...]
    among: tuple[Among, ...]
    ranked: tuple[str, ...]
    drivers: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]
    unit: Unit


@dataclass(frozen=True)
class TrialTold:
    """What a trial proves.

    Attributes:
        key: For links.
        title: What it is called.
        ground: How many customers and arms, in a sentence.
        arms: The arms with their sizes, shares and costs.
        control: The arm that the others are held against.
        outcomes: What is proven of each outcome.
        warnings: What stands against believing it.
        taken: What was taken for what.
        set_aside: Rows that could not be used: how many, and why.
        method: How it was proven, in sentences.
    """

    key: str
    title: str
    ground: str
    arms: tuple[tuple[str, str, str, str], ...]
    control: str
    outcomes: tuple[OutcomeTold, ...]
    warnings: tuple[str, ...]
    taken: tuple[str, ...]
    set_aside: tuple[tuple[str, str], ...]
    method: tuple[str, ...]


def evidence(matter: Matter) -> tuple[TrialTold, ...]:
    """Tell what the trials of a run prove; none where there are none.

    >>> evidence(Matter({}, {}))
    ()
    """
    found = matter.info.get("evidence") or ()
    return tuple(tell_proof(one, key=f"evidence-{place}") for place, one in enumerate(found, 1))


def proof_page(proved: Mapping[str, Any]) -> str:
    """Tell a trial as one self-contained HTML page: no script, nothing loaded, right on paper and on a phone.

    Args:
        proved: What `smalti.engine.proving.Proved.to_dict` gives.

    Returns:
        The HTML text, UTF-8 when written; the same for the same trial.
    """
    environment = Environment(
        loader=PackageLoader("smalti.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "\n".join(_asset(name) for name in ("page.css", "proof.css"))
    return environment.get_template("proof_page.html").render(trial=tell_proof(proved), style=style)


def _asset(name: str) -> str:
    return files("smalti.report").joinpath("assets", name).read_text(encoding="utf-8").strip()


def tell_proof(proved: Mapping[str, Any], key: str = "trial") -> TrialTold:
    """Tell a trial.

    Args:
        proved: What `smalti.engine.proving.Proved.to_dict` gives.
        key: For links.
    """
    currency = Currency(proved["currency"]) if proved.get("currency") else None
    outcomes = tuple(
        _outcome(one, proved, currency, f"{key}-{place}") for place, one in enumerate(proved["outcomes"], 1)
    )
    money = Unit("money", currency)
    return TrialTold(
        key=key,
        title=named(proved["name"]),
        ground=_ground(proved),
        arms=tuple(
            (
                named(one["arm"]),
                count(one["rows"]),
                share(one["share"]),
                money.value(one["cost"]) if one["cost"] else "",
            )
            for one in proved["arms"]
        ),
        control=named(proved["control"]),
        outcomes=outcomes,
        warnings=_warnings(proved),
        taken=tuple(proved.get("taken") or ()),
        set_aside=tuple((count(rows, "row"), reason) for reason, rows in (proved.get("set_aside") or {}).items()),
        method=_method(proved),
    )


def _ground(proved: Mapping[str, Any]) -> str:
    arms, customers, rows = len(proved["arms"]), proved["customers"], proved["rows"]
    decisions = f", {count(rows, 'decision')}" if rows != customers else ""
    return f"{count(customers, 'customer')}{decisions}, {count(arms, 'arm')}, held against {named(proved['control'])}"


def _warnings(proved: Mapping[str, Any]) -> tuple[str, ...]:
    told = []
    if proved.get("observational"):
        told.append(
            "Arms were not drawn at random: chances are estimated from what is known of customers. Whatever is not known and "
            "led to both the arm and the outcome is counted as an effect. Believe no number below without a trial."
        )
    ratio = proved.get("ratio") or {}
    if ratio.get("alarm"):
        told.append(_odd_sizes(proved, ratio))
    told += [stop(str(one)) for one in proved.get("warnings") or ()]
    every = [warning for one in proved["outcomes"] for warning in one["proof"]["warnings"]]
    every = [stop(one) for one in dict.fromkeys(every)]
    more = len(every) - _MOST_ALIKE
    told += (
        [*every[:_MOST_ALIKE], f"There are {more} more warnings like these; --json tells them all."]
        if more > 1
        else every
    )
    return tuple(told)


def _doubt(proved: Mapping[str, Any]) -> str:
    """Say what every verdict depends on, where arms were not drawn at random; empty where nothing speaks against it."""
    if proved.get("observational"):
        return "If the estimated chances are right, which nothing here can show: "
    return "If the arms were drawn at random, against which the warning speaks: " if proved.get("doubted") else ""


def _odd_sizes(proved: Mapping[str, Any], ratio: Mapping[str, Any]) -> str:
    sizes = " to ".join(count(one) for one in ratio["counts"][:SHOWN])
    if proved.get("planned") is None:
        return (
            f"The arms are not of one size ({sizes}). If they were meant to be, something went wrong and nothing below can be "
            "believed; if not, say what was planned (--share arm=share)."
        )
    wanted = " to ".join(count(round(one)) for one in ratio["expected"][:SHOWN])
    return (
        f"The arms have {sizes} customers where {wanted} were planned: that is no chance (p = {ratio['p']:.1g}). Customers get "
        "lost or are counted twice in some arm; nothing below can be believed before it is known why."
    )


def _method(proved: Mapping[str, Any]) -> tuple[str, ...]:
    level = share(proved["level"])
    names = [one["name"] for one in proved.get("segmentations") or ()]
    cut = f" {count(len(names), 'segmentation')} were tried: {', '.join(names)}." if names else ""
    return (
        f"Customers were cut into {proved['folds']} parts by a hash of their ids. What each policy does in a part was learnt "
        "from the other parts alone; then it was judged there by doubly robust values, so that no policy was judged on what "
        "it was learnt from.",
        f"All policies are judged on the same customers, so their differences are far surer than two values beside each other. "
        f"Intervals are at {level}; those of differences between policies hold for all of them at once.",
        f"The best segmentation was chosen inside the parts that were learnt from.{cut}",
        "The simplest policy that no other beats is recommended: nothing before one for all, that before segments, those "
        "before one to one.",
    )


def _outcome(one: Mapping[str, Any], proved: Mapping[str, Any], currency: Currency | None, key: str) -> OutcomeTold:
    unit, proof = Unit(one["unit"], currency), Proof.restored(one["proof"])
    costly = one.get("without_costs") is not None
    segments = proof.best_segmentation is not None
    chosen = [lead for lead in proof.points[0].leads if lead.policy == proof.recommended and lead.over == "nothing"]
    tried = {rung.policy for rung in proof.points[0].standings} - (set() if one["told_apart"] else {"individual"})
    policies = tuple(name for name in LADDER if name in tried)
    return OutcomeTold(
        key=key,
        title=spoken(one["outcome"]),
        verdict=f"{_doubt(proved)}{headline(proof)}",
        reasons=tuple(reasons(proof, unit, policies)),
        total=total_words(chosen[0], proved["customers"], unit) if chosen else "",
        before_costs=headline(Proof.restored(one["without_costs"])) if costly else "",
        effects=_effects(one, unit, _doubt(proved)),
        rungs=_rungs(proof, unit, policies, costly=costly),
        costly=costly,
        misses=tuple(missing_words(proof.misses, unit, segments=segments, told_apart=bool(one["told_apart"]))),
        curve=plane(proof, unit),
        policies=tuple(policy_title(name, proof) for name in policies[1:]),
        budgets=_budgets(proof, unit, policies[1:]),
        budget_words=tuple(by_budget(proof)),
        plans=plans_told(one.get("plans"), unit),
        segmentation=proof.best_segmentation or "",
        offers=_offers(proof, unit),
        among=_among(one, unit),
        ranked=tuple(_ranked(row, unit) for row in one.get("rankings") or ()),
        drivers=tuple((named(row["name"]), row["share"]) for row in one.get("drivers") or () if row["shown"]),
        notes=tuple(stop(str(note)) for note in one.get("notes") or ()),
        unit=unit,
    )


def _effects(one: Mapping[str, Any], unit: Unit, doubt: str) -> tuple[Effect, ...]:
    rows = one["effects"]
    lines = reaches([_fine(row["low"], row["effect"], row["high"]) for row in rows])
    return tuple(
        Effect(
            arm=named(row["arm"]),
            customers=count(row["customers"], "customer"),
            value=unit.value(row["value"], row["error"]),
            change=unit.change(row["effect"], row["error"]),
            between=unit.between(row["low"], row["high"]),
            reach=reach,
            answer=row["answer"] if not doubt else "not proven",
            state=_STATES.get(row["answer"], "open") if not doubt else "open",
            words=f"{doubt}{row['words']}",
        )
        for row, reach in zip(rows, lines, strict=True)
    )


_STATES = {"works": "good", "harms": "bad", "not to be trusted": "bad"}


def _fine(low: float | None, value: float | None, high: float | None) -> tuple[int | None, int | None, int | None]:
    first, second, third = (None if one is None else round(one * _FINE) for one in (low, value, high))
    return first, second, third


def _rungs(proof: Proof, unit: Unit, policies: Sequence[str], *, costly: bool) -> tuple[Rung, ...]:
    point = proof.points[0]
    standings = [one for one in point.standings if one.policy in policies]
    drawn = reaches([_fine(one.low, one.value, one.high) for one in standings])
    before: dict[str, str] = dict(
        zip((one.policy for one in standings[1:]), (one.policy for one in standings), strict=False)
    )
    rungs = []
    for one, reach in zip(standings, drawn, strict=True):
        lead = next(
            (each for each in point.leads if (each.policy, each.over) == (one.policy, before.get(one.policy))), None
        )
        rungs.append(
            Rung(
                title=policy_title(one.policy, proof),
                value=unit.value(one.value, one.error),
                between=unit.between(one.low, one.high),
                reach=reach,
                contacted=share(one.contacted),
                cost=unit.value(one.cost, 0.02) if costly else "",
                lead=_lead(lead, unit)[0] if lead else "",
                lead_between=_lead(lead, unit)[1] if lead else "",
                over=policy_title(lead.over, proof) if lead else "",
                recommended=one.policy == proof.recommended,
            )
        )
    return tuple(rungs)


def _lead(lead: Lead, unit: Unit) -> tuple[str, str]:
    """Write a difference of policies and its interval; policies that do the same for everybody have none."""
    if lead.differ == 0:
        return "the same", ""
    return unit.change(lead.value, lead.error), unit.between(lead.low_together, lead.high_together)


def _budgets(proof: Proof, unit: Unit, policies: Sequence[str]) -> tuple[AtBudget, ...]:
    told = []
    for point in proof.points[1:]:
        leads = [
            next((lead for lead in point.leads if (lead.policy, lead.over) == (name, "nothing")), None)
            for name in policies
        ]
        texts = tuple(_lead(lead, unit) if lead else ("", "") for lead in leads)
        place = policies.index(point.recommended) if point.recommended in policies else -1
        told.append(AtBudget(budget_words(point.budget) if point.budget else "", texts, place))
    return tuple(told)


def _offers(proof: Proof, unit: Unit) -> tuple[Offer, ...]:
    largest = sorted(proof.segments, key=lambda one: -one.rows)[: 2 * SHOWN]
    return tuple(
        Offer(named(one.segment), count(one.rows, "customer"), named(one.arm), unit.change(one.expected))
        for one in largest
    )


def _among(one: Mapping[str, Any], unit: Unit) -> tuple[Among, ...]:
    rows = list(one.get("differing") or ())
    shown = [row for row in rows if row["differ"]][:3] or rows[:1]
    return tuple(_differing(row, unit) for row in shown)


def _ranked(row: Mapping[str, Any], unit: Unit) -> str:
    qini = row["qini"]
    gain = f"{unit.change(qini['value'], qini['error'])}{unit.each} ({unit.between(qini['low'], qini['high'])})"
    if row["shown"]:
        return f"{row['arm']}: whom it works for can be told; choosing by that gains {gain} over choosing at random."
    if qini["high"] < 0:
        return f"{row['arm']}: choosing by what was learnt is worse than choosing at random ({gain})."
    return f"{row['arm']}: it is not shown that anybody can tell whom it works for ({gain} over choosing at random)."


def _differing(row: Mapping[str, Any], unit: Unit) -> Among:
    p = row["found"]["p"]
    summary = "It differs by more than chance" if row["differ"] else "It is not shown to differ"
    chance = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    return Among(
        f"{row['arm']}, by {row['segmentation']}",
        f"{summary} ({chance}, corrected for all that was looked at).",
        bool(row["differ"]),
        tuple(
            (
                named(label),
                count(each["customers"] + each["control_customers"], "customer"),
                unit.change(each["effect"], each["error"]),
                unit.between(each["low"], each["high"]),
            )
            for label, each in list(zip(row["labels"], row["effects"], strict=True))[:SHOWN]
        ),
    )
