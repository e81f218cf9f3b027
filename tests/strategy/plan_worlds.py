"""Invented plans to be made: customers, treatments and limits, small enough to look at, varied enough to find out."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from smalti.facts import DAY, HOUR, Currency, parse_duration, parse_instant
from smalti.strategy import PLAYBOOK
from smalti.strategy.candidates import NONE_PENDING, Candidates, UnderWay
from smalti.strategy.limits import Limits, LimitsDefinition
from smalti.strategy.permits import HISTORY, Grounds, permits
from smalti.strategy.plan import UNKNOWN, Worth, actions_of, gains_of
from smalti.strategy.treatments import Step, Treatment, TreatmentDefinition

AT = parse_instant("2026-03-27T09:00:00Z")
"""Two days before clocks go forward in Europe."""
GBP = Currency("GBP")
ZONE = "Europe/London"
NOBODY_UNDER_WAY = UnderWay(np.empty(0, dtype=np.int64), (), np.empty(0, dtype=np.int64), np.empty(0), ())


def treatment(name, strategy="retain", **written):
    """Make a treatment ready: its rules are answered by hand in these tests, so it has none."""
    definition = TreatmentDefinition.model_validate({"strategy": strategy} | written)
    steps, delay = [], 0
    for place, step in enumerate(definition.steps, start=2):
        delay += step.wait
        steps.append(Step(place, step, delay, None, step.message or definition.message))
    begins = {"start": definition.start, "end": definition.end, "on": definition.on}
    instants = {key: None if text is None else parse_instant(text, ZONE) for key, text in begins.items()}
    purpose = definition.purpose or strategy
    extra = {"again": None if definition.again is None else parse_duration(definition.again)}
    known = {key: value for key, value in extra.items() if key in Treatment.__dataclass_fields__}
    return Treatment(
        name=name, definition=definition, who=None, headroom=None, stop=None, begins=None,
        steps=tuple(steps), purpose=purpose, **instants, **known,
    )  # fmt: skip


def limits_of(**written):
    return Limits(LimitsDefinition.model_validate(written))


@dataclass(frozen=True)
class World:
    candidates: Candidates
    limits: Limits
    grounds: Grounds


def world(treatments, limits, headroom, **told):
    """Make everything a plan is made from, all that is not told being allowed and alike for everybody.

    Args:
        treatments: The treatments.
        limits: The limits.
        headroom: What is to be won of each customer, minor units: one array for all treatments, or one by name.
        told: Fields of grounds or of candidates, and `doubt`, `effects` (by treatment) and `reach`.
    """
    headrooms = headroom if isinstance(headroom, dict) else {one.name: headroom for one in treatments}
    size = len(next(iter(headrooms.values())))
    everybody, nobody = np.ones(size, dtype=bool), np.zeros(size, dtype=bool)
    customers = told.pop("customers", pa.array([f"C{number:07d}" for number in range(size)]))
    channels = {
        one for part in treatments for one in (*part.channels, *(step.definition.channel for step in part.steps))
    }
    doubt, effects, reach = told.pop("doubt", np.zeros(size)), told.pop("effects", {}), told.pop("reach", None)
    grounds = Grounds(
        count=size, at=AT, until=AT + limits.definition.window, zone=ZONE,
        **{
            "eligible": {one.name: everybody for one in treatments},
            "address": dict.fromkeys(channels, everybody),
            "agreed": dict.fromkeys(channels, everybody),
            "history": HISTORY.empty_table(),
            "zones": pa.array([ZONE] * size),
            "suppressed": nobody,
        } | {name: told.pop(name) for name in list(told) if name in Grounds.__dataclass_fields__},
    )  # fmt: skip
    actions = actions_of(treatments, limits)
    may = permits(actions, limits, grounds)
    worths = {
        one.name: Worth(PLAYBOOK[one.strategy], headrooms[one.name], doubt, modelled=True, effect=effects.get(one.name))
        for one in treatments
    }
    plain = {
        "hours": {channel: np.full(size, -1) for channel in channels},
        "segments": {},
        "titles": {},
        "groups": {},
        "before": np.full(size, UNKNOWN),
        "underway": NOBODY_UNDER_WAY,
        "pending": NONE_PENDING,
        "budgets": tuple(one.amount.exact(GBP, 5000.0) for one in limits.definition.budget),
    }
    candidates = Candidates(
        customers=customers, at=AT, zone=ZONE, currency=GBP, actions=actions,
        gains=gains_of(actions, worths, currency=GBP, average_order=5000.0, reach=reach),
        why=may.why, earliest=may.earliest, latest=may.latest, zones=grounds.zones, history=grounds.history,
        reached={channel: grounds.reached(channel) for channel in channels},
        **plain | told,
    )  # fmt: skip
    return World(candidates, limits, grounds)


def varied(seed, size=200, more=None, **written):
    """Make a world with much of everything: consents, zones, eligibility, history, steps, several channels, budgets.

    Args:
        seed: What it is drawn by.
        size: How many customers.
        more: What `world` is told beside.
        written: Limits in place of the usual ones.
    """
    rng = np.random.default_rng(seed)
    treatments = (
        treatment("mail", channels=["email", "sms"], cost=0.05, effect=0.1),
        treatment(
            "call", "win_back", channels="call", cost=3, effect=0.2, steps=[{"after": "2 days", "channel": "email"}]
        ),
        treatment("gift", "reward", channels="letter", cost=1.2, effect=0.15, redemption={"cost": 2, "rate": 0.1}),
    )
    limits = limits_of(
        **{
            "budget": 60,
            "channels": {"call": 5, "email": {"in_all": 60}},
            "frequency": [{"most": 2, "within": "7 days"}, {"most": 1, "within": "1 day"}],
            "quiet": [{"from": "21:00", "until": "8:00"}, {"days": ["sunday"], "channels": ["call"]}],
        }
        | written
    )
    channels = ("email", "sms", "call", "letter")
    count = rng.poisson(0.7, size)
    rows = np.repeat(np.arange(size), count)
    touched = AT - rng.integers(0, 10 * DAY, len(rows))
    order = np.lexsort((touched, rows))
    history = pa.table(
        {
            "row": rows[order],
            "at": touched[order],
            "channel": rng.choice(channels, len(rows)),
            "purpose": ["news"] * len(rows),
            "treatment": ["old"] * len(rows),
            "step": np.ones(len(rows), dtype=np.int64),
        },
        schema=HISTORY,
    )
    zones = pa.array(rng.choice(["Europe/London", "America/New_York", "Asia/Tokyo"], size))
    segments = {"young": rng.random(size) < 0.4, "rich": rng.random(size) < 0.2}
    groups = {"region": (rng.integers(-1, 3, size), ("east", "north", "west"))}
    return world(
        treatments,
        limits,
        {one.name: rng.gamma(1.0, 2000.0, size) for one in treatments},
        doubt=rng.random(size),
        eligible={one.name: rng.random(size) < 0.7 for one in treatments},
        address={channel: rng.random(size) < 0.9 for channel in channels},
        agreed={channel: rng.random(size) < 0.8 for channel in channels},
        history=history,
        zones=zones,
        suppressed=rng.random(size) < 0.05,
        held_out={"mail": rng.random(size) < 0.1},
        hours={channel: rng.integers(0, 24, size) for channel in channels},
        segments=segments,
        titles={"young": "The young", "rich": "The rich"},
        groups=groups,
        **(more or {}),
    )


def permuted(given, order):
    """Put the customers of a world in another order, ids and all; a plan must not care."""
    candidates = given.candidates
    return replace(candidates, customers=candidates.customers.take(pa.array(order)))


HOURS = HOUR
