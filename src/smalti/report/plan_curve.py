"""Plans at several budgets, told: what the plan brings, and what ranking by response, by value or by RFM brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from smalti.experiments.proof import Budget
from smalti.report.proof_curve import HEIGHT, WIDTH, Line, Plane, Tick, round_step
from smalti.report.units import Unit
from smalti.report.verdict_words import budget_words
from smalti.report.writing import named, share

GLASSES = {"plan": "g4", "response": "g2", "value": "g5", "rfm": "g1", "lot": "g0"}
"""The piece of glass of each way of choosing."""
TITLES = {
    "plan": "the plan",
    "response": "by response",
    "value": "by value",
    "rfm": "by RFM",
    "lot": "by lot",
}
_RANKINGS = {"response": "response", "value": "past value", "rfm": "RFM"}


@dataclass(frozen=True)
class BudgetRow:
    """All ways of choosing at one budget.

    Attributes:
        budget: The budget.
        values: Of each way of choosing what it brings, the plan first.
        leads: Of each but the plan, by how much the plan brings more, with the interval that holds for all at once.
        contacted: The share of customers the plan contacts.
    """

    budget: str
    values: tuple[str, ...]
    leads: tuple[tuple[str, str], ...]
    contacted: str


@dataclass(frozen=True)
class PlansTold:
    """Plans at several budgets.

    Attributes:
        verdict: Whether the plan is as good as the rankings, in sentences.
        titles: What the ways of choosing are called, the plan first.
        rows: One for each budget.
        plane: The ways of choosing over all shares of customers contacted.
        taken: By which columns customers were ranked; empty where none is known.
    """

    verdict: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[BudgetRow, ...]
    plane: Plane | None
    taken: str


def plans_told(plans: Mapping[str, Any] | None, unit: Unit) -> PlansTold | None:
    """Tell plans at several budgets.

    Args:
        plans: What `smalti.engine.proving.plans.stored` gives; None where no plan was tried.
        unit: How the outcome is written.
    """
    if not plans or not plans["points"]:
        return None
    points = list(plans["points"])
    names = [one["policy"] for one in points[0]["values"]]
    return PlansTold(
        verdict=tuple(_verdict(points, names[1:], unit)),
        titles=tuple(TITLES[name] for name in names),
        rows=tuple(_row(point, unit) for point in points),
        plane=_plane(points, names, unit),
        taken=_taken(plans.get("columns") or {}),
    )


def _budget(point: Mapping[str, Any]) -> Budget:
    return Budget(point["budget"]["kind"], point["budget"]["amount"])


def _row(point: Mapping[str, Any], unit: Unit) -> BudgetRow:
    values = tuple(unit.change(one["value"], one["error"]) for one in point["values"])
    leads = tuple(
        (unit.change(one["value"], one["error"]), unit.between(one["low_together"], one["high_together"]))
        if one["error"]
        else ("the same", "")
        for one in point["leads"]
    )
    return BudgetRow(budget_words(_budget(point)), values, leads, share(point["values"][0]["contacted"]))


def _verdict(points: Sequence[Mapping[str, Any]], rivals: Sequence[str], unit: Unit) -> list[str]:
    """Say whether the plan is as good as rankings, and where it is better or worse beyond chance."""
    worse = [(point, one) for point in points for one in point["leads"] if one["high_together"] < 0]
    better = [(point, one) for point in points for one in point["leads"] if one["low_together"] > 0]
    ranks = _listed([_RANKINGS[name] for name in rivals if name in _RANKINGS])
    told = []
    if not worse:
        told.append(f"At every budget the plan is at least as good as ranking by {ranks}, within the intervals.")
    told += [_apart(point, one, unit, "less") for point, one in worse]
    for name in rivals:
        mine = [(point, one) for point, one in better if one["over"] == name]
        if mine:
            point, one = max(mine, key=lambda pair: pair[1]["value"])
            places = _listed([budget_words(_budget(each)) for each, _ in mine])
            gain = f"{unit.change(one['value'], one['error'])}{unit.each}"
            where = f" at {budget_words(_budget(point))}" if len(mine) > 1 else ""
            told.append(f"It is shown to bring more than {_choosing(name)} at {places}: {gain}{where}.")
    if not better and not worse:
        told.append("That it is better than one of them is not shown at any budget.")
    return told


def _choosing(name: str) -> str:
    return f"ranking by {_RANKINGS[name]}" if name in _RANKINGS else "choosing by lot"


def _apart(point: Mapping[str, Any], one: Mapping[str, Any], unit: Unit, word: str) -> str:
    amount = unit.change(abs(one["value"]), one["error"]).lstrip("+")
    return (
        f"At {budget_words(_budget(point))} the plan brings {amount}{unit.each} {word} than {_choosing(one['over'])}."
    )


def _listed(words: Sequence[str]) -> str:
    """Join words by commas and an and.

    >>> _listed(["a", "b", "c"]), _listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


def _taken(columns: Mapping[str, str]) -> str:
    if not columns:
        return ""
    told = _listed([f"{role} by {named(name)}" for role, name in columns.items()])
    return f"How customers stood before was taken from what is known of them: {told}."


def _plane(points: Sequence[Mapping[str, Any]], names: Sequence[str], unit: Unit) -> Plane | None:
    """Draw each way of choosing at each share of customers contacted; the interval is the plan's."""
    mine = sorted(
        (one for one in points if one["budget"]["kind"] == "contacts"), key=lambda one: one["budget"]["amount"]
    )
    if len(mine) < 2:
        return None
    of = {name: [next(one for one in point["values"] if one["policy"] == name) for point in mine] for name in names}
    ends: list[float] = [one["value"] for several in of.values() for one in several]
    ends += [end for one in of["plan"] for end in (one["low"], one["high"])]
    if max(ends) <= min(ends):
        return None
    step = round_step(max(0.0, *ends) - min(0.0, *ends))
    low, high = floor(min(0.0, *ends) / step) * step, ceil(max(0.0, *ends) / step) * step

    def down(value: float) -> float:
        return round(HEIGHT * (high - value) / (high - low), 1)

    across = [round(WIDTH * point["budget"]["amount"], 1) for point in mine]
    lines = tuple(_line(name, of[name], across, [down(one["value"]) for one in of[name]], unit) for name in names)
    top, bottom = ([(x, down(one[end])) for x, one in zip(across, of["plan"], strict=True)] for end in ("high", "low"))
    band = _path([*top, *reversed(bottom)]) + "Z"
    lines = tuple(
        Line(one.title, one.glass, one.path, band if name == "plan" else "", one.dots)
        for name, one in zip(names, lines, strict=True)
    )
    number = round((high - low) / step)
    up = tuple(
        Tick(round(100 * at / number, 2), unit.change(low + step * at + 0.0, step / 4)) for at in range(number + 1)
    )
    return Plane(lines, tuple(Tick(100 * part, share(part)) for part in (0.0, 0.25, 0.5, 0.75, 1.0)), up, down(0.0))


def _line(
    name: str, values: Sequence[Mapping[str, Any]], across: Sequence[float], down: Sequence[float], unit: Unit
) -> Line:
    dots = tuple(
        (x, y, f"{TITLES[name]}, {share(x / WIDTH)} contacted: {unit.change(one['value'], one['error'])}")
        for x, y, one in zip(across, down, values, strict=True)
    )
    return Line(TITLES[name], GLASSES[name], _path([(x, y) for x, y, _ in dots]), "", dots)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)
