"""A segment as somebody to speak to: two real members, what sets them apart, what they need, what to do and what not to.

Nothing here is invented. The typical member is the one nearest to the segment's medians in the traits that set it apart; the
untypical one is farther from them than all but 2.5 % of the members: far, but not absurd. No name and no face is given to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from smalti.segments.drawing import Booleans, Drawn, Floats, Integers
from smalti.segments.effects import Compared, Effect, Part, Spread, telling
from smalti.segments.individuals import Misled, OneForAll, misled, one_for_all, unlike_members

TOLD = 6
"""Traits told of a persona, at most."""
EDGE = 0.975
"""The share of the members who are nearer to the typical member than the untypical one."""
SELDOM = 0.1
"""A strategy that pays for a smaller share of the members than this is a last resort."""


@dataclass(frozen=True)
class RealMember:
    """A real member.

    Attributes:
        customer: Her position among all customers.
        distance: Her mean distance from the segment's medians, in ranks: 0 at the median, 1 at the ends.
    """

    customer: int
    distance: float


@dataclass(frozen=True)
class Play:
    """What one strategy is for the members of a segment; money in minor units.

    Attributes:
        strategy: The strategy's name.
        primary: Members whose primary strategy it is.
        secondary: Members whose secondary strategy it is.
        pays: Members for whom it may be chosen and is expected to gain something.
        gain: Expected gain over those whose primary it is.
    """

    strategy: str
    primary: int
    secondary: int
    pays: int
    gain: float


@dataclass(frozen=True)
class Persona:
    """A segment as somebody to speak to.

    Attributes:
        segment: The segment's position.
        size: Members.
        looked_at: Members that were compared: all, or those drawn.
        sums: Their money, minor units, by column.
        apart: The effects that set it apart, the largest first, without repetition.
        answers: What else was asked for by name and sets it apart, such as answers to a survey.
        commonest: The commonest value of each text that was asked for by name, such as the favourite channel.
        typical: The member nearest to all medians, or None where there is nobody.
        untypical: A member far from them, or None where all are alike.
        plays: What is planned for members, the most gain first.
        last_resort: Strategies that pay for few of the members and are planned for none or few.
        never: Strategies that are expected to pay for no member.
        one_for_all: What one strategy for all costs.
        misled: For how many the typical money misleads.
        unlike: Share of those looked at who differ from the segment in at least one number.
    """

    segment: int
    size: int
    looked_at: int
    sums: Mapping[str, float]
    apart: tuple[Effect, ...]
    answers: tuple[Effect, ...]
    commonest: tuple[tuple[str, Part], ...]
    typical: RealMember | None
    untypical: RealMember | None
    plays: tuple[Play, ...]
    last_resort: tuple[Play, ...]
    never: tuple[str, ...]
    one_for_all: OneForAll
    misled: tuple[Misled, ...]
    unlike: float


@dataclass(frozen=True, eq=False)
class Plans:
    """What is planned for n customers.

    Attributes:
        names: The s strategies.
        quiet: Those that do nothing, which nobody needs to be warned of.
        gains: Expected gain, s x n, minor units, 0 where a strategy may not be chosen.
        primary: Position of each customer's primary strategy.
        secondary: Position of her secondary one.
    """

    names: Sequence[str]
    quiet: frozenset[str]
    gains: Floats
    primary: Integers
    secondary: Integers


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of n customers and compared.

    Attributes:
        traits: The traits of those drawn.
        drawn: Who was drawn.
        found: The effects of each segment.
        alike: Traits that say the same.
        money: Columns that are summed for all members, minor units.
        misleading: Names of numbers in money whose typical value is held against the members'.
        answers: Names of traits told wherever they set a segment apart.
        commonest: Names of texts whose commonest value is told.
    """

    traits: Mapping[str, Compared]
    drawn: Drawn
    found: Sequence[Sequence[Effect]]
    alike: Mapping[str, frozenset[str]]
    money: Mapping[str, Floats]
    misleading: Sequence[str] = ()
    answers: frozenset[str] = frozenset()
    commonest: frozenset[str] = frozenset()


def personas(members: Sequence[Booleans], known: Known, plans: Plans) -> tuple[Persona, ...]:
    """Make a persona of each segment.

    Args:
        members: Whether each of n customers is in each segment.
        known: What is known of them.
        plans: What is planned for them.
    """
    return tuple(_persona(place, np.flatnonzero(member), known, plans) for place, member in enumerate(members))


def distances(traits: Sequence[Compared], inside: Integers) -> Floats:
    """Give each member's mean distance from her segment's medians, in ranks: 0 in the middle, 1 at an end.

    In a text, whoever has the commonest value is at 0 and everyone else at 1. What is unknown counts 0.5, like the average.

    >>> from smalti.segments.effects import measured
    >>> distances([measured("spend", np.array([1.0, 5.0, 9.0]))], np.arange(3)).round(3).tolist()
    [0.667, 0.0, 0.667]
    """
    total = np.zeros(len(inside))
    for trait in traits:
        counts = trait.counts(inside)
        if trait.number:
            size = max(counts.known, 1)
            places = np.abs(2 * counts.ends - counts.each - size) / size
        else:
            places = np.where(np.arange(len(counts.each)) == np.argmax(counts.each), 0.0, 1.0)
        total += np.append(places, 0.5)[trait.codes[inside]]
    return total / max(len(traits), 1)


def typical_members(
    traits: Sequence[Compared], drawn: Drawn, inside: Integers
) -> tuple[RealMember | None, RealMember | None]:
    """Choose the typical and the untypical member; of equals, the one that comes first.

    Args:
        traits: The traits that set the segment apart.
        drawn: Who was drawn.
        inside: The members among them.
    """
    if not len(inside):
        return None, None
    far = np.round(distances(traits, inside), 12)
    order = np.argsort(far, kind="stable")
    ends = [int(order[0]), int(order[int(np.ceil(EDGE * len(order))) - 1])]
    near, edge = (RealMember(int(drawn.rows[inside[place]]), float(far[place])) for place in ends)
    return near, edge if edge.distance > near.distance else None


def _persona(place: int, rows: Integers, known: Known, plans: Plans) -> Persona:
    inside, mine = known.drawn.inside[place], known.found[place]
    apart = telling(mine, known.alike, TOLD)
    by = [known.traits[one.trait] for one in apart or mine[:TOLD]]
    near, edge = typical_members(by, known.drawn, inside)
    spreads = {one.trait: one.inside for one in mine if isinstance(one.inside, Spread)}
    compared = [known.traits[name] for name in spreads]
    unlike = unlike_members(compared, list(spreads.values()), inside)
    gains, first = plans.gains[:, rows], plans.primary[rows]
    plays = _plays(plans.names, gains, first, plans.secondary[rows])
    active = [play for play in plays if play.strategy not in plans.quiet]
    return Persona(
        segment=place,
        size=len(rows),
        looked_at=len(inside),
        sums={name: float(np.nansum(column[rows])) for name, column in known.money.items()},
        apart=apart,
        answers=telling([one for one in mine if one.trait in known.answers], {}, TOLD),
        commonest=tuple(
            (name, part) for name in sorted(known.commonest) if (part := _commonest(known.traits.get(name), inside))
        ),
        typical=near,
        untypical=edge,
        plays=tuple(sorted((play for play in plays if play.primary), key=lambda one: (-one.gain, -one.primary))),
        last_resort=tuple(play for play in active if 0 < play.pays < SELDOM * len(rows)),
        never=tuple(play.strategy for play in active if not play.pays) if len(rows) else (),
        one_for_all=one_for_all(gains, first),
        misled=tuple(
            one for name in known.misleading if name in known.traits and (one := misled(known.traits[name], inside))
        ),
        unlike=float(unlike.mean()) if len(inside) else 0.0,
    )


def _plays(names: Sequence[str], gains: Floats, first: Integers, second: Integers) -> list[Play]:
    own = gains[first, np.arange(len(first))]
    primary, secondary = (np.bincount(one, minlength=len(names)) for one in (first, second))
    pays, sums = np.count_nonzero(gains > 0, axis=1), np.bincount(first, weights=own, minlength=len(names))
    return [
        Play(name, int(primary[place]), int(secondary[place]), int(pays[place]), float(sums[place]))
        for place, name in enumerate(names)
    ]


def _commonest(trait: Compared | None, inside: Integers) -> Part | None:
    if trait is None or trait.number:
        return None
    counts = trait.counts(inside)
    if not counts.known:
        return None
    place = int(np.argmax(counts.each))
    return Part(counts.known, str(trait.values[place]), float(counts.each[place] / counts.known))
