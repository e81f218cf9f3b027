"""The value of each policy at each budget, as lines on a plane."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from smalti.experiments.proof import GENERIC, INDIVIDUAL, NOTHING, SEGMENT, Point, Proof
from smalti.report.units import Unit
from smalti.report.writing import share

WIDTH, HEIGHT = 320, 200
GLASSES = {GENERIC: "g4", SEGMENT: "g2", INDIVIDUAL: "g5"}
"""The piece of glass of each policy."""
_TITLES = {GENERIC: "one for all", SEGMENT: "by segment", INDIVIDUAL: "one to one"}


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: where it is, in percent from its start, and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """One policy over all budgets.

    Attributes:
        title: What it is called.
        glass: The piece of glass that stands for it.
        path: Its line, as an SVG path.
        band: Its interval, as an SVG path.
        dots: Its points: across, down, and what is told of each.
    """

    title: str
    glass: str
    path: str
    band: str
    dots: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Plane:
    """The lines with their axes.

    Attributes:
        lines: One for each policy.
        across: Marks of the budgets.
        up: Marks of the values.
        zero: Where nought is, from the top, in units of the plane.
    """

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    zero: float


def plane(proof: Proof, unit: Unit) -> Plane | None:
    """Draw what each policy brings more than the control for all, at each share of customers contacted.

    Returns:
        The plane; None where there are fewer than two such budgets, or nothing is ever more or less than nothing.
    """
    points = [one for one in proof.points if one.budget is not None and one.budget.kind == "contacts"]
    points = sorted(points, key=lambda one: one.budget.amount if one.budget else 0.0)
    names = [name for name in GLASSES if all(_has(point, name) for point in points)]
    if len(points) < 2 or not names:
        return None
    leads = {name: [point.lead(name, NOTHING) for point in points] for name in names}
    ends = [end for several in leads.values() for one in several for end in (one.low, one.high)]
    if max(ends) <= 0 <= min(ends):
        return None
    step = round_step(max(0.0, *ends) - min(0.0, *ends))
    low, high = floor(min(0.0, *ends) / step) * step, ceil(max(0.0, *ends) / step) * step

    def down(value: float) -> float:
        return round(HEIGHT * (high - value) / (high - low), 1)

    across = [round(WIDTH * point.budget.amount, 1) for point in points if point.budget]
    lines = []
    for name in names:
        mine = leads[name]
        top = [(x, down(one.high)) for x, one in zip(across, mine, strict=True)]
        bottom = [(x, down(one.low)) for x, one in zip(across, mine, strict=True)]
        dots = tuple(
            (x, down(one.value), f"{_TITLES[name]}, {share(x / WIDTH)} contacted: {unit.change(one.value, one.error)}")
            for x, one in zip(across, mine, strict=True)
        )
        path = _path([(x, y) for x, y, _ in dots])
        lines.append(Line(_TITLES[name], GLASSES[name], path, _path([*top, *reversed(bottom)]) + "Z", dots))
    return Plane(tuple(lines), _across(), _up(low, high, step, unit), down(0.0))


def _has(point: Point, name: str) -> bool:
    return any((lead.policy, lead.over) == (name, NOTHING) for lead in point.leads)


def _across() -> tuple[Tick, ...]:
    return tuple(Tick(100 * part, share(part)) for part in (0.0, 0.25, 0.5, 0.75, 1.0))


def _up(low: float, high: float, step: float, unit: Unit) -> tuple[Tick, ...]:
    number = round((high - low) / step)
    values = [low + step * place for place in range(number + 1)]
    return tuple(
        Tick(round(100 * place / number, 2), unit.change(value + 0.0, step / 4)) for place, value in enumerate(values)
    )


def round_step(length: float) -> float:
    """Give a round step that cuts a length into about four.

    >>> round_step(1.0), round_step(0.07)
    (0.25, 0.02)
    """
    if length <= 0:
        return 1.0
    size = 10.0 ** floor(log10(length / 4))
    steps = [size * factor for factor in (1, 2, 2.5, 5, 10)]
    return min(steps, key=lambda step: (abs(length / step - 4), step))


def _path(places: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)
