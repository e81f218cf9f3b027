"""All that a plan is made from, as arrays: rows are customers in ascending order, columns are actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from smalti.facts import Currency, Instant, Microseconds
from smalti.strategy.peers import Booleans, Floats, Integers
from smalti.strategy.playbook import Basis
from smalti.strategy.treatments import Treatment

Codes: TypeAlias = NDArray[np.int8]
UNKNOWN = -2
"""Of what was planned before: nothing is known, the customer was in no plan."""


@dataclass(frozen=True)
class Contact:
    """One contact of an action.

    Attributes:
        treatment: The name of its treatment.
        step: Which contact of the treatment; 1 is the first.
        channel: The channel.
        purpose: What it is for.
        delay: How long after the action begins.
        message: The name of its message; None where there is none.
        reach: The share of those who begin that is expected to come to it.
    """

    treatment: str
    step: int
    channel: str
    purpose: str
    delay: Microseconds
    message: str | None
    reach: float


@dataclass(frozen=True)
class Action:
    """What a plan can give one customer: a treatment by one first channel, or a bundle of treatments.

    Attributes:
        name: Such as ``spring_mail`` where there is one channel or none, ``spring_mail by sms`` where there are several,
            ``spring_mail + call`` for a bundle.
        treatments: The treatments, one but for bundles.
        channels: The first channel of each; None where nobody is contacted.
        contacts: All contacts, the first of each treatment first.
    """

    name: str
    treatments: tuple[Treatment, ...]
    channels: tuple[str | None, ...]
    contacts: tuple[Contact, ...]


@dataclass(frozen=True, eq=False)
class Gains:
    """What every action is expected to bring every customer, in minor units; all of shape (n, A).

    Attributes:
        gain: Effect times what is won, less cost, over the horizon.
        low: Low end of the 80 % interval of it.
        high: High end.
        cost: What it is expected to cost, contacts that are expected to come and redemption; fixed costs not among it.
        basis: Of each action, where the effect comes from; A of them.
        by: Of each action, who assumed or what measured it, for a reader; A of them.
        weight: Of each action, the lever that its gain is multiplied by when choosing; shape (A,).
        fixed: Of each action's treatments, what doing it at all costs, minor units, by treatment.
        doubt: Relative standard deviation of the effect that all customers of an action share; shape (A,).
        worst: By treatment, what it costs one customer if every contact comes, redemption as expected: what budgets count.
        told: Of each action, its effect in words, such as "works on 3 % of those it is tried on"; A of them.
        source: Of each action, what its effect was learnt from or assumed for: those of one source share doubt; A of them.
        shared: By place of an action whose effect is a score: the standard deviation that all customers share, minor units, in
            place of `doubt`; shape (n,).
    """

    gain: Floats
    low: Floats
    high: Floats
    cost: Floats
    basis: tuple[Basis, ...]
    by: tuple[str, ...]
    weight: Floats
    fixed: Mapping[str, float]
    doubt: Floats
    worst: Mapping[str, float]
    told: tuple[str, ...]
    source: tuple[str, ...]
    shared: Mapping[int, Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class UnderWay:
    """Contacts that earlier plans began and that are due now: they come first, and use limits.

    Attributes:
        rows: Whose they are; shape (m,).
        contacts: Which contact each is; m of them.
        due: When each is due, quiet hours aside; shape (m,).
        cost: What each costs, minor units; shape (m,).
        reasons: Why each is due, in words; m of them.
    """

    rows: Integers
    contacts: tuple[Contact, ...]
    due: Integers
    cost: Floats
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Pending:
    """Contacts to come that earlier plans have begun, those that are due after the end of the plan with them.

    Attributes:
        rows: Whose they are; shape (m,).
        contacts: Which contact each is; m of them.
        due: When each is due, microseconds UTC; shape (m,).
    """

    rows: Integers
    contacts: tuple[Contact, ...]
    due: Integers


NONE_PENDING = Pending(np.empty(0, dtype=np.int64), (), np.empty(0, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Candidates:
    """All that a plan is made from.

    Attributes:
        customers: The ids, ascending; n of them.
        at: The as-of instant: the plan begins here.
        zone: The project's time zone.
        currency: The project's currency.
        actions: The columns.
        gains: What each is expected to bring.
        why: Why an action is not possible for a customer, as places in `permits.BARS`; 0 where it is; shape (n, A), int8.
        earliest: From when its first contact is possible, microseconds UTC; shape (n, A).
        latest: Until when; shape (n, A).
        zones: The name of each customer's time zone, as text; n of them.
        hours: The best hour of day of each customer and channel, 0 to 23 by her own clock; by channel, shape (n,).
        segments: By segment, who is a member.
        titles: What segments are called.
        groups: By name of what fairness goes by, the code of each customer's group (-1 unknown) and the groups' names.
        before: The place of the action that the plan before had for her, -1 for none, `UNKNOWN`; shape (n,).
        underway: What is under way.
        spent: By the position of a budget in the limits, what its calendar period has cost already, minor units.
        history: Touches there have been: rows ascending, ``row``, ``at``, ``channel``, ``purpose``, ``treatment``.
        budgets: By the position of a budget, its amount in minor units.
        keep: What another action must be worth more than the one before, minor units.
        notes: What a reader should know of how all this came about, in sentences.
        pending: All contacts to come that earlier plans have begun, what is under way and what follows after the plan's end;
            new contacts keep clear of them.
        reached: By channel, who may be contacted by it: a step by another channel is left out for her; shape (n,). A channel
            not among them reaches everybody.
    """

    customers: pa.Array
    at: Instant
    zone: str
    currency: Currency
    actions: tuple[Action, ...]
    gains: Gains
    why: Codes
    earliest: Integers
    latest: Integers
    zones: pa.Array
    hours: Mapping[str, Integers]
    segments: Mapping[str, Booleans]
    titles: Mapping[str, str]
    groups: Mapping[str, tuple[Integers, tuple[str, ...]]]
    before: Integers
    underway: UnderWay
    history: pa.Table
    budgets: tuple[float, ...] = ()
    spent: tuple[float, ...] = ()
    keep: float = 0.0
    notes: tuple[str, ...] = field(default=())
    pending: Pending = NONE_PENDING
    reached: Mapping[str, Booleans] = field(default_factory=dict)
