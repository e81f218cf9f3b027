"""The first screen of the report: who, as of when, how fresh, and the numbers that matter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from smalti.report.doubts import value_doubt
from smalti.report.matter import Matter
from smalti.report.palette import tiles
from smalti.report.reach import Reach, reaches
from smalti.report.writing import NOTHING, count, named, ratio, share, span

VALUES = {
    "value_now": ("Value now", "what they earned you in the last 12 months, less the cost to serve them"),
    "value_to_come": ("Value to come", "what {horizon} holds if nothing is done"),
    "value_at_risk": ("Value at risk", "what they would bring beyond that if nobody left"),
    "untapped_potential": (
        "Untapped potential",
        "what they would bring beyond that if they bought like the better ones among comparable customers",
    ),
}
"""The four values of the map: title and meaning."""
PIECES = 60
"""Pieces of glass in the strip under the title."""


@dataclass(frozen=True)
class Figure:
    """One large number.

    Attributes:
        name: The column it sums.
        title: What it is called.
        text: The number at a glance.
        exact: The number to the last penny.
        each: What it makes per customer, or nothing.
        meaning: What it means.
        doubt: Why it is not to be taken at its word, or nothing.
    """

    name: str
    title: str
    text: str
    exact: str
    each: str
    meaning: str
    doubt: str = ""


@dataclass(frozen=True)
class Piece:
    """One piece of the strip.

    Attributes:
        glass: Its colour.
    """

    glass: str


@dataclass(frozen=True)
class Part:
    """One strategy of the strip, in words.

    Attributes:
        glass: Its colour.
        title: The strategy.
        share: Share of customers in words.
        customers: How many, in words.
    """

    glass: str
    title: str
    share: str
    customers: str


@dataclass(frozen=True)
class Opening:
    """The first screen.

    Attributes:
        project: Its name.
        as_of: The as-of instant in words, or nothing.
        zone: The time zone it is told in.
        made_at: When the run was made, or nothing.
        fresh: How far the as-of instant lies before that.
        customers: How many, in words.
        figures: The four values.
        gain: Expected gain of acting, at a glance.
        gain_interval: Its interval, or nothing.
        reach: The interval for drawing; None where there is nothing to draw.
        piece: What one piece of the strip stands for.
        pieces: The strip.
        parts: What the strip shows, in words.
    """

    project: str
    as_of: str
    zone: str
    made_at: str
    fresh: str
    customers: str
    figures: tuple[Figure, ...]
    gain: str
    gain_interval: str
    reach: Reach | None
    piece: str
    pieces: tuple[Piece, ...]
    parts: tuple[Part, ...]


def opening(matter: Matter) -> Opening:
    """Make the first screen of a run."""
    info, pen = matter.info, matter.pen
    totals = info.get("totals") or {}
    gain, low, high = (totals.get(name) for name in ("gain", "gain_low", "gain_high"))
    parts = primaries(matter)
    return Opening(
        named(info.get("project"), "Your customers"),
        pen.instant(info["as_of"]) if info.get("as_of") else "",
        pen.time_zone,
        pen.instant(info["made_at"]) if info.get("made_at") else "",
        freshness(matter),
        count(matter.customers, "customer"),
        tuple(_figure(matter, name) for name in VALUES),
        pen.round_money(gain),
        pen.interval(low, high),
        reaches([(low, gain, high)])[0],
        "each piece of glass is a customer"
        if sum(parts.values()) <= PIECES
        else "each piece of glass is a sixtieth of all customers",
        tuple(Piece(matter.glass[name]) for name in tiles(parts, min(PIECES, sum(parts.values())))),
        tuple(
            Part(matter.glass[name], matter.strategy(name), share(number / matter.customers), count(number, "customer"))
            for name, number in sorted(parts.items(), key=lambda pair: (-pair[1], pair[0]))
            if number
        ),
    )


def primaries(matter: Matter) -> dict[str, int]:
    """Count customers by primary strategy, from the playbook's own count."""
    return {row["strategy"]: int(row.get("customers") or 0) for row in matter.playbook}


def freshness(matter: Matter) -> str:
    """Say how old the as-of instant was when the run was made."""
    as_of, made = (matter.pen.local(matter.info.get(name)) for name in ("as_of", "made_at"))
    if as_of is None or made is None:
        return ""
    age = made - as_of
    if age < timedelta(0):
        return f"{span(age)} after this was made: it looks ahead"
    return "as fresh as can be" if age < timedelta(hours=1) else f"{span(age)} before this was made"


def _figure(matter: Matter, name: str) -> Figure:
    title, meaning = VALUES[name]
    meaning = meaning.format(horizon=matter.info.get("horizon") or "the year ahead")
    total = (matter.info.get("totals") or {}).get(name)
    each = "" if total is None else f"{matter.pen.round_money(ratio(total, matter.customers))} a customer"
    exact = matter.pen.money(total)
    doubt = value_doubt(matter) if name == "value_to_come" and exact != NOTHING else ""
    return Figure(name, title, matter.pen.round_money(total), exact, each if exact != NOTHING else "", meaning, doubt)
