"""The value map as a picture: tiles of glass, axes, and four quarters with names and money."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log1p

import numpy as np

from smalti.report.columns import coded_column, minor_column
from smalti.report.density import COLUMNS, ROWS, Bin, Density, Quadrant, Scale, density
from smalti.report.matter import Matter
from smalti.report.writing import Pen, count, ratio, share

TILE = 10
"""Side of a bin in the picture's own units."""
_SMALLEST, _LARGEST, _BEND = 0.22, 0.98, 1.5


@dataclass(frozen=True)
class View:
    """Which two values make a map, and what its quarters are called.

    Attributes:
        key: Names the view in the page.
        title: What it is about.
        x: Column across.
        y: Column up.
        x_title: What the axis across says.
        y_title: What the axis up says.
        x_money: How money across is told.
        y_money: How money up is told.
        quarters: Name and meaning: upper left, upper right, lower left, lower right.
    """

    key: str
    title: str
    x: str
    y: str
    x_title: str
    y_title: str
    x_money: str
    y_money: str
    quarters: tuple[tuple[str, str], ...]


VIEWS = (
    View(
        "defend",
        "What to defend",
        "value_to_come",
        "value_at_risk",
        "Value to come",
        "Value at risk",
        "to come",
        "at risk",
        (
            ("Fading", "much to lose, little left to come"),
            ("Guard first", "worth much, and much of it at risk"),
            ("Quiet", "little to come, little at risk"),
            ("Safe and sound", "worth much, and likely to stay"),
        ),
    ),
    View(
        "grow",
        "What to grow",
        "value_now",
        "untapped_potential",
        "Value now",
        "Untapped potential",
        "now",
        "untapped",
        (
            ("Hidden promise", "small today, with room to grow"),
            ("Grow further", "good today, and with room for more"),
            ("Small and settled", "small today, little more to find"),
            ("In full bloom", "good today, little left untapped"),
        ),
    ),
)


@dataclass(frozen=True)
class Tile:
    """One piece of the picture.

    Attributes:
        x: Left, in the picture's units.
        y: Top.
        side: Its side.
        glass: Its colour.
        tip: What it stands for.
    """

    x: float
    y: float
    side: float
    glass: str
    tip: str


@dataclass(frozen=True)
class Tick:
    """A label on an axis.

    Attributes:
        at: Percent from the left or the bottom.
        text: The label.
        minor: Whether a narrow screen leaves it out.
    """

    at: float
    text: str
    minor: bool


@dataclass(frozen=True)
class Quarter:
    """A quarter of the map in words.

    Attributes:
        name: What it is called.
        meaning: What that means.
        customers: How many.
        share: Of all on the map.
        x_money: Their money across.
        y_money: Their money up.
        y_share: Of all money up.
    """

    name: str
    meaning: str
    customers: str
    share: str
    x_money: str
    y_money: str
    y_share: str


@dataclass(frozen=True)
class Map:
    """One picture.

    Attributes:
        view: What it shows.
        tiles: Its pieces.
        x_ticks: Labels across.
        y_ticks: Labels up.
        x_cut: Percent from the left where it is quartered.
        y_cut: Percent from the bottom.
        cuts: Where that is, in words.
        quarters: The four, as in `View.quarters`.
        left_off: A sentence on customers not on the map, or nothing.
    """

    view: View
    tiles: tuple[Tile, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_cut: float
    y_cut: float
    cuts: str
    quarters: tuple[Quarter, ...]
    left_off: str


def maps(matter: Matter) -> tuple[Map, ...]:
    """Draw the views for which there is anything to draw."""
    if "customers" not in matter.tables:
        return ()
    drawn = (_map(matter, view) for view in VIEWS)
    return tuple(found for found in drawn if found is not None)


def _map(matter: Matter, view: View) -> Map | None:
    table, pen = matter.tables["customers"], matter.pen
    (x, x_known), (y, y_known) = (minor_column(table, name, pen.currency) for name in (view.x, view.y))
    kinds, names = coded_column(table, "primary_strategy")
    found = density(x, y, x_known & y_known, kinds, pen.currency.scale)
    if found is None:
        return None
    said = _ranges(pen, found.x, COLUMNS, view.x_money), _ranges(pen, found.y, ROWS, view.y_money)
    most = max(bin_.customers for bin_ in found.bins)
    left = matter.customers - found.customers
    is_not = "is" if left == 1 else "are"
    return Map(
        view,
        tuple(_tile(matter, bin_, most, names, said) for bin_ in found.bins),
        _ticks(found.x, pen, 0.13),
        _ticks(found.y, pen, 0.1),
        _percent(found.x, found.x_cut),
        _percent(found.y, found.y_cut),
        f"The lines stand at the averages: {_major(pen, found.x_cut)} {view.x_money} and "
        f"{_major(pen, found.y_cut)} {view.y_money} a customer.",
        tuple(
            _quarter(pen, view, found, part, *text) for part, text in zip(found.quadrants, view.quarters, strict=True)
        ),
        f"{count(left, 'customer')} without these values {is_not} not on the map." if left > 0 else "",
    )


def _tile(matter: Matter, bin_: Bin, most: int, names: list[str], said: tuple[list[str], list[str]]) -> Tile:
    weight = (log1p(bin_.customers) / log1p(most)) ** _BEND
    side = round(TILE * (_SMALLEST + (_LARGEST - _SMALLEST) * weight), 1)
    edge = (TILE - side) / 2
    glass = matter.glass[names[bin_.kind]] if bin_.kind >= 0 else "q1"
    x, y = bin_.column * TILE + edge, (ROWS - 1 - bin_.row) * TILE + edge
    told = f"{count(bin_.customers, 'customer')}; {said[0][bin_.column]}; {said[1][bin_.row]}"
    if bin_.kind >= 0:
        how_many = "all" if bin_.kind_share == 1 else share(bin_.kind_share)
        told += f"; {how_many} {matter.strategy(names[bin_.kind])}"
    return Tile(round(x, 1), round(y, 1), side, glass, told)


def _ranges(pen: Pen, scale: Scale, places: int, money: str) -> list[str]:
    edges = [_major(pen, scale.value(place / places)) for place in range(places + 1)]
    told = [f"{low} to {high} {money}" for low, high in pairwise(edges)]
    if scale.low < 0:
        told[0] = f"up to {edges[1]} {money}"
    told[-1] = f"{edges[-2]} or more {money}"
    return told


def _ticks(scale: Scale, pen: Pen, apart: float) -> tuple[Tick, ...]:
    chosen = scale.ticks(apart)
    wide = set(scale.ticks(apart * 1.8))
    return tuple(Tick(_percent(scale, value), _major(pen, value), value not in wide) for value in chosen)


def _percent(scale: Scale, value: float) -> float:
    return round(float(scale.position(np.array([value]))[0]) * 100, 2)


def _major(pen: Pen, value: float) -> str:
    minor = value * pen.currency.scale
    return pen.whole_money(minor) if abs(value - round(value)) < 1e-9 else pen.round_money(minor)


def _quarter(pen: Pen, view: View, found: Density, part: Quadrant, name: str, meaning: str) -> Quarter:
    together = sum(quadrant.y_total for quadrant in found.quadrants)
    return Quarter(
        name,
        meaning,
        count(part.customers, "customer"),
        share(part.customers / found.customers),
        f"{pen.round_money(part.x_total)} {view.x_money}",
        f"{pen.round_money(part.y_total)} {view.y_money}",
        share(ratio(part.y_total, together)),
    )
