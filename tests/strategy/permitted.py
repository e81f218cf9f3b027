"""Treatments, grounds and plans in miniature, where all of time is a few dozen microseconds and can be tried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
import pyarrow as pa

from smalti.facts import Type, parse_duration
from smalti.rules import Literal
from smalti.strategy.candidates import Action, Contact
from smalti.strategy.limits import Limits, LimitsDefinition
from smalti.strategy.permits import CONTACTS, HISTORY, Grounds
from smalti.strategy.treatments import Step, StepDefinition, Treatment, TreatmentDefinition

CHANNELS = ("email", "sms", "call")


def treatment(
    name: str = "spring",
    channels: Sequence[str] = ("email",),
    steps: Sequence[Mapping[str, str]] = (),
    *,
    start: int | None = None,
    end: int | None = None,
    on: int | None = None,
    **definition,
) -> Treatment:
    """A treatment made ready, as a project would; dates are instants."""
    told = TreatmentDefinition(strategy="win_back", channels=tuple(channels), steps=tuple(steps), **definition)
    waits = list(accumulate(one.wait for one in told.steps))
    return Treatment(
        name,
        told,
        who=None,
        headroom=None,
        stop=None,
        begins=None,
        start=start,
        end=end,
        on=on,
        steps=tuple(
            Step(place + 2, one, wait, None if one.condition is None else Literal(True, Type.BOOLEAN), one.message)
            for place, (one, wait) in enumerate(zip(told.steps, waits, strict=True))
        ),
        purpose=told.purpose or told.strategy,
    )


def step(after: str, channel: str = "email", **more) -> StepDefinition:
    return StepDefinition(after=after, channel=channel, **more)


def action(*parts: Treatment, channels: Sequence[str | None] | None = None) -> Action:
    """The action of these treatments by their first channels."""
    first = channels or [one.channels[0] if one.channels else None for one in parts]
    firsts = [
        Contact(part.name, 1, channel, part.purpose, 0, None, 1.0)
        for part, channel in zip(parts, first, strict=True)
        if channel is not None
    ]
    following = [
        Contact(part.name, one.place, one.definition.channel, part.purpose, one.delay, None, 1.0)
        for part in parts
        for one in part.steps
    ]
    name = " + ".join(part.name for part in parts)
    return Action(name, tuple(parts), tuple(first), (*firsts, *sorted(following, key=lambda one: one.delay)))


def limits(**definition) -> Limits:
    return Limits(LimitsDefinition.model_validate(definition))


def history(*touches: tuple) -> pa.Table:
    """Touches: row, at, channel, purpose, treatment, step; what is left out at the end is missing."""
    rows = [(*touch, *([None] * (len(HISTORY.names) - len(touch)))) for touch in touches]
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(HISTORY.names)}, schema=HISTORY)


def plan(*contacts: tuple) -> pa.Table:
    """Contacts: row, treatment, step, channel, purpose, due, cost; what is left out at the end is missing."""
    rows = [(*one, *([None] * (len(CONTACTS.names) - len(one)))) for one in contacts]
    return pa.table({name: [row[place] for row in rows] for place, name in enumerate(CONTACTS.names)}, schema=CONTACTS)


def grounds(count: int = 1, at: int = 0, until: int = 100, *, names: Sequence[str] = ("spring",), **more) -> Grounds:
    """Everybody is eligible for these treatments and agrees to everything."""
    everyone = np.ones(count, dtype=bool)
    told = {
        "zone": "UTC",
        "eligible": dict.fromkeys(names, everyone),
        "address": dict.fromkeys(CHANNELS, everyone),
        "agreed": dict.fromkeys(CHANNELS, everyone),
    }
    return Grounds(count=count, at=at, until=until, **(told | more))


def days(number: float) -> int:
    return int(number * parse_duration("1 day"))
