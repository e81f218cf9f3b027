"""The plan as a value: what every customer gets, when, why, and what every limit is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from smalti.facts import Instant
from smalti.strategy.candidates import Candidates, Codes
from smalti.strategy.limits import Limits
from smalti.strategy.peers import Booleans, Floats, Integers

Chosen: TypeAlias = Literal["best", "kept", "explored", "under way", "none"]
CHOSEN: tuple[Chosen, ...] = ("best", "kept", "explored", "under way", "none")
"""Why a row of the plan is there, by code: the best at the prices of the limits; kept, since it was planned before and another
is not worth enough more; drawn to be measured; begun by an earlier plan; nobody is contacted."""
Change: TypeAlias = Literal["new", "same", "changed", "dropped"]
CHANGES: tuple[Change, ...] = ("new", "same", "changed", "dropped")
"""How a customer's plan differs from the one before, by code."""


@dataclass(frozen=True, eq=False)
class LimitUse:
    """One limit of a plan, and what is left of it.

    Attributes:
        name: Its name, as in messages: ``budget``, ``email a day``.
        about: What it is, in a sentence.
        unit: What it counts: ``money`` (minor units here), ``contacts``, ``customers``.
        least: At least so much; None for none.
        most: At most so much; None for any amount.
        used: What the plan uses of it, what is under way and explored with it.
        price: What one more unit would bring, minor units: never negative; of `least`, what one less would bring.
        columns: What one choice of each action uses; shape (A,).
        segment: Whose choices count: the name of a segment; None for all, or where `group` says it.
        group: Whose choices count: what fairness goes by, and the name of the group; None for all.
        sign: +1 where `price` is that of `most`, -1 where it is that of `least`.
    """

    name: str
    about: str
    unit: Literal["money", "contacts", "customers"]
    least: float | None
    most: float | None
    used: float
    price: float
    columns: Floats
    segment: str | None = None
    group: tuple[str, str] | None = None
    sign: int = 1

    @property
    def binds(self) -> bool:
        """Whether more of it would bring anything."""
        return self.price > 0


@dataclass(frozen=True, eq=False)
class Planned:
    """The contacts of a plan, rows in the order of customer, due instant, treatment and step.

    Attributes:
        rows: Whose each is, a place among the customers; shape (m,).
        action: The place of its action; -1 of what is under way.
        contact: The place of the contact within its action, or within what is under way.
        due: When it is due, microseconds UTC; shape (m,).
        first: Whether it is the first of its action for her, which carries gain and cost.
    """

    rows: Integers
    action: Integers
    contact: Integers
    due: Integers
    first: Booleans


@dataclass(frozen=True, eq=False)
class Before:
    """What is known of the plan before this one, so that changes can be told with their reasons.

    Attributes:
        run: Its run.
        at: Its as-of instant.
        gain: What her action of then was expected to bring, minor units, NaN where she had none; shape (n,).
        actions: The names of the actions it chose among.
        prices: By name of a limit, its price then, as `prices_of` gives them.
        gone: Whose action of then is no longer there, its place in `candidates.before` being -1; shape (n,).
    """

    run: str
    at: Instant
    gain: Floats
    actions: tuple[str, ...]
    prices: Mapping[str, float]
    gone: Booleans


@dataclass(frozen=True, eq=False)
class Plan:
    """What every customer gets.

    Attributes:
        candidates: What it was made from.
        limits: What it keeps to.
        until: The end of the plan: first contacts are due before it.
        choice: The place of each customer's action, -1 for none; shape (n,).
        chosen: Why, as places in `CHOSEN`; shape (n,), int8.
        probability: The chance with which just this was chosen for her; shape (n,).
        runner_up: The place of the next best action at the prices of the limits, -1 for none (doing nothing); shape (n,).
        best: The place of what is best for her at the prices of the limits, before any draw; -1 for none; shape (n,).
        contacts: The contacts, with their instants.
        uses: The limits, with their prices.
        value: What the plan is worth by its own measure: gains times levers, costs of doing treatments at all off; minor units.
        bound: What no plan within the limits can exceed by the same measure, what is under way and drawn being as it is.
        explored: Whose treatment was drawn; shape (n,).
        explore: The share of customers whose treatment was drawn; less than asked for where limits left no room.
        salt: What names the draws.
        fixed: By treatment that is used and costs something once, that cost, minor units.
        priced: What each action is worth to each customer, levers and bonus counted, once what it takes of the limits is paid
            for; -inf of what is not possible; shape (n, A).
        full: Who got another action than was best, or none, because no day could carry it; shape (n,).
        change: How her plan differs from the one before, as places in `CHANGES`, -1 where nothing is known; shape (n,), int8.
        changed_because: Why, as places in `changing.REASONS`, -1 for none; shape (n,), int8.
        removed: How many choices the last gate took back; 0 is what it should be.
        moved: How many got another action, or none, because no day could carry the first.
        before: The plan before; None where there is none.
        notes: What a reader should know, in sentences.
    """

    candidates: Candidates
    limits: Limits
    until: Instant
    choice: Integers
    chosen: Codes
    probability: Floats
    runner_up: Integers
    best: Integers
    contacts: Planned
    uses: tuple[LimitUse, ...]
    value: float
    bound: float
    explored: Booleans
    explore: float
    salt: str
    priced: Floats
    full: Booleans
    fixed: Mapping[str, float] = field(default_factory=dict)
    change: Codes | None = None
    changed_because: Codes | None = None
    removed: int = 0
    moved: int = 0
    before: Before | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Plan of {len(self.choice):,} customers: {int((self.choice >= 0).sum()):,} get a treatment>"

    @property
    def gap(self) -> float:
        """How much better the best possible plan may be, as a share of the bound; 0 where nothing can be gained."""
        return max(self.bound - self.value, 0.0) / abs(self.bound) if self.bound > 0 else 0.0
