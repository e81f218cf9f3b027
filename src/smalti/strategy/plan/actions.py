"""What a plan can give one customer: treatments by each of their first channels, and the bundles that are allowed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from smalti.strategy.candidates import Action, Contact
from smalti.strategy.limits import Limits
from smalti.strategy.treatments import Treatment

JOINT = " + "
"""Between the treatments in the name of a bundle."""
BY = " by "
"""Before the channel in the name of an action of a treatment that has several."""


def actions_of(treatments: Sequence[Treatment], limits: Limits) -> tuple[Action, ...]:
    """Give the columns of a plan: every treatment by every first channel it may have, then bundles.

    A set of treatments that may be had together gives a bundle of every two and more of them, unless two of those exclude
    each other. The order is that of the treatments as they are given; bundles follow, the smaller ones first.

    Args:
        treatments: The treatments, in the order in which they are written.
        limits: What says which of them may be had together, and which exclude each other.

    >>> from smalti.strategy.limits import LimitsDefinition
    >>> actions_of((), Limits(LimitsDefinition(bundles=(("mail", "call"),))))
    ()
    """
    singles = [_action((one,), (channel,)) for one in treatments for channel in one.channels or (None,)]
    return (*singles, *_bundles(treatments, limits))


def _bundles(treatments: Sequence[Treatment], limits: Limits) -> Iterator[Action]:
    definition = limits.definition
    places = {one.name: place for place, one in enumerate(treatments)}
    apart = {frozenset(pair) for names in definition.exclusive for pair in combinations(names, 2)}
    together = {
        tuple(sorted(chosen, key=places.__getitem__))
        for names in definition.bundles
        for size in range(2, len(names) + 1)
        for chosen in combinations(dict.fromkeys(name for name in names if name in places), size)
        if not any(frozenset(pair) in apart for pair in combinations(chosen, 2))
    }
    for names in sorted(together, key=lambda names: (len(names), [places[name] for name in names])):
        parts = tuple(treatments[places[name]] for name in names)
        for channels in product(*(part.channels or (None,) for part in parts)):
            yield _action(parts, channels)


def _action(parts: tuple[Treatment, ...], channels: tuple[str | None, ...]) -> Action:
    name = JOINT.join(_called(part, channel) for part, channel in zip(parts, channels, strict=True))
    firsts = [
        Contact(part.name, 1, channel, part.purpose, 0, part.definition.message, 1.0)
        for part, channel in zip(parts, channels, strict=True)
        if channel is not None
    ]
    following = [
        Contact(
            part.name,
            step.place,
            step.definition.channel,
            part.purpose,
            step.delay,
            step.message,
            step.definition.reach,
        )
        for part, channel in zip(parts, channels, strict=True)
        if channel is not None
        for step in part.steps
    ]
    return Action(name, parts, channels, (*firsts, *sorted(following, key=lambda one: one.delay)))


def _called(part: Treatment, channel: str | None) -> str:
    return part.name if len(part.channels) < 2 else f"{part.name}{BY}{channel}"
