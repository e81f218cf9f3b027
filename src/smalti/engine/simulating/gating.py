"""The last gate of simulated plans: the one that real plans go through (`strategy.permits.audit`)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from smalti.engine.simulating.spending import Spent
from smalti.experiments.logged import Booleans, Integers
from smalti.facts import SECOND
from smalti.samples.campaigns import BEGIN, OFFERS, TRIGGERS, WAYS, Campaign, instant_of
from smalti.strategy.limits import Limits, LimitsDefinition
from smalti.strategy.permits import CONTACTS, Grounds, audit
from smalti.strategy.treatments import Treatment, TreatmentDefinition

QUIET = ("20:00", "8:00")
"""From when and until when nobody is contacted, UTC."""
_DAY = 86_400 * SECOND
_PURPOSE = "offer"


def let_through(
    customers: Campaign, spent: Spent, way: Integers, hour: Integers, *, triggered: bool = False
) -> Booleans:
    """Say which contacts the last gate lets through.

    Nobody is contacted in a way that she did not agree to, more than once, in quiet hours, or by trigger on another day than
    the one on which her moment was seen.

    Args:
        customers: The customers.
        spent: The contacts; m of them.
        way: By which way each is made, as a place in `WAYS`; shape (m,).
        hour: At which hour, as a place in `HOURS`; shape (m,).
        triggered: Whether a contact may only follow a moment that was seen.

    >>> from smalti.samples import campaign
    >>> few = campaign(4, 28, seed=1)
    >>> one, none = np.array([0, 0]), np.zeros(2, int)
    >>> let_through(few, Spent(one, none, np.array([1, 2])), none, none).tolist()
    [True, False]
    """
    treatments = tuple(_treatment(name, triggered=triggered) for name in OFFERS)
    contacts = pa.table(
        {
            "row": pa.array(spent.rows, pa.int64()),
            "treatment": pa.array([OFFERS[one] for one in spent.offer.tolist()], pa.string()),
            "step": pa.array(np.ones(len(spent.rows), np.int64)),
            "channel": pa.array([WAYS[one] for one in way.tolist()], pa.string()),
            "purpose": pa.array([_PURPOSE] * len(spent.rows), pa.string()),
            "due": pa.array(instant_of(spent.day, hour) * SECOND, pa.int64()),
            "cost": pa.nulls(len(spent.rows), pa.float64()),
        },
        schema=CONTACTS,
    )
    refused = [one.contact for one in audit(contacts, treatments, _limits(customers), _grounds(customers))]
    through = np.ones(len(spent.rows), np.bool_)
    through[refused] = False
    return through


def _treatment(name: str, *, triggered: bool) -> Treatment:
    event = {"event": " or ".join(f"({rule})" for rule in TRIGGERS.values())}
    told = {"strategy": "win_back", "channels": WAYS, "purpose": _PURPOSE} | ({"trigger": event} if triggered else {})
    nothing = dict.fromkeys(("who", "headroom", "stop", "begins", "start", "end", "on"))
    return Treatment(name, TreatmentDefinition.model_validate(told), **nothing, steps=(), purpose=_PURPOSE)


def _limits(customers: Campaign) -> Limits:
    once = {"most": 1, "within": f"{customers.days} days"}
    quiet = {"from": QUIET[0], "until": QUIET[1]}
    return Limits(LimitsDefinition.model_validate({"frequency": once, "quiet": quiet}))


def _grounds(customers: Campaign) -> Grounds:
    everyone, noticed = np.ones(customers.size, np.bool_), customers.noticed()
    begins = BEGIN * SECOND + noticed * _DAY
    begin = BEGIN * SECOND
    return Grounds(
        count=customers.size,
        at=begin,
        until=begin + customers.days * _DAY,
        zone="UTC",
        eligible=dict.fromkeys(OFFERS, everyone),
        address=dict.fromkeys(WAYS, everyone),
        agreed={name: customers.agreed[:, place] for place, name in enumerate(WAYS)},
        begins=dict.fromkeys(OFFERS, noticed >= 0),
        moments=dict.fromkeys(OFFERS, (begins, begins + _DAY - 1)),
    )
